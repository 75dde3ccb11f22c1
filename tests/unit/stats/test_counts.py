"""How counts and probabilities are said (V15)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.stats.counts import (
    describe,
    observed,
    percent,
    prevalence,
    probability,
    with_interval,
)
from her2desk.stats.proportions import wilson


@pytest.mark.parametrize(
    ("count", "total", "said"),
    [
        (3, 7, "3 of 7"),
        (0, 0, "0 of 0"),
        (14, 15, "14 of 15 (70–99 %)"),
        (15, 15, "15 of 15 (80–100 %)"),
        (36, 45, "36 of 45, 80 % (66–89 %)"),
        (45, 45, "45 of 45 (92–100 %)"),
        (0, 45, "0 of 45 (0–8 %)"),
        (399, 400, "399 of 400, 99.8 % (99–100 %)"),
    ],
)
def test_counts_come_before_percentages(count: int, total: int, said: str) -> None:
    assert describe(wilson(count, total)).text() == said


@pytest.mark.parametrize(
    ("count", "total", "said"),
    [
        (14, 15, "93 % (14 of 15), interval 70–99 %"),
        (15, 15, "15 of 15, interval 80–100 %"),
        (7, 8, "7 of 8"),
    ],
)
def test_an_operating_point_is_said_as_observed(count: int, total: int, said: str) -> None:
    assert observed(wilson(count, total)).text() == said


def test_neighbours_are_counts_with_an_interval() -> None:
    assert with_interval(wilson(11, 20)).text() == "11 of 20 (34–74 %)"
    assert with_interval(wilson(4, 9)).text() == "4 of 9"


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_rounding_never_makes_certainty(share: float) -> None:
    assert percent(share) not in ("0", "0.0", "100", "100.0")
    assert probability(share) not in ("0.00", "1.00")


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0"), (1, "100"), (0.63, "63"), (0.004, "0.4"), (0.0001, "<0.1"), (0.99999, ">99.9")],
)
def test_a_share_in_per_cent(share: float, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0.494, "0.49"), (0.001, "<0.01"), (0.999, ">0.99"), (0.005, "0.01")]
)
def test_a_probability_has_two_decimals(value: float, said: str) -> None:
    assert probability(value) == said


@pytest.mark.parametrize(
    ("share", "said"), [(0.271, "27.1"), (0.2, "20"), (0.0004, "<0.1"), (0.9999, ">99.9")]
)
def test_a_prevalence_reads_as_it_was_entered(share: float, said: str) -> None:
    assert prevalence(share) == said
