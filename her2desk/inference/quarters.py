"""Who looks like a declared pattern of failure: yes, or in the outer quarter of a measure (V16).

No label has a say. How widely a network's attention spreads is a habit of that network: those of two
folds can differ by more than patients do. Attention is therefore compared among patients whom the same
network read, all else among all of them.
"""

from statistics import median

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.failure import QUARTER, FailurePattern

YES = 0.5  # the limit of a trait that is 1 or 0
FEWEST_OF_A_NETWORK = 20  # patients, to find a network's own quarter among

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Folds = NDArray[np.intp]


def limit_of(pattern: FailurePattern, values: Floats) -> float | None:
    """The edge of the pattern's quarter of ``values`` (patients,), NaN where not known.

    None where nobody has one.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    if pattern.trait.is_yes_no:
        return YES
    return float(np.quantile(known, 1 - QUARTER if pattern.is_high else QUARTER))


def looks_like(pattern: FailurePattern, values: Floats, folds: Folds) -> Flags:
    """Who of the patients (patients,) looks like the pattern; nobody without a value does."""
    looks = np.zeros(len(values), dtype=np.bool_)
    for group in _read_alike(pattern, folds):
        limit = limit_of(pattern, values[group])
        if limit is not None:
            looks |= group & (values >= limit if pattern.is_high else values <= limit)
    return looks


def deployed_limit(
    pattern: FailurePattern, values: Floats, folds: Folds, held_out: Floats
) -> float | None:
    """The edge for a new case, whom the deployed network reads; None where nobody has a value.

    ``held_out`` are the values of the patients whom that network read without having seen them. With
    fewer than 20 of them attention has the middle one of the folds' edges.
    """
    if not pattern.trait.is_attention:
        return limit_of(pattern, values)
    if int(np.isfinite(held_out).sum()) >= FEWEST_OF_A_NETWORK:
        return limit_of(pattern, held_out)
    edges = [limit_of(pattern, values[group]) for group in _read_alike(pattern, folds)]
    known = [edge for edge in edges if edge is not None]
    return median(known) if known else None


def _read_alike(pattern: FailurePattern, folds: Folds) -> list[Flags]:
    """The groups within which patients are compared."""
    if not pattern.trait.is_attention:
        return [np.ones(len(folds), dtype=np.bool_)]
    return [np.asarray(folds == fold, dtype=np.bool_) for fold in np.unique(folds)]
