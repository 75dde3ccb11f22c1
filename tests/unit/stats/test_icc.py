"""Agreement of readers against Shrout & Fleiss (1979) and base R (V21)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from her2desk.stats.icc import icc_a1, icc_c1

from .golden_table import golden

GOLDEN = golden("evaluation_goldens.json")["icc"]
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)


def test_the_published_table() -> None:
    """Shrout & Fleiss, table 4: ICC(2,1) 0.29 and ICC(3,1) 0.71."""
    assert round(float(icc_a1(SHROUT_FLEISS).value), 2) == 0.29
    assert round(float(icc_c1(SHROUT_FLEISS).value), 2) == 0.71


def test_estimates_and_bounds_are_those_of_r() -> None:
    for icc, expected in ((icc_a1(SHROUT_FLEISS), "a1"), (icc_c1(SHROUT_FLEISS), "c1")):
        assert [icc.value, icc.lower, icc.upper] == pytest.approx(GOLDEN[expected], abs=1e-9)


def test_a_constant_shift_costs_agreement_but_not_consistency() -> None:
    truth = np.random.default_rng(1).normal(size=30)
    ratings = np.column_stack([truth, truth + 2])
    assert icc_c1(ratings).value == pytest.approx(1)
    assert icc_c1(ratings).lower == pytest.approx(1)
    agreement = icc_a1(ratings)
    variance = truth.var(ddof=1)
    assert agreement.value == pytest.approx(variance / (variance + 2.0), rel=1e-3)
    assert agreement.lower < agreement.value < agreement.upper < 1


@given(arrays(np.float64, (3, 7, 2), elements=st.integers(-9, 9).map(float)))
def test_features_at_once_are_features_one_by_one(ratings: np.ndarray) -> None:
    for icc in (icc_a1, icc_c1):
        together = icc(ratings)
        for j, single in enumerate(ratings):
            alone = icc(single)
            for name in ("value", "lower", "upper"):
                np.testing.assert_allclose(
                    getattr(together, name)[j], getattr(alone, name), rtol=1e-9
                )


def test_equal_readers_agree_without_doubt_and_equal_cases_say_nothing() -> None:
    same = np.repeat(np.arange(10.0)[:, None], 2, axis=1)
    constant = np.ones((10, 2))
    for icc in (icc_a1, icc_c1):
        answer = icc(np.stack([same, constant]))
        assert (answer.value[0], answer.lower[0], answer.upper[0]) == (1, 1, 1)
        assert np.isnan([answer.value[1], answer.lower[1], answer.upper[1]]).all()


def test_a_missing_rating_leaves_its_feature_without_a_figure() -> None:
    ratings = np.stack([SHROUT_FLEISS.astype(float)] * 2)
    ratings[0, 0, 0] = np.nan
    answer = icc_a1(ratings)
    assert np.isnan(answer.value[0])
    assert answer.value[1] == pytest.approx(GOLDEN["a1"][0])


@pytest.mark.parametrize("shape", [(5,), (1, 3), (5, 1), (2, 2, 2, 2)])
def test_other_shapes_are_a_mistake(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        icc_a1(np.zeros(shape))


def test_intervals_cover_the_true_agreement() -> None:
    """30 cases, 2 readers, true ICC(A,1) 0.8 with a random shift of each reader."""
    rng = np.random.default_rng(21)
    cases = rng.normal(scale=0.8**0.5, size=(2000, 30, 1))
    readers = rng.normal(scale=0.05**0.5, size=(2000, 1, 2))
    answer = icc_a1(cases + readers + rng.normal(scale=0.15**0.5, size=(2000, 30, 2)))
    covered = (answer.lower <= 0.8) & (answer.upper >= 0.8)
    assert covered.mean() == pytest.approx(0.95, abs=0.03)
