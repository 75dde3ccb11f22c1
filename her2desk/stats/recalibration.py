"""Logistic recalibration: log-odds moved, or moved and stretched, to agree with new outcomes.

Cox 1958; the hierarchy intercept before slope is that of Steyerberg et al. 2004, Statistics in Medicine
23: 2567.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from her2desk.errors import InputRefused
from her2desk.stats.calibration import Interval
from her2desk.stats.checks import labels_and_scores
from her2desk.stats.likelihood import log_likelihood, matching_shift
from her2desk.stats.logistic import fit_logistic
from her2desk.stats.proportions import Z_95
from her2desk.texts import msg

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class SlopeTest:
    """The slope with its 95 % Wald interval, and the likelihood-ratio test of a slope of 1.

    The test is against the model with the intercept alone, χ² on one degree of freedom.
    """

    slope: Interval
    chi2: float
    p: float


@dataclass(frozen=True)
class Recalibration:
    """η becomes ``intercept`` + ``slope`` · η; ``covariance`` (2, 2) is 0 for what was not fitted."""

    intercept: float
    slope: float
    covariance: FloatArray
    patients: int
    positive: int

    @property
    def intercept_interval(self) -> Interval:
        """The intercept with its 95 % Wald interval."""
        return _wald(self.intercept, float(self.covariance[0, 0]))

    @property
    def slope_interval(self) -> Interval:
        """The slope with its 95 % Wald interval, a point where it was not fitted."""
        return _wald(self.slope, float(self.covariance[1, 1]))

    def apply(self, logits: ArrayLike) -> FloatArray:
        """Recalibrated log-odds, of any shape."""
        return np.asarray(self.intercept + self.slope * np.asarray(logits, dtype=np.float64))


def recalibrate_intercept(labels: ArrayLike, logits: ArrayLike) -> Recalibration:
    """Maximum-likelihood intercept of outcomes (n,) with ``logits`` (n,) as offset; slope 1.

    Raises ``InputRefused`` unless both classes are there and the logits are finite.
    """
    positive, eta = labels_and_scores(labels, logits)
    shift = matching_shift(eta, float(positive.sum()))
    p = expit(eta + shift)
    covariance = np.zeros((2, 2))
    covariance[0, 0] = 1 / float((p * (1 - p)).sum())
    return Recalibration(shift, 1.0, covariance, len(eta), int(positive.sum()))


def recalibrate_slope(labels: ArrayLike, logits: ArrayLike) -> Recalibration:
    """Maximum-likelihood intercept and slope of outcomes (n,) on ``logits`` (n,).

    Raises ``InputRefused`` as ``recalibrate_intercept`` and ``fit_logistic`` do, and with code
    ``"slope-not-positive"`` where higher scores do not mean more positives.
    """
    positive, eta = labels_and_scores(labels, logits)
    fit = fit_logistic(eta[:, None], positive)
    intercept, slope = (float(c) for c in fit.coefficients)
    if slope <= 0:
        raise InputRefused(
            msg("Here a higher score does not go with more HER-2 positive patients."),
            msg("No recalibration mends that; look into the pack and the images first."),
            code="slope-not-positive",
        )
    return Recalibration(intercept, slope, fit.covariance, len(eta), int(positive.sum()))


def slope_test(labels: ArrayLike, logits: ArrayLike) -> SlopeTest | None:
    """Whether the slope differs from 1; None where no slope can be fitted (separated, all alike)."""
    positive, eta = labels_and_scores(labels, logits)
    try:
        fit = fit_logistic(eta[:, None], positive)
    except InputRefused:
        return None
    outcome = positive.astype(np.float64)
    design = np.column_stack([np.ones(len(eta)), eta])
    alone = np.array([matching_shift(eta, float(positive.sum())), 1.0])
    full = log_likelihood(design, outcome, fit.coefficients)
    chi2 = max(0.0, 2 * (full - log_likelihood(design, outcome, alone)))
    slope = _wald(float(fit.coefficients[1]), float(fit.covariance[1, 1]))
    return SlopeTest(slope, chi2, math.erfc(math.sqrt(chi2 / 2)))


def _wald(value: float, variance: float) -> Interval:
    half = Z_95 * math.sqrt(variance)
    return Interval(value, value - half, value + half)
