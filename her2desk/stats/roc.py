"""The points of an ROC curve. numpy only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from her2desk.stats.checks import labels_and_scores


@dataclass(frozen=True)
class RocCurve:
    """The curve from (0, 0) to (1, 1), one point a distinct score; all arrays have its length.

    At ``thresholds[k]`` a patient is called positive whose score is at least that; the first
    threshold is infinite.
    """

    false_positive_rate: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def roc_points(labels: ArrayLike, scores: ArrayLike) -> RocCurve:
    """ROC curve of shape-(n,) scores; higher means positive, never flipped.

    Tied scores make one slanted step, so the area under the straight lines is the Mann–Whitney
    AUC. Raises ``InputRefused`` unless both classes are there and the scores are finite.
    """
    positive, values = labels_and_scores(labels, scores)
    thresholds = np.concatenate(([np.inf], np.unique(values)[::-1]))
    above, below = np.sort(values[positive]), np.sort(values[~positive])
    return RocCurve(
        1 - np.searchsorted(below, thresholds, side="left") / len(below),
        1 - np.searchsorted(above, thresholds, side="left") / len(above),
        thresholds,
    )
