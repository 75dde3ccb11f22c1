"""Risk-adjusted CUSUM charts: outcomes one after the other against what was predicted of each.

Steiner, Cook, Farewell and Treasure (2000), Biostatistics 1: 441. A chart climbs where outcomes look
more like an alternative than like the predictions, and never falls below 0.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

ODDS_RATIO = 2.0  # Steiner et al. watch for odds doubled and halved
FLATTENING = 0.5  # the scores tell half as much
HORIZON = 100
FALSE_SIGNALS = 0.05
RUNS = 10_000


class Shift(StrEnum):
    """What a chart watches for."""

    MORE = "more"  # the odds of a positive are twice those predicted
    FEWER = "fewer"  # they are half
    FLATTER = "flatter"  # log-odds lie half as far from the prevalence: the scores tell less


@dataclass(frozen=True)
class Chart:
    """``values`` (n,) after each outcome; ``signal`` is the first (from 0) beyond ``limit``, or None."""

    shift: Shift
    values: FloatArray
    limit: float
    signal: int | None


@dataclass(frozen=True)
class Cusum:
    """All charts of one sequence; together they signal falsely with ``false_signals`` in ``horizon``."""

    charts: tuple[Chart, ...]
    horizon: int
    false_signals: float

    @property
    def signals(self) -> tuple[Chart, ...]:
        """The charts that went beyond their limit, the earliest first."""
        found = [chart for chart in self.charts if chart.signal is not None]
        return tuple(sorted(found, key=lambda chart: chart.signal or 0))


def cusum(
    labels: ArrayLike,
    logits: ArrayLike,
    prevalence: float,
    *,
    runs: int = RUNS,
    seed: int = 0,
) -> Cusum:
    """The three charts of 0/1 outcomes (n,) with predicted log-odds (n,), in the order they came.

    ``prevalence`` is the predictions' own, the place that ``Shift.FLATTER`` flattens towards. The
    limits come from ``runs`` simulated sequences of the same predictions with outcomes drawn from
    them, as long as the sequence or 100 (then more patients are drawn from those seen): 5 % of these
    go beyond any of the three, a third of it each.
    """
    positive = np.asarray(labels).astype(bool)
    eta = np.asarray(logits, dtype=np.float64)
    if positive.shape != eta.shape or eta.ndim != 1 or not len(eta):
        raise ValueError("labels and logits must be two lists of one length, and not empty")
    centre = math.log(prevalence) - math.log1p(-prevalence)
    rng = np.random.default_rng(seed)
    further = rng.choice(eta, max(0, HORIZON - len(eta)))
    horizon = np.concatenate([eta, further])
    limits = _limits(horizon, centre, runs, rng)
    charts = tuple(
        _chart(shift, path(weights(positive, eta, shift, centre)), limit)
        for shift, limit in zip(Shift, limits, strict=True)
    )
    return Cusum(charts, len(horizon), FALSE_SIGNALS)


def weights(labels: ArrayLike, logits: ArrayLike, shift: Shift, centre: float) -> FloatArray:
    """Log-likelihood ratio (n,) of each outcome, alternative to prediction.

    For odds ratio R: log R − log(1 − p + R p) for a positive and −log(1 − p + R p) for a negative
    (Steiner et al. 2000, equation 2.2 with R₀ = 1).
    """
    positive = np.asarray(labels, dtype=np.float64)
    eta = np.asarray(logits, dtype=np.float64)
    other = _alternative(eta, shift, centre)
    softplus = np.logaddexp(0.0, eta) - np.logaddexp(0.0, other)
    return np.asarray(positive * (other - eta) + softplus)


def path(steps: ArrayLike) -> FloatArray:
    """The chart (n,) of these weights (n,): sums that start again at 0."""
    sums = np.concatenate([[0.0], np.cumsum(np.asarray(steps, dtype=np.float64))])
    return np.asarray((sums - np.minimum.accumulate(sums))[1:])


def _alternative(eta: FloatArray, shift: Shift, centre: float) -> FloatArray:
    match shift:
        case Shift.MORE:
            return eta + math.log(ODDS_RATIO)
        case Shift.FEWER:
            return eta - math.log(ODDS_RATIO)
        case Shift.FLATTER:
            return centre + FLATTENING * (eta - centre)


def _chart(shift: Shift, values: FloatArray, limit: float) -> Chart:
    beyond = np.flatnonzero(values > limit)
    return Chart(shift, values, limit, int(beyond[0]) if len(beyond) else None)


def _limits(
    eta: FloatArray, centre: float, runs: int, rng: np.random.Generator
) -> tuple[float, ...]:
    """One limit a chart, from the highest points of simulated sequences without any shift."""
    p = np.exp(-np.logaddexp(0.0, -eta))
    of_positive = np.array([weights(np.ones(len(eta)), eta, s, centre) for s in Shift])
    of_negative = np.array([weights(np.zeros(len(eta)), eta, s, centre) for s in Shift])
    at = np.zeros((len(Shift), runs))
    highest = np.zeros_like(at)
    for i in range(len(eta)):
        positive = rng.random(runs) < p[i]
        at += np.where(positive, of_positive[:, i, None], of_negative[:, i, None])
        np.maximum(at, 0.0, out=at)
        np.maximum(highest, at, out=highest)
    share = 1 - FALSE_SIGNALS / len(Shift)
    return tuple(float(v) for v in np.quantile(highest, share, axis=1, method="higher"))
