"""The longest diameter is the greatest of all distances between two corners."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.measurements import axes
from her2desk.domain.roi import Roi

IMAGE = UltrasoundImage("0" * 64, None, 768, 1024, 1, "RGB", "image/png")
GRID = st.tuples(st.integers(0, 6), st.integers(0, 6))
ANY = st.tuples(st.floats(0, 1000), st.floats(0, 700))
ON_A_CIRCLE = st.floats(0, 7).map(lambda a: (500 + 400 * math.cos(a), 400 + 300 * math.sin(a)))


@given(st.one_of(*(st.lists(kind, min_size=3, max_size=40) for kind in (GRID, ANY, ON_A_CIRCLE))))
def test_no_two_corners_are_farther_apart(polygon: list[tuple[float, float]]) -> None:
    farthest = max(math.dist(a, b) for a in polygon for b in polygon)
    assert axes(IMAGE, Roi(0, tuple(polygon))).long.px == pytest.approx(farthest, abs=1e-9)
