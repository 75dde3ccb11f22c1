"""One submodel a pattern of known inputs, each fitted on out-of-fold signatures (V1, V9)."""

from dataclasses import replace

import numpy as np
import pytest

from her2desk.stats.logistic import fit_logistic
from her2desk.training.build import validation_rows
from her2desk.training.combined import (
    combined_scores,
    fit_combined,
    patterns_of,
    refused_patterns,
    supported_patterns,
)
from her2desk.training.folds import Scope, stratified_folds

SIGNAL = np.random.default_rng(3)


def scope_of(table, repeats=2):
    rows = np.arange(len(table.labels))
    inner = tuple(stratified_folds(table.labels, rows, 3, r) for r in range(repeats))
    return Scope(rows, np.array([], dtype=np.intp), inner, 1)


def signatures_of(table, repeats=2):
    rng = np.random.default_rng(5)
    n = len(table.labels)
    dlr = table.labels + rng.normal(size=(repeats, n))
    return {"dlr": dlr, "cnn_logit": dlr / 2, "clinical": rng.normal(size=(repeats, n))}


@pytest.fixture
def table(cohort):
    return replace(cohort, inputs=("age_years", "pr")).table


def test_few_inputs_have_a_submodel_for_every_subset(table):
    rows = np.arange(len(table.labels))
    assert patterns_of(table, rows) == (("age_years", "pr"), ("age_years",), ("pr",), ())
    assert refused_patterns(table, rows) == ()


def test_a_pattern_with_too_few_patients_is_refused_by_name(cohort, without):
    table = without(cohort, "pr", range(20, 150)).table
    rows = np.arange(len(table.labels))
    assert supported_patterns(table, rows) == ((),)
    assert refused_patterns(table, rows) == ("pr",)


def test_coefficients_are_those_of_the_first_repeat(table):
    scope, signatures = scope_of(table), signatures_of(table)
    fitted = fit_combined(table, scope, signatures, "inputs")
    model = next(s.model for s in fitted.submodels if s.pattern == "pr")
    assert model.terms == ("pr", "dlr")
    x = np.column_stack([table.columns(["pr"]), signatures["dlr"][0]])
    fit = fit_logistic(x, table.labels)
    assert [model.intercept, *model.coefficients] == pytest.approx(fit.coefficients, abs=1e-9)
    assert np.allclose(model.covariance, fit.covariance, atol=1e-9)
    assert (model.lower[1], model.upper[1]) == (x[:, 1].min(), x[:, 1].max())


def test_refit_variance_is_the_mean_of_the_patients_variances(table):
    signatures = signatures_of(table, repeats=4)
    fitted = fit_combined(table, scope_of(table, 4), signatures, "inputs")
    expected = np.mean([np.var(column, ddof=1) for column in signatures["dlr"].T])
    for submodel in fitted.submodels:
        assert submodel.refit_variance == {"dlr": pytest.approx(expected)}


def test_the_clinical_signature_takes_the_place_of_all_inputs(table):
    fitted = fit_combined(table, scope_of(table), signatures_of(table), "clinical-signature")
    terms = {s.pattern: s.model.terms for s in fitted.submodels}
    assert terms["age_years+pr"] == ("clinical", "dlr")
    assert terms["pr"] == ("pr", "dlr")
    assert terms["image-only"] == ("dlr",)
    full = next(s for s in fitted.submodels if s.pattern == "age_years+pr")
    assert set(full.refit_variance) == {"clinical", "dlr"}


def test_classes_parted_without_an_error_are_fitted_all_the_same_and_said(table):
    signatures = signatures_of(table)
    signatures["dlr"] = np.stack([np.where(table.labels, 1.0, -1.0) + 0.1 * SIGNAL.random(150)] * 2)
    fitted = fit_combined(table, scope_of(table), signatures, "inputs")
    assert {s.method for s in fitted.submodels} == {"FLIC"}
    assert all(np.isfinite(s.model.coefficients).all() for s in fitted.submodels)
    assert "part the classes" in fitted.notes[0].text()


def test_an_outlier_leaves_every_operating_point_attainable(table):
    """A signature of a million saturates the probability; thresholds still lie inside 0–1."""
    signatures = signatures_of(table)
    signatures["dlr"][0][np.flatnonzero(~table.labels)[:10]] = 1e6
    fitted = fit_combined(table, scope_of(table), signatures, "inputs")
    for points in fitted.thresholds.values():
        assert all(0 < threshold < 1 for threshold in points.values())


def test_scores_are_unknown_where_an_input_is(table):
    fitted = fit_combined(table, scope_of(table), signatures_of(table), "inputs")
    submodel = next(s for s in fitted.submodels if s.pattern == "pr")
    scores = combined_scores(submodel, {"pr": np.array([1.0, np.nan]), "dlr": np.zeros(2)})
    assert np.isfinite(scores).tolist() == [True, False]


def test_patients_without_pr_are_answered_by_the_image_alone(cohort, without, networks):
    """Each pattern's table holds the patients of whom its inputs are known, and no others."""
    partly = without(cohort, "pr", range(110, 150))
    fitted = partly.fitted(networks)
    rows = validation_rows(fitted, partly.table)
    known = {f"V{i + 1:04d}" for i in np.flatnonzero(partly.table.complete)}
    assert {r.patient for r in rows if r.pattern == "pr"} == known
    assert len({r.patient for r in rows if r.pattern == "image-only"}) == 150
    unknown = [r for r in rows if r.patient not in known]
    assert unknown
    assert all(r.branches["clinical"] is None for r in unknown)
    assert np.isfinite(fitted.held_out.combined).all()
