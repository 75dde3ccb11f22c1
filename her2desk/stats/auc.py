"""The area under the ROC curve with DeLong's variance (DeLong, DeLong & Clarke-Pearson 1988).

The placement values come from midranks, as Sun & Xu (2014, IEEE Signal Processing Letters 21) do.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from scipy.stats import rankdata

from her2desk.domain.log_odds import logit
from her2desk.errors import InputRefused
from her2desk.stats.checks import labels_and_scores
from her2desk.stats.proportions import Z_95
from her2desk.texts import msg

BISECTIONS = 60
MIN_FOR_DELONG = 2
Method = Literal["delong", "logit-delong", "newcombe"]


@dataclass(frozen=True)
class Auc:
    """An AUC with its DeLong variance and 95 % interval; ``method`` names the interval."""

    value: float
    variance: float
    lower: float
    upper: float
    method: Method


@dataclass(frozen=True)
class DeLongTest:
    """Two AUCs on the same patients: ``z`` of a − b and its two-sided ``p``."""

    auc_a: float
    auc_b: float
    z: float
    p: float


def auc(labels: ArrayLike, scores: ArrayLike, interval: Literal["plain", "logit"] = "logit") -> Auc:
    """AUC (Mann–Whitney) of shape-(n,) scores; higher means positive, never flipped.

    ``logit`` is the shown interval (V13), ``plain`` the one of pROC (``direction="<"``), cut to
    0–1. Where DeLong's variance says nothing (an AUC of 0 or 1 under ``logit``, a class of one
    patient) the interval is Newcombe's method 5 (Statistics in Medicine 2006; 25: 559). Raises
    ``InputRefused`` unless both classes are there and the scores are finite.
    """
    positive, values = labels_and_scores(labels, scores)
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    v10, v01 = _placements(positive, values)
    area = float(v10.mean())
    if min(n_positive, n_negative) < MIN_FOR_DELONG:
        return Auc(area, math.nan, *_newcombe(area, n_positive, n_negative), "newcombe")
    variance = _variance(v10) + _variance(v01)
    if interval == "plain":
        half = Z_95 * math.sqrt(variance)
        return Auc(area, variance, max(0.0, area - half), min(1.0, area + half), "delong")
    if area in (0.0, 1.0):
        return Auc(area, variance, *_newcombe(area, n_positive, n_negative), "newcombe")
    centre = logit(area)
    half = Z_95 * math.sqrt(variance) / (area * (1 - area))
    lower, upper = expit([centre - half, centre + half])
    return Auc(area, variance, float(lower), float(upper), "logit-delong")


def delong_test(labels: ArrayLike, scores_a: ArrayLike, scores_b: ArrayLike) -> DeLongTest:
    """Paired DeLong test of two scores of the same patients.

    z is 0 and p is 1 for scores that rank alike. Raises ``InputRefused`` as ``auc`` does, and for
    a class of one patient, which has no variance.
    """
    positive, a = labels_and_scores(labels, scores_a)
    _, b = labels_and_scores(labels, scores_b)
    if min(positive.sum(), (~positive).sum()) < MIN_FOR_DELONG:
        raise InputRefused(
            msg("Two AUCs cannot be compared with only one patient in a class."),
            msg("Add patients of that class."),
            code="too-few-patients",
        )
    a10, a01 = _placements(positive, a)
    b10, b01 = _placements(positive, b)
    difference = float(a10.mean() - b10.mean())
    variance = _variance(a10 - b10) + _variance(a01 - b01)
    if variance > 0:
        z = difference / math.sqrt(variance)
    else:
        z = math.copysign(math.inf, difference) if difference else 0.0
    p = math.erfc(abs(z) / math.sqrt(2))
    return DeLongTest(float(a10.mean()), float(b10.mean()), z, p)


def _placements(
    positive: NDArray[np.bool_], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each positive's share of negatives below it, each negative's of positives above it."""
    ranks = rankdata(scores)
    above, below = scores[positive], scores[~positive]
    v10 = (ranks[positive] - rankdata(above)) / len(below)
    v01 = 1 - (ranks[~positive] - rankdata(below)) / len(above)
    return v10, v01


def _variance(placements: NDArray[np.float64]) -> float:
    return float(placements.var(ddof=1)) / len(placements)


def _newcombe(area: float, n_positive: int, n_negative: int) -> tuple[float, float]:
    # The method is symmetric: the upper bound is the lower bound of the score turned round.
    return (
        _newcombe_lower(area, n_positive, n_negative),
        1 - _newcombe_lower(1 - area, n_positive, n_negative),
    )


def _newcombe_lower(area: float, n_positive: int, n_negative: int) -> float:
    """The true area whose own standard error is 1/z of the distance up to ``area``."""
    weight = (n_positive + n_negative) / 2 - 1
    low, high = 0.0, area
    for _ in range(BISECTIONS):
        true = (low + high) / 2
        q = 1 + weight * ((1 - true) / (2 - true) + true / (1 + true))
        variance = true * (1 - true) * q / (n_positive * n_negative)
        if (area - true) ** 2 > Z_95**2 * variance:
            low = true
        else:
            high = true
    return (low + high) / 2
