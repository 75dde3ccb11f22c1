"""What is fitted becomes a pack that opens, says what it is, and answers as it was validated."""

from dataclasses import replace

import numpy as np
import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.domain.traits import Trait
from her2desk.domain.validation import ValidationSource
from her2desk.inference.branches import clinical_score, dlr_score, radiomics_score
from her2desk.inference.networks import load_reader
from her2desk.inference.pipeline import load_pack, predict
from her2desk.inference.readout import confusion_at
from her2desk.inference.requests import read_case
from her2desk.packs.pack import open_pack
from her2desk.paths import demo_case_dir
from her2desk.training.build import validation_rows
from her2desk.training.stack import StackPlan


@pytest.fixture
def pack(fitted, cohort, write, tmp_path):
    write(tmp_path / "a.h2pack", fitted, cohort.table)
    return open_pack(tmp_path / "a.h2pack")


def answers_of(pack, cohort, i):
    """What the opened pack says of patient ``i`` from the patient's features and crop."""
    names = cohort.table.names
    own = dict(zip(names, cohort.features[i], strict=True))
    features = {name: own[name] for name in pack.manifest.features.names}
    part = pack.manifest.network
    reader = load_reader(part.architecture, part.channels, pack.network_weights())
    answer = reader.read(cohort.samples[i].crop)
    known = {"pr": float(cohort.samples[i].clinical.pr)}
    return {
        "clinical": clinical_score(pack, known),
        "radiomics": radiomics_score(pack, features),
        "cnn": answer.logit,
        "dlr": dlr_score(pack, features, answer.logit, answer.penultimate),
    }


@pytest.mark.parametrize(
    ("kind", "families"),
    [
        ("crossfit", ("logistic",)),
        ("crossfit", ("lightgbm",)),
        pytest.param("crossfit", ("random-forest",), marks=pytest.mark.slow),
        pytest.param("paper", ("extra-trees",), marks=pytest.mark.slow),
        pytest.param("paper", ("logistic",), marks=pytest.mark.slow),
        pytest.param("frozen", ("xgboost",), marks=pytest.mark.slow),
    ],
)
def test_the_pack_answers_held_out_patients_as_the_build_did(
    kind, families, cohort, plan, frozen_weights, write, networks, tmp_path
):
    initial = frozen_weights if kind == "frozen" else None
    plan = replace(
        plan,
        dlr=kind,
        networks=(replace(plan.networks[0], initial=initial),),
        stack=StackPlan(families, "quick", "inputs", jobs=1),
    )
    fitted = cohort.fitted(networks, plan)
    write(tmp_path / "a.h2pack", fitted, cohort.table, kind)
    pack = open_pack(tmp_path / "a.h2pack")
    assert (pack.pca is not None) == any("pc_" in name for name in pack.models.dlr.inputs)
    for place, i in enumerate(fitted.held_out.rows[:5]):
        found = answers_of(pack, cohort, i)
        for branch, value in found.items():
            assert value == pytest.approx(fitted.held_out.branches[branch][place], abs=1e-6)


def test_the_same_fit_gives_the_same_pack_to_the_byte(fitted, cohort, write, tmp_path):
    paths = [tmp_path / name for name in ("a.h2pack", "b.h2pack")]
    digests = {write(path, fitted, cohort.table) for path in paths}
    assert digests == {open_pack(paths[0]).digest}
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_pack_holds_every_answer_to_the_last_bit(fitted, cohort, pack):
    assert pack.validation == validation_rows(fitted, cohort.table)
    assert len(pack.rows("pr", ValidationSource.OUT_OF_FOLD)) == 120
    assert len(pack.rows("pr", ValidationSource.HELD_OUT)) == 30


def test_every_row_carries_the_traits_of_its_patient(cohort, pack):
    """The toy's outline is its whole picture: 32 × 32 pixels of 0.08 mm, a square of 2.56 mm."""
    for row in pack.validation:
        sample = cohort.samples[int(row.patient.removeprefix("V")) - 1]
        assert row.traits[Trait.SIZE] == sample.roi_mm == pytest.approx(2.56)
        assert row.traits[Trait.SOLIDITY] == 1.0
        assert row.traits[Trait.CALCIFICATION] == sample.clinical.value("calcification")
        assert row.traits[Trait.ROI_ATTENTION] in (None, pytest.approx(1.0))


def test_thresholds_of_each_outer_fold_are_kept_for_each_pattern(fitted, pack):
    for pattern in ("pr", "image-only"):
        points = pack.operating_points(pattern)
        assert set(points) == {"youden", "sensitivity95", "specificity95"}
        for name, point in points.items():
            assert point.fold_thresholds == tuple(
                s.combined.thresholds[pattern][name] for s in fitted.stacks
            )


def test_each_fold_is_judged_by_the_threshold_chosen_inside_it(fitted, pack):
    """Validity rule V14, counted by hand; held-out patients by the deployed threshold."""
    for pattern in ("pr", "image-only"):
        rows = [r for r in pack.validation if r.pattern == pattern]
        for name, point in pack.operating_points(pattern).items():
            deployed = fitted.deployed.combined.thresholds[pattern][name]
            cuts = [s.combined.thresholds[pattern][name] for s in fitted.stacks]
            called = [
                1 / (1 + np.exp(-r.logit)) >= (deployed if r.fold is None else cuts[r.fold])
                for r in rows
            ]
            table = confusion_at(rows, point, 0.0)
            assert table.tp == sum(c and r.positive for c, r in zip(called, rows, strict=True))
            assert table.fp == sum(c and not r.positive for c, r in zip(called, rows, strict=True))
            assert table.cohort_size == 150


def test_features_of_the_pack_are_only_those_that_a_model_looks_at(pack):
    used = {*pack.models.radiomics.inputs, *pack.models.dlr.inputs} - {"cnn_logit"}
    assert set(pack.manifest.features.names) == used == set(pack.models.scaling)


def test_scales_are_of_the_training_side_alone(fitted, cohort, pack):
    rows = fitted.deployed.scope.rows
    for name, scale in pack.models.scaling.items():
        column = cohort.features[rows, cohort.table.names.index(name)]
        assert (scale.lower, scale.upper) == (column.min(), column.max())
        assert scale.mean == pytest.approx(column.mean(), abs=1e-12)
        assert scale.sd == pytest.approx(column.std(ddof=1), abs=1e-12)


def test_rows_name_no_patient(cohort, pack):
    names = {s.patient_id for s in cohort.samples}
    assert not names & {r.patient for r in pack.validation}


def test_the_pack_answers_a_case_by_the_submodel_of_what_is_known(fitted, pack, tmp_path):
    """Validity rule V9: another model, with its own confusion table, where PR is not known."""
    folder = demo_case_dir()
    roi = roi_from_json((folder / "roi.json").read_text())
    loaded = load_pack(tmp_path / "a.h2pack", "cpu")
    for record, pattern in ((ClinicalRecord(pr=True), "pr"), (ClinicalRecord(), "image-only")):
        found = predict(read_case(folder / "demo.dcm", roi, record), loaded, SilentProgress())
        assert found.estimate.pattern == pattern
        model = next(s.model for s in pack.models.submodels if s.pattern == pattern)
        x = {"pr": 1.0, "dlr": found.signatures["dlr"]}
        by_hand = model.intercept + sum(
            c * x[t] for t, c in zip(model.terms, model.coefficients, strict=True)
        )
        assert found.estimate.logit == pytest.approx(by_hand, rel=1e-12)
        assert found.readout.confusion.cohort_size == 120  # out of fold, not the held-out 30
        assert found.readout.confusion.source is ValidationSource.OUT_OF_FOLD


def test_the_card_says_how_the_pack_failed(cohort, pack):
    point = pack.operating_points("pr")["youden"]
    own = [r for r in pack.validation if r.pattern == "pr"]
    for source, n in ((ValidationSource.OUT_OF_FOLD, 120), (ValidationSource.HELD_OUT, 30)):
        t = confusion_at([r for r in own if r.source is source], point, 0.0)
        assert f"| pr | youden | {source} | {t.tp} | {t.fp} | {t.tn} | {t.fn} | {n} |" in pack.card
    for said in ("# Toy 0.1 — DEMO", "held-out opened 1 times, 2 builds", "| acquisition |"):
        assert said in pack.card
