"""AUCs of cross-validation: within folds, with the corrected interval of Nadeau & Bengio (V13)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from her2desk.errors import InputRefused
from her2desk.stats.auc import auc
from her2desk.texts import msg

FEWEST_VALUES = 2


@dataclass(frozen=True)
class ResampledMean:
    """The mean over folds with its approximate 95 % interval, cut to 0–1."""

    value: float
    lower: float
    upper: float


def nadeau_bengio(values: Sequence[float], n_train: float, n_test: float) -> ResampledMean:
    """Mean AUC of r × k-fold cross-validation with its corrected resampled t interval.

    ``values`` are the k·r within-fold AUCs; ``n_train`` and ``n_test`` the (mean) patients of a
    fold's two sides. Variance (1/(k·r) + n_test/n_train)·s², t on k·r − 1 degrees of freedom
    (Nadeau & Bengio 2003, Machine Learning 52: 239; Bouckaert & Frank 2004 for repeats). It is
    approximate: no unbiased variance exists. Raises ``InputRefused`` below two values.
    """
    from scipy.stats import t

    folds = np.asarray(values, dtype=np.float64)
    if len(folds) < FEWEST_VALUES:
        raise InputRefused(
            msg("Fewer than two folds have patients of both classes."),
            msg("Use fewer folds or more patients."),
            code="too-few-folds",
        )
    mean = float(folds.mean())
    variance = (1 / len(folds) + n_test / n_train) * float(folds.var(ddof=1))
    half = float(t.ppf(0.975, len(folds) - 1)) * math.sqrt(variance)
    return ResampledMean(mean, max(0.0, mean - half), min(1.0, mean + half))


def within_fold_auc(labels: ArrayLike, scores: ArrayLike, folds: ArrayLike) -> list[float]:
    """The AUC inside each fold, in the order of the folds' numbers; labels and the rest (n,).

    Folds without both classes are left out; ``folds_without_auc`` counts them. Raises
    ``InputRefused`` for scores that are not finite.
    """
    positive, values, fold = _aligned(labels, scores, folds)
    names = [name for name in np.unique(fold) if _has_both(positive[fold == name])]
    return [auc(positive[fold == name], values[fold == name]).value for name in names]


def folds_without_auc(labels: ArrayLike, folds: ArrayLike) -> int:
    """How many folds have patients of one class only."""
    positive, _, fold = _aligned(labels, labels, folds)
    return sum(not _has_both(positive[fold == name]) for name in np.unique(fold))


def _aligned(
    labels: ArrayLike, scores: ArrayLike, folds: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    positive, values, fold = np.asarray(labels).astype(bool), np.asarray(scores), np.asarray(folds)
    if not positive.shape == values.shape == fold.shape:
        raise ValueError("labels, scores and folds must be lists of one length")
    return positive, values, fold


def _has_both(positive: np.ndarray) -> bool:
    return bool(positive.any() and not positive.all())
