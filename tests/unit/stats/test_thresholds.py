"""Thresholds: what they reach, and what they do with ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.errors import InputRefused
from her2desk.stats.thresholds import sensitivity_at_least, specificity_at_least, youden

RULES = (youden, sensitivity_at_least, specificity_at_least)
cohorts = st.lists(
    st.tuples(st.booleans(), st.floats(0.01, 0.99) | st.sampled_from([0.2, 0.5])),
    min_size=2,
    max_size=40,
).filter(lambda rows: len({positive for positive, _ in rows}) == 2)


def rates(labels: np.ndarray, p: np.ndarray, threshold: float) -> tuple[float, float]:
    called = p >= threshold
    return float(called[labels].mean()), float((~called)[~labels].mean())


@given(cohorts)
def test_no_other_threshold_does_better(rows: list[tuple[bool, float]]) -> None:
    labels = np.array([positive for positive, _ in rows])
    p = np.array([value for _, value in rows])
    every = [rates(labels, p, t) for t in [0.0, *p, *np.nextafter(p, 1)]]
    se, sp = rates(labels, p, youden(labels, p))
    assert se + sp == pytest.approx(max(a + b for a, b in every))
    se, sp = rates(labels, p, sensitivity_at_least(labels, p, 0.8))
    assert se >= 0.8 - 1e-9
    assert sp == pytest.approx(max(b for a, b in every if a >= 0.8 - 1e-9))
    se, sp = rates(labels, p, specificity_at_least(labels, p, 0.8))
    assert sp >= 0.8 - 1e-9
    assert se == pytest.approx(max(a for a, b in every if b >= 0.8 - 1e-9))


def test_a_threshold_lies_midway_between_neighbours() -> None:
    for rule in RULES:
        assert rule([0, 0, 1, 1], [0.1, 0.2, 0.4, 0.8]) == pytest.approx(0.3)


def test_among_equal_youden_thresholds_the_most_sensitive_is_taken() -> None:
    labels, p = [0, 1, 0, 1], [0.1, 0.3, 0.5, 0.7]
    assert youden(labels, p) == pytest.approx(0.2)


def test_19_of_20_reach_95_per_cent() -> None:
    p = np.linspace(0.05, 0.95, 40)
    labels = np.arange(40) % 2 == 0
    se, _ = rates(labels, p, sensitivity_at_least(labels, p))
    assert se == pytest.approx(0.95)


def test_neighbours_without_a_number_between_them_are_still_parted() -> None:
    low = 0.3
    high = float(np.nextafter(low, 1))
    assert youden([0, 1], [low, high]) == high


def test_specificity_out_of_reach_is_refused() -> None:
    with pytest.raises(InputRefused) as refusal:
        specificity_at_least([0, 1], [1.0, 1.0])
    assert refusal.value.code == "threshold-unattainable"


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("labels", "p", "code"),
    [
        ([1, 1], [0.2, 0.4], "one-class"),
        ([0, 0], [0.2, 0.4], "one-class"),
        ([0, 1], [0.2, 1.4], "probability-outside"),
        ([0, 1], [0.2, float("nan")], "probability-outside"),
    ],
)
def test_what_has_no_threshold_is_refused(
    rule: object, labels: list[int], p: list[float], code: str
) -> None:
    with pytest.raises(InputRefused) as refusal:
        rule(labels, p)
    assert refusal.value.code == code


def test_lists_of_different_lengths_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="one length"):
        youden([0, 1], [0.1, 0.2, 0.3])
