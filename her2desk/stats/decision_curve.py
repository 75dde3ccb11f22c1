"""Net benefit over thresholds of a decision (Vickers & Elkin 2006). numpy only."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from her2desk.stats.checks import labels_and_probabilities


def net_benefit(
    labels: ArrayLike, probabilities: ArrayLike, thresholds: ArrayLike
) -> NDArray[np.float64]:
    """TP/n − FP/n · t/(1 − t) at each threshold, shape (t,), for treating at p ≥ t.

    In true positives per patient. Treating nobody has 0. Raises ``InputRefused`` unless both
    classes are there and probabilities lie within 0–1, ``ValueError`` for thresholds outside 0–1.
    """
    positive, p = labels_and_probabilities(labels, probabilities)
    odds, t = _odds(thresholds)
    true = len(p[positive]) - np.searchsorted(np.sort(p[positive]), t, side="left")
    false = len(p[~positive]) - np.searchsorted(np.sort(p[~positive]), t, side="left")
    return np.asarray((true - false * odds) / len(p))


def treat_all(labels: ArrayLike, thresholds: ArrayLike) -> NDArray[np.float64]:
    """Net benefit of treating every patient at each threshold, shape (t,)."""
    share = float(np.mean(np.asarray(labels).astype(bool)))
    odds, _ = _odds(thresholds)
    return np.asarray(share - (1 - share) * odds)


def _odds(thresholds: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    t = np.asarray(thresholds, dtype=np.float64)
    if t.ndim != 1 or not ((t >= 0) & (t < 1)).all():
        raise ValueError("thresholds must be a list of numbers from 0 to below 1")
    return t / (1 - t), t
