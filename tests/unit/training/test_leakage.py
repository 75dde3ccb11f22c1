"""No fold sees what it is asked about: the poison test of validity rule V1, and what V3 asks."""

import dataclasses

import numpy as np

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.progress import SilentProgress
from her2desk.training.build import cross_validated_auc, fit_cohort
from her2desk.training.folds import make_scope, stratified_folds


def as_bytes(stack) -> list[bytes]:
    """All of a stack, to the last bit."""
    parts = [stack.clinical.model_dump_json(), repr(stack.thresholds), repr(stack.scales)]
    parts += [s.model_dump_json() for s in stack.submodels]
    tensors = [*stack.radiomics.trees.to_tensors().items(), *stack.dlr.trees.to_tensors().items()]
    return [p.encode() for p in parts] + [np.ascontiguousarray(v).tobytes() for _, v in tensors]


def test_garbage_in_an_outer_fold_changes_nothing_fitted_for_it(fitted, make_samples, plan):
    poisoned = make_samples()
    rng = np.random.default_rng(99)
    for i in fitted.outer[1]:
        poisoned[i] = dataclasses.replace(
            poisoned[i],
            crop=rng.normal(50, 90, (32, 32)).astype(np.float32),
            features=rng.normal(1e3, 1e4, len(plan.feature_names)),
            clinical=ClinicalRecord(pr=not poisoned[i].clinical.pr),
        )
    again = fit_cohort(poisoned, plan, 7, SilentProgress())
    assert as_bytes(again.stacks[1]) == as_bytes(fitted.stacks[1])
    assert as_bytes(again.stacks[0]) != as_bytes(fitted.stacks[0])  # the test can fail


def test_the_same_cohort_and_seed_give_the_same_bits(fitted, make_samples, plan):
    again = fit_cohort(make_samples(), plan, 7, SilentProgress())
    assert as_bytes(again.deployed) == as_bytes(fitted.deployed)
    assert again.validation == fitted.validation


def test_every_patient_is_answered_once_for_each_pattern(fitted, make_samples, plan):
    for pattern in ("pr", "image-only"):
        patients = [r.patient for r in fitted.validation if r.pattern == pattern]
        assert sorted(patients) == [f"V{i + 1:04d}" for i in range(150)]


def test_refit_variance_comes_from_the_repeats(fitted, make_samples, plan):
    assert all(s.refit_variance > 0 for s in fitted.deployed.submodels)


def test_a_planted_signal_is_found(fitted, make_samples, plan):
    assert cross_validated_auc(fitted.validation)["radiomics"].value > 0.65


def test_inner_folds_partition_the_scope_and_nothing_else():
    labels = np.arange(60) % 3 == 0
    fold = stratified_folds(labels, np.arange(60), 5, 1)[0]
    rows = np.setdiff1d(np.arange(60), fold)
    scope = make_scope(labels, rows, fold, 4, 3, 1)
    for repeat in scope.inner:
        assert np.array_equal(np.sort(np.concatenate(repeat)), rows)
    assert not np.isin(scope.asked, rows).any()
