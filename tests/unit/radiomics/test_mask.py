"""The pixels of an outline: even–odd rule at the pixels' centres."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.errors import InputRefused
from her2desk.radiomics.mask import check_mask, rasterise


def test_a_square_on_pixel_corners_covers_exactly_its_pixels():
    mask = rasterise([(2, 1), (5, 1), (5, 4), (2, 4)], rows=6, columns=8)
    expected = np.zeros((6, 8), bool)
    expected[1:4, 2:5] = True
    assert mask.dtype == np.bool_
    np.testing.assert_array_equal(mask, expected)


def test_a_pixel_belongs_when_its_centre_is_inside():
    mask = rasterise([(2.4, 1.6), (4.6, 1.6), (4.6, 3.4), (2.4, 3.4)], rows=6, columns=8)
    expected = np.zeros((6, 8), bool)
    expected[2, 2:5] = True  # centres 2.5, 3.5, 4.5 across; only 2.5 down
    np.testing.assert_array_equal(mask, expected)


def test_squares_side_by_side_share_no_pixel_even_when_they_meet_on_centres():
    left = rasterise([(0.5, 0.5), (3.5, 0.5), (3.5, 3.5), (0.5, 3.5)], 5, 8)
    right = rasterise([(3.5, 0.5), (6.5, 0.5), (6.5, 3.5), (3.5, 3.5)], 5, 8)
    assert left.sum() == right.sum() == 9
    assert not (left & right).any()


def test_the_overlap_of_a_crossing_outline_is_outside():
    twice = [(1, 1), (7, 1), (7, 7), (1, 7), (1, 1), (3, 3), (5, 3), (5, 5), (3, 5), (3, 3)]
    mask = rasterise(twice, 8, 8)
    assert mask.sum() == 36 - 4


def test_parts_outside_the_image_are_cut_off():
    mask = rasterise([(-1e6, -1e6), (3, -1e6), (3, 1e6), (-1e6, 1e6)], 4, 5)
    np.testing.assert_array_equal(mask, np.arange(5)[None, :].repeat(4, axis=0) < 3)


def test_an_outline_of_many_points_is_as_good_as_one_of_few():
    """More edges than are worked on at once."""
    top = [(1 + i / 200, 1.0) for i in range(1000)]
    mask = rasterise([*top, (6, 1), (6, 5), (1, 5)], 8, 8)
    np.testing.assert_array_equal(mask, rasterise([(1, 1), (6, 1), (6, 5), (1, 5)], 8, 8))


QUARTERS = st.integers(-8, 48).map(lambda n: n / 4)
POINTS = st.lists(st.tuples(QUARTERS, QUARTERS), min_size=3, max_size=9)


@given(POINTS)
def test_rasterising_agrees_with_asking_each_pixel(polygon):
    rows, columns = 10, 11
    mask = rasterise(polygon, rows, columns)
    for row in range(rows):
        for column in range(columns):
            answer = _is_inside(polygon, column, row)
            assert answer is None or mask[row, column] == answer


def _is_inside(polygon, column, row):
    """Even–odd in exact arithmetic; None when the centre lies on an edge."""
    x, y = column + Fraction(1, 2), row + Fraction(1, 2)
    inside = False
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        ax, ay, bx, by = map(Fraction, (ax, ay, bx, by))
        if (ay <= y) != (by <= y):
            crossing = ax + (y - ay) * (bx - ax) / (by - ay)
            if crossing == x:
                return None
            inside ^= crossing > x
        elif ay == by == y and min(ax, bx) <= x <= max(ax, bx):
            return None
    return inside


def test_a_mask_of_63_pixels_is_too_small_and_of_64_is_not():
    mask = np.zeros((20, 20), bool)
    mask[2:10, 2:10] = True
    check_mask(mask)
    mask[2, 2] = False
    with pytest.raises(InputRefused, match="encloses 63 pixels") as refusal:
        check_mask(mask)
    assert refusal.value.code == "roi-too-small"


@pytest.mark.parametrize("turned", [False, True])
def test_a_line_of_pixels_is_too_small_however_long(turned):
    mask = np.zeros((200, 200), bool)
    mask[7, 20:180] = True
    with pytest.raises(InputRefused, match="one pixel wide") as refusal:
        check_mask(mask.T if turned else mask)
    assert refusal.value.code == "roi-too-small"
