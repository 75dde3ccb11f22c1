"""Logistic regression and calibration against R's glm, and what is refused."""

import numpy as np
import pytest

from her2desk.errors import InputRefused
from her2desk.stats.calibration import calibration
from her2desk.stats.logistic import fit_logistic

from .golden_table import columns, golden

GOLDEN = golden("stats_goldens.json")
LABELS = columns()["malignant"]
Z_95 = 1.959963984540054


def design() -> np.ndarray:
    return np.column_stack([columns()[name] for name in GOLDEN["glm"]["features"]])


def test_coefficients_and_covariance_are_those_of_glm() -> None:
    fit = fit_logistic(design(), LABELS)
    np.testing.assert_allclose(fit.coefficients, GOLDEN["glm"]["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(fit.covariance, GOLDEN["glm"]["covariance"], rtol=1e-6)
    np.testing.assert_allclose(fit.standard_errors**2, np.diag(fit.covariance))


@pytest.mark.parametrize(
    ("positives", "negatives", "odds_ratio", "lower", "upper"),
    [
        ((24, 19), (35, 62), 2.24, 1.08, 4.65),
        ((23, 20), (48, 49), 1.17, 0.57, 2.41),
    ],
    ids=["calcification", "menopause"],
)
def test_odds_ratios_with_an_intercept_from_the_papers_counts(
    positives: tuple[int, int],
    negatives: tuple[int, int],
    odds_ratio: float,
    lower: float,
    upper: float,
) -> None:
    """Table 2 of Hu et al. was fitted without an intercept; with one, a sign turns round."""
    x = np.repeat([1, 0, 1, 0], [*positives, *negatives])[:, None]
    y = np.repeat([1, 0], [sum(positives), sum(negatives)])
    fit = fit_logistic(x, y)
    beta, se = fit.coefficients[1], fit.standard_errors[1]
    said = [round(float(np.exp(v)), 2) for v in (beta, beta - Z_95 * se, beta + Z_95 * se)]
    assert said == [odds_ratio, lower, upper]


@pytest.mark.parametrize(
    "x", [[[1], [2], [3], [4]], [[1], [2], [2], [3]]], ids=["complete", "up to a tie"]
)
def test_separated_classes_are_refused(x: list[list[float]]) -> None:
    with pytest.raises(InputRefused) as refusal:
        fit_logistic(x, [0, 0, 1, 1])
    assert refusal.value.code == "separation"


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [
        ([[1], [1], [1], [1]], [0, 1, 0, 1], "collinear"),
        ([[1, 2], [2, 4], [3, 6], [4, 8]], [0, 1, 0, 1], "collinear"),
        ([[1], [2], [3]], [1, 1, 1], "one-class"),
        ([[1], [2], [3]], [0, 0, 0], "one-class"),
        ([[1], [float("nan")], [3]], [0, 1, 0], "not-finite"),
    ],
)
def test_what_cannot_be_fitted_is_refused(x: list[list[float]], y: list[int], code: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        fit_logistic(x, y)
    assert refusal.value.code == code


def test_wrong_shapes_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="shape"):
        fit_logistic([1, 2, 3], [0, 1, 0])


def test_calibration_is_that_of_glm() -> None:
    expected = GOLDEN["calibration"]
    fit = fit_logistic(design(), LABELS)
    logit = fit.coefficients[0] + design() @ fit.coefficients[1:]
    p = 1 / (1 + np.exp(-(expected["scale"] * logit + expected["shift"])))
    answer = calibration(LABELS, p)
    assert answer.intercept.value == pytest.approx(expected["intercept"], abs=1e-6)
    half = Z_95 * expected["intercept_se"]
    assert answer.intercept.upper - answer.intercept.value == pytest.approx(half, rel=1e-5)
    assert answer.slope is not None
    assert answer.slope.value == pytest.approx(expected["slope"], abs=1e-6)
    assert answer.slope.value - answer.slope.lower == pytest.approx(
        Z_95 * expected["slope_se"], rel=1e-5
    )
    assert answer.brier == pytest.approx(float(((p - LABELS) ** 2).mean()))
    assert (answer.n, answer.events) == (569, 212)


@pytest.mark.parametrize("p", [[0.1, 0.2, 0.7, 0.8], [0.3, 0.3, 0.3, 0.3]])
def test_without_overlap_there_is_no_slope_but_an_intercept(p: list[float]) -> None:
    answer = calibration([0, 0, 1, 1], p)
    assert answer.slope is None
    assert answer.intercept.lower < answer.intercept.value < answer.intercept.upper


@pytest.mark.parametrize(
    ("labels", "p", "code"),
    [([0, 1], [0.0, 0.5], "probability-outside"), ([1, 1], [0.2, 0.5], "one-class")],
)
def test_what_cannot_be_judged_is_refused(labels: list[int], p: list[float], code: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        calibration(labels, p)
    assert refusal.value.code == code
