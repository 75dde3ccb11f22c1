"""Thresholds on a probability; a patient is called positive at p ≥ threshold. numpy only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from her2desk.errors import InputRefused
from her2desk.stats.checks import labels_and_probabilities
from her2desk.texts import msg

TARGET = 0.95
SLACK = 1e-12  # 19 of 20 reaches 0.95, however the division rounds


@dataclass(frozen=True)
class _Curve:
    """Sensitivity and specificity at every threshold that makes a difference, ascending."""

    thresholds: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    specificity: NDArray[np.float64]


def youden(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """The threshold with the largest sensitivity + specificity (Youden 1950).

    Among equals the lowest: the most sensitive. Thresholds lie midway between neighbouring
    probabilities. Raises ``InputRefused`` unless both classes are there and probabilities lie
    within 0–1.
    """
    curve = _curve(labels, probabilities)
    index = curve.sensitivity + curve.specificity
    return float(curve.thresholds[np.flatnonzero(index >= index.max() - SLACK)[0]])


def sensitivity_at_least(
    labels: ArrayLike, probabilities: ArrayLike, target: float = TARGET
) -> float:
    """The highest threshold with at least this sensitivity: the most specific such one."""
    curve = _curve(labels, probabilities)
    return float(curve.thresholds[np.flatnonzero(curve.sensitivity >= target - SLACK)[-1]])


def specificity_at_least(
    labels: ArrayLike, probabilities: ArrayLike, target: float = TARGET
) -> float:
    """The lowest threshold with at least this specificity: the most sensitive such one.

    Raises ``InputRefused`` also where too many negatives have a probability of exactly 1.
    """
    curve = _curve(labels, probabilities)
    reached = np.flatnonzero(curve.specificity >= target - SLACK)
    if not len(reached):
        raise InputRefused(
            msg(
                "No threshold reaches this specificity: negatives have a probability of exactly 1."
            ),
            msg("Use a model whose probabilities stay between 0 and 1."),
            code="threshold-unattainable",
        )
    return float(curve.thresholds[reached[0]])


def _curve(labels: ArrayLike, probabilities: ArrayLike) -> _Curve:
    positive, values = labels_and_probabilities(labels, probabilities)
    thresholds = _between(np.unique(values))
    above = np.sort(values[positive])
    below = np.sort(values[~positive])
    return _Curve(
        thresholds,
        1 - np.searchsorted(above, thresholds, side="left") / len(above),
        np.searchsorted(below, thresholds, side="left") / len(below),
    )


def _between(distinct: NDArray[np.float64]) -> NDArray[np.float64]:
    """Midpoints of neighbouring values, with 0 and 1 as the outermost neighbours.

    Where no number lies between two neighbours the upper one serves: p ≥ threshold still parts
    them.
    """
    edges = np.concatenate(([0.0], distinct, [1.0]))
    lower, upper = edges[:-1], edges[1:]
    middle = (lower + upper) / 2
    return np.unique(np.where(middle > lower, middle, upper))
