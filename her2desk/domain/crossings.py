"""Where an outline crosses itself, found without trying every edge against every other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.geometry import Point

EDGES_AT_ONCE, EXACT_AT_ONCE = 64, 4096
MOST_PAIRS = 30_000_000  # of edges whose boxes meet: 4,000 long edges side by side have half of it
MOST_NEAR_PAIRS = 1_000_000  # of those, the ones that only exact sums can tell from a crossing
NEAR = 1e-9  # of the products of coordinates: where rounding could hide on which side a point lies


class TooEntangled(Exception):
    """The outline goes to and fro so often that finding a crossing would take minutes."""


def first_crossing(polygon: Sequence[Point]) -> Point | None:
    """A place where two edges of a closed polygon cross; None where they only touch, if that.

    Raises ``TooEntangled``.
    """
    import shapely

    points = np.asarray(polygon, np.float64)
    edges = np.stack([points, np.roll(points, -1, axis=0)], axis=1)
    lines = shapely.linestrings(edges)
    tree = shapely.STRtree(lines)
    pairs = near_pairs = 0
    for begin in range(0, len(edges), EDGES_AT_ONCE):
        asked, others = tree.query(lines[begin : begin + EDGES_AT_ONCE])
        one, other = asked[others > asked + begin] + begin, others[others > asked + begin]
        pairs += len(one)
        near = _may_cross(edges[one], edges[other])
        one, other = one[near], other[near]
        near_pairs += len(one)
        for part in range(0, len(one), EXACT_AT_ONCE):
            a, b = (lines[end[part : part + EXACT_AT_ONCE]] for end in (one, other))
            crossed = np.flatnonzero(shapely.crosses(a, b))
            if len(crossed):
                return _place(a[crossed[0]], b[crossed[0]])
        if pairs > MOST_PAIRS or near_pairs > MOST_NEAR_PAIRS:
            raise TooEntangled
    return None


def _may_cross(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pairs of edges (n, 2, 2) could cross: none has both its ends clearly on one side."""
    return ~(_is_beside(one, other) | _is_beside(other, one))


def _is_beside(edge: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether both ends of ``other`` lie clearly on the same side of ``edge``."""
    along = edge[:, 1] - edge[:, 0]
    sides = []
    for end in (0, 1):
        to = other[:, end] - edge[:, 0]
        left, right = along[:, 0] * to[:, 1], along[:, 1] * to[:, 0]
        side = left - right
        is_clear = np.abs(side) > NEAR * (np.abs(left) + np.abs(right))
        sides.append(np.where(is_clear, np.sign(side), 0))
    beside: NDArray[np.bool_] = sides[0] * sides[1] > 0
    return beside


def _place(one: Any, other: Any) -> Point:
    column, row = one.intersection(other).coords[0]
    return float(column), float(row)
