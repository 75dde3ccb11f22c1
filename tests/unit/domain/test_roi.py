"""An outline: its measures, its file, and what makes it unusable."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.image import Region, SpacingSource, UltrasoundImage
from her2desk.domain.roi import MAX_POINTS, Box, Roi, roi_from_json
from her2desk.errors import InputRefused

SQUARE = ((10.0, 20.0), (30.0, 20.0), (30.0, 40.0), (10.0, 40.0))


def image(*regions: Region) -> UltrasoundImage:
    return UltrasoundImage("0" * 64, None, 80, 100, 2, "MONOCHROME2", "1.2", regions=regions)


def half(index: int, x0: int, x1: int) -> Region:
    return Region(index, x0, 0, x1, 79, 1, 1, 3, 3, 0.01, 0.01)


def code(roi: Roi) -> str:
    with pytest.raises(InputRefused) as caught:
        roi.check(image())
    assert caught.value.remedy.text()
    return caught.value.code


def test_measures_of_a_square() -> None:
    roi = Roi(0, SQUARE)
    assert roi.area_px == 400
    assert roi.centroid == (20, 30)
    assert roi.bounds() == (10, 20, 30, 40)


def test_direction_of_drawing_does_not_matter() -> None:
    roi = Roi(0, SQUARE[::-1])
    assert roi.area_px == 400
    assert roi.centroid == (20, 30)


def test_a_line_has_its_middle_as_centre() -> None:
    assert Roi(0, ((0, 0), (10, 10), (5, 5))).centroid == (5, 5)


def test_the_box_is_widened_and_cut_at_the_edge() -> None:
    assert Roi(0, SQUARE).box(0, 80, 100) == Box(10, 20, 30, 40)
    box = Roi(0, ((0.5, 0.2), (5.5, 0.2), (99.7, 79.9))).box(10, 80, 100)
    assert box == Box(0, 0, 100, 80)
    assert (box.width, box.height) == (100, 80)


def test_a_sound_outline_passes() -> None:
    Roi(1, SQUARE).check(image())
    Roi(0, ((0, 0), (100, 0), (100, 80), (0, 80))).check(image())


@pytest.mark.parametrize(
    ("roi", "expected"),
    [
        (Roi(2, SQUARE), "roi-frame"),
        (Roi(-1, SQUARE), "roi-frame"),
        (Roi(0, SQUARE[:2]), "roi-too-few-points"),
        (Roi(0, ()), "roi-too-few-points"),
        (Roi(0, (*SQUARE, (101.0, 5.0))), "roi-outside"),
        (Roi(0, (*SQUARE, (5.0, -0.1))), "roi-outside"),
        (Roi(0, (*SQUARE, (math.nan, 5.0))), "roi-outside"),
        (Roi(0, ((0, 0), (5, 0), (5, 5))), "roi-too-small"),
        (Roi(0, ((0, 0), (40, 40), (40, 0), (0, 40))), "roi-crosses-itself"),
    ],
)
def test_outlines_that_cannot_be_used_are_refused(roi: Roi, expected: str) -> None:
    assert code(roi) == expected


def test_frames_are_counted_from_one_in_words() -> None:
    with pytest.raises(InputRefused) as caught:
        Roi(2, SQUARE).check(image())
    assert "frame 3" in caught.value.message.text()


def test_spacing_is_that_of_the_region_around_it() -> None:
    spacing = Roi(0, SQUARE).spacing(image(half(0, 0, 49), half(1, 50, 99)))
    assert spacing.mm == pytest.approx((0.1, 0.1))
    assert spacing.region_index == 0


def test_an_outline_across_two_regions_has_no_spacing() -> None:
    across = Roi(0, ((20, 20), (60, 20), (60, 40), (20, 40)))
    spacing = across.spacing(image(half(0, 0, 49), half(1, 50, 99)))
    assert spacing.source is SpacingSource.UNKNOWN
    assert spacing.note is not None


def test_without_regions_the_spacing_is_the_images() -> None:
    assert Roi(0, SQUARE).spacing(image()).source is SpacingSource.UNKNOWN


def test_its_file_reads_back_equal() -> None:
    roi = Roi(1, SQUARE)
    assert roi_from_json(json.dumps(roi.to_json())) == roi


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "[]",
        "3",
        "{}",
        '{"frame_index": 0}',
        '{"frame_index": true, "polygon": []}',
        '{"frame_index": 0.5, "polygon": []}',
        '{"frame_index": 0, "polygon": "none"}',
        '{"frame_index": 0, "polygon": ["12"]}',
        '{"frame_index": 0, "polygon": [["1", "2"]]}',
        '{"frame_index": 0, "polygon": [[1, 2, 3]]}',
        '{"frame_index": 0, "polygon": [[1, true]]}',
        '{"frame_index": 0, "polygon": [[1, null]]}',
        '{"frame_index": 0, "polygon": [[1, NaN]]}',
        '{"frame_index": 0, "polygon": [[1, Infinity]]}',
        '{"frame_index": 0, "polygon": [[1, 1' + "0" * 400 + "]]}",
        "[" * 100_000,
        json.dumps({"frame_index": 0, "polygon": [[1, 1]] * (MAX_POINTS + 1)}),
    ],
    ids=lambda raw: raw[:40],
)
def test_what_is_no_outline_is_refused(raw: str) -> None:
    with pytest.raises(InputRefused) as caught:
        roi_from_json(raw)
    assert caught.value.code == "roi-malformed"
    assert "frame_index" in caught.value.remedy.text()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(JSON, JSON)
def test_any_document_is_an_outline_or_refused(frame: Any, polygon: Any) -> None:
    text = json.dumps({"frame_index": frame, "polygon": polygon})
    try:
        roi = roi_from_json(text)
    except InputRefused:
        return
    assert all(math.isfinite(v) for point in roi.polygon for v in point)


POINTS = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 80)), min_size=3, max_size=12)


@given(POINTS, st.integers(0, 20))
def test_every_point_lies_in_the_box(points: list[tuple[float, float]], margin: int) -> None:
    box = Roi(0, tuple(points)).box(margin, 80, 100)
    for column, row in points:
        assert box.x0 <= column <= box.x1
        assert box.y0 <= row <= box.y1


@given(POINTS, st.floats(-20, 20), st.floats(-20, 20))
def test_area_does_not_change_when_moved(
    points: list[tuple[float, float]], across: float, down: float
) -> None:
    moved = tuple((x + across, y + down) for x, y in points)
    assert Roi(0, moved).area_px == pytest.approx(Roi(0, tuple(points)).area_px, abs=1e-6)


def test_an_outline_that_crosses_itself_is_refused_and_one_that_touches_itself_is_not() -> None:
    bow = Roi(0, ((10.0, 10.0), (40.0, 40.0), (40.0, 10.0), (10.0, 40.0)))
    with pytest.raises(InputRefused, match="column 25, row 25") as caught:
        bow.check(image())
    assert caught.value.code == "roi-crosses-itself"
    touching = ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (20.0, 10.0), (10.0, 30.0))
    Roi(0, touching).check(image())


@given(st.lists(st.floats(8.0, 30.0), min_size=3, max_size=60))
def test_an_outline_around_a_centre_never_crosses_itself(radii: list[float]) -> None:
    turn = 2 * math.pi / len(radii)
    points = [
        (40 + r * math.cos(i * turn), 40 + r * math.sin(i * turn)) for i, r in enumerate(radii)
    ]
    Roi(0, tuple(points)).check(image())


def test_an_outline_may_name_the_network_that_proposed_it() -> None:
    proposed = Roi(2, ((1.0, 2.0), (3.0, 4.0), (5.0, 0.5)), "ab" * 32)
    assert roi_from_json(json.dumps(proposed.to_json())) == proposed
    with pytest.raises(InputRefused):
        roi_from_json('{"frame_index": 0, "polygon": [], "assisted_by": "somebody"}')
