"""Painting and erasing against masks, and outlines that must never cross themselves."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import Polygon
from skimage.draw import polygon2mask

from her2desk.domain.roi import Point, Roi
from her2desk.ui.canvas.areas import Outline, arc_segments, erased, painted, simple
from her2desk.ui.canvas.geometry import ellipse

COLUMNS, ROWS = 100, 80
FINE = 2  # mask pixels to an image pixel
SQUARE: tuple[Point, ...] = ((20.0, 20.0), (70.0, 20.0), (70.0, 60.0), (20.0, 60.0))

places = st.tuples(st.floats(-10, 110), st.floats(-10, 90))
inner = st.tuples(st.floats(0, 100), st.floats(0, 80))
paths = st.lists(places, min_size=1, max_size=6)
radii = st.floats(2, 25)


def mask_of(polygon: tuple[Point, ...]) -> NDArray[np.bool_]:
    shape = ROWS * FINE, COLUMNS * FINE
    if not polygon:
        return np.zeros(shape, bool)
    corners = np.array([(y * FINE - 0.5, x * FINE - 0.5) for x, y in polygon])
    return np.asarray(polygon2mask(shape, corners))


def swept_mask(path: list[Point], radius: float) -> NDArray[np.bool_]:
    """The pixels within ``radius`` of the path, one by one."""
    y, x = np.mgrid[: ROWS * FINE, : COLUMNS * FINE]
    x, y = (x + 0.5) / FINE, (y + 0.5) / FINE
    near = np.zeros(x.shape, bool)
    for (x0, y0), (x1, y1) in zip(path, path[1:] or path, strict=False):
        dx, dy = x1 - x0, y1 - y0
        length = dx * dx + dy * dy
        t = np.clip(((x - x0) * dx + (y - y0) * dy) / length, 0, 1) if length else 0.0
        near |= np.hypot(x - x0 - t * dx, y - y0 - t * dy) <= radius
    return near


def rim(path: list[Point], radius: float) -> float:
    """Area, in pixels, by which a sweep may be off: its edge times the tolerance."""
    way = sum(math.dist(a, b) for a, b in pairwise(path))
    return 0.4 * (2 * way + 2 * math.pi * radius) + 2


def is_sound(polygon: tuple[Point, ...]) -> bool:
    on_image = all(0 <= x <= COLUMNS and 0 <= y <= ROWS for x, y in polygon)
    return on_image and (not polygon or Polygon(polygon).is_valid)


def pixels(mask: NDArray[np.bool_]) -> float:
    return float(mask.sum()) / FINE**2


@given(paths, radii)
@example([(21.0, 1.0), (0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (21.0, 1.0)], 20.0)
def test_what_is_painted_is_the_outline_and_the_sweep(path: list[Point], radius: float) -> None:
    new = painted(SQUARE, path, radius, COLUMNS, ROWS)
    old, swept, now = mask_of(SQUARE), swept_mask(path, radius), mask_of(new.polygon)
    assert is_sound(new.polygon)
    assert pixels(old & ~now) <= rim(path, radius), "painting takes nothing away"
    if new.is_whole:
        assert pixels((old | swept) & ~now) <= rim(path, radius)
    outside = now & ~(old | swept)  # only where the stroke went round a hole
    if len(path) < 3:
        assert pixels(outside) <= rim(path, radius)


@given(paths, radii)
def test_what_is_erased_is_gone_and_nothing_else_of_a_whole_rest(
    path: list[Point], radius: float
) -> None:
    new = erased(SQUARE, path, radius, COLUMNS, ROWS)
    old, swept, now = mask_of(SQUARE), swept_mask(path, radius), mask_of(new.polygon)
    assert is_sound(new.polygon)
    assert pixels(now & ~old) <= rim(path, radius), "erasing adds nothing"
    if new.is_whole:
        assert pixels(now & swept) <= rim(path, radius)
        assert pixels(old & ~swept & ~now) <= rim(path, radius) + 4


@given(st.lists(st.tuples(st.booleans(), paths, radii), max_size=6))
def test_no_row_of_strokes_leaves_the_image_or_crosses_itself(
    strokes: list[tuple[bool, list[Point], float]],
) -> None:
    polygon: tuple[Point, ...] = SQUARE
    for is_brush, path, radius in strokes:
        if is_brush or not polygon:
            polygon = painted(polygon, path, radius, COLUMNS, ROWS).polygon
        else:
            polygon = erased(polygon, path, radius, COLUMNS, ROWS).polygon
        assert is_sound(polygon)


@given(inner, radii)
def test_the_first_dab_on_a_frame_is_a_disc(at: Point, radius: float) -> None:
    new = painted((), [at], radius, COLUMNS, ROWS)
    assert pixels(swept_mask([at], radius) ^ mask_of(new.polygon)) <= rim([at], radius)


def test_where_the_brush_does_not_pass_the_outline_stays_to_the_point() -> None:
    circle = ellipse((20, 20), (70, 70), 100, 80, is_circle=True, from_centre=False)
    new = painted(circle, [(70.0, 45.0), (80.0, 45.0)], 6.0, COLUMNS, ROWS)
    untouched = [p for p in circle if p[0] < 60]
    assert set(untouched) <= set(new.polygon)


def test_a_stroke_beside_the_outline_is_left_out_however_large() -> None:
    corner = ((2.0, 2.0), (8.0, 2.0), (8.0, 8.0), (2.0, 8.0))
    new = painted(corner, [(60.0, 40.0), (80.0, 60.0)], 15.0, COLUMNS, ROWS)
    assert not new.is_whole
    assert Roi(0, new.polygon).area_px == pytest.approx(36)


def test_a_cut_keeps_the_larger_part_and_says_so() -> None:
    new = erased(SQUARE, [(35.0, 0.0), (35.0, 80.0)], 5.0, COLUMNS, ROWS)
    assert not new.is_whole
    assert Roi(0, new.polygon).bounds() == pytest.approx((40, 20, 70, 60), abs=0.3)


def test_a_hole_is_not_made_and_that_is_said() -> None:
    new = erased(SQUARE, [(45.0, 40.0)], 5.0, COLUMNS, ROWS)
    assert not new.is_whole
    assert Roi(0, new.polygon).area_px == pytest.approx(2000)


def test_a_ring_is_filled() -> None:
    ring = [(50 + 20 * math.cos(a), 40 + 20 * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 60)]
    new = painted((), ring, 4.0, COLUMNS, ROWS)
    assert Roi(0, new.polygon).area_px == pytest.approx(math.pi * 24**2, rel=0.02)


def test_erasing_everything_leaves_nothing() -> None:
    assert erased(SQUARE, [(0.0, 40.0), (100.0, 40.0)], 60.0, COLUMNS, ROWS) == Outline((), True)


@given(st.lists(inner, min_size=3, max_size=12))
def test_an_outline_is_simple_whatever_was_clicked(points: list[Point]) -> None:
    outline = simple(points)
    assert is_sound(outline.polygon)
    if outline.is_whole and outline.polygon:
        assert outline.polygon == tuple(points)


def test_a_bow_tie_keeps_its_larger_half() -> None:
    outline = simple([(0.0, 0.0), (10.0, 10.0), (10.0, 0.0), (0.0, 16.0)])
    assert not outline.is_whole
    # The lines cross at x = 16/2.6; the left triangle has base 16 and that height.
    assert Roi(0, outline.polygon).area_px == pytest.approx(16 * (16 / 2.6) / 2)


def test_a_line_that_overshoots_its_start_loses_the_tail_only() -> None:
    points = [(10.0, 0.0), (10.0, 20.0), (40.0, 20.0), (40.0, 10.0), (5.0, 10.0)]
    outline = simple(points)
    assert not outline.is_whole
    assert Roi(0, outline.polygon).area_px == pytest.approx(300, abs=1)


def test_what_a_loop_runs_round_twice_is_enclosed() -> None:
    twice = [(a * 1.0, b * 1.0) for a, b in ((0, 0), (30, 0), (30, 30), (0, 30), (0, 1))]
    inside = [(20.0, 1.0), (20.0, 20.0), (5.0, 20.0)]
    outline = simple([*twice, *inside])
    assert Roi(0, outline.polygon).area_px >= 880


def test_an_outline_from_a_file_that_crosses_itself_can_be_painted_and_erased() -> None:
    knot = ((20.0, 20.0), (80.0, 60.0), (80.0, 20.0), (20.0, 50.0))
    for new in (
        painted(knot, [(80.0, 40.0), (90.0, 40.0)], 6.0, COLUMNS, ROWS),
        erased(knot, [(80.0, 40.0), (90.0, 40.0)], 6.0, COLUMNS, ROWS),
    ):
        assert is_sound(new.polygon)
        assert new.polygon


def test_points_on_a_line_enclose_nothing() -> None:
    assert simple([(0.0, 0.0), (5.0, 5.0), (9.0, 9.0)]).polygon == ()


@given(inner, inner, st.booleans(), st.booleans())
def test_an_ellipse_has_its_area_and_stays_on_the_image(
    start: Point, end: Point, is_circle: bool, from_centre: bool
) -> None:
    polygon = ellipse(start, end, COLUMNS, ROWS, is_circle=is_circle, from_centre=from_centre)
    assert all(0 <= x <= COLUMNS and 0 <= y <= ROWS for x, y in polygon)
    if not polygon or min(abs(start[0] - end[0]), abs(start[1] - end[1])) < 2:
        return
    left, top, right, lower = Roi(0, polygon).bounds()
    a, b = (right - left) / 2, (lower - top) / 2
    around = math.pi * (3 * (a + b) - math.sqrt((3 * a + b) * (a + 3 * b)))  # Ramanujan (1914)
    missing = math.pi * a * b - Roi(0, polygon).area_px
    assert -1e-6 <= missing <= 0.1 * around + 1e-6
    if is_circle:
        assert a == pytest.approx(b, abs=0.1)
    elif from_centre:
        assert ((left + right) / 2, (top + lower) / 2) == pytest.approx(start, abs=0.1)
    else:
        corners = sorted((start[0], end[0])), sorted((start[1], end[1]))
        assert ([left, right], [top, lower]) == (
            pytest.approx(corners[0], abs=0.1),
            pytest.approx(corners[1], abs=0.1),
        )


def test_no_chord_strays_from_its_curve() -> None:
    for radius in (0.05, 1.0, 12.0, 200.0):
        chord = radius * (1 - math.cos(math.pi / 4 / arc_segments(radius)))
        assert chord <= 0.1 + 1e-9
    wide = ellipse((0, 0), (2000, 20), 2000, 2000, is_circle=False, from_centre=False)
    steps = len(wide)
    assert 1000 * (1 - math.cos(math.pi / steps)) <= 0.1
