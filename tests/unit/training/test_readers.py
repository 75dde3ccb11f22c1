"""What a second reader's outlines keep from the selection (V21), and what is said of it."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.errors import InputRefused
from her2desk.inference.cohort import case_of_row, read_cohort
from her2desk.inference.cohort_check import check_cohort
from her2desk.inference.measuring import MeasuredCase, Outline, measure_outlines
from her2desk.packs.manifest import ReadersPart
from her2desk.packs.pack import open_pack
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.feature_cache import FeatureCache
from her2desk.radiomics.profile import us_2d
from her2desk.reports.study import Ledger, ReaderAgreement
from her2desk.reports.study_model import readers_sentence
from her2desk.stats.icc import icc_a1
from her2desk.texts import Message
from her2desk.training.build import validation_rows
from her2desk.training.enhancement import ChosenEnhancement
from her2desk.training.fold_pipeline import FoldPipeline, Layout
from her2desk.training.performance import auc_figures
from her2desk.training.prepare import choose_cohort, measured
from her2desk.training.readers import (
    ReaderFilter,
    reader_filters,
    reader_notes,
    second_features,
)
from her2desk.training.request import TrainRequest
from her2desk.training.study import StudyParts, build_study

APART = (0, 1, 7)  # of which 0 and 1 carry the planted signal
SECOND = "roi_reader2"


@pytest.fixture(scope="module")
def twice(cohort, read_twice):
    return read_twice(cohort, APART)


@pytest.fixture(scope="module")
def fitted_twice(twice, networks):
    return twice.fitted(networks)


# Which features are offered


def test_every_scope_judges_each_feature_by_its_own_rows(twice):
    filters = reader_filters(twice.table, twice.scopes.all)
    assert len(filters) == len(twice.scopes.all)
    for scope, found in zip(twice.scopes.all, filters, strict=True):
        assert found.patients == len(scope.rows)
        for column, kept in enumerate(found.kept):
            both = (twice.features[scope.rows, column], twice.second[scope.rows, column])
            assert kept == (icc_a1(np.column_stack(both)).lower >= 0.75)
            assert kept == (column not in APART)
        assert found.left_out == len(APART)


def test_only_patients_with_two_outlines_count(cohort, read_twice):
    """Garbage on the first outline of a patient without a second one says nothing of readers."""
    toy = read_twice(cohort, rows=range(60))
    toy = replace(toy, features=toy.features.copy())
    toy.features[60:] *= 1e6
    (found,) = reader_filters(toy.table, [toy.scopes.deployed])
    assert found.patients == (toy.scopes.deployed.rows < 60).sum()
    assert found.kept.all()


def test_a_constant_shift_of_the_second_reader_counts_as_disagreement(cohort, read_twice):
    """Absolute agreement: a pack measures whoever drew the outline."""
    toy = read_twice(cohort)
    toy.second[:, 5] += 3.0
    (found,) = reader_filters(toy.table, [toy.scopes.deployed])
    assert np.flatnonzero(~found.kept).tolist() == [5]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_feature_without_a_value_on_some_second_outline_is_not_offered(value, cohort, read_twice):
    toy = read_twice(cohort)
    toy.second[toy.scopes.deployed.rows[3], 8] = value
    (found,) = reader_filters(toy.table, [toy.scopes.deployed])
    assert np.flatnonzero(~found.kept).tolist() == [8]


def test_features_that_are_never_selected_are_not_counted(twice):
    table = replace(twice.table, selectable=np.arange(12) != 7)
    (found,) = reader_filters(table, [twice.scopes.deployed])
    assert (len(found.kept), found.left_out) == (11, 2)


def test_without_a_second_reader_there_is_no_filter(cohort, fitted):
    assert reader_filters(cohort.table, cohort.scopes.all) == ()
    assert fitted.deployed_readers is None


def test_readers_who_agree_on_nothing_are_refused_before_any_network(cohort, read_twice, tmp_path):
    with pytest.raises(InputRefused, match="agree on no feature") as refused:
        read_twice(cohort, range(12)).fitted(tmp_path)
    assert refused.value.code == "readers-disagree"
    assert "roi_reader2" in refused.value.remedy.text()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("patients", "used"), [(29, False), (30, True)])
def test_thirty_patients_are_needed(patients, used, cohort, read_twice):
    rows = cohort.scopes.deployed.rows[:patients]
    toy = read_twice(cohort, APART, rows)
    (found,) = reader_filters(toy.table, [toy.scopes.deployed])
    assert found.patients == patients
    assert (found.kept is not None) is used
    said = [note.text() for note in reader_notes(found, ())]
    assert said == (
        []
        if used
        else ["Readers' agreement was not used: 29 patients have two outlines, 30 are needed."]
    )


def test_folds_with_too_few_are_told_of():
    enough, too_few = ReaderFilter(36, np.ones(3, dtype=bool)), ReaderFilter(24, None)
    (note,) = reader_notes(enough, [too_few, enough, too_few])
    assert note.text().startswith("Readers' agreement was not used in 2 of 3 folds: fewer than 30")
    assert reader_notes(enough, [enough]) == ()


# What the selection does with it


def cohort_of(features, penultimate=0):
    rng = np.random.default_rng(3)
    labels = np.arange(90) % 3 == 0
    values = rng.normal(size=(90, features + penultimate))
    values[:, :4] += 1.5 * labels[:, None]
    return values, labels


def test_columns_that_are_not_offered_keep_their_numbers_and_are_never_chosen():
    values, labels = cohort_of(10)
    offered = np.arange(10) >= 2
    pipeline = FoldPipeline(Layout(10), grid="quick", offered=offered).fit(values, labels)
    assert {2, 3} <= set(pipeline.columns_.tolist())
    assert not {0, 1} & set(pipeline.columns_.tolist())
    alone = FoldPipeline(Layout(8), grid="quick").fit(values[:, 2:], labels)
    assert (alone.columns_ + 2).tolist() == pipeline.columns_.tolist()
    assert np.array_equal(alone.score(values[:, 2:]), pipeline.score(values))


def test_the_steps_say_what_was_offered_and_what_readers_left():
    values, labels = cohort_of(10)
    pipeline = FoldPipeline(Layout(10), grid="quick", offered=np.arange(10) >= 2)
    steps = [(name.text(), kept) for name, kept in pipeline.fit(values, labels).steps_]
    assert steps[:3] == [
        ("Offered", 10),
        ("Two readers agree, lower bound of ICC(A,1) ≥ 0.75", 8),
        ("Vary between patients", 8),
    ]


def test_a_networks_components_are_offered_whatever_readers_say():
    values, labels = cohort_of(6, penultimate=8)
    values[:, 6:10] += 3 * labels[:, None]
    pipeline = FoldPipeline(Layout(6, 8), grid="quick", offered=np.arange(6) >= 4)
    pipeline.fit(values, labels)
    assert 0 in pipeline.components_
    assert not set(pipeline.columns_.tolist()) & {0, 1, 2, 3}
    only = FoldPipeline(Layout(6, 8), grid="quick", offered=np.zeros(6, dtype=bool))
    assert only.fit(values, labels).columns_.tolist() == []


def test_with_nothing_offered_a_passthrough_still_answers():
    values, labels = cohort_of(4)
    pipeline = FoldPipeline(Layout(3, 0, 1), grid="quick", offered=np.zeros(3, dtype=bool))
    assert pipeline.fit(values, labels).exported().inputs == (("passthrough", 0),)


def test_features_that_readers_disagree_on_are_never_selected(fitted, fitted_twice):
    """Columns 0 and 1 tell the classes apart, and one reader alone would have them chosen."""
    for stack in (*fitted_twice.stacks, fitted_twice.deployed):
        for pipeline in (stack.radiomics, stack.dlr):
            assert not set(APART) & set(pipeline.columns_.tolist())
    assert {0, 1} <= set(fitted.deployed.radiomics.columns_.tolist())


@pytest.mark.slow
def test_too_few_second_outlines_change_no_model(cohort, fitted, read_twice, networks):
    few = read_twice(cohort, APART, cohort.scopes.deployed.rows[:12]).fitted(networks)
    assert few.deployed.radiomics.exported().inputs == fitted.deployed.radiomics.exported().inputs
    assert np.array_equal(few.held_out.combined, fitted.held_out.combined)
    assert [note.text() for note in few.fallbacks if note not in fitted.fallbacks] == [
        "Readers' agreement was not used: 12 patients have two outlines, 30 are needed."
    ]
    assert few.deployed_readers.part is None


# What is said of it


@pytest.fixture
def pack(fitted_twice, twice, write, tmp_path):
    write(tmp_path / "a.h2pack", fitted_twice, twice.table)
    return open_pack(tmp_path / "a.h2pack")


def test_the_pack_and_its_card_say_how_many_features_were_left_out(twice, pack):
    names = {twice.table.names[column] for column in APART}
    assert not names & set(pack.manifest.features.names)
    assert pack.manifest.provenance.readers == ReadersPart(
        patients=120, features=12, left_out=3, kept_from=0.75
    )
    assert "- Two readers: 3 of 12 features were not offered to the selection" in pack.card
    assert "over 120 training patients" in pack.card
    assert "each fold worked this out anew" in pack.card


def test_scales_belong_to_the_features_they_are_named_for(twice, fitted_twice, pack):
    rows = fitted_twice.deployed.scope.rows
    for name, scale in pack.models.scaling.items():
        column = twice.features[rows, twice.table.names.index(name)]
        assert (scale.lower, scale.upper) == (column.min(), column.max())


def test_a_pack_of_one_reader_does_not_mention_a_second(fitted, cohort, write, tmp_path):
    write(tmp_path / "a.h2pack", fitted, cohort.table)
    pack = open_pack(tmp_path / "a.h2pack")
    assert pack.manifest.provenance.readers is None
    assert "readers" not in json.loads(pack.manifest.model_dump_json())["provenance"]
    assert "Two readers" not in pack.card


@pytest.mark.parametrize(
    "changed", [{"left_out": 12}, {"left_out": -1}, {"patients": 1}, {"kept_from": 1.0}]
)
def test_a_manifest_that_cannot_be_true_is_refused(changed):
    with pytest.raises(ValidationError):
        ReadersPart.model_validate(
            {"patients": 40, "features": 12, "left_out": 3, "kept_from": 0.75, **changed}
        )


def test_the_study_says_it_and_counts_only_what_could_be_selected(fitted_twice, twice, intent):
    parts = StudyParts(
        intent=intent, digest="d" * 64, cohort="a toy", cohort_sha256="c" * 64, seed=7,
        settings={}, versions={}, ledger=Ledger(1, 1), left_out=(), robustness=(),
        figures=auc_figures(fitted_twice, twice.table),
    )  # fmt: skip
    rows = validation_rows(fitted_twice, twice.table)
    study = build_study(parts, fitted_twice, twice.table, twice.samples, rows)
    assert study.readers == ReaderAgreement(patients=120, features=12, left_out=3)
    assert [step.kept for step in study.selection[:2]] == [12, 9]
    assert study.sample_size.parameters == 9 + 1 + 1  # features, PR, network
    sentence = readers_sentence(study).text()
    assert sentence.startswith("3 of 12 features were not offered to the selection: over 120 ")


# How second outlines are measured


class Counts:
    """Counts the steps that name a second outline, and holds the progress to moving forward."""

    def __init__(self) -> None:
        self.second = 0
        self.last = 0.0

    def step(self, fraction: float, text: Message) -> None:
        assert self.last <= fraction <= 1
        self.last = fraction
        self.second += text.msgid.startswith("Second outline")


def shifted(roi: Roi) -> Roi:
    return replace(roi, polygon=tuple((x + 2.0, y - 1.0) for x, y in roi.polygon))


@pytest.fixture(scope="module")
def ward(tmp_path_factory) -> Path:
    """A cohort of which every second patient has a second outline."""
    folder = tmp_path_factory.mktemp("phantoms") / "ward"
    write_cohort(folder, 80, seed=3)
    (folder / "second").mkdir()
    with (folder / "cohort.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[::2]:
        roi = shifted(roi_from_json((folder / row["roi"]).read_text()))
        row[SECOND] = f"second/{row['patient_id']}.json"
        (folder / row[SECOND]).write_text(json.dumps(roi.to_json()))
    with (folder / "cohort.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[1], SECOND], restval="")
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture(scope="module")
def quick():
    """First-order features of the original image and nothing else."""
    return us_2d().model_copy(
        update={
            "name": "quick", "image_types": ("Original",), "feature_classes": ("firstorder",),
            "log_sigmas": (),
        }
    )  # fmt: skip


def cases_of(folder: Path, n: int) -> list[MeasuredCase]:
    found = []
    for row in read_cohort(folder)[:n]:
        case = case_of_row(row)
        found.append(MeasuredCase(row, case, np.ones((1, 1), dtype=bool), np.empty(0)))
    return found


def measured_second(cases, profile, cache=None, progress=None):
    return second_features(
        cases, profile, all_names(profile), cache=cache, jobs=1,
        progress=progress or SilentProgress(),
    )  # fmt: skip


@pytest.mark.slow
def test_second_outlines_are_measured_as_the_first_and_kept(ward, quick, tmp_path):
    cases = cases_of(ward, 4)
    cache, progress = FeatureCache(tmp_path), Counts()
    found = measured_second(cases, quick, cache, progress)
    assert np.isnan(found).all(axis=1).tolist() == [False, True, False, True]
    assert progress.second == 2
    first = cases[0]
    by_hand = measure_outlines(
        [Outline.on("", first.case, shifted(first.case.roi))], quick, all_names(quick),
        cache=None, jobs=1, progress=SilentProgress(),
    )  # fmt: skip
    assert np.array_equal(found[0], by_hand[0])
    assert len(list(tmp_path.rglob("*.features"))) == 2
    assert np.array_equal(measured_second(cases, quick, cache), found, equal_nan=True)


@pytest.mark.slow
def test_a_second_outline_without_a_scale_counts_as_absent(ward, quick):
    cases = cases_of(ward, 1)
    bare = replace(cases[0].case.image, regions=(), pixel_spacing_mm=None)
    cases = [replace(cases[0], case=replace(cases[0].case, image=bare))]
    assert np.isnan(measured_second(cases, quick)).all()
    as_if = quick.model_copy(update={"uncalibrated": "as-if", "assumed_mm": 0.08})
    assert np.isfinite(measured_second(cases, as_if)).any()


@pytest.mark.slow
def test_a_second_outline_that_cannot_be_read_names_the_patient(ward, quick):
    (case,) = cases_of(ward, 1)
    lost = replace(case, row=replace(case.row, roi_reader2=ward / "second" / "lost.json"))
    with pytest.raises(InputRefused, match=f"Patient {case.row.patient_id}: "):
        measured_second([lost], quick)


@pytest.mark.slow
def test_the_builder_measures_second_outlines_for_every_target(ward, quick, tmp_path):
    profile = tmp_path / "quick.json"
    profile.write_text(quick.to_json())
    request = TrainRequest(
        ward, tmp_path / "a.h2pack", profile=str(profile), split="none", outer_folds=2,
        inner_folds=2, repeats=1, jobs=1,
    )  # fmt: skip
    check = check_cohort(ward, SilentProgress())
    cohort = choose_cohort(request, check, quick)
    progress = Counts()
    table = measured(request, cohort, quick, ChosenEnhancement(), progress).table
    named = [row.roi_reader2 is not None for row in cohort.chosen.rows]
    assert set(table.second) == set(table.features) == set(cohort.scopes.targets_mm)
    assert progress.second == sum(named) * len(table.second)
    for target, second in table.second.items():
        assert second.shape == table.features[target].shape
        assert np.isfinite(second).any(axis=1).tolist() == named
    (found,) = reader_filters(table, [cohort.scopes.deployed])
    assert found.patients == sum(named)
    assert found.kept is not None
