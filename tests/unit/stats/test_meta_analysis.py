"""AUCs of sites pooled by random effects, against base R and statsmodels (V4, V25)."""

import math

import numpy as np
import pytest
from scipy.special import expit, logit
from statsmodels.stats.meta_analysis import combine_effects

from her2desk.stats.auc import auc
from her2desk.stats.meta_analysis import SitePooling, pool_sites

from .golden_table import columns, golden

GOLDEN = golden("evaluation_goldens.json")["pooled"]
SITE = np.array(GOLDEN["site"])
LABELS, SCORES = columns()["malignant"], columns()["mean_texture"]


def pooled(sites: list[int]) -> SitePooling:
    return pool_sites(
        [f"site {s}" for s in sites],
        [LABELS[s == SITE] for s in sites],
        [SCORES[s == SITE] for s in sites],
    )


def test_five_sites_are_pooled_as_r_pools_them() -> None:
    answer = pooled([1, 2, 3, 4, 5])
    assert answer.tau2 == pytest.approx(GOLDEN["tau2"], rel=1e-6)
    assert answer.value == pytest.approx(GOLDEN["value"], abs=1e-9)
    assert [answer.lower, answer.upper] == pytest.approx(GOLDEN["interval"], abs=1e-6)
    prediction = [answer.prediction_lower, answer.prediction_upper]
    assert prediction == pytest.approx(GOLDEN["prediction"], abs=1e-6)
    assert [site.name for site in answer.sites] == [f"site {s}" for s in range(1, 6)]


def test_tau_and_mean_are_those_of_statsmodels() -> None:
    answer = pooled([1, 2, 3, 4, 5])
    areas = [site.auc for site in answer.sites if site.auc is not None]
    value = np.array([area.value for area in areas])
    variance = np.array([area.variance for area in areas]) / (value * (1 - value)) ** 2
    other = combine_effects(logit(value), variance, method_re="dl")
    assert answer.tau2 == pytest.approx(other.tau2)
    assert answer.value == pytest.approx(float(expit(other.mean_effect_re)))


def test_sites_that_agree_have_no_spread_and_no_false_precision() -> None:
    """Same patients three times: τ² is 0, and the factor of Hartung and Knapp is not below 1."""
    one = (LABELS[:200], SCORES[:200])
    answer = pool_sites("abc", [one[0]] * 3, [one[1]] * 3)
    area = auc(*one)
    assert answer.tau2 == 0
    assert answer.value == pytest.approx(area.value)
    error = math.sqrt(area.variance / 3) / (area.value * (1 - area.value))
    half = 4.302652729911275 * error
    assert answer.upper == pytest.approx(float(expit(logit(area.value) + half)))


def test_the_interval_for_a_new_site_is_wider() -> None:
    answer = pooled([1, 2, 3])
    assert answer.prediction_lower < answer.lower < answer.value
    assert answer.value < answer.upper < answer.prediction_upper


def test_two_sites_have_no_prediction_interval_and_one_no_summary() -> None:
    two = pooled([1, 2])
    assert two.value is not None
    assert (two.prediction_lower, two.prediction_upper) == (None, None)
    one = pooled([1])
    assert (one.value, one.lower, one.upper, one.tau2) == (None, None, None, None)
    assert one.sites[0].auc is not None


@pytest.mark.parametrize(
    ("positives", "negatives", "has_auc"),
    [(5, 15, True), (5, 14, False), (4, 30, False), (30, 4, False), (30, 5, True)],
)
def test_small_sites_keep_their_counts_only(positives: int, negatives: int, has_auc: bool) -> None:
    labels = np.repeat([1, 0], [positives, negatives])
    scores = np.random.default_rng(1).normal(size=len(labels))
    site = pool_sites(["a"], [labels], [scores]).sites[0]
    assert (site.n, site.events) == (positives + negatives, positives)
    assert (site.auc is not None) == has_auc


def test_a_site_of_one_class_keeps_its_counts() -> None:
    site = pool_sites(["a"], [np.ones(40)], [np.arange(40.0)]).sites[0]
    assert (site.n, site.events, site.auc) == (40, 40, None)


def test_a_perfect_site_is_not_left_out() -> None:
    """AUC 1 has no logit; left out, the summary would be too low."""
    rng = np.random.default_rng(2)
    labels = np.repeat([1, 0], [10, 20])
    ordinary = [rng.normal(size=30) + labels for _ in range(3)]
    perfect = np.arange(30, 0, -1.0)
    without = pool_sites("abc", [labels] * 3, ordinary)
    answer = pool_sites("abcd", [labels] * 4, [*ordinary, perfect])
    assert answer.sites[3].auc.value == 1
    assert without.value < answer.value < 1
    upside_down = pool_sites("abcd", [labels] * 4, [*ordinary, -perfect])
    assert 0 < upside_down.value < without.value


def test_names_and_sites_belong_together() -> None:
    with pytest.raises(ValueError, match="zip"):
        pool_sites(["a", "b"], [LABELS], [SCORES])
