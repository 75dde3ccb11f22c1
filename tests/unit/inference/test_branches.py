"""Variance and log-odds of the combined answer, by hand arithmetic (validity rules V9, V10)."""

from types import SimpleNamespace

import numpy as np
import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.errors import PackRefused
from her2desk.inference.branches import clinical_score, combined_estimate, dlr_score, known_inputs
from her2desk.packs.branch import Branch
from her2desk.packs.manifest import BranchPart, LinearPart, Submodel

MODEL = LinearPart(
    terms=("pr", "dlr"),
    intercept=-0.4,
    coefficients=(-1.1, 0.9),
    covariance=((0.09, -0.02, 0.01), (-0.02, 0.16, 0.0), (0.01, 0.0, 0.25)),
    lower=(0.0, -3.0),
    upper=(1.0, 3.0),
)
IMAGE_ONLY = LinearPart(
    terms=("dlr",),
    intercept=-0.7,
    coefficients=(0.8,),
    covariance=((0.05, 0.01), (0.01, 0.2)),
    lower=(-3.0,),
    upper=(3.0,),
)
PR_ONLY = LinearPart(
    terms=("pr",),
    intercept=-0.3,
    coefficients=(-1.0,),
    covariance=((0.1, 0.0), (0.0, 0.1)),
    lower=(0.0,),
    upper=(1.0,),
)
TWO_SIGNATURES = LinearPart(
    terms=("clinical", "cnn_logit"),
    intercept=0.5,
    coefficients=(2.0, -1.0),
    covariance=((0.01, 0.0, 0.0), (0.0, 0.04, 0.0), (0.0, 0.0, 0.09)),
    lower=(-1.0, -1.0),
    upper=(1.0, 1.0),
)
CLINICAL = Branch(
    BranchPart(
        family="logistic",
        settings={"C": 0.5},
        inputs=("pr",),
        link="identity",
        intercept=-0.3,
        coefficients=(-1.0,),
    ),
    None,
)


def linear(
    terms: tuple[str, ...],
    intercept: float,
    coefficients: tuple[float, ...],
    covariance: np.ndarray,
) -> LinearPart:
    limits = (0.0,) * len(terms)
    matrix = tuple(map(tuple, covariance.tolist()))
    return LinearPart(
        terms=terms,
        intercept=intercept,
        coefficients=coefficients,
        covariance=matrix,
        lower=limits,
        upper=limits,
    )


def pack() -> SimpleNamespace:
    return SimpleNamespace(
        manifest=SimpleNamespace(prevalence=43 / 140),
        models=SimpleNamespace(clinical_inputs=("pr",)),
        clinical=CLINICAL,
    )


def submodel(pattern: str, model: LinearPart, **refit_variance: float) -> Submodel:
    return Submodel(
        pattern=pattern,
        model=model,
        method="maximum likelihood",
        refit_variance=refit_variance,
    )


def test_variance_is_that_of_the_coefficients_and_of_refitting():
    """x = (1, 1, 0.5): 0.09 + 0.16 + 0.0625 − 0.04 + 0.01 = 0.2825; 0.9² · 0.04 = 0.0324."""
    values = {"pr": 1.0, "dlr": 0.5}
    found = combined_estimate(pack(), submodel("pr", MODEL, dlr=0.04), values)
    assert found.variance == pytest.approx(0.2825 + 0.0324, abs=1e-12)
    assert found.logit == pytest.approx(-0.4 - 1.1 + 0.45, abs=1e-12)
    assert found.pattern == "pr"
    assert found.training_prevalence == 43 / 140


def test_without_the_clinical_value_the_other_submodels_numbers_count():
    """x = (1, −2): 0.05 + 0.8 − 0.04 = 0.81; 0.8² · 0.1 = 0.064."""
    found = combined_estimate(pack(), submodel("image-only", IMAGE_ONLY, dlr=0.1), {"dlr": -2.0})
    assert found.variance == pytest.approx(0.81 + 0.064, abs=1e-12)
    assert found.logit == pytest.approx(-0.7 - 1.6, abs=1e-12)


def test_a_model_without_the_signature_has_no_refit_variance():
    found = combined_estimate(pack(), submodel("pr", PR_ONLY), {"pr": 1.0, "dlr": 9.0})
    assert found.variance == pytest.approx(0.2, abs=1e-12)
    with pytest.raises(ValueError, match="belongs to no term"):
        submodel("pr", PR_ONLY, dlr=5.0)


def test_two_signatures_each_bring_their_own_refit_variance():
    """x = (1, 0.5, 2): 0.01 + 0.01 + 0.36 = 0.38; 2² · 0.1 + 1² · 0.2 = 0.6."""
    model = submodel("pr", TWO_SIGNATURES, clinical=0.1, cnn_logit=0.2)
    found = combined_estimate(pack(), model, {"clinical": 0.5, "cnn_logit": 2.0})
    assert found.variance == pytest.approx(0.38 + 0.6, abs=1e-12)
    assert found.logit == pytest.approx(0.5 + 1.0 - 2.0, abs=1e-12)


@pytest.mark.parametrize(("pr", "score"), [(True, -1.3), (False, -0.3), (None, None)])
def test_the_clinical_branch_answers_where_its_inputs_are_known(pr, score):
    known = known_inputs(pack(), ClinicalRecord(pr=pr, ki67_percent=30))
    assert set(known) == (set() if pr is None else {"pr"})
    found = clinical_score(pack(), known)
    assert found is None if score is None else found == pytest.approx(score, abs=1e-12)


def test_components_of_another_network_are_refused():
    of_seven = SimpleNamespace(
        models=SimpleNamespace(scaling={}),
        pca={"mean": np.zeros(7), "components": np.zeros((1, 7))},
    )
    with pytest.raises(PackRefused, match="do not fit its network") as refused:
        dlr_score(of_seven, {}, 0.0, np.zeros(64, np.float32))
    assert refused.value.code == "pack-malformed"


def test_numbers_that_give_no_estimate_are_refused_in_words():
    model = linear(("cnn_logit",), -1.0, (1e12,), np.zeros((2, 2)))
    with pytest.raises(PackRefused, match="give no number") as refused:
        combined_estimate(pack(), submodel("image-only", model), {"cnn_logit": 1e300})
    assert refused.value.code == "pack-malformed"


def test_a_covariance_a_hair_below_zero_is_no_failure():
    """Rounding leaves such; the square root of it would be none."""
    model = linear(("cnn_logit",), 0.0, (1.0,), np.diag([0.0, -1e-18]))
    found = combined_estimate(pack(), submodel("image-only", model), {"cnn_logit": 3.0})
    assert found.variance == 0.0
