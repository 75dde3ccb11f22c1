"""The difference of mean within-fold AUC, its test and its interval."""

import numpy as np
import pytest

from benchmarks.paired_folds import compared, within_folds
from her2desk.stats.auc import auc, delong_test

RNG = np.random.default_rng(8)
LABELS = np.arange(120) % 3 == 0
FOLDS = np.arange(120) % 4
GOOD = RNG.normal(size=120) + 1.2 * LABELS
POOR = RNG.normal(size=120) + 0.3 * LABELS


def test_the_difference_is_of_the_means_over_folds():
    found = compared(LABELS, GOOD, POOR, FOLDS, seed=1)
    means = [np.mean(within_folds(LABELS, scores, FOLDS)) for scores in (GOOD, POOR)]
    assert found["value"] == pytest.approx(means[0] - means[1])
    assert found["lower"] < found["value"] < found["upper"]


def test_in_one_fold_the_test_is_delongs():
    found = compared(LABELS, GOOD, POOR, np.zeros(120, int), seed=1)
    assert found["p"] == pytest.approx(delong_test(LABELS, GOOD, POOR).p)
    worthless = np.zeros(120)
    alone = compared(LABELS, GOOD, worthless, np.zeros(120, int), seed=1)
    assert alone["se"] ** 2 == pytest.approx(auc(LABELS, GOOD).variance)


def test_another_scale_in_each_fold_changes_nothing():
    shifted = GOOD * (1 + FOLDS) - 50 * FOLDS
    assert compared(LABELS, shifted, GOOD, FOLDS, seed=1) == {
        "value": 0.0,
        "lower": 0.0,
        "upper": 0.0,
        "se": 0.0,
        "p": 1.0,
    }


def test_a_fold_with_one_patient_of_a_class_is_refused():
    labels = np.arange(6) == 0
    with pytest.raises(ValueError, match="fewer than two"):
        compared(labels, GOOD[:6], POOR[:6], np.zeros(6, int), seed=1)
