"""The Hosmer–Lemeshow test against base R with hoslem.test's grouping (V19)."""

import numpy as np
import pytest

from her2desk.errors import InputRefused
from her2desk.stats.hosmer_lemeshow import hosmer_lemeshow, risk_groups

from .evaluation_scores import GOLDEN, LABELS, predictions

CASES = [
    pytest.param(name, case, id=f"{name}-{case['groups']}")
    for name, figures in GOLDEN["scores"].items()
    for case in figures["hoslem"]
]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_statistic_and_groups_are_those_of_r(name: str, case: dict[str, object]) -> None:
    p = predictions()[name]
    groups = int(str(case["groups"]))
    fitted = hosmer_lemeshow(LABELS, p, fitted_on=True, groups=groups, strict=False)
    held_out = hosmer_lemeshow(LABELS, p, fitted_on=False, groups=groups, strict=False)
    assert (fitted.g, fitted.df, held_out.df) == (case["g"], fitted.g - 2, fitted.g)
    assert fitted.chi2 == pytest.approx(case["chi2"], abs=1e-6)
    assert fitted.p == pytest.approx(case["p_fitted"], abs=1e-6)
    assert held_out.p == pytest.approx(case["p_held_out"], abs=1e-6)
    np.testing.assert_array_equal(fitted.observed, case["observed"])
    np.testing.assert_array_equal(fitted.sizes, case["sizes"])
    np.testing.assert_allclose(fitted.expected, case["expected"], atol=1e-6)


def test_ties_make_fewer_groups() -> None:
    answer = hosmer_lemeshow(LABELS, predictions()["texture_tied"], fitted_on=True, strict=False)
    assert (answer.g, answer.df) == (8, 6)


def test_a_risk_on_a_cut_point_falls_where_r_puts_it() -> None:
    group, g = risk_groups(np.arange(1, 102) / 200)
    assert (group + 1).tolist() == GOLDEN["edge"]
    assert g == 10


def test_groups_that_no_patient_falls_into_are_left_out() -> None:
    p = np.array([0.1] * 5 + [0.9] * 5)
    group, g = risk_groups(p, 20)
    assert (g, group.tolist()) == (2, [0] * 5 + [1] * 5)


def test_below_100_patients_it_is_refused_in_words() -> None:
    labels = np.arange(99) % 2
    p = np.linspace(0.3, 0.7, 99)
    with pytest.raises(InputRefused) as refusal:
        hosmer_lemeshow(labels, p, fitted_on=False)
    assert refusal.value.code == "hosmer-lemeshow"
    assert "at least 100 patients, and 5 events" in str(refusal.value)
    assert hosmer_lemeshow(labels, p, fitted_on=False, strict=False).g == 10


def test_enough_patients_are_judged_strictly_too() -> None:
    answer = hosmer_lemeshow(LABELS, predictions()["texture"], fitted_on=True, groups=5)
    assert (answer.g, answer.df) == (5, 3)
    assert min(answer.expected.min(), (answer.sizes - answer.expected).min()) >= 5


def test_few_expected_events_are_refused() -> None:
    with pytest.raises(InputRefused) as refusal:
        hosmer_lemeshow(LABELS, predictions()["concavity"], fitted_on=False)
    assert refusal.value.code == "hosmer-lemeshow"


@pytest.mark.parametrize(
    "p", [np.full(120, 0.4), np.repeat([0.0, 0.5], 60)], ids=["all alike", "an impossible group"]
)
def test_what_has_no_statistic_is_refused_always(p: np.ndarray) -> None:
    with pytest.raises(InputRefused) as refusal:
        hosmer_lemeshow(np.arange(120) % 2, p, fitted_on=True, strict=False)
    assert refusal.value.code == "hosmer-lemeshow"


@pytest.mark.parametrize(
    ("labels", "p", "code"),
    [([1, 1], [0.2, 0.4], "one-class"), ([0, 1], [0.2, 1.4], "probability-outside")],
)
def test_scores_that_are_no_probabilities_are_refused(
    labels: list[int], p: list[float], code: str
) -> None:
    with pytest.raises(InputRefused) as refusal:
        hosmer_lemeshow(labels, p, fitted_on=True)
    assert refusal.value.code == code


def test_a_right_model_is_seldom_rejected_in_new_patients() -> None:
    """Held-out patients: χ² on g degrees of freedom keeps its 5 %; on g − 2 it would not."""
    rng = np.random.default_rng(19)
    p = rng.uniform(0.1, 0.9, size=(300, 400))
    labels = rng.uniform(size=p.shape) < p
    tests = [
        hosmer_lemeshow(y, q, fitted_on=False, strict=False) for y, q in zip(labels, p, strict=True)
    ]
    assert np.mean([test.p < 0.05 for test in tests]) == pytest.approx(0.05, abs=0.03)
    assert np.mean([test.chi2 for test in tests]) == pytest.approx(10, abs=0.8)
