"""The Hosmer–Lemeshow test, grouped as R's ``ResourceSelection::hoslem.test`` groups (V19)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from her2desk.errors import InputRefused
from her2desk.stats.checks import labels_and_probabilities
from her2desk.texts import msg

FEWEST_PATIENTS = 100
FEWEST_EXPECTED = 5.0


@dataclass(frozen=True)
class HosmerLemeshow:
    """χ² over ``g`` groups and its p; ``observed`` and ``expected`` events and ``sizes`` have (g,).

    ``df`` is g − 2 for patients the model was fitted on, g for others.
    """

    g: int
    chi2: float
    df: int
    p: float
    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    sizes: NDArray[np.int64]


def hosmer_lemeshow(
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    fitted_on: bool,
    groups: int = 10,
    strict: bool = True,
) -> HosmerLemeshow:
    """Hosmer–Lemeshow χ² of probabilities, shape (n,) (Hosmer, Lemeshow & Sturdivant 2013).

    ``strict`` refuses what the χ² distribution does not describe: under 100 patients, or fewer than
    5 events or non-events expected in a group. Without it only what has no χ² at all is refused.
    Raises ``InputRefused`` with code ``"hosmer-lemeshow"``, else as ``labels_and_probabilities``.
    """
    positive, p = labels_and_probabilities(labels, probabilities)
    if strict and len(p) < FEWEST_PATIENTS:
        raise _refusal()
    group, g = risk_groups(p, groups)
    sizes = np.bincount(group, minlength=g)
    observed = np.bincount(group, weights=positive, minlength=g).astype(np.float64)
    expected = np.bincount(group, weights=p, minlength=g).astype(np.float64)
    fewest = min(expected.min(), (sizes - expected).min())
    df = g - 2 if fitted_on else g
    if fewest <= 0 or df < 1 or (strict and fewest < FEWEST_EXPECTED):
        raise _refusal()
    chi2 = float(((observed - expected) ** 2 * (1 / expected + 1 / (sizes - expected))).sum())
    return HosmerLemeshow(g, chi2, df, _upper_tail(chi2, df), observed, expected, sizes)


def risk_groups(
    probabilities: NDArray[np.float64], groups: int = 10
) -> tuple[NDArray[np.int64], int]:
    """Each patient's group by quantiles of risk, shape (n,), and the number of groups.

    The cut points are R's ``quantile`` (type 7) and the groups ``cut(include.lowest = TRUE)``:
    closed on the right. Tied probabilities make cut points collapse; empty groups are left out.
    """
    cuts = np.unique(_quantiles_of_r(probabilities, groups))
    place = np.maximum(np.searchsorted(cuts, probabilities, side="left"), 1)
    distinct, group = np.unique(place, return_inverse=True)
    return group.astype(np.int64), len(distinct)


def _quantiles_of_r(values: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
    # numpy's "linear" quantiles differ in the last bit, which moves a patient who lies on a cut.
    ordered = np.sort(values)
    shares = np.minimum(np.arange(groups + 1) * (1 / groups), 1.0)
    index = 1 + (len(values) - 1) * shares
    low = np.floor(index)
    below, above = ordered[low.astype(int) - 1], ordered[np.ceil(index).astype(int) - 1]
    h = index - low
    between = (1 - h) * below + h * above
    return np.asarray(np.where((h > 0) & (above != below), between, below))


def _upper_tail(chi2: float, df: int) -> float:
    from scipy.stats import chi2 as distribution

    return float(distribution.sf(chi2, df))


def _refusal() -> InputRefused:
    return InputRefused(
        msg(
            "The Hosmer–Lemeshow test needs at least {patients} patients, and {expected} events "
            "and non-events expected in every group.",
            patients=FEWEST_PATIENTS,
            expected=int(FEWEST_EXPECTED),
        ),
        msg("Judge calibration by its intercept and slope."),
        code="hosmer-lemeshow",
    )
