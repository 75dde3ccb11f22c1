"""The heatmap's grid on pixels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.heat_grid import resized

SIDES = st.integers(1, 9)


def test_heat_is_interpolated_between_the_middles_of_its_cells() -> None:
    grid = np.array([[0.0, 1.0]], np.float32)
    assert resized(grid, 1, 4).tolist() == [[0.0, 0.25, 0.75, 1.0]]
    assert resized(grid, 3, 2).tolist() == [[0.0, 1.0]] * 3
    assert resized(np.array([[2]], np.float32), 3, 3).tolist() == [[2, 2, 2]] * 3


def test_a_grid_of_the_wanted_size_stays_as_it_is() -> None:
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(resized(grid, 3, 4), grid)


def test_a_cell_that_is_no_number_does_not_spread_to_the_next_middle() -> None:
    assert resized(np.array([[np.nan, 7.0]], np.float32), 1, 2)[0, 1] == 7.0


@given(SIDES, SIDES, st.integers(1, 60), st.integers(1, 60), st.integers(0, 99))
def test_nothing_becomes_hotter_or_colder_than_it_was(height, width, rows, columns, seed) -> None:
    grid = np.random.default_rng(seed).random((height, width)).astype(np.float32)
    fine = resized(grid, rows, columns)
    assert fine.shape == (rows, columns)
    assert grid.min() - 1e-6 <= fine.min()
    assert fine.max() <= grid.max() + 1e-6
    np.testing.assert_allclose(resized(grid.T, columns, rows), fine.T, atol=1e-12)
