"""Charts of outcomes against predictions: their weights, their limits, and what they find."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.audit_ward import scores
from her2desk.domain.log_odds import logit
from her2desk.stats.cusum import Shift, cusum, path, weights


def test_weights_are_those_of_steiner_by_hand() -> None:
    # Steiner et al. 2000: at p = 0.2 and odds ratio 2 the denominator is 1 − 0.2 + 2·0.2 = 1.2.
    eta = [math.log(0.2 / 0.8)] * 2
    more = weights([1, 0], eta, Shift.MORE, 0.0)
    assert more == pytest.approx([math.log(2 / 1.2), math.log(1 / 1.2)])
    # At odds ratio one half it is 1 − 0.2 + 0.1 = 0.9.
    fewer = weights([1, 0], eta, Shift.FEWER, 0.0)
    assert fewer == pytest.approx([math.log(0.5 / 0.9), math.log(1 / 0.9)])


def test_flatter_scores_are_weighed_by_their_likelihood() -> None:
    # p = 0.8 where half of all are positive: flattened, the odds of 4 become 2, p = 2/3.
    flat = weights([1, 0], [math.log(4)] * 2, Shift.FLATTER, 0.0)
    assert flat == pytest.approx([math.log((2 / 3) / 0.8), math.log((1 / 3) / 0.2)])


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=40))
def test_the_path_is_the_recursion(steps: list[float]) -> None:
    at, expected = 0.0, []
    for step in steps:
        at = max(0.0, at + step)
        expected.append(at)
    assert path(steps) == pytest.approx(expected, abs=1e-9)


def test_without_a_change_one_sequence_in_twenty_signals() -> None:
    signals, runs = 0, 300
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        positive, eta = scores(rng, 100, promised=0.85, prevalence=0.3)
        signals += bool(cusum(positive, eta, 0.3, runs=1000, seed=seed).signals)
    # 5 % by construction; 300 runs have a standard error of 1.3 %, the limits' own another 0.7 %
    assert 0.015 <= signals / runs <= 0.09


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"odds_ratio": 3.0}, Shift.MORE),
        ({"odds_ratio": 0.25}, Shift.FEWER),
        ({"true": 0.60}, Shift.FLATTER),
    ],
)
def test_a_planted_change_is_found_by_the_chart_that_watches_for_it(
    change: dict[str, float], expected: Shift
) -> None:
    rng = np.random.default_rng(5)
    before = scores(rng, 40, promised=0.85, prevalence=0.3)
    after = scores(rng, 160, promised=0.85, prevalence=0.3, **change)
    positive, eta = (np.concatenate(pair) for pair in zip(before, after, strict=True))
    found = cusum(positive, eta, 0.3)
    first = found.signals[0]
    assert first.shift is expected
    assert first.signal is not None
    assert first.signal >= 40, "not before it happened"
    assert first.values[first.signal] > first.limit
    assert (first.values[: first.signal] <= first.limit).all()


def test_a_short_sequence_is_held_to_a_hundred_results() -> None:
    positive, eta = scores(np.random.default_rng(1), 20, promised=0.8, prevalence=0.3)
    found = cusum(positive, eta, 0.3)
    assert found.horizon == 100
    assert all(len(chart.values) == 20 for chart in found.charts)
    longer = scores(np.random.default_rng(1), 150, promised=0.8, prevalence=0.3)
    assert cusum(*longer, 0.3).horizon == 150


def test_the_same_results_give_the_same_limits() -> None:
    positive, eta = scores(np.random.default_rng(2), 30, promised=0.8, prevalence=0.3)
    one, other = (cusum(positive, eta, 0.3) for _ in range(2))
    assert [c.limit for c in one.charts] == [c.limit for c in other.charts]


def test_lists_of_different_lengths_are_no_sequence() -> None:
    for labels, logits in (([1], [0.1, 0.2]), ([], [])):
        with pytest.raises(ValueError, match="one length"):
            cusum(labels, logits, 0.3)


def test_the_prevalence_is_what_scores_flatten_towards() -> None:
    centre = logit(0.3)
    assert weights([1, 0], [centre, centre], Shift.FLATTER, centre) == pytest.approx([0, 0])
