"""Places, boxes and lengths on the enhanced frame."""

from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.roi import Box, Roi
from her2desk.enhancement.geometry import (
    around_both,
    moved_box,
    moved_polygon,
    scaled_box,
    scaled_polygon,
    scaled_spacing,
    widened,
)
from her2desk.radiomics.mask import rasterise

SCALES = st.sampled_from([2, 4, 8])
PLACES = st.floats(0, 5000, width=32, allow_subnormal=False)  # areas are products: none underflows
ROWS, COLUMNS = 24, 30


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x0, y0 = draw(st.integers(0, COLUMNS - 1)), draw(st.integers(0, ROWS - 1))
    return Box(x0, y0, draw(st.integers(x0 + 1, COLUMNS)), draw(st.integers(y0 + 1, ROWS)))


@given(st.lists(st.tuples(PLACES, PLACES), min_size=3, max_size=9), SCALES)
def test_a_place_is_multiplied_and_comes_back_to_the_last_bit(polygon, scale):
    enhanced = scaled_polygon(polygon, scale)
    assert [(column / scale, row / scale) for column, row in enhanced] == polygon
    assert Roi(0, enhanced).area_px == Roi(0, tuple(polygon)).area_px * scale**2


@given(boxes(), SCALES)
def test_a_box_keeps_its_tissue(box, scale):
    """Marking a box and enlarging the marks is marking the enlarged box."""
    enhanced = scaled_box(box, scale)
    corners = ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1))
    marked = rasterise(corners, ROWS, COLUMNS).repeat(scale, axis=0).repeat(scale, axis=1)
    outline = scaled_polygon(corners, scale)
    assert (rasterise(outline, ROWS * scale, COLUMNS * scale) == marked).all()
    assert marked[enhanced.y0 : enhanced.y1, enhanced.x0 : enhanced.x1].all()
    assert marked.sum() == enhanced.width * enhanced.height


@given(st.floats(1e-3, 10), st.floats(1e-3, 10), SCALES)
def test_lengths_in_mm_are_the_same(row_mm, column_mm, scale):
    """A length of n pixels is n·scale enhanced ones, of the same mm exactly."""
    row, column = scaled_spacing((row_mm, column_mm), scale)
    assert (row * scale, column * scale) == (row_mm, column_mm)


@given(boxes(), st.integers(0, 40))
def test_a_margin_stays_inside_the_frame(box, margin):
    wide = widened(box, margin, ROWS, COLUMNS)
    assert around_both(wide, box) == wide
    assert around_both(wide, Box(0, 0, COLUMNS, ROWS)) == Box(0, 0, COLUMNS, ROWS)
    assert wide.x0 in (0, box.x0 - margin)
    assert wide.y1 in (ROWS, box.y1 + margin)


@given(boxes(), boxes())
def test_seen_from_a_corner_things_keep_their_size(box, other):
    corner = (other.x0, other.y0)
    moved = moved_box(box, corner)
    assert (moved.width, moved.height) == (box.width, box.height)
    polygon = ((box.x0, box.y0), (box.x1, box.y1))
    assert moved_polygon(polygon, corner) == ((moved.x0, moved.y0), (moved.x1, moved.y1))
