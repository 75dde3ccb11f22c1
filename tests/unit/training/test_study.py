"""The study of a build says what was fitted and found, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from her2desk.reports.study import Evidence, Ledger
from her2desk.stats.logistic import fit_logistic
from her2desk.texts import msg
from her2desk.training.build import validation_rows
from her2desk.training.performance import auc_figures
from her2desk.training.study import StudyParts, build_study

INPUTS = ("age_years", "pr")


@pytest.fixture(scope="module")
def sited(cohort, networks):
    """Built with each site left out in turn, and two clinical inputs."""
    toy = replace(cohort, inputs=INPUTS, by_site=True)
    return toy, toy.fitted(networks)


@pytest.fixture(scope="module")
def study(sited, intent):
    toy, fitted = sited
    parts = StudyParts(
        intent=intent,
        digest="d" * 64,
        cohort="a toy",
        cohort_sha256="c" * 64,
        seed=7,
        settings={"families": "logistic"},
        versions={"numpy": "2"},
        ledger=Ledger(3, 2),
        left_out=(("P999", msg("not known")),),
        robustness=(),
        figures=auc_figures(fitted, toy.table),
    )
    return build_study(parts, fitted, toy.table, toy.samples, validation_rows(fitted, toy.table))


def test_acquisition_stands_beside_the_branches_not_among_them(study):
    assert set(study.figures) == {"clinical", "radiomics", "cnn", "dlr", "combined"}
    assert set(study.acquisition) == {
        Evidence.APPARENT, Evidence.CROSS_VALIDATED, Evidence.HELD_OUT,
    }  # fmt: skip


def test_every_confusion_adds_up_to_its_patients(study):
    sizes = {Evidence.CROSS_VALIDATED: 120, Evidence.HELD_OUT: 30}
    assert len(study.operating_points) == 6
    for figures in study.operating_points:
        assert figures.confusion.cohort_size == sizes[figures.evidence]
        positives = figures.confusion.tp + figures.confusion.fn
        assert positives == sum(study.tables[figures.evidence].positive)


def test_each_site_is_judged_by_models_that_never_saw_it(sited, study):
    toy, fitted = sited
    assert [site.name for site in study.sites.sites] == ["north", "south"]
    for (name, answers), site in zip(fitted.sites, study.sites.sites, strict=True):
        own = {toy.samples[i].site for i in answers.rows}
        assert own == {name}
        assert site.n == len(answers.rows)
    assert study.sites.prediction_lower is None  # two sites are too few for one (V4)
    for name, scope in fitted.scopes.sites:
        assert name not in {toy.samples[i].site for i in scope.rows}


def test_the_papers_two_nomograms_and_the_packs_own(study):
    """{clinical inputs or signature} × {DL or DLR signature}, the pack's own first."""
    assert [model.name for model in study.nomograms] == [
        "age_years + pr + dlr",
        "age_years + pr + cnn_logit",
        "clinical + dlr",
        "clinical + cnn_logit",
    ]


def test_a_nomograms_coefficients_are_those_of_the_out_of_fold_signatures(sited, study):
    toy, fitted = sited
    scope = fitted.deployed.scope
    dlr = fitted.deployed.signatures["dlr"][0]
    x = np.column_stack([toy.table.clinical[scope.rows], dlr])
    fit = fit_logistic(x, toy.table.labels[scope.rows])
    model = study.nomograms[0]
    assert model.method == "maximum likelihood"
    assert [model.intercept, *(t.coefficient for t in model.terms)] == pytest.approx(
        fit.coefficients, abs=1e-8
    )
    assert [t.standard_error for t in model.terms] == pytest.approx(
        fit.standard_errors[1:], abs=1e-8
    )


def test_every_column_tried_counts_for_the_sample_size(study):
    """V6: 12 features, 2 clinical inputs and the network."""
    assert study.sample_size.parameters == 15
    assert study.sample_size.n == 120
    assert study.sample_size.events == 40


def test_association_is_of_the_training_side_with_every_known_column(study):
    assert [row.name for row in study.association.rows] == ["age_years", "pr", "calcification"]
    assert study.association.n == 120


def test_features_say_in_how_many_folds_they_were_chosen_too(sited, study):
    _, fitted = sited
    for feature in study.features:
        assert 0 <= feature.chosen_in_folds <= feature.folds == 3
    assert len(study.features) == len(fitted.deployed.radiomics.columns_)
    assert [step.kept for step in study.selection] == sorted(
        (step.kept for step in study.selection), reverse=True
    )


def test_populations_are_counted_by_class(study):
    training, held_out = study.populations
    assert (training.patients, training.positive) == (120, 40)
    assert (held_out.patients, held_out.positive) == (30, 10)
    labels = {label.text(): cells for label, *cells in training.summaries}
    assert labels["Progesterone receptor (PR)"][0].endswith("of 40")
    assert labels["Age"][1].endswith("n = 80")


def test_choices_name_the_tries_they_were_chosen_from(study):
    by_branch = {choice.branch: choice for choice in study.choices}
    assert set(by_branch) == {"clinical", "radiomics", "dlr", "cnn"}
    for branch in ("clinical", "radiomics", "dlr"):
        choice = by_branch[branch]
        assert choice.family in ("logistic", "lightgbm")
        best = max(choice.tries, key=choice.tries.get)
        assert best.startswith(choice.family)
    assert set(by_branch["cnn"].tries) == {"resnet18-slim"}
