"""Plane geometry of outlines: hits, clamping, simplifying. Points are (column, row) in pixels."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Point

CHORD_ERROR_PX = 0.1  # by how much a polygon may stay inside the curve that it stands for


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


def ellipse(
    start: Point, end: Point, columns: int, rows: int, *, is_circle: bool, from_centre: bool
) -> tuple[Point, ...]:
    """The ellipse between two corners of its box, or from its centre to a corner; on the image.

    Enough points for every chord to stay within ``CHORD_ERROR_PX``; none for a box without area.
    A circle takes the longer side of the box, as far as the image goes.
    """
    (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
    room_x, room_y = (columns - x if dx >= 0 else x), (rows - y if dy >= 0 else y)
    if from_centre:
        room_x, room_y = min(x, columns - x), min(y, rows - y)
    width, height = min(abs(dx), room_x), min(abs(dy), room_y)
    if is_circle:
        width = height = min(max(width, height), room_x, room_y)
    if from_centre:
        a, b = width, height
    else:
        a, b = width / 2, height / 2
        x, y = x + math.copysign(a, dx), y + math.copysign(b, dy)
    if a <= 0 or b <= 0:
        return ()
    ratio = min(CHORD_ERROR_PX / max(a, b), 0.5)
    steps = 4 * math.ceil(math.pi / math.acos(1 - ratio) / 4)
    turns = [2 * math.pi * step / steps for step in range(steps)]
    return tuple(clamp((x + a * math.cos(t), y + b * math.sin(t)), columns, rows) for t in turns)


def on_axis(start: Point, end: Point) -> Point:
    """``end`` moved straight across or straight down from ``start``, whichever it is nearer to."""
    is_across = abs(end[0] - start[0]) >= abs(end[1] - start[1])
    return (end[0], start[1]) if is_across else (start[0], end[1])


def distance_to(start: Point, end: Point, at: Point) -> float:
    """How far ``at`` lies from the segment ``start``–``end``."""
    return math.dist(_foot(start, end, at), at)


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
