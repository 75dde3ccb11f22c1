"""Proportions with Wilson intervals, and predictive values at any prevalence (V12). numpy only."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.counts import Confusion, PredictiveValue, Proportion

Z_95 = NormalDist().inv_cdf(0.975)
TAILS = np.array([0.025, 0.975])
GRID_CELLS = 600
BISECTIONS = 40
JEFFREYS = 0.5

FloatArray = NDArray[np.float64]


def wilson(count: int, total: int) -> Proportion:
    """``count`` of ``total`` with its 95 % score interval (Wilson 1927); 0–1 for a total of 0.

    Raises ``ValueError`` unless 0 ≤ count ≤ total.
    """
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total} is no proportion")
    if total == 0:
        return Proportion(0, 0, 0.0, 1.0)
    share = count / total
    z2 = Z_95**2 / total
    centre = (share + z2 / 2) / (1 + z2)
    half = Z_95 / (1 + z2) * math.sqrt(share * (1 - share) / total + z2 / (4 * total))
    lower = 0.0 if count == 0 else max(0.0, centre - half)
    upper = 1.0 if count == total else min(1.0, centre + half)
    return Proportion(count, total, lower, upper)


def predictive_values(
    confusion: Confusion, prevalence: float
) -> tuple[PredictiveValue | None, PredictiveValue | None]:
    """PPV and NPV of a confusion table at ``prevalence`` (0–1), each with a 95 % interval.

    At the cohort's own prevalence: Wilson. At another: sensitivity and specificity have
    independent Jeffreys posteriors, Beta(TP + ½, FN + ½) and Beta(TN + ½, FP + ½), integrated on a
    fixed grid; the estimate is the plug-in value. None where there is no such call, no patient of
    one class, or a prevalence of 0 or 1.
    """
    tp, fp, tn, fn = confusion.tp, confusion.fp, confusion.tn, confusion.fn
    if not 0 < prevalence < 1 or tp + fn == 0 or tn + fp == 0:
        return None, None
    if math.isclose(prevalence, (tp + fn) / confusion.cohort_size):
        return _own(tp, tp + fp), _own(tn, tn + fn)
    shares = (prevalence, 1 - prevalence)
    return _at((tp, fn), (tn, fp), shares), _at((tn, fp), (tp, fn), shares[::-1])


def _own(count: int, total: int) -> PredictiveValue | None:
    if total == 0:
        return None
    wilson_interval = wilson(count, total)
    return PredictiveValue(wilson_interval.value, wilson_interval.lower, wilson_interval.upper)


def _at(
    hits: tuple[int, int], others: tuple[int, int], shares: tuple[float, float]
) -> PredictiveValue | None:
    """Predictive value of a call; ``shares`` of all patients are of the class it names and the other.

    ``hits``: right and wrong calls in that class; ``others``: in the other class.
    """
    right, missed = hits
    true_other, false_call = others
    if right + false_call == 0:
        return None
    true_rate = right / (right + missed)
    false_rate = false_call / (true_other + false_call)
    value = shares[0] * true_rate / (shares[0] * true_rate + shares[1] * false_rate)
    lower, upper = _interval(
        _beta_cells(right + JEFFREYS, missed + JEFFREYS),
        _beta_cells(false_call + JEFFREYS, true_other + JEFFREYS),
        math.log(shares[0]) - math.log(shares[1]),
    )
    # With no error of a kind the posterior leaves out the estimate itself; the interval takes it
    # in, as Brown, Cai and DasGupta (2001) do for one proportion.
    return PredictiveValue(value, min(lower, value), max(upper, value))


def _interval(
    true_rate: tuple[FloatArray, FloatArray, FloatArray],
    false_rate: tuple[FloatArray, FloatArray, FloatArray],
    log_odds: float,
) -> tuple[float, float]:
    """2.5 and 97.5 % points of odds·T ÷ (odds·T + F), by bisection on the log of odds·T ÷ F.

    P(log T − log F ≤ s) = Σ over the cells of F of their weight × CDF of T at F·exp(s).
    """
    edges, cumulative, _ = true_rate
    _, cumulative_false, middles = false_rate
    weights = np.diff(cumulative_false)
    log_true, log_false = _log_sigmoid(edges), _log_sigmoid(middles)
    low = np.full(2, log_true[0] - log_false[-1])
    high = np.full(2, log_true[-1] - log_false[0])
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        below = np.interp(log_false + middle[:, None], log_true, cumulative) @ weights < TAILS
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    lower, upper = np.exp(_log_sigmoid((low + high) / 2 + log_odds))
    return float(lower), float(upper)


def _beta_cells(a: float, b: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A Beta(a, b) on a grid over the logit: cell edges, CDF at the edges, cell middles.

    On the logit scale its density is x^a (1 − x)^b: smooth and concave in the log, with tails a
    and b.
    """
    sd = math.sqrt(1 / a + 1 / b)
    mode = math.log(a / b)
    edges = np.linspace(mode - 9 * sd - 20 / a, mode + 9 * sd + 20 / b, GRID_CELLS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    log_density = a * _log_sigmoid(middles) + b * _log_sigmoid(-middles)
    density = np.exp(log_density - log_density.max())
    cumulative = np.concatenate(([0.0], np.cumsum(density)))
    return edges, cumulative / cumulative[-1], middles


def _log_sigmoid(logit: FloatArray) -> FloatArray:
    return -np.logaddexp(0.0, -logit)
