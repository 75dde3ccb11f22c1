"""Window and heat colours are arithmetic that can be checked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.ui.canvas.heat_colours import colour_table, heat_picture
from her2desk.ui.canvas.overlay import bar_length_mm
from her2desk.ui.canvas.window_level import WindowLevel


def test_the_full_window_changes_nothing() -> None:
    assert WindowLevel().lookup_table().tolist() == list(range(256))


def test_a_window_is_linear_between_its_ends() -> None:
    """DICOM PS3.3 C.11.2.1.2.1: c = 100, w = 51 maps 75 to 0 and 125 to 255 (± half a level)."""
    table = WindowLevel(51, 100).lookup_table()
    assert table[74] == 0
    assert table[75] == pytest.approx(2.55, abs=1)
    assert table[100] == pytest.approx(130, abs=1)
    assert table[125] == 255


@given(st.floats(-1000, 1000), st.floats(-1000, 1000))
def test_a_window_stays_sensible_and_never_inverts(width: float, centre: float) -> None:
    level = WindowLevel().adjusted(width, centre)
    table = level.lookup_table().astype(int)
    assert 2 <= level.width <= 512
    assert 0 <= level.centre <= 255
    assert (np.diff(table) >= 0).all()


def test_the_colour_table_runs_from_dark_to_light() -> None:
    """Ends of matplotlib's viridis; lightness grows throughout, so it reads in grey too."""
    table = colour_table()
    assert table.shape == (256, 3)
    assert table[0].tolist() == [68, 1, 84]
    assert table[255].tolist() == [253, 231, 37]
    luma = table @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(luma) > -0.5).all()


def test_heat_that_is_no_number_or_out_of_range_is_not_painted_wild() -> None:
    picture = heat_picture(np.array([[np.nan, 7.0]], np.float32), 1, 2)
    assert picture[0, 0, 3] == 0
    assert picture[0, 1].tolist() == [253, 231, 37, 255]


def test_a_scale_bar_is_a_round_length_that_fits() -> None:
    assert bar_length_mm(0.05) == 5
    assert bar_length_mm(0.07) == 10
    assert bar_length_mm(1000.0) is None
