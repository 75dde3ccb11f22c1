"""Within-fold AUCs and Nadeau and Bengio's interval (V13)."""

import math

import numpy as np
import pytest
from scipy import stats

from her2desk.errors import InputRefused
from her2desk.stats.auc import auc
from her2desk.stats.cross_validation import folds_without_auc, nadeau_bengio, within_fold_auc


def test_the_interval_is_the_corrected_resampled_one() -> None:
    """By hand for 5 folds: s² grows by n_test/n_train, t on 4 degrees of freedom."""
    values = [0.70, 0.80, 0.75, 0.85, 0.65]
    answer = nadeau_bengio(values, n_train=112, n_test=28)
    s2 = 0.00625
    half = 2.7764451051977987 * math.sqrt((1 / 5 + 28 / 112) * s2)
    assert (answer.value, answer.lower, answer.upper) == pytest.approx(
        (0.75, 0.75 - half, 0.75 + half)
    )
    plain = stats.t.interval(0.95, 4, 0.75, math.sqrt(s2 / 5))
    assert answer.upper - answer.lower > plain[1] - plain[0]


def test_repeats_count_as_values() -> None:
    values = [0.7, 0.8] * 10
    narrow = nadeau_bengio(values, 112, 28)
    s2 = float(np.var(values, ddof=1))
    half = stats.t.ppf(0.975, 19) * math.sqrt((1 / 20 + 0.25) * s2)
    assert narrow.upper - narrow.value == pytest.approx(half)


def test_the_interval_stays_within_0_and_1() -> None:
    answer = nadeau_bengio([1.0, 0.6, 1.0], 20, 10)
    assert answer.upper == 1
    assert nadeau_bengio([0.0, 0.4, 0.0], 20, 10).lower == 0


def test_one_fold_has_no_interval() -> None:
    with pytest.raises(InputRefused) as refusal:
        nadeau_bengio([0.7], 20, 10)
    assert refusal.value.code == "too-few-folds"


def test_each_fold_has_its_own_auc_and_one_without_both_classes_is_counted() -> None:
    rng = np.random.default_rng(1)
    folds = np.array([2, 0, 1] * 10 + [7] * 3)
    labels = np.concatenate([np.arange(30) % 2 == 0, [True] * 3])
    scores = rng.normal(size=33) + folds  # a fold's level must not matter
    answer = within_fold_auc(labels, scores, folds)
    expected = [auc(labels[folds == k], scores[folds == k]).value for k in (0, 1, 2)]
    assert answer == expected
    assert folds_without_auc(labels, folds) == 1


def test_lists_of_different_lengths_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="one length"):
        within_fold_auc([0, 1], [0.2, 0.3], [0])
