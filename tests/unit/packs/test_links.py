"""From a model's raw score to log-odds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.packs.links import LINKS, log_odds


def test_boosters_add_up_log_odds_already():
    raw = np.array([-3.5, 0.0, 2.0])
    assert log_odds(raw, "identity", 60).tolist() == [-3.5, 0.0, 2.0]


def test_a_unanimous_forest_is_sure_only_as_far_as_its_trees_go():
    """64 of 64 trees: 64.5 to 0.5."""
    no, undecided, yes = log_odds(np.array([0.0, 0.5, 1.0]), "shrunk-logit", 64)
    assert yes == pytest.approx(math.log(64.5 / 0.5), abs=1e-12)
    assert no == -yes
    assert undecided == 0


def test_a_rounded_mean_just_above_1_counts_as_1():
    above = np.array([1.0 + 2**-52, -(2**-60)])
    assert log_odds(above, "shrunk-logit", 3).tolist() == pytest.approx([math.log(7), -math.log(7)])


@given(p=st.floats(0, 1), trees=st.integers(1, 2000))
def test_the_shrunk_logit_is_the_logit_of_the_shrunk_probability(p, trees):
    shrunk = (p * trees + 0.5) / (trees + 1)
    found = log_odds(np.array([p]), "shrunk-logit", trees)[0]
    assert 1 / (1 + math.exp(-found)) == pytest.approx(shrunk, abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_ranks_are_kept(probabilities):
    raw = np.sort(np.array(probabilities))
    assert (np.diff(log_odds(raw, "shrunk-logit", 64)) >= 0).all()


def test_an_unknown_link_is_refused():
    assert LINKS == ("identity", "shrunk-logit")
    with pytest.raises(ValueError, match="'probit' of 4 trees"):
        log_odds(np.zeros(1), "probit", 4)
    with pytest.raises(ValueError, match="0 trees"):
        log_odds(np.zeros(1), "shrunk-logit", 0)
