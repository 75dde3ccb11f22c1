"""Calibration to look at: groups of risk, a smooth curve, and the sentence beside them (V19)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from her2desk.domain.counts import Proportion
from her2desk.errors import InputRefused
from her2desk.stats.calibration import Calibration, logits_of
from her2desk.stats.checks import labels_and_probabilities
from her2desk.stats.hosmer_lemeshow import risk_groups
from her2desk.stats.logistic import LogisticFit, fit_logistic
from her2desk.stats.proportions import Z_95, wilson
from her2desk.texts import Message, msg, phrase

FloatArray = NDArray[np.float64]

FEWEST_FOR_CURVE = 100
TOO_FEW_TO_JUDGE = 15
KNOTS = (0.05, 0.35, 0.65, 0.95)  # Harrell, Regression Modeling Strategies, for four knots
CURVE_POINTS = 101


@dataclass(frozen=True)
class CalibrationGroup:
    """Patients of like predicted risk: their mean prediction and how many were positive."""

    mean_predicted: float
    observed: Proportion


@dataclass(frozen=True)
class CalibrationCurve:
    """Observed share against predicted probability, with its pointwise 95 % interval, each (101,)."""

    predicted: FloatArray
    observed: FloatArray
    lower: FloatArray
    upper: FloatArray


def calibration_groups(
    labels: ArrayLike, probabilities: ArrayLike, groups: int = 10
) -> tuple[CalibrationGroup, ...]:
    """Groups by quantiles of risk as the Hosmer–Lemeshow test's, lowest first; intervals Wilson.

    Ties make fewer groups. Raises ``InputRefused`` as ``labels_and_probabilities`` does.
    """
    positive, p = labels_and_probabilities(labels, probabilities)
    group, g = risk_groups(p, groups)
    return tuple(
        CalibrationGroup(
            float(p[group == j].mean()), wilson(int(positive[group == j].sum()), sum(group == j))
        )
        for j in range(g)
    )


def smooth_calibration(labels: ArrayLike, probabilities: ArrayLike) -> CalibrationCurve | None:
    """A smooth calibration curve over the range of the predictions, shape (n,).

    Logistic regression of the outcome on a restricted cubic spline of the predicted logit, four
    knots at Harrell's quantiles, with its Wald interval. None below 100 patients of either class
    (V19), or where the predictions take too few values for a spline. Raises ``InputRefused``
    unless probabilities lie between 0 and 1.
    """
    logit = logits_of(probabilities)
    positive, p = labels_and_probabilities(labels, probabilities)
    if min(positive.sum(), (~positive).sum()) < FEWEST_FOR_CURVE:
        return None
    knots = np.quantile(logit, KNOTS)
    if len(np.unique(knots)) < len(KNOTS):
        return None
    fit = _fit(_spline(logit, knots), positive)
    if fit is None:
        return None
    predicted = np.linspace(p.min(), p.max(), CURVE_POINTS)
    design = np.column_stack([np.ones(CURVE_POINTS), _spline(logits_of(predicted), knots)])
    centre = design @ fit.coefficients
    half = Z_95 * np.sqrt(np.einsum("ij,jk,ik->i", design, fit.covariance, design))
    return CalibrationCurve(predicted, expit(centre), expit(centre - half), expit(centre + half))


def calibration_sentence(calibration: Calibration) -> Message:
    """Intercept, slope and Brier score in words, or that so few patients say nothing (V19)."""
    figures = _figures(calibration)
    fewer = min(calibration.events, calibration.n - calibration.events)
    if fewer > TOO_FEW_TO_JUDGE and calibration.slope is not None:
        return figures
    return msg(
        "Calibration cannot be judged: {events} of {n} patients were positive, and in so few even a "
        "perfect model can look far off. {figures}",
        events=calibration.events,
        n=calibration.n,
        figures=phrase(figures),
    )


def _figures(calibration: Calibration) -> Message:
    intercept, slope = calibration.intercept, calibration.slope
    fields = {
        "intercept": intercept.value,
        "intercept_lower": intercept.lower,
        "intercept_upper": intercept.upper,
        "brier": calibration.brier,
    }
    if slope is None:
        return msg(
            "Calibration intercept {intercept:.2f} (95 % interval {intercept_lower:.2f} to "
            "{intercept_upper:.2f}; 0 is right), no slope, Brier score {brier:.3f}.",
            **fields,
        )
    return msg(
        "Calibration intercept {intercept:.2f} (95 % interval {intercept_lower:.2f} to "
        "{intercept_upper:.2f}; 0 is right), slope {slope:.2f} ({slope_lower:.2f} to "
        "{slope_upper:.2f}; 1 is right), Brier score {brier:.3f}.",
        **fields,
        slope=slope.value,
        slope_lower=slope.lower,
        slope_upper=slope.upper,
    )


def _fit(columns: FloatArray, positive: NDArray[np.bool_]) -> LogisticFit | None:
    try:
        return fit_logistic(columns, positive)
    except InputRefused:  # separated classes
        return None


def _spline(x: FloatArray, knots: FloatArray) -> FloatArray:
    """x and the k − 2 cubic terms of a spline that is linear beyond its outer knots, (n, k − 1)."""
    last, before = knots[-1], knots[-2]
    cubes = np.maximum(x[:, None] - knots, 0.0) ** 3
    tail = cubes[:, [-2]] * (last - knots[:-2]) - cubes[:, [-1]] * (before - knots[:-2])
    return np.column_stack([x, (cubes[:, :-2] - tail / (last - before)) / (last - knots[0]) ** 2])
