"""What a figure asks of its patients: both classes, one finite score each. numpy only."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from her2desk.errors import InputRefused
from her2desk.texts import msg


def labels_and_scores(
    labels: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Both as arrays of shape (n,); a higher score means positive.

    Raises ``InputRefused`` with code ``"one-class"`` or ``"score-not-finite"``, and ``ValueError``
    for lists of different lengths.
    """
    positive = np.asarray(labels).astype(bool)
    values = np.asarray(scores, dtype=np.float64)
    if positive.shape != values.shape or positive.ndim != 1:
        raise ValueError("labels and scores must be two lists of one length")
    if positive.all() or not positive.any():
        raise InputRefused(
            msg("Patients of both classes are needed to judge a score."),
            msg("Add patients of the missing class, or check the label column."),
            code="one-class",
        )
    if not np.isfinite(values).all():
        raise InputRefused(
            msg("Some scores are missing or not finite."),
            msg("Leave those patients out, or give them a score."),
            code="score-not-finite",
        )
    return positive, values


def labels_and_probabilities(
    labels: ArrayLike, probabilities: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """As ``labels_and_scores``; scores outside 0–1 are refused with ``"probability-outside"``."""
    values = np.asarray(probabilities, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise InputRefused(
            msg("Some predicted probabilities lie outside 0–1."),
            msg("Give probabilities, not scores or logits."),
            code="probability-outside",
        )
    return labels_and_scores(labels, values)
