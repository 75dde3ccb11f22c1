"""A crossing is found, or its absence shown, in any outline that the program accepts."""

import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain import crossings
from her2desk.domain.crossings import TooEntangled, first_crossing
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.measurements import axes
from her2desk.domain.roi import MAX_POINTS, Roi
from her2desk.errors import InputRefused

IMAGE = UltrasoundImage("0" * 64, None, 768, 1024, 1, "RGB", "image/png")
POINTS = st.tuples(st.integers(0, 9), st.integers(0, 9))


def circle(points: int, step: int = 1) -> tuple[tuple[float, float], ...]:
    turns = [2 * math.pi * i * step / points for i in range(points)]
    return tuple((512 + 300 * math.cos(a), 384 + 300 * math.sin(a)) for a in turns)


def side_by_side(strokes: int) -> tuple[tuple[float, float], ...]:
    teeth = [
        (x, y)
        for i in range(strokes)
        for x, y in ((1 + i * 500 / strokes, 700), (401 + i * 500 / strokes, 100))
    ]
    return (*teeth, (1000.0, 50.0), (0.0, 50.0))


@given(st.lists(POINTS, min_size=3, max_size=12))
def test_it_agrees_with_trying_every_pair(polygon: list[tuple[int, int]]) -> None:
    ends = [*polygon, polygon[0]]
    lines = [shapely.LineString(ends[i : i + 2]) for i in range(len(polygon))]
    crosses = any(one.crosses(other) for one in lines for other in lines)
    assert (first_crossing(polygon) is not None) == crosses


def test_a_round_outline_of_as_many_points_as_there_may_be_is_measured() -> None:
    roi = Roi(0, circle(MAX_POINTS))
    roi.check(IMAGE)
    measured = axes(IMAGE, roi)
    assert measured.long.px == pytest.approx(600)
    assert measured.short.px == pytest.approx(600)


def test_a_star_whose_edges_all_cross_is_refused() -> None:
    with pytest.raises(InputRefused) as refused:
        Roi(0, circle(MAX_POINTS - 1, 9_998)).check(IMAGE)
    assert refused.value.code == "roi-crosses-itself"


def test_strokes_side_by_side_do_not_cross(monkeypatch: pytest.MonkeyPatch) -> None:
    roi = Roi(0, side_by_side(100))
    assert first_crossing(roi.polygon) is None
    monkeypatch.setattr(crossings, "MOST_PAIRS", 1_000)
    with pytest.raises(TooEntangled):
        first_crossing(roi.polygon)
    with pytest.raises(InputRefused) as refused:
        roi.check(IMAGE)
    assert refused.value.code == "roi-too-ragged"
