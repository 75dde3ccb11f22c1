"""Two scores of the same patients in the same folds: the difference of their mean within-fold AUC.

The test is DeLong's inside each fold; the differences are averaged, and the variances add up, since no
patient is tested in two folds. The interval resamples patients of each fold and class. Both take the
fitted models as they are: that other training patients would give other models is in neither.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from her2desk.stats.cross_validation import within_fold_auc

Matrix = NDArray[np.float64]

DRAWS = 2000
TAILS = (2.5, 97.5)


def within_folds(labels: ArrayLike, scores: ArrayLike, folds: ArrayLike) -> list[float]:
    """The AUC of each fold."""
    return within_fold_auc(labels, scores, folds)


def compared(
    labels: NDArray[np.bool_], one: Matrix, other: Matrix, folds: NDArray[np.intp], seed: int
) -> dict[str, float]:
    """``one`` less ``other``: value, bootstrap interval (lower, upper), DeLong's se and two-sided p.

    All (n,). The p is 1 where the scores rank alike in every fold. Raises ``ValueError`` for a fold
    with fewer than two patients of a class.
    """
    wins = list(_wins(labels, one, other, folds))
    value = float(np.mean([gap.mean() for gap in wins]))
    variance = sum(_variance(gap) for gap in wins) / len(wins) ** 2
    rng = np.random.default_rng(seed)
    drawn = np.mean([_resampled(gap, rng) for gap in wins], axis=0)
    lower, upper = np.percentile(drawn, TAILS)
    z = value / math.sqrt(variance) if variance > 0 else 0.0
    return {
        "value": value,
        "lower": float(lower),
        "upper": float(upper),
        "se": math.sqrt(variance),
        "p": math.erfc(abs(z) / math.sqrt(2)),
    }


def _wins(
    labels: NDArray[np.bool_], one: Matrix, other: Matrix, folds: NDArray[np.intp]
) -> Iterator[Matrix]:
    """For each fold, by how much ``one`` ranks each positive above each negative more often."""
    for fold in np.unique(folds):
        yes, no = labels & (folds == fold), ~labels & (folds == fold)
        if min(yes.sum(), no.sum()) < 2:
            raise ValueError(f"fold {fold} has fewer than two patients of a class")
        first, second = (
            (s[yes][:, None] > s[no]) + 0.5 * (s[yes][:, None] == s[no]) for s in (one, other)
        )
        yield first - second


def _variance(gap: Matrix) -> float:
    """DeLong's, of the difference that a fold's (positives, negatives) matrix has as its mean."""
    shares = (gap.mean(axis=1 - axis) for axis in (0, 1))
    return float(sum(own.var(ddof=1) / len(own) for own in shares))


def _resampled(gap: Matrix, rng: np.random.Generator) -> Matrix:
    positives, negatives = gap.shape
    often, others = (rng.multinomial(n, np.full(n, 1 / n), DRAWS) for n in (positives, negatives))
    return np.asarray(((often @ gap) * others).sum(axis=1) / (positives * negatives))
