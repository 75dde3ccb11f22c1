"""Holm's adjustment, against R's ``p.adjust`` and by what it must keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.stats.multiple_tests import holm

from .golden_table import golden

GOLDEN = golden("failure_goldens.json")["holm"]
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=9)


@pytest.mark.parametrize("family", GOLDEN, ids=lambda family: f"{len(family['p'])} tests")
def test_adjusted_as_in_r(family):
    assert holm(family["p"]) == pytest.approx(family["adjusted"], rel=1e-12)


@given(SHARES)
def test_no_p_gets_smaller_and_their_order_stays(p):
    adjusted = holm(p)
    assert (adjusted >= np.array(p)).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()


@given(SHARES, st.randoms())
def test_the_order_of_the_tests_does_not_matter(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    assert holm([p[i] for i in order]).tolist() == holm(p)[order].tolist()


def test_no_test_at_all_has_nothing_to_adjust():
    assert holm([]).shape == (0,)
