"""What is fitted becomes a pack that opens, says what it is, and answers."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.domain.validation import OperatingPoint
from her2desk.errors import InputRefused
from her2desk.inference.pipeline import load_pack, predict
from her2desk.inference.readout import confusion_at
from her2desk.inference.requests import read_case
from her2desk.packs.manifest import TrainingPopulation
from her2desk.packs.pack import open_pack
from her2desk.paths import demo_case_dir
from her2desk.training.build import fit_cohort, write_pack
from her2desk.training.demo import INTENT, StepPrinter, build_demo, demo_plan
from her2desk.training.network_training import TrainingPlan

POPULATION = TrainingPopulation(
    description="a test", patients=150, positive=50, cohort_sha256="0" * 64
)


@pytest.fixture
def pack(fitted, plan, tmp_path):
    write_pack(tmp_path / "a.h2pack", fitted, plan, INTENT, POPULATION, 7)
    return open_pack(tmp_path / "a.h2pack")


def test_the_same_fit_gives_the_same_pack_to_the_byte(fitted, plan, tmp_path):
    paths = [tmp_path / name for name in ("a.h2pack", "b.h2pack")]
    digests = {write_pack(p, fitted, plan, INTENT, POPULATION, 7) for p in paths}
    assert len(digests) == 1
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert open_pack(paths[0]).digest in digests


def test_the_pack_holds_the_out_of_fold_rows_to_the_last_bit(fitted, pack):
    assert pack.validation == fitted.validation


def test_thresholds_of_each_outer_fold_are_kept_for_each_pattern(fitted, pack):
    for pattern in ("pr", "image-only"):
        points = pack.operating_points(pattern)
        assert set(points) == {"youden", "sensitivity95", "specificity95"}
        for name, point in points.items():
            assert point.fold_thresholds == tuple(
                s.thresholds[pattern][name] for s in fitted.stacks
            )


def test_the_card_prints_the_confusion_that_the_rows_give(pack):
    part = pack.manifest.operating_points[0]
    rows = [r for r in pack.validation if r.pattern == part.pattern]
    table = confusion_at(rows, OperatingPoint(part.name, part.threshold, part.fold_thresholds), 0.0)
    line = f"| {table.tp} | {table.fp} | {table.tn} | {table.fn} | 150 |"
    assert line in pack.card
    assert "DEMO" in pack.card


def test_the_deployed_trees_score_as_they_did_when_fitted(fitted, pack, make_samples):
    features = np.stack([s.features for s in make_samples()])
    cnn = np.linspace(-1, 1, len(features))
    assert np.array_equal(
        pack.dlr_trees.raw_score(
            np.column_stack(
                [
                    (features[:, fitted.deployed.dlr.columns] - fitted.deployed.dlr.mean)
                    / fitted.deployed.dlr.sd,
                    cnn,
                ]
            )
        ),
        fitted.deployed.dlr.score(features, cnn),
    )


def test_features_of_the_pack_are_only_those_selected(fitted, pack):
    used = {*pack.models.radiomics_inputs, *pack.models.dlr_inputs} - {"cnn_logit"}
    assert set(pack.manifest.features.names) == used == set(fitted.deployed.scales)


@pytest.mark.slow
def test_the_demo_builds_small_from_nothing_but_its_seed(tmp_path, capsys):
    """The script behind ``make demo-pack``, with few patients and one epoch."""
    plan = demo_plan(jobs=1)
    plan = dataclasses.replace(
        plan,
        feature_names=tuple(n for n in plan.feature_names if "_firstorder_" in n),
        network=TrainingPlan("resnet18-slim", epochs=1, patience=1),
        outer_folds=3,
        inner_folds=3,
        repeats=2,
    )
    digest = build_demo(tmp_path / "demo", patients=110, plan=plan)
    pack = open_pack(tmp_path / "demo" / "phantom-demo.h2pack")
    assert pack.digest == digest
    assert pack.manifest.demo
    assert pack.manifest.seed == int(pack.manifest.training.cohort_sha256[:6], 16)
    assert json.loads((tmp_path / "demo" / "case" / "roi.json").read_text())["polygon"]
    assert "Network 1 of" in capsys.readouterr().err


def test_steps_are_printed_with_their_share(capsys):
    from her2desk.texts import msg

    StepPrinter().step(0.5, msg("Half way"))
    assert "50%  Half way" in capsys.readouterr().err


def test_the_pack_answers_a_case_by_its_own_arithmetic(fitted, pack, tmp_path):
    """Features z-scored by the pack's scales, trees, then the submodel of what is known (V9)."""
    folder = demo_case_dir()
    roi = roi_from_json((folder / "roi.json").read_text())
    loaded = load_pack(tmp_path / "a.h2pack", "cpu")
    deployed = fitted.deployed
    for record, pattern in ((ClinicalRecord(pr=True), "pr"), (ClinicalRecord(), "image-only")):
        case = read_case(folder / "demo.dcm", roi, record)
        found = predict(case, loaded, SilentProgress())
        assert found.estimate.pattern == pattern
        values = {f.name: f.value for f in found.features}
        z_scores = {f.name: f.z_score for f in found.features}
        for name, scale in deployed.scales.items():
            assert z_scores[name] == (values[name] - scale.mean) / scale.sd
        z = [z_scores[n] for n in pack.models.radiomics_inputs]
        assert found.signatures["radiomics"] == deployed.radiomics.trees.raw_score(np.array([z]))[0]
        z_dlr = [
            {**z_scores, "cnn_logit": found.signatures["cnn"]}[n] for n in pack.models.dlr_inputs
        ]
        assert found.signatures["dlr"] == deployed.dlr.trees.raw_score(np.array([z_dlr]))[0]
        model = next(s.model for s in deployed.submodels if s.pattern == pattern)
        x = {"pr": 1.0, "dlr": found.signatures["dlr"]}
        by_hand = model.intercept + sum(
            c * x[t] for t, c in zip(model.terms, model.coefficients, strict=True)
        )
        assert found.estimate.logit == pytest.approx(by_hand, abs=1e-12)
        assert found.readout.confusion.cohort_size == 150
        assert found.readout.confusion.tp + found.readout.confusion.fn == 50


def test_each_fold_is_judged_by_the_threshold_chosen_inside_it(fitted, pack):
    """Validity rule V14, counted by hand."""
    for pattern in ("pr", "image-only"):
        rows = [r for r in pack.validation if r.pattern == pattern]
        assert {r.fold for r in rows} == {0, 1, 2}
        for name, point in pack.operating_points(pattern).items():
            assert len(point.fold_thresholds) == 3
            called = [
                1 / (1 + np.exp(-r.logit)) >= fitted.stacks[r.fold].thresholds[pattern][name]
                for r in rows
            ]
            table = confusion_at(rows, point, 0.0)
            assert table.tp == sum(c and r.positive for c, r in zip(called, rows, strict=True))
            assert table.fp == sum(c and not r.positive for c, r in zip(called, rows, strict=True))


def test_rows_name_no_patient(fitted, pack, make_samples):
    names = {s.patient_id for s in make_samples()}
    assert not names & {r.patient for r in pack.validation}


def test_the_demo_plan_obeys_the_rules():
    plan = demo_plan()
    assert plan.repeats >= 4  # V10
    assert plan.outer_folds >= 5
    assert plan.inner_folds >= 2
    assert len(set(plan.feature_names)) == len(plan.feature_names) > 100
    assert {n.split("_")[0].split("-")[0] for n in plan.feature_names} == {
        "original",
        "log",
        "gradient",
    }
    assert plan.profile.uncalibrated == "as-if"
    assert 0 < plan.network.stopping_share < 0.5
    assert INTENT.demo
    assert "nothing of any patient" in INTENT.intended_use


def test_a_missing_value_in_training_is_refused_before_anything_is_fitted(make_samples, plan):
    samples = make_samples()
    for i in (0, 5):
        samples[i] = dataclasses.replace(samples[i], clinical=ClinicalRecord())
    steps = []
    progress = SimpleNamespace(step=lambda *step: steps.append(step))
    with pytest.raises(InputRefused, match="pr is not known for 2 of 150") as refused:
        fit_cohort(samples, plan, 7, progress)
    assert refused.value.code == "clinical-missing"
    assert steps == []
