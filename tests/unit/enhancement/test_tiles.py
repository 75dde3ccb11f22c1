"""The grid of tiles that a frame is enhanced on."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.roi import Box
from her2desk.enhancement.tiles import MARGIN_PX, TILE_PX, places

SIDES = st.one_of(st.integers(1, 40), st.integers(140, 180), st.integers(1, 900))


@given(SIDES, SIDES)
def test_every_pixel_of_a_frame_is_one_tiles_own(rows, columns):
    counted = np.zeros((rows, columns), int)
    for place in places(Box(0, 0, columns, rows), rows, columns):
        own = place.box
        counted[own.y0 : own.y1, own.x0 : own.x1] += 1
    assert (counted == 1).all()


@given(SIDES, SIDES)
def test_a_tile_sees_a_margin_all_around_or_where_the_frame_ends(rows, columns):
    for place in places(Box(0, 0, columns, rows), rows, columns):
        seen, own = place.seen, place.box
        assert (seen.height, seen.width) == (min(rows, TILE_PX), min(columns, TILE_PX))
        assert seen.x0 == 0 or own.x0 - seen.x0 >= MARGIN_PX
        assert seen.y0 == 0 or own.y0 - seen.y0 >= MARGIN_PX
        assert seen.x1 == columns or seen.x1 - own.x1 >= MARGIN_PX
        assert seen.y1 == rows or seen.y1 - own.y1 >= MARGIN_PX
        assert seen.x0 >= 0
        assert seen.y0 >= 0
        assert seen.x1 <= columns
        assert seen.y1 <= rows


@given(st.data(), st.integers(1, 700), st.integers(1, 700))
def test_a_box_asks_for_the_frames_own_tiles_and_for_no_others(data, rows, columns):
    x0, y0 = data.draw(st.integers(0, columns - 1)), data.draw(st.integers(0, rows - 1))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, columns)), data.draw(st.integers(y0 + 1, rows)))
    every = places(Box(0, 0, columns, rows), rows, columns)
    touched = tuple(
        place
        for place in every
        if place.box.x0 < box.x1 and box.x0 < place.box.x1
        if place.box.y0 < box.y1 and box.y0 < place.box.y1
    )
    assert places(box, rows, columns) == touched


def test_a_lesion_in_a_large_frame_needs_a_few_tiles():
    assert len(places(Box(1900, 1400, 2050, 1500), 3000, 4000)) <= 6
