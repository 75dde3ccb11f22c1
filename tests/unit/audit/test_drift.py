"""Inputs here against those of the pack's patients."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import fisher_exact, ttest_ind_from_stats

from her2desk.audit.drift import InputKind, drift, drift_sentence, range_words
from her2desk.audit.local_audit import INPUT_COLUMNS, audit_of, case_row, input_row
from her2desk.audit.results import LocalResults
from her2desk.domain.traits import Trait
from her2desk.packs.pack import Pack
from her2desk.packs.readout_part import ReadoutPart, SeenPart, SpacePart

Ward = Callable[..., LocalResults]


def answered(results: LocalResults, **change: object) -> LocalResults:
    """The same cases with other answers."""
    return LocalResults(
        tuple(replace(c, answer=replace(c.answer, **change)) for c in results.cases)  # type: ignore[arg-type]
    )


def row_of(pack: Pack, results: LocalResults, name: str):
    return next(row for row in drift(pack, results).inputs if row.name == name)


def seeing(pack: Pack, scanners: tuple[str, ...] = ("GE LOGIQ",)) -> Pack:
    part = ReadoutPart(
        seen=SeenPart(scanners=scanners, spacing_mm=(0.05, 0.15)),
        space=SpacePart(features=("a",), threshold=3, false_alarms=8, judged=150, patients=()),
    )
    return replace(pack, readout=part)


def test_features_like_the_packs_are_not_called_changed(promise: Pack, ward: Ward) -> None:
    found = [drift(promise, ward(100, seed)) for seed in range(20)]
    alarms = sum(any(row.kind is InputKind.FEATURE for row in one.changed) for one in found)
    assert alarms <= 3  # Holm: 5 % of looks
    sentence = next(drift_sentence(one) for one in found if not one.changed)
    assert sentence.text().startswith("Nothing shows that the inputs of 100 cases differ")


def test_a_shift_of_the_features_is_found_and_measured(promise: Pack, ward: Ward) -> None:
    results = ward(100, shift=0.8)
    found = drift(promise, results)
    features = [row for row in found.inputs if row.kind is InputKind.FEATURE]
    assert len(features) == len(promise.manifest.features.names)
    assert all(row.has_changed for row in features)
    one = features[0]
    assert one.difference is not None
    assert one.difference.lower < 0.8 < one.difference.upper
    values = [c.answer.features[one.name] for c in results.lesions]
    n = promise.manifest.training.patients
    welch = ttest_ind_from_stats(
        np.mean(values), np.std(values, ddof=1), 100, 0, 1, n, equal_var=False
    )
    assert one.p == pytest.approx(welch.pvalue)
    assert f"{features[0].label.text()}" in " ".join(row.label.text() for row in found.changed)
    assert "more." in drift_sentence(found).text()


def test_two_changes_are_named(promise: Pack, ward: Ward) -> None:
    names = promise.manifest.features.names[:2]
    results = ward(100)
    moved = LocalResults(
        tuple(
            replace(
                c,
                answer=replace(
                    c.answer,
                    branches={},
                    features={
                        name: z + (1.5 if name in names else 0)
                        for name, z in c.answer.features.items()
                    },
                ),
            )
            for c in results.cases
        )
    )
    found = drift(promise, moved)
    assert {row.name for row in found.changed} == set(names)
    assert drift_sentence(found).text().startswith("2 of ")


def test_fewer_than_ten_cases_are_not_compared(promise: Pack, ward: Ward) -> None:
    found = drift(promise, ward(9))
    assert found.compared == 0
    assert "there are 9" in drift_sentence(found).text()
    assert "Known of 9 cases here; 10 are needed." in {
        row.note.text() for row in found.inputs if row.note
    }
    assert drift(promise, LocalResults(())).lesions == 0


def test_yes_no_traits_are_counted(promise: Pack, ward: Ward) -> None:
    half = replace(
        promise,
        validation=tuple(
            replace(r, traits={**r.traits, Trait.CALCIFICATION: float(i % 2)})
            for i, r in enumerate(promise.validation)
        ),
    )
    results = answered(ward(60), traits={**dict.fromkeys(Trait), Trait.CALCIFICATION: 1.0})
    row = row_of(half, results, "calcification")
    assert row.p == fisher_exact([[60, 0], [75, 75]]).pvalue
    assert row.has_changed
    assert range_words(row)[0].text().startswith("60 of 60")
    nodes = row_of(half, results, "lymph_node_metastasis")
    assert nodes.p is None
    assert nodes.note is not None
    assert nodes.note.text() == "The pack does not say how its patients were."


def test_measures_are_compared_with_the_validation_patients(promise: Pack, ward: Ward) -> None:
    rng = np.random.default_rng(0)
    sized = replace(
        promise,
        validation=tuple(
            replace(r, traits={**r.traits, Trait.SIZE: float(rng.normal(25, 4))})
            for r in promise.validation
        ),
    )
    row = row_of(sized, ward(60), "size_mm")
    assert row.difference is not None
    assert row.difference.value == pytest.approx(-2.5, abs=0.5)
    assert row.has_changed
    constant = replace(
        sized,
        validation=tuple(
            replace(r, traits={**r.traits, Trait.SIZE: 20.0}) for r in sized.validation
        ),
    )
    same = row_of(constant, ward(60), "size_mm")
    assert same.note is not None
    assert same.note.text() == "Always the same value; nothing to compare."


def test_more_cases_out_of_range_than_promised_are_noticed(promise: Pack, ward: Ward) -> None:
    pack = seeing(promise)
    few = row_of(pack, answered(ward(60), is_outside=False), "range")
    assert few.promised is not None
    assert (few.promised.count, few.promised.total) == (8, 150)
    assert not few.has_changed
    many = row_of(pack, answered(ward(60), is_outside=True), "range")
    assert many.has_changed
    unknown = row_of(pack, answered(ward(60), is_outside=None), "range")
    assert unknown.p is None


def test_pixels_of_another_size_are_noticed(promise: Pack, ward: Ward) -> None:
    pack = seeing(promise)
    assert not row_of(pack, ward(40), "spacing_mm").has_changed
    assert row_of(pack, answered(ward(40), spacing_mm=0.3), "spacing_mm").has_changed


def test_new_scanners_are_named(promise: Pack, ward: Ward) -> None:
    pack = seeing(promise)
    found = drift(pack, answered(ward(40), scanner="Other Machine"))
    assert found.new_scanners == ("Other Machine",)
    row = next(r for r in found.inputs if r.kind is InputKind.SCANNER)
    assert row.note is not None
    assert row.note.text() == "Not among the pack's: Other Machine"
    assert row.share is not None
    assert row.share.count == 40
    assert range_words(row)[1].text() == "–"
    known = drift(pack, answered(ward(40), scanner="GE LOGIQ"))
    assert known.new_scanners == ()
    silent = seeing(promise, scanners=())
    names = {r.name for r in drift(silent, ward(40)).inputs}
    assert "scanner" not in names


def test_tables_have_a_cell_for_every_column(promise: Pack, ward: Ward) -> None:
    results = answered(ward(60, shift=1.0), scanner="Other Machine", is_outside=True)
    audit = audit_of(seeing(promise), results)
    for row in audit.drift.inputs:
        cells = dict(zip(INPUT_COLUMNS, input_row(row), strict=True))
        assert cells["changed"] in (0, 1)
        assert (cells["p"] == "") == (row.p is None)
    assert case_row(audit, results.cases[0])[0] == 1
    document = audit.to_json()
    assert document["drift"]["new_scanners"] == ["Other Machine"]
    assert document["with_pathology"] == 60
