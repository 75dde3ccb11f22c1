"""The simulations behind V10, V12 and V13, and V10's coverage itself on a few cohorts.

What V12 and V13 cover is tested beside them: test_proportions.py, test_auc.py.
"""

import numpy as np
import pytest

from benchmarks.interval_cohorts import (
    FEATURES,
    FOLDS,
    PR_IN_NEGATIVES,
    PR_IN_POSITIVES,
    Patients,
    drawn,
    fitted,
    out_of_fold,
    population,
)
from benchmarks.interval_coverage import (
    LOCAL_PREVALENCE,
    SETTINGS,
    Calls,
    coverage,
    of_cohorts,
    readout_bounds,
    v12,
    v13,
    without_own_intercept,
    without_own_share,
    without_refits,
)
from her2desk.domain.log_odds import logit
from her2desk.phantoms.clinical import PR_ODDS_RATIO
from her2desk.training.folds import Scope, stratified_folds


@pytest.fixture(scope="module")
def cohort():
    return fitted(140, 43 / 140, "logistic", seed=0)


def test_patients_have_the_papers_pr_and_a_share_of_positives():
    patients = drawn(np.random.default_rng(0), 100_000, 0.3)
    assert patients.positive.mean() == pytest.approx(0.3, abs=0.01)
    in_positives = patients.pr[patients.positive].mean()
    in_negatives = patients.pr[~patients.positive].mean()
    assert logit(in_positives) - logit(in_negatives) == pytest.approx(
        np.log(PR_ODDS_RATIO), abs=0.1
    )
    assert patients.features.shape == (100_000, FEATURES)


def test_the_exact_truth_is_what_a_huge_population_shows(cohort):
    counted = population(cohort.dlr, seed=1)
    for score in np.quantile(counted.scores, [0.1, 0.5, 0.9]):
        assert cohort.log_ratio(float(score)) == pytest.approx(counted.log_ratio(score), abs=0.2)


def test_the_truth_adds_what_pr_says_and_moves_with_the_prevalence(cohort):
    without, with_pr = {"pr": 0.0, "dlr": 0.0}, {"pr": 1.0, "dlr": 0.0}
    of_pr = logit(PR_IN_POSITIVES) - logit(PR_IN_NEGATIVES)
    assert cohort.truth(with_pr) - cohort.truth(without) == pytest.approx(of_pr)
    moved = cohort.truth(without, LOCAL_PREVALENCE) - cohort.truth(without)
    assert moved == pytest.approx(logit(0.2) - logit(43 / 140))


def test_no_patient_is_scored_by_a_model_that_saw_it():
    """A patient whose features are garbage changes every score but those of the own fold."""
    cohort = drawn(np.random.default_rng(3), 140, 0.3)
    rows = np.arange(140)
    scope = Scope(rows, rows[:0], (stratified_folds(cohort.positive, rows, FOLDS, 0),), 0)
    features = cohort.features.copy()
    poisoned = int(scope.inner[0][0][0])
    features[poisoned] = 1e3
    plain = out_of_fold(cohort, scope, "logistic")[0]
    changed = out_of_fold(Patients(cohort.positive, cohort.pr, features), scope, "logistic")[0]
    own = np.setdiff1d(scope.inner[0][0], poisoned)
    assert (changed[own] == plain[own]).all()
    others = np.setdiff1d(rows, scope.inner[0][0])
    assert (changed[others] != plain[others]).all()


def test_other_variances_than_the_products_make_narrower_intervals(cohort):
    submodel, scores = cohort.submodel, {"pr": 1.0, "dlr": -0.5}
    width = np.diff(readout_bounds(cohort.pack, submodel, scores))
    for other in (
        without_refits(submodel),
        without_own_share(submodel, cohort.pack.manifest.training),
    ):
        assert np.diff(readout_bounds(cohort.pack, other, scores)) < width


def test_after_recalibration_the_middle_is_only_as_uncertain_as_the_new_intercept(cohort):
    submodel = without_refits(cohort.submodel)
    at = np.array([[1.0, 0.0, -1.0], [1.0, 1.0, 0.5]])
    logits = np.zeros(2)
    once = without_own_intercept(submodel, submodel, at, logits)
    middle = at.mean(axis=0)
    assert middle @ np.array(once.model.covariance) @ middle == pytest.approx(1 / 0.5)


def test_a_cohorts_mean_counts_once_however_many_were_asked():
    found = coverage("one", [(1.0, 0.2), (0.5, 0.4)])
    assert (found.share, found.error, found.runs) == (0.75, 0.25, 2)
    assert found.line() == "| one | 0.750 | 0.250 | 0.30 | 2 |"


def test_the_interval_of_a_result_covers_the_patients_with_the_same_scores():
    """Target: E(Y | scores). 12 cohorts say little of coverage, so widths are held too."""
    found = {one.name: one for one in of_cohorts(SETTINGS[0], 12)}
    result, alone = found["result"], found["result, covariance alone"]
    assert result.share >= 0.91
    assert 0.80 <= alone.share < result.share
    assert result.width == pytest.approx(0.30, abs=0.05)
    assert alone.width == pytest.approx(0.22, abs=0.05)
    assert found["result at a local prevalence of 20 %"].share >= 0.91
    assert found["nomogram, any place on its axes"].share >= 0.87
    elsewhere = found["result where odds are doubled"]
    recalibrated = found["the same, recalibrated on 40 local results"]
    assert elsewhere.share < 0.90 < recalibrated.share
    assert elsewhere.width < recalibrated.width < 0.5


@pytest.mark.parametrize("prevalence", [None, LOCAL_PREVALENCE])
def test_predictive_values_cover_those_of_the_call(prevalence):
    for one in v12(Calls(140, 43 / 140), prevalence, 300):
        assert one.share == pytest.approx(0.95, abs=0.04)


@pytest.mark.parametrize("area", [0.75, 0.9])
def test_the_shown_interval_of_an_auc_covers_it(area):
    logit_delong, plain = v13(60, 15, area, 400)
    assert logit_delong.share == pytest.approx(0.95, abs=0.04)
    assert plain.share <= logit_delong.share
