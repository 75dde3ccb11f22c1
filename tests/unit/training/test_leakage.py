"""No fold sees what it is asked about: the poison test of validity rule V1, and what V3 asks."""

from dataclasses import replace

import numpy as np
import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.validation import ValidationSource
from her2desk.errors import InputRefused
from her2desk.reports.study import Evidence
from her2desk.training.build import validation_rows
from her2desk.training.folds import Acquired, FoldPlan, make_scopes, stratified_folds
from her2desk.training.performance import auc_figures


def branch_bytes(pipeline) -> list[bytes]:
    branch = pipeline.exported()
    arrays = [branch.mean, branch.sd, np.array([branch.intercept])]
    if branch.coefficients is not None:
        arrays.append(branch.coefficients)
    if branch.trees is not None:
        arrays += [v for _, v in sorted(branch.trees.to_tensors().items())]
    if pipeline.pca_ is not None:
        arrays.append(pipeline.pca_.components_)
    said = repr((branch.family, branch.settings, branch.inputs, branch.link, pipeline.tries_))
    return [said.encode(), *(np.ascontiguousarray(a).tobytes() for a in arrays)]


def as_bytes(stack) -> list[bytes]:
    """All of a stack, to the last bit."""
    combined = [s.model_dump_json() for s in stack.combined.submodels]
    parts = [repr(stack.combined.thresholds), *combined]
    pipelines = [stack.clinical, stack.radiomics, stack.dlr]
    signatures = [values.tobytes() for values in stack.signatures.values()]
    own = [b for p in pipelines for b in branch_bytes(p)]
    return [p.encode() for p in parts] + own + signatures


def poisoned(cohort, rows):
    """The cohort with the images, features and clinical data of these rows replaced by garbage."""
    rng = np.random.default_rng(99)
    samples, features = list(cohort.samples), cohort.features.copy()
    for i in rows:
        samples[i] = replace(
            samples[i],
            crop=rng.normal(50, 90, (32, 32)).astype(np.float32),
            clinical=ClinicalRecord(age_years=99.0, pr=not samples[i].clinical.pr),
        )
        features[i] = rng.normal(1e3, 1e4, features.shape[1])
    return replace(cohort, samples=samples, features=features)


@pytest.mark.parametrize("kind", ["crossfit", pytest.param("paper", marks=pytest.mark.slow)])
def test_garbage_in_an_outer_fold_changes_nothing_fitted_for_it(
    kind, cohort, fitted, plan, tmp_path
):
    plan = replace(plan, dlr=kind)
    before = fitted if kind == "crossfit" else cohort.fitted(tmp_path / "before", plan)
    after = poisoned(cohort, before.outer[1].rows).fitted(tmp_path / "after", plan)
    assert as_bytes(after.stacks[1]) == as_bytes(before.stacks[1])
    assert as_bytes(after.stacks[0]) != as_bytes(before.stacks[0])  # the test can fail


def spoilt(cohort, rows):
    """The cohort with half the features on these rows' second outlines replaced by garbage."""
    second = cohort.second.copy()
    second[rows, ::2] = np.random.default_rng(98).normal(1e3, 1e4, second[rows, ::2].shape)
    return replace(cohort, second=second)


def kept_by_readers(fitted) -> list[list[bool]]:
    return [own.kept.tolist() for own in fitted.readers]


@pytest.mark.slow
def test_garbage_on_second_outlines_of_an_outer_fold_changes_nothing_fitted_for_it(
    cohort, read_twice, tmp_path
):
    """V1 and V21: which features two readers agree on is the fitting side's own knowledge."""
    cohort = read_twice(cohort, apart=[0])
    before = cohort.fitted(tmp_path)
    after = spoilt(cohort, before.outer[1].rows).fitted(tmp_path)
    assert as_bytes(after.stacks[1]) == as_bytes(before.stacks[1])
    assert kept_by_readers(after)[1] == kept_by_readers(before)[1]
    assert as_bytes(after.stacks[0]) != as_bytes(before.stacks[0])  # the test can fail
    assert as_bytes(after.deployed) != as_bytes(before.deployed)
    assert kept_by_readers(after)[0] == [False, True] * 6


@pytest.mark.slow
def test_second_outlines_of_held_out_patients_are_not_used(cohort, read_twice, tmp_path):
    cohort = read_twice(cohort, apart=[0])
    before = cohort.fitted(tmp_path)
    after = spoilt(cohort, before.held_out.rows).fitted(tmp_path)
    assert as_bytes(after.deployed) == as_bytes(before.deployed)
    assert [as_bytes(s) for s in after.stacks] == [as_bytes(s) for s in before.stacks]
    assert kept_by_readers(after) == kept_by_readers(before)
    for pattern, scores in before.held_out.by_pattern.items():  # nor for their own answers
        assert np.array_equal(after.held_out.by_pattern[pattern], scores, equal_nan=True)


def test_garbage_in_the_held_out_patients_changes_nothing_but_their_answers(
    cohort, fitted, tmp_path
):
    after = poisoned(cohort, fitted.held_out.rows).fitted(tmp_path)
    assert as_bytes(after.deployed) == as_bytes(fitted.deployed)
    assert [as_bytes(s) for s in after.stacks] == [as_bytes(s) for s in fitted.stacks]
    assert after.network_state.keys() == fitted.network_state.keys()
    for name, values in fitted.network_state.items():
        assert np.array_equal(after.network_state[name], values)
    assert not np.array_equal(after.held_out.combined, fitted.held_out.combined)


def test_the_same_cohort_and_seed_give_the_same_bits(cohort, fitted, tmp_path):
    again = cohort.fitted(tmp_path)
    assert as_bytes(again.deployed) == as_bytes(fitted.deployed)
    assert validation_rows(again, cohort.table) == validation_rows(fitted, cohort.table)


def test_every_development_patient_is_answered_once_and_no_held_out_one(cohort, fitted):
    rows = validation_rows(fitted, cohort.table)
    held_out = {f"V{i + 1:04d}" for i in fitted.held_out.rows}
    for pattern in ("pr", "image-only"):
        own = [r for r in rows if r.pattern == pattern]
        answered = [r.patient for r in own if r.source is ValidationSource.OUT_OF_FOLD]
        assert len(answered) == len(set(answered)) == 120
        assert {r.patient for r in own if r.source is ValidationSource.HELD_OUT} == held_out
        assert held_out.isdisjoint(answered)


def test_refit_variance_comes_from_the_repeats(fitted):
    for submodel in fitted.deployed.combined.submodels:
        assert submodel.refit_variance["dlr"] > 0
    for stack in fitted.stacks:  # one repeat says nothing of a variance
        assert all(not s.refit_variance for s in stack.combined.submodels)


def test_a_planted_signal_is_found(cohort, fitted):
    figures = auc_figures(fitted, cohort.table)
    assert figures["radiomics"][Evidence.CROSS_VALIDATED].value > 0.7
    assert figures["combined"][Evidence.HELD_OUT].value > 0.7
    assert figures["acquisition"][Evidence.CROSS_VALIDATED].value < 0.7


def test_apparent_figures_are_the_flattering_ones(make_toy, tmp_path):
    """Features that say nothing: the rows fitted on look good, rows not seen do not."""
    null = make_toy(shift=0.0, seed=5)
    figures = auc_figures(null.fitted(tmp_path), null.table)["dlr"]
    assert figures[Evidence.APPARENT].value > figures[Evidence.CROSS_VALIDATED].value + 0.1


def test_inner_folds_partition_the_scope_and_nothing_else(cohort):
    scopes = cohort.scopes
    for scope in scopes.all:
        assert not np.isin(scope.asked, scope.rows).any()
        for repeat in scope.inner:
            assert np.array_equal(np.sort(np.concatenate(repeat)), scope.rows)
    assert not np.isin(scopes.deployed.asked, np.concatenate([s.rows for s in scopes.outer])).any()


def test_the_target_of_resampling_is_the_scopes_own(profile):
    """V3: where one fold's rows are finer than the others', its features are measured finer."""
    labels = np.arange(120) % 3 == 0
    everyone = np.arange(120)
    folds = stratified_folds(labels, everyone, 3, 1)
    coarse = [(0.3, 0.3) if i in folds[1] else (0.06, 0.06) for i in everyone]
    scopes = make_scopes(
        labels,
        everyone,
        np.array([], dtype=np.intp),
        FoldPlan(3, 2, 1),
        1,
        profile,
        Acquired(coarse, [None] * 120),
    )
    assert [scope.target_mm for scope in scopes.outer] == [0.315, 0.1, 0.315]
    assert scopes.deployed.target_mm == 0.315
    assert scopes.targets_mm == (0.315, 0.1)


@pytest.mark.slow
def test_garbage_changes_no_frozen_fold(cohort, plan, frozen_weights, tmp_path):
    network = replace(plan.networks[0], initial=frozen_weights)
    plan = replace(plan, dlr="frozen", networks=(network,))
    before = cohort.fitted(tmp_path, plan)
    after = poisoned(cohort, before.outer[1].rows).fitted(tmp_path, plan)
    assert as_bytes(after.stacks[1]) == as_bytes(before.stacks[1])
    assert as_bytes(after.stacks[0]) != as_bytes(before.stacks[0])


def test_a_killed_run_goes_on_where_it_was(cohort, fitted, plan, tmp_path):
    """Networks finished before the kill are found again, and the pack is the same."""

    class Killed(Exception):
        pass

    class KillsAtTheFifth:
        def step(self, fraction, text):
            if text.params.get("done") == 5:
                raise Killed

    with pytest.raises(Killed):
        cohort.fitted(tmp_path, plan, KillsAtTheFifth())
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.safetensors")}
    assert len(kept) >= 5
    again = cohort.fitted(tmp_path, plan)
    assert as_bytes(again.deployed) == as_bytes(fitted.deployed)
    for name, written in kept.items():
        assert (tmp_path / name).stat().st_mtime_ns == written  # not trained twice


def test_too_few_patients_for_the_folds_are_refused_in_words():
    labels = np.arange(30) < 3
    with pytest.raises(InputRefused, match="only 3 patients"):
        stratified_folds(labels, np.arange(30), 5, 1)
