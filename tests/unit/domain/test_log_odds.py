"""Probabilities and log-odds, back and forth."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.log_odds import logit, sigmoid


@given(st.floats(-700, 700))
def test_sigmoid_never_overflows_and_is_monotone(x):
    assert 0 <= sigmoid(x) <= 1
    assert sigmoid(x) <= sigmoid(x + 1)
    if abs(x) < 30:
        assert math.isclose(logit(sigmoid(x)), x, rel_tol=1e-3, abs_tol=1e-6) or abs(x) > 20


@pytest.mark.parametrize(("probability", "odds"), [(0.5, 1.0), (0.2, 0.25), (0.9, 9.0)])
def test_log_odds_are_the_logarithm_of_the_odds(probability, odds):
    assert logit(probability) == pytest.approx(math.log(odds), abs=1e-15)
    assert sigmoid(math.log(odds)) == pytest.approx(probability)


def test_far_out_nothing_is_refused():
    assert (sigmoid(-1e4), sigmoid(1e4), sigmoid(0.0)) == (0.0, 1.0, 0.5)
