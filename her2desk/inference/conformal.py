"""Class-conditional (Mondrian) conformal prediction: which class is not ruled out (V20).

Vovk, Gammerman and Shafer 2005: among new patients of a class, at most α are miscalled on average.
"""

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.readout import CONFORMAL_LEVEL

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def class_p_values(logits: Floats, positive: Flags, asked: Floats) -> Floats:
    """p-values (asked, 2) of the classes, negative first, for the scores ``asked``.

    (1 + patients of the class at least as strange) ÷ (n + 1): for the negative class a higher score is
    stranger, for the positive class a lower one. ``logits`` and ``positive`` are of the patients (n,)
    that it is judged by; 1 where there is none.
    """
    negatives, positives = np.sort(logits[~positive]), np.sort(logits[positive])
    higher = len(negatives) - np.searchsorted(negatives, asked, "left")
    lower = np.searchsorted(positives, asked, "right")
    return np.column_stack(
        [(1 + higher) / (len(negatives) + 1), (1 + lower) / (len(positives) + 1)]
    )


def left_in(logits: Floats, positive: Flags, asked: Floats) -> Flags:
    """Which classes are not ruled out at α = 0.10, (asked, 2), negative first."""
    return np.asarray(class_p_values(logits, positive, asked) > CONFORMAL_LEVEL, dtype=np.bool_)
