"""Points, polygons and rectangles in image coordinates, (column, row) in pixels.

Where something "touches" a rectangle, it shares a part of its inside: running along an edge is no
touching, so that regions side by side do not disturb one another.
"""

import math
from collections.abc import Sequence
from typing import Any

Point = tuple[float, float]
MOST_FRAMES = 2**31 - 1  # what DICOM's NumberOfFrames can say
Rectangle = tuple[float, float, float, float]  # left, top, right, lower


def point_from_json(raw: Any) -> Point:
    """A finite position from ``[column, row]``; raises ``ValueError`` or ``TypeError``."""
    column, row = raw
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in (column, row)):
        raise TypeError
    point = float(column), float(row)
    if not all(math.isfinite(v) for v in point):
        raise ValueError
    return point


def frame_from_json(raw: Any) -> int:
    """A frame's number; raises ``ValueError`` or ``TypeError``."""
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise TypeError
    if abs(raw) > MOST_FRAMES:  # a number of thousands of digits could not even be shown
        raise ValueError
    return raw


def edges(polygon: Sequence[Point]) -> list[tuple[Point, Point]]:
    """The sides of a closed polygon."""
    points = list(polygon)
    return list(zip(points, points[1:] + points[:1], strict=True))


def signed_area(polygon: Sequence[Point]) -> float:
    """Area by the shoelace formula; its sign is the direction of travel."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in edges(polygon)) / 2


def bounds(points: Sequence[Point]) -> Rectangle:
    """(left, top, right, lower) of the points."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def lies_in(points: Sequence[Point], rectangle: Rectangle) -> bool:
    """Whether every point lies in the rectangle or on its edge; so do the lines between them."""
    left, top, right, lower = rectangle
    x0, y0, x1, y1 = bounds(points)
    return left <= x0 and top <= y0 and x1 <= right and y1 <= lower


def line_touches(points: Sequence[Point], rectangle: Rectangle) -> bool:
    """Whether the line through the points, in their order, shares some of the rectangle's inside."""
    if not _overlap(bounds(points), rectangle):
        return False
    return any(
        _segment_touches(a, b, rectangle)
        for a, b in zip(points, points[1:] or points, strict=False)
    )


def polygon_touches(polygon: Sequence[Point], rectangle: Rectangle) -> bool:
    """Whether a closed polygon, what it encloses included, shares some of the rectangle's inside."""
    if not _overlap(bounds(polygon), rectangle):
        return False
    if any(_segment_touches(a, b, rectangle) for a, b in edges(polygon)):
        return True
    left, top, right, lower = rectangle
    return _encloses(polygon, ((left + right) / 2, (top + lower) / 2))


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    """Whether a path's bounds, perhaps without width, meet the inside of a rectangle."""
    return one[0] < other[2] and one[1] < other[3] and one[2] > other[0] and one[3] > other[1]


def _segment_touches(start: Point, end: Point, rectangle: Rectangle) -> bool:
    """Liang and Barsky's clipping, against the open rectangle."""
    left, top, right, lower = rectangle
    first, last = 0.0, 1.0
    for at, step, low, high in (
        (start[0], end[0] - start[0], left, right),
        (start[1], end[1] - start[1], top, lower),
    ):
        if step == 0:
            if not low < at < high:
                return False
            continue
        enters, leaves = sorted(((low - at) / step, (high - at) / step))
        first, last = max(first, enters), min(last, leaves)
    return first < last


def _encloses(polygon: Sequence[Point], point: Point) -> bool:
    """Whether a point lies inside, by the even-odd rule."""
    x, y = point
    is_inside = False
    for (x0, y0), (x1, y1) in edges(polygon):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            is_inside = not is_inside
    return is_inside
