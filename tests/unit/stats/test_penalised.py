"""Ridge, Firth and FLIC: published values, exact small tables, and the equations they must solve."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import chi2

from her2desk.errors import InputRefused
from her2desk.stats.likelihood import ascend
from her2desk.stats.logistic import fit_logistic
from her2desk.stats.penalised import firth, firth_test, flic, ridge_logistic
from her2desk.stats.robust_logistic import fit_logistic_or_fallback

from .evaluation_scores import GOLDEN, LABELS, design
from .golden_table import golden

ENDOMETRIAL = golden("firth_endometrial.json")
ROWS = np.array(ENDOMETRIAL["rows"])
SEPARATED = np.repeat([1.0, 0.0, 1.0, 0.0], [6, 4, 0, 20])[:, None]
SEPARATED_Y = np.repeat([1, 0], [10, 20])
cells = st.tuples(*[st.integers(0, 30)] * 4).filter(
    lambda c: c[0] + c[1] > 0 and c[2] + c[3] > 0 and c[0] + c[2] > 0 and c[1] + c[3] > 0
)


def test_firth_on_a_published_separated_example_is_logistfs() -> None:
    """Endometrial cancer (Heinze & Schemper 2002): neovasculation separates the grades."""
    fit = firth(ROWS[:, :3], ROWS[:, 3])
    assert fit.coefficients[0] == pytest.approx(ENDOMETRIAL["intercept"], rel=1e-6)
    np.testing.assert_allclose(fit.coefficients[1:], ENDOMETRIAL["coefficients"], rtol=1e-6)
    bounds = np.column_stack([fit.lower, fit.upper])
    np.testing.assert_allclose(bounds, ENDOMETRIAL["intervals"], rtol=1e-6)


def test_firth_on_an_empty_cell_is_that_of_base_r() -> None:
    fit = firth(SEPARATED, SEPARATED_Y)
    expected = GOLDEN["firth"]
    np.testing.assert_allclose(fit.coefficients, expected["coefficients"], rtol=1e-6)
    assert fit.lower[0] == pytest.approx(expected["lower"], abs=1e-6)
    assert fit.upper[0] == pytest.approx(expected["upper"], abs=1e-6)
    assert fit.p[0] == pytest.approx(expected["p"], rel=1e-6)
    assert firth_test(SEPARATED, SEPARATED_Y, 0) == pytest.approx(fit.p[0], rel=1e-9)


@given(cells)
def test_firth_on_a_two_by_two_table_adds_half_to_each_cell(
    counts: tuple[int, int, int, int],
) -> None:
    with_event, with_none, without_event, without_none = counts
    x = np.repeat([1.0, 1.0, 0.0, 0.0], counts)[:, None]
    y = np.repeat([1, 0, 1, 0], counts)
    fit = firth(x, y)
    odds_ratio = (with_event + 0.5) * (without_none + 0.5)
    odds_ratio /= (with_none + 0.5) * (without_event + 0.5)
    assert fit.coefficients[1] == pytest.approx(math.log(odds_ratio), abs=1e-7)
    assert fit.lower[0] < fit.coefficients[1] < fit.upper[0]


def test_profile_bounds_solve_the_likelihood_ratio_equation() -> None:
    """At a bound the other coefficients, fitted anew, are 3.84/2 below the top."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(30, 2)) * [3.0, 0.01] + [40.0, 1.0]
    y = rng.uniform(size=30) < expit((x[:, 0] - 40) / 2)
    fit = firth(x, y)
    top = penalised_likelihood(x, y, fit.coefficients)
    for j in range(2):
        for bound in (fit.lower[j], fit.upper[j]):
            fall = top - best_with(x, y, j, bound, fit.coefficients)
            assert fall == pytest.approx(chi2.ppf(0.95, 1) / 2, abs=1e-5)
    assert (fit.p < 0.05).tolist() == ((fit.lower > 0) | (fit.upper < 0)).tolist()


def test_bounds_are_found_where_the_profile_is_not_concave() -> None:
    """Twenty patients and a column with outliers (the cube of a normal)."""
    from scipy.optimize import minimize_scalar

    rng = np.random.default_rng(6)
    x = rng.normal(size=(20, 1)) ** 3
    y = rng.uniform(size=20) < expit(x[:, 0])
    fit = firth(x, y)
    top = penalised_likelihood(x, y, fit.coefficients)
    for bound in (fit.lower[0], fit.upper[0]):
        best = minimize_scalar(
            lambda b0, b1=bound: -penalised_likelihood(x, y, np.array([b0, b1])),
            bounds=(-6, 6),
            options={"xatol": 1e-10},
        )
        assert top + best.fun == pytest.approx(chi2.ppf(0.95, 1) / 2, abs=1e-6)


def penalised_likelihood(x: np.ndarray, y: np.ndarray, beta: np.ndarray) -> float:
    matrix = np.column_stack([np.ones(len(y)), x])
    eta = matrix @ beta
    p = expit(eta)
    info = matrix.T @ (matrix * (p * (1 - p))[:, None])
    return float((y * eta - np.logaddexp(0, eta)).sum() + 0.5 * np.linalg.slogdet(info)[1])


def best_with(x: np.ndarray, y: np.ndarray, j: int, value: float, near: np.ndarray) -> float:
    """The profile by a search that knows no derivative, on centred columns."""
    from scipy.optimize import minimize

    other = 1 - j
    scale = x[:, other].std()
    centred = x - x.mean(axis=0)

    def loss(free: np.ndarray) -> float:
        beta = np.empty(3)
        beta[0], beta[1 + j], beta[1 + other] = free[0], value, free[1] / scale
        return -penalised_likelihood(centred, y, beta)

    start = [0.0, near[1 + other] * scale]
    found = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    return -float(found.fun)


def test_flic_predicts_as_many_events_as_there_were_and_firth_does_not() -> None:
    x, y = ROWS[:, :3], ROWS[:, 3]
    corrected, drawn_to_half = flic(x, y), firth(x, y)
    assert probabilities(x, corrected.coefficients).sum() == pytest.approx(y.sum(), abs=1e-6)
    assert probabilities(x, drawn_to_half.coefficients).sum() < y.sum() - 0.1
    np.testing.assert_allclose(corrected.coefficients[1:], drawn_to_half.coefficients[1:])
    matrix = np.column_stack([np.ones(len(y)), x])
    p = probabilities(x, corrected.coefficients)
    info = matrix.T @ (matrix * (p * (1 - p))[:, None])
    np.testing.assert_allclose(corrected.covariance @ info, np.eye(4), atol=1e-7)


def probabilities(x: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    return np.asarray(expit(coefficients[0] + x @ coefficients[1:]))


def test_ridge_with_a_given_penalty_is_that_of_rms() -> None:
    expected = GOLDEN["ridge"]
    fit = ridge_logistic(design(tuple(expected["features"])), LABELS, expected["penalty"])
    np.testing.assert_allclose(fit.coefficients, expected["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(fit.covariance, expected["covariance"], rtol=1e-6)
    assert fit.degrees_of_freedom == pytest.approx(expected["degrees_of_freedom"], rel=1e-6)


def test_the_chosen_penalty_is_large_without_signal_and_small_with_it() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(140, 10))
    signal = rng.uniform(size=140) < expit(2 * x[:, 0] - 1)
    noise = rng.uniform(size=140) < 0.3
    assert ridge_logistic(x, noise).degrees_of_freedom < 3
    assert ridge_logistic(x, signal).degrees_of_freedom > 3
    assert ridge_logistic(x, noise).penalty > 10 * ridge_logistic(x, signal).penalty


def test_ridge_does_not_depend_on_the_order_of_patients_or_on_units() -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(60, 3))
    y = rng.uniform(size=60) < expit(x[:, 0])
    order = rng.permutation(60)
    fit, shuffled = ridge_logistic(x, y), ridge_logistic(x[order], y[order])
    np.testing.assert_allclose(shuffled.coefficients, fit.coefficients, rtol=1e-8)
    scaled = ridge_logistic(x * [1000, 1, 0.001] + 5, y)
    np.testing.assert_allclose(
        scaled.coefficients[1:] * [1000, 1, 0.001], fit.coefficients[1:], rtol=1e-8
    )


def test_ridge_answers_where_maximum_likelihood_cannot() -> None:
    """Collinear, constant and separating columns at once."""
    x = np.column_stack([SEPARATED, SEPARATED, np.full(30, 7.0)])
    fit = ridge_logistic(x, SEPARATED_Y)
    assert fit.coefficients[1] == pytest.approx(fit.coefficients[2])
    assert fit.coefficients[3] == 0
    assert fit.penalty >= 0.5
    assert (np.linalg.eigvalsh(fit.covariance) > 0).all()


def test_a_fit_that_exists_is_maximum_likelihood() -> None:
    x = design(("mean_texture",))
    fit, plain = fit_logistic_or_fallback(x, LABELS), fit_logistic(x, LABELS)
    assert (fit.method, fit.note) == ("maximum likelihood", None)
    np.testing.assert_array_equal(fit.coefficients, plain.coefficients)
    np.testing.assert_array_equal(fit.covariance, plain.covariance)


def test_separated_classes_get_flic_and_say_so() -> None:
    fit = fit_logistic_or_fallback(SEPARATED, SEPARATED_Y)
    assert fit.method == "FLIC"
    assert fit.note is not None
    assert "FLIC" in fit.note.text()
    assert probabilities(SEPARATED, fit.coefficients).sum() == pytest.approx(10)


@pytest.mark.parametrize("column", [SEPARATED[:, 0] * 2, np.ones(30)], ids=["repeat", "constant"])
def test_a_column_that_says_nothing_new_gets_ridge_and_says_so(column: np.ndarray) -> None:
    fit = fit_logistic_or_fallback(np.column_stack([SEPARATED, column]), SEPARATED_Y)
    assert fit.method == "ridge"
    assert fit.note is not None
    assert "ridge" in fit.note.text()
    assert (np.diag(fit.covariance) > 0).all()


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [([[1], [2]], [1, 1], "one-class"), ([[1], [math.nan]], [0, 1], "not-finite")],
)
def test_what_nothing_can_fit_is_refused(x: list[list[float]], y: list[int], code: str) -> None:
    for fit in (fit_logistic_or_fallback, ridge_logistic, firth, flic):
        with pytest.raises(InputRefused) as refusal:
            fit(x, y)
        assert refusal.value.code == code


def test_firth_cannot_tell_repeated_columns_apart() -> None:
    with pytest.raises(InputRefused) as refusal:
        firth(np.column_stack([SEPARATED, SEPARATED]), SEPARATED_Y)
    assert refusal.value.code == "collinear"


def test_a_step_that_goes_too_far_is_halved() -> None:
    top = ascend(lambda at: -float(at @ at), lambda at: -2.5 * at, np.array([1.0, -3.0]))
    np.testing.assert_allclose(top, 0, atol=1e-9)


def test_a_climb_without_a_top_is_refused() -> None:
    with pytest.raises(InputRefused) as refusal:
        ascend(lambda at: float(at[0]), lambda at: np.ones(1), np.zeros(1))
    assert refusal.value.code == "no-convergence"


@pytest.mark.slow
def test_flic_intervals_cover_the_probability_of_patients_with_the_same_inputs() -> None:
    """Target: the true probability at the commonest inputs; 60 patients, a rare binary column."""
    rng = np.random.default_rng(10)
    covered = []
    for _ in range(600):
        x = np.column_stack([rng.normal(size=60), rng.uniform(size=60) < 0.1])
        y = rng.uniform(size=60) < expit(-0.8 + x[:, 0] + 2 * x[:, 1])
        fit = fit_logistic_or_fallback(x, y)
        at = np.array([1.0, 0.0, 0.0])
        half = 1.96 * math.sqrt(at @ fit.covariance @ at)
        covered.append(abs(at @ fit.coefficients + 0.8) <= half)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.025)
