"""How well predicted probabilities agree with what happened: intercept, slope, Brier score."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from her2desk.errors import InputRefused
from her2desk.stats.checks import labels_and_scores
from her2desk.stats.likelihood import matching_shift
from her2desk.stats.logistic import fit_logistic
from her2desk.stats.proportions import Z_95
from her2desk.texts import msg


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % Wald interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Calibration:
    """``intercept``: of the outcome with the predicted logit as offset (0 is right on average).

    ``slope``: of the outcome on the predicted logit (1 is right; below 1 is overconfident), None
    where the predictions part the classes without an error. ``brier``: mean squared error.
    """

    n: int
    events: int
    intercept: Interval
    slope: Interval | None
    brier: float


def calibration(labels: ArrayLike, probabilities: ArrayLike) -> Calibration:
    """Calibration of probabilities, shape (n,), in patients they were not fitted on (Cox 1958).

    Raises ``InputRefused`` unless both classes are there and every probability lies between 0 and
    1.
    """
    logit = logits_of(probabilities)
    positive, p = labels_and_scores(labels, probabilities)
    slope = _slope(logit, positive)
    return Calibration(
        n=len(p),
        events=int(positive.sum()),
        intercept=_intercept(logit, positive),
        slope=slope,
        brier=float(((p - positive) ** 2).mean()),
    )


def logits_of(probabilities: ArrayLike) -> NDArray[np.float64]:
    """The log-odds of probabilities; ``InputRefused`` unless all lie between 0 and 1."""
    p = np.asarray(probabilities, dtype=np.float64)
    if not ((p > 0) & (p < 1)).all():
        raise InputRefused(
            msg("Calibration needs probabilities between 0 and 1, without 0 and 1 themselves."),
            msg("Give probabilities, not scores or logits."),
            code="probability-outside",
        )
    return np.asarray(np.log(p) - np.log1p(-p))


def _slope(logit: NDArray[np.float64], positive: NDArray[np.bool_]) -> Interval | None:
    try:
        fit = fit_logistic(logit[:, None], positive)
    except InputRefused:  # separated classes, or predictions that are all alike
        return None
    return _wald(float(fit.coefficients[1]), float(fit.standard_errors[1]))


def _intercept(logit: NDArray[np.float64], positive: NDArray[np.bool_]) -> Interval:
    shift = matching_shift(logit, float(positive.sum()))
    p = expit(logit + shift)
    return _wald(shift, 1 / math.sqrt(float((p * (1 - p)).sum())))


def _wald(value: float, standard_error: float) -> Interval:
    return Interval(value, value - Z_95 * standard_error, value + Z_95 * standard_error)
