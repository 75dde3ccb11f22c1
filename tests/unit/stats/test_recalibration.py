"""Log-odds brought into line with outcomes."""

import math

import numpy as np
import pytest
from scipy.stats import chi2 as chi2_of

from benchmarks.audit_ward import scores
from her2desk.errors import InputRefused
from her2desk.stats.recalibration import (
    recalibrate_intercept,
    recalibrate_slope,
    slope_test,
)


def test_the_intercept_makes_expected_and_observed_agree() -> None:
    positive, eta = scores(
        np.random.default_rng(0), 200, promised=0.8, prevalence=0.3, odds_ratio=2.0
    )
    fit = recalibrate_intercept(positive, eta)
    moved = fit.apply(eta)
    assert (1 / (1 + np.exp(-moved))).sum() == pytest.approx(positive.sum())
    assert fit.slope == 1
    assert fit.slope_interval.lower == fit.slope_interval.upper == 1
    assert fit.intercept_interval.lower < math.log(2) < fit.intercept_interval.upper


def test_intercept_and_slope_are_those_of_statsmodels() -> None:
    import statsmodels.api as sm

    positive, eta = scores(np.random.default_rng(3), 300, promised=0.85, true=0.7, prevalence=0.3)
    own = recalibrate_slope(positive, eta)
    theirs = sm.Logit(positive.astype(float), sm.add_constant(eta)).fit(disp=0)
    assert [own.intercept, own.slope] == pytest.approx(theirs.params, abs=1e-6)
    assert own.covariance == pytest.approx(theirs.cov_params(), abs=1e-6)
    alone = sm.GLM(positive.astype(float), np.ones(300), sm.families.Binomial(), offset=eta).fit()
    first = recalibrate_intercept(positive, eta)
    assert first.intercept == pytest.approx(alone.params[0], abs=1e-6)
    assert first.covariance[0, 0] == pytest.approx(alone.cov_params()[0, 0], abs=1e-6)
    test = slope_test(positive, eta)
    assert test is not None
    assert test.chi2 == pytest.approx(2 * (theirs.llf - alone.llf), abs=1e-5)
    assert test.p == pytest.approx(chi2_of.sf(test.chi2, 1), abs=1e-9)
    assert test.slope.value == own.slope


def test_the_interval_of_the_intercept_covers() -> None:
    covered, runs = 0, 500
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        positive, eta = scores(rng, 80, promised=0.8, prevalence=0.3, odds_ratio=1.5)
        found = recalibrate_intercept(positive, eta).intercept_interval
        covered += found.lower <= math.log(1.5) <= found.upper
    assert 0.92 <= covered / runs <= 0.98  # target: the intercept; 95 % ± 3 SE of 1 %


def test_a_right_slope_is_rarely_called_wrong() -> None:
    found = []
    for seed in range(300):
        drawn = scores(np.random.default_rng(seed), 120, promised=0.8, prevalence=0.4)
        test = slope_test(*drawn)
        assert test is not None
        found.append(test.p < 0.05)
    assert 0.015 <= np.mean(found) <= 0.09


def test_classes_without_an_error_have_no_slope() -> None:
    positive, eta = [0, 0, 1, 1], [-2.0, -1.0, 1.0, 2.0]
    assert slope_test(positive, eta) is None
    with pytest.raises(InputRefused) as refused:
        recalibrate_slope(positive, eta)
    assert refused.value.code == "separation"


def test_a_score_that_points_the_wrong_way_is_not_mended() -> None:
    positive, eta = scores(np.random.default_rng(0), 100, promised=0.8, prevalence=0.4)
    with pytest.raises(InputRefused) as refused:
        recalibrate_slope(positive, -eta)
    assert refused.value.code == "slope-not-positive"


def test_one_class_alone_says_nothing() -> None:
    for fit in (recalibrate_intercept, recalibrate_slope, slope_test):
        with pytest.raises(InputRefused) as refused:
            fit([1, 1], [0.1, 0.2])
        assert refused.value.code == "one-class"
