"""Plane geometry of outlines: hits, clamping, simplifying. Points are (column, row) in pixels."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Point


def clamp(point: Point, columns: int, rows: int) -> Point:
    """The nearest position on an image of this size; its outer edges count as on it."""
    column, row = point
    return min(max(column, 0.0), float(columns)), min(max(row, 0.0), float(rows))


def moved(points: Sequence[Point], dx: float, dy: float) -> tuple[Point, ...]:
    """All points shifted."""
    return tuple((x + dx, y + dy) for x, y in points)


def clamped_shift(
    points: Sequence[Point], dx: float, dy: float, columns: int, rows: int
) -> tuple[float, float]:
    """The part of a shift that keeps every point on the image."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (
        min(max(dx, -min(xs)), columns - max(xs)),
        min(max(dy, -min(ys)), rows - max(ys)),
    )


def nearest_vertex(points: Sequence[Point], at: Point, reach: float) -> int | None:
    """Index of the point nearest to ``at``, or None when none lies within ``reach``."""
    if not points:
        return None
    index = min(range(len(points)), key=lambda i: math.dist(points[i], at))
    return index if math.dist(points[index], at) <= reach else None


def nearest_edge(points: Sequence[Point], at: Point, reach: float) -> tuple[int, Point] | None:
    """The closed outline's edge nearest to ``at`` within ``reach``: its first point's index, foot.

    Edge ``i`` runs from point ``i`` to the next; the foot is the position on it nearest to ``at``.
    """
    best: tuple[float, int, Point] | None = None
    for index, start in enumerate(points):
        foot = _foot(start, points[(index + 1) % len(points)], at)
        distance = math.dist(foot, at)
        if distance <= reach and (best is None or distance < best[0]):
            best = (distance, index, foot)
    return None if best is None else (best[1], best[2])


def encloses(points: Sequence[Point], at: Point) -> bool:
    """Whether the closed outline encloses ``at``, by the even–odd rule."""
    x, y = at
    inside = False
    for index, (x0, y0) in enumerate(points):
        x1, y1 = points[(index + 1) % len(points)]
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside


def simplified(points: Sequence[Point], tolerance: float) -> tuple[Point, ...]:
    """The open line with fewer points, none of the old ones farther than ``tolerance`` from it.

    Douglas and Peucker (1973), Cartographica 10(2), without recursion; the ends stay.
    """
    if len(points) < 3:
        return tuple(points)
    line = np.asarray(points, dtype=float)
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        distances = _distances(line[first + 1 : last], line[first], line[last])
        farthest = int(np.argmax(distances))
        if distances[farthest] > tolerance:
            middle = first + 1 + farthest
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return tuple((float(x), float(y)) for x, y in line[keep])


def _foot(start: Point, end: Point, at: Point) -> Point:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    if length == 0:
        return start
    t = ((at[0] - start[0]) * dx + (at[1] - start[1]) * dy) / length
    t = min(max(t, 0.0), 1.0)
    return start[0] + t * dx, start[1] + t * dy


def _distances(
    points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance of each point from the segment ``start``–``end``."""
    along = end - start
    length = float(along @ along)
    t = np.zeros(len(points))
    if length > 0:
        t = np.clip((points - start) @ along / length, 0.0, 1.0)
    gap = points - start - t[:, None] * along
    return np.asarray(np.sqrt((gap**2).sum(axis=1)))
