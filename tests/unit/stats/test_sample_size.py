"""Sample size for prediction models (V6): Riley et al. 2020, pmsampsize's example, base R."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.errors import InputRefused
from her2desk.stats.sample_size import SHRINKAGE, assess, cox_snell_r2, criteria, required

from .golden_table import golden


@pytest.mark.parametrize("case", golden("evaluation_goldens.json")["r2"], ids=lambda c: c["auc"])
def test_r_squared_from_the_auc_is_rs_integral(case: dict[str, float]) -> None:
    assert cox_snell_r2(case["auc"], case["prevalence"]) == pytest.approx(
        case["cox_snell"], rel=1e-9
    )


def test_published_example_of_pmsampsize() -> None:
    """24 parameters, R² 0.288, prevalence 0.174: 623, 662 and 221 by the three criteria."""
    assert criteria(24, 0.174, 0.288) == (623, 662, 221)


@pytest.mark.parametrize(("auc", "allowed"), [(0.75, 2.77), (0.80, 4.13), (0.85, 5.91)])
def test_what_the_papers_140_patients_carry(auc: float, allowed: float) -> None:
    """V6's example at 43 positives of 140; R's integral gives the same three figures."""
    answer = assess(140, 43, 24, auc)
    assert answer.allowed_parameters == pytest.approx(allowed, abs=0.005)
    by_hand = 140 * (SHRINKAGE - 1) * math.log(1 - answer.cox_snell / SHRINKAGE)
    assert answer.allowed_parameters == pytest.approx(by_hand)


@given(st.integers(1, 3000), st.floats(0.51, 0.99), st.floats(0.05, 0.95))
def test_the_needed_patients_are_enough_and_no_fewer(
    parameters: int, auc: float, prevalence: float
) -> None:
    plan = required(parameters, prevalence, auc)
    assert plan.needed_n == max(plan.by_shrinkage, plan.by_optimism, plan.by_risk)
    assert plan.expected_shrinkage >= SHRINKAGE - 1e-9
    assert plan.allowed_parameters >= parameters - 1e-6
    per_patient = (plan.expected_shrinkage - 1) * math.log1p(
        -plan.cox_snell / plan.expected_shrinkage
    )
    assert per_patient * plan.needed_n == pytest.approx(parameters)


def test_one_patient_fewer_is_not_enough() -> None:
    plan = required(21, 0.25, 0.8)
    assert plan.needed_n % 4 == 0
    assert assess(plan.needed_n, plan.needed_n // 4, 21, 0.8).is_enough
    assert not assess(plan.needed_n - 4, plan.needed_n // 4 - 1, 21, 0.8).is_enough


def test_more_candidates_shrink_more() -> None:
    shrinkages = [assess(140, 43, k, 0.8).expected_shrinkage for k in (1, 4, 24, 1625, 10**6)]
    assert shrinkages == sorted(shrinkages, reverse=True)
    assert shrinkages[1] == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (
            assess(140, 43, 24, 0.8),
            "140 patients (43 positive) carry 4.1 coefficients at an expected AUC of 0.80 (Riley "
            "et al. 2020). Tried: 24, which shrink to about 0.63 of their size in new patients. "
            "Needed: 813 patients (250 positive), for coefficients that shrink by a tenth at most.",
        ),
        (
            assess(140, 43, 1561, 0.8),
            "140 patients (43 positive) carry 4.1 coefficients at an expected AUC of 0.80 (Riley "
            "et al. 2020). Tried: 1561, too many to be estimated from so few. Needed: 52860 "
            "patients (16236 positive), for coefficients that shrink by a tenth at most.",
        ),
        (
            assess(1000, 300, 3, 0.8),
            "1000 patients (300 positive) are enough for the coefficients tried (3) at an expected "
            "AUC of 0.80 (Riley et al. 2020).",
        ),
        (
            required(3, 0.3, 0.8),
            "Coefficients to be tried: 3, at an expected AUC of 0.80 (Riley et al. 2020). Needed: "
            "323 patients (97 positive), to know the share of positives within 0.05.",
        ),
        (
            required(30, 0.1, 0.95),
            "Coefficients to be tried: 30, at an expected AUC of 0.95 (Riley et al. 2020). Needed: "
            "1042 patients (105 positive), for a fit (R²) that looks at most 0.05 too good.",
        ),
    ],
    ids=["too few", "hopeless", "enough", "plan by risk", "plan by optimism"],
)
def test_it_is_said_in_words(size: object, said: str) -> None:
    assert size.sentence().text() == said


@pytest.mark.parametrize("auc", [0.5, 0.3, 1.0])
def test_an_auc_without_information_is_refused(auc: float) -> None:
    with pytest.raises(InputRefused) as refusal:
        required(3, 0.3, auc)
    assert refusal.value.code == "auc-without-size"


@pytest.mark.parametrize(("parameters", "prevalence"), [(0, 0.3), (3, 0.0), (3, 1.0)])
def test_nothing_to_fit_is_a_mistake(parameters: int, prevalence: float) -> None:
    with pytest.raises(ValueError, match="sample size"):
        required(parameters, prevalence, 0.8)
