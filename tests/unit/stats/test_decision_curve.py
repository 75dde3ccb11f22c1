"""Net benefit against its definition in base R (Vickers & Elkin 2006)."""

import numpy as np
import pytest

from her2desk.errors import InputRefused
from her2desk.stats.decision_curve import net_benefit, treat_all

from .evaluation_scores import GOLDEN, LABELS, predictions

THRESHOLDS = np.arange(1, 100) / 100


@pytest.mark.parametrize("name", list(GOLDEN["scores"]))
def test_net_benefit_is_that_of_r(name: str) -> None:
    answer = net_benefit(LABELS, predictions()[name], THRESHOLDS)
    np.testing.assert_allclose(answer, GOLDEN["scores"][name]["net_benefit"], atol=1e-9)


def test_treating_all_is_that_of_r() -> None:
    np.testing.assert_allclose(treat_all(LABELS, THRESHOLDS), GOLDEN["treat_all"], atol=1e-12)


def test_worked_by_hand() -> None:
    """Of 10: 3 true and 2 false positives at 0.25, each false one worth a third of a true one."""
    labels = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    p = [0.9, 0.6, 0.25, 0.7, 0.3, 0.2, 0.1, 0.1, 0.05, 0.0]
    assert net_benefit(labels, p, [0.25])[0] == pytest.approx(0.3 - 0.2 / 3)
    assert net_benefit(labels, p, [0.0])[0] == pytest.approx(0.4)


def test_treating_all_breaks_even_at_the_prevalence() -> None:
    assert treat_all([1, 0, 0, 0], [0.25])[0] == pytest.approx(0)


@pytest.mark.parametrize("thresholds", [[1.0], [-0.1], [float("nan")], [[0.2]]])
def test_a_threshold_lies_within_0_and_1(thresholds: list[float]) -> None:
    with pytest.raises(ValueError, match="thresholds"):
        net_benefit([0, 1], [0.2, 0.4], thresholds)


def test_scores_that_are_no_probabilities_are_refused() -> None:
    with pytest.raises(InputRefused) as refusal:
        net_benefit([0, 1], [0.2, 4.0], [0.5])
    assert refusal.value.code == "probability-outside"
