"""Distances, areas, axes and circumferences, against shapes whose size is known.

An ellipse of semi-axes a, b has the area πab and, by Ramanujan's second formula (1914), the
circumference π(a + b)(1 + 3h / (10 + √(4 − 3h))), h = ((a − b) / (a + b))².
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.image import Region, SpacingSource, UltrasoundImage, UserCalibration
from her2desk.domain.measurements import (
    area,
    area_digits,
    axes,
    circumference,
    distance,
    length_digits,
)
from her2desk.domain.roi import Point, Roi

HALF_PER_CENT = 0.005
ROWS, COLUMNS = 600, 800


def plane(index: int, x0: int, x1: int, down_mm: float, across_mm: float) -> Region:
    return Region(index, x0, 0, x1, ROWS - 1, 1, 1, 3, 3, across_mm / 10, down_mm / 10)


def image(*regions: Region, **values: Any) -> UltrasoundImage:
    usual: dict[str, Any] = {
        "sha256": "0" * 64,
        "sop_instance_uid": None,
        "rows": ROWS,
        "columns": COLUMNS,
        "frames": 2,
        "photometric": "MONOCHROME2",
        "transfer_syntax": "1.2.840.10008.1.2.1",
    }
    return UltrasoundImage(**{**usual, "regions": regions, **values})


def ellipse(
    centre: Point, semi_mm: tuple[float, float], turn: float, spacing: tuple[float, float]
) -> Roi:
    """An ellipse drawn in millimetres, as 200 corners in pixels of ``spacing`` (row, column)."""
    t = np.linspace(0, 2 * math.pi, 200, endpoint=False)
    x, y = semi_mm[0] * np.cos(t), semi_mm[1] * np.sin(t)
    across, down = (
        x * math.cos(turn) - y * math.sin(turn),
        x * math.sin(turn) + y * math.cos(turn),
    )
    columns, rows = centre[0] + across / spacing[1], centre[1] + down / spacing[0]
    return Roi(0, tuple(zip(columns.tolist(), rows.tolist(), strict=True)))


def ramanujan(a: float, b: float) -> float:
    h = ((a - b) / (a + b)) ** 2
    return math.pi * (a + b) * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))


SPACINGS = [(0.06, 0.06), (0.2286, 0.2857), (0.08, 0.05), (0.05, -0.08)]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("turn", [0.0, 0.4, math.pi / 2, 2.5])
def test_an_ellipse_is_right_to_half_a_per_cent(spacing: tuple[float, float], turn: float) -> None:
    picture = image(plane(0, 0, COLUMNS - 1, *spacing))
    size = abs(spacing[0]), abs(spacing[1])
    roi = ellipse((400, 300), (6.0, 3.5), turn, size)
    found = axes(picture, roi)
    assert found.long.mm == pytest.approx(12.0, rel=HALF_PER_CENT)
    assert found.short.mm == pytest.approx(7.0, rel=HALF_PER_CENT)
    assert area(picture, roi).mm == pytest.approx(math.pi * 6 * 3.5, rel=HALF_PER_CENT)
    around = circumference(picture, roi).mm
    assert around == pytest.approx(ramanujan(6, 3.5), rel=HALF_PER_CENT)
    for ends, length in ((found.long_ends, 12.0), (found.short_ends, 7.0)):
        assert distance(picture, *ends).mm == pytest.approx(length, rel=HALF_PER_CENT)


def test_a_rectangle_is_exact() -> None:
    picture = image(plane(0, 0, COLUMNS - 1, 0.1, 0.05))
    roi = Roi(0, ((100.0, 100.0), (180.0, 100.0), (180.0, 130.0), (100.0, 130.0)))  # 4 × 3 mm
    assert area(picture, roi).mm == pytest.approx(12.0)
    assert circumference(picture, roi).mm == pytest.approx(14.0)
    found = axes(picture, roi)
    assert found.long.mm == pytest.approx(5.0)
    assert found.short.mm == pytest.approx(3.75)  # through the corner, at a right angle: 3 · 5 / 4
    assert found.words.text() == "5.0 × 3.8 mm"


def test_right_angles_are_right_in_millimetres() -> None:
    picture = image(plane(0, 0, COLUMNS - 1, 0.1, 0.05))
    found = axes(picture, ellipse((400, 300), (6.0, 3.0), 0.5, (0.1, 0.05)))
    (ax, ay), (bx, by) = found.long_ends
    (cx, cy), (dx, dy) = found.short_ends
    product = (bx - ax) * (dx - cx) * 0.05**2 + (by - ay) * (dy - cy) * 0.1**2
    assert product == pytest.approx(0, abs=1e-6)


def test_the_short_axis_ends_on_the_outermost_sides_of_a_notched_outline() -> None:
    # 20 × 10 px with a deep notch from below: the line meets the arm beside the notch.
    roi = Roi(0, ((0, 0), (20, 0), (20, 10), (12, 10), (10, 2), (8, 10), (0, 10)))
    flat = replace(image(), pixel_spacing_mm=(1.0, 1.0))
    found = axes(flat, roi)
    assert found.long.mm == pytest.approx(math.hypot(20, 10))
    assert found.short.mm == pytest.approx(5 * math.sqrt(5))  # (20, 0) to (15, 10)
    assert set(found.short_ends) != set(found.long_ends)


def test_each_of_two_regions_is_measured_with_its_own_spacing() -> None:
    picture = image(plane(0, 0, 399, 0.1, 0.1), plane(1, 400, 799, 0.3, -0.2))
    left, right = ((100, 100), (200, 100)), ((500, 100), (600, 100))
    assert distance(picture, *left).mm == pytest.approx(10)
    assert distance(picture, *right).mm == pytest.approx(20)
    for start, column in ((100, 0.1), (500, 0.2)):
        box = ((start, 50), (start + 40, 50), (start + 40, 90), (start, 90))
        down = {0.1: 0.1, 0.2: 0.3}[column]
        assert area(picture, Roi(0, box)).mm == pytest.approx(40 * column * 40 * down)


def test_nothing_is_measured_across_regions() -> None:
    picture = image(plane(0, 0, 399, 0.1, 0.1), plane(1, 400, 799, 0.1, 0.1))
    found = distance(picture, (350, 100), (450, 100))
    assert (found.mm, found.px) == (None, 100)
    assert found.reason is not None
    assert "crosses" in found.reason.text()
    across = Roi(0, ((350, 100), (450, 100), (450, 200), (350, 200)))
    for measured in (area(picture, across), circumference(picture, across)):
        assert measured.mm is None
        assert measured.reason == found.reason
    assert axes(picture, across).words.text() == "141 × 141 px"


def test_m_mode_is_not_measured() -> None:
    sweep = Region(0, 0, 0, 799, 599, 2, 1, 4, 3, 0.004, 0.05)
    found = distance(image(sweep), (10, 10), (10, 60))
    assert found.mm is None
    assert found.reason is not None
    assert "M-mode" in found.reason.text()


def test_without_calibration_pixels_are_given_and_it_is_said() -> None:
    found = distance(image(), (0, 0), (3, 4))
    assert found.words.text() == "5 px"
    assert found.reason is not None
    assert "no calibration" in found.reason.text()


def test_a_ruler_of_the_users_gives_millimetres() -> None:
    picture = image().calibrated_by(UserCalibration(0, (20, 100), (20, 260), 10.0))
    found = distance(picture, (300, 100), (380, 100), frame_index=1)
    assert found.mm == pytest.approx(5.0)
    assert found.spacing.source is SpacingSource.USER
    assert found.reason is None


def test_values_are_said_as_callipers_say_them() -> None:
    assert [length_digits(v) for v in (0.84, 12.34, 123.4)] == ["0.8", "12.3", "123"]
    assert [area_digits(v) for v in (0.5, 78.54, 1234.5)] == ["0.50", "78.5", "1,234"]
    square = Roi(0, ((10, 10), (50, 10), (50, 50), (10, 50)))
    assert area(image(), square).words.text() == "1,600 px²"
    known = replace(image(), pixel_spacing_mm=(0.1, 0.1))
    assert area(known, square).words.text() == "16.0 mm²"
    assert circumference(known, square).words.text() == "16.0 mm"


def test_a_line_folded_on_itself_has_a_length_and_no_width() -> None:
    found = axes(image(), Roi(0, ((10, 10), (40, 50), (10, 10))))
    assert found.long.px == pytest.approx(50)
    assert found.short.px == pytest.approx(0, abs=1e-9)
    nothing = axes(image(), Roi(0, ((10, 10),) * 3))
    assert (nothing.long.px, nothing.short.px) == (0, 0)


def test_many_corners_are_measured_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = image(plane(0, 0, COLUMNS - 1, 0.1, 0.05))
    roi = ellipse((400, 300), (6.0, 3.5), 0.3, (0.1, 0.05))
    whole = axes(picture, roi)
    monkeypatch.setattr("her2desk.domain.measurements.PAIRS_AT_ONCE", 7)
    assert axes(picture, roi) == whole


outlines = st.lists(
    st.tuples(st.integers(1, 300), st.integers(1, 300)), min_size=3, max_size=20, unique=True
)


@given(outlines, st.integers(0, 19), st.booleans())
def test_where_an_outline_begins_and_which_way_it_runs_is_all_one(
    corners: list[tuple[int, int]], first: int, is_reversed: bool
) -> None:
    picture = replace(image(), pixel_spacing_mm=(0.1, 0.05))
    turned = corners[first % len(corners) :] + corners[: first % len(corners)]
    one, other = Roi(0, tuple(corners)), Roi(0, tuple(turned[::-1] if is_reversed else turned))
    assert area(picture, one).mm == pytest.approx(area(picture, other).mm)
    assert circumference(picture, one).mm == pytest.approx(circumference(picture, other).mm)
    assert axes(picture, one).long.mm == pytest.approx(axes(picture, other).long.mm)
    assert axes(picture, one).short.mm == pytest.approx(axes(picture, other).short.mm, abs=1e-6)


@given(outlines, st.floats(0.05, 0.9))
def test_twice_the_spacing_is_twice_the_length_and_four_times_the_area(
    corners: list[tuple[int, int]], mm: float
) -> None:
    roi = Roi(0, tuple(corners))
    small, large = (replace(image(), pixel_spacing_mm=(k * mm, k * mm)) for k in (1, 2))
    for measure, factor in ((area, 4), (circumference, 2)):
        assert measure(large, roi).mm == pytest.approx(factor * (measure(small, roi).mm or 0))
    one, other = axes(small, roi), axes(large, roi)
    assert other.long.mm == pytest.approx(2 * (one.long.mm or 0))
    assert other.short.mm == pytest.approx(2 * (one.short.mm or 0), abs=1e-6)
    assert (one.short.mm or 0) <= (one.long.mm or 0) * (1 + 1e-9)
