"""The figures of a build are those of the scores behind it."""

from dataclasses import replace

import numpy as np
import pytest

from her2desk.reports.study import Evidence
from her2desk.stats.auc import auc
from her2desk.training.performance import auc_figure, auc_figures, scored_cohorts, subgroups


def test_held_out_and_apparent_aucs_are_delongs_on_the_logit_scale(cohort, fitted):
    figures = auc_figures(fitted, cohort.table)
    for evidence, answers in (
        (Evidence.HELD_OUT, fitted.held_out),
        (Evidence.APPARENT, fitted.apparent),
    ):
        expected = auc(cohort.table.labels[answers.rows], answers.branches["dlr"])
        found = figures["dlr"][evidence]
        assert (found.value, found.lower, found.upper, found.method) == (
            expected.value, expected.lower, expected.upper, "logit-delong",
        )  # fmt: skip


def test_the_cross_validated_auc_is_the_mean_of_the_folds_never_the_pooled_one(cohort, fitted):
    """V13; the pooled area differs, so that the test can fail."""
    found = auc_figures(fitted, cohort.table)["cnn"][Evidence.CROSS_VALIDATED]
    labels = [cohort.table.labels[a.rows] for a in fitted.outer]
    scores = [a.branches["cnn"] for a in fitted.outer]
    by_fold = [auc(y, s).value for y, s in zip(labels, scores, strict=True)]
    assert found.value == pytest.approx(np.mean(by_fold), abs=1e-12)
    assert found.method == "nadeau-bengio"
    pooled = auc(np.concatenate(labels), np.concatenate(scores)).value
    assert abs(pooled - found.value) > 1e-6


def test_patients_without_an_answer_of_a_branch_are_left_out_of_its_figure():
    labels = np.array([True, False, True, False, True, False])
    scores = np.array([2.0, 0.0, np.nan, np.nan, 1.0, -1.0])
    assert auc_figure(labels, scores, None).value == 1.0
    assert auc_figure(labels, np.where(labels, scores, np.nan), None) is None


def test_every_patient_stands_in_the_tables_with_a_probability(cohort, fitted):
    tables = scored_cohorts(fitted, cohort.table, cohort.samples)
    assert {e: len(t.patients) for e, t in tables.items()} == {
        Evidence.APPARENT: 120, Evidence.HELD_OUT: 30, Evidence.CROSS_VALIDATED: 120,
    }  # fmt: skip
    table = tables[Evidence.CROSS_VALIDATED]
    assert set(table.folds) == {0, 1, 2}
    assert sum(table.positive) == 40
    for values in table.probabilities.values():
        assert all(0 < value < 1 for value in values)
    assert set(table.groups["scanner"]) == {"Simulated A", "Simulated B"}
    assert set(table.groups["age"]) == {"under 50 years", "50 years or more"}


def test_a_branch_that_answers_for_nobody_stands_in_no_table(cohort, networks):
    """``--inputs none``: there is no clinical model."""
    on_images = replace(cohort, inputs=())
    tables = scored_cohorts(on_images.fitted(networks), on_images.table, on_images.samples)
    for table in tables.values():
        assert set(table.probabilities) == {"radiomics", "cnn", "dlr", "combined", "acquisition"}


def test_a_size_is_told_in_bands_and_only_where_it_is_known(cohort):
    """32 × 32 pixels of 0.08 mm: a square of 2.56 mm."""
    assert cohort.samples[0].roi_mm == pytest.approx(2.56)
    assert set(subgroups(cohort.samples)["size"]) == {"under 10 mm"}
