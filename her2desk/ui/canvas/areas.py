"""Outlines as areas: painted on, erased from, and kept from crossing themselves.

Points are (column, row) in pixels. Shapely does the sums; it is imported where it is needed, so
that the window opens without it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from her2desk.domain.roi import Point
from her2desk.ui.canvas.geometry import CHORD_ERROR_PX

SWEEP_TOLERANCE_PX = 0.2  # by how much a brush stroke is simplified; what it joins is left as it is
DOUBLE_POINT_PX = 0.05
PATH_DIGITS = 4  # of a brush's path, after the decimal point
MIN_AREA_PX = 4.0  # less than this is a slip of the hand


@dataclass(frozen=True)
class Outline:
    """A simple closed polygon, empty where nothing is left, and whether anything was left out."""

    polygon: tuple[Point, ...]
    is_whole: bool = True


def simple(points: Sequence[Point]) -> Outline:
    """The outline itself when it does not cross itself, else the largest part of what it encloses.

    What a loop runs round twice counts as enclosed: a hand that closes a line overshoots its start.
    """
    from shapely import make_valid

    area = _area(points)
    if area.is_valid:
        return Outline(tuple(points) if area.area >= MIN_AREA_PX else ())
    parts = _parts(make_valid(area, method="structure"))
    return Outline(_polygon(max(parts, key=lambda part: part.area, default=None)), False)


def painted(
    outline: Sequence[Point], path: Sequence[Point], radius: float, columns: int, rows: int
) -> Outline:
    """The outline with what a round brush swept along a path; ``outline`` may be empty.

    Holes are filled; a stroke that does not touch the outline is left out.
    """
    from shapely import box

    swept = _swept(path, radius).intersection(box(0, 0, columns, rows))
    if not outline:
        parts = _parts(swept)
        largest = max(parts, key=lambda part: part.area, default=None)
        return _kept(largest, columns, rows, is_whole=len(parts) < 2)
    old = _sound(outline)
    parts = _parts(old.union(swept))
    inside = old.representative_point()
    home = next((part for part in parts if part.covers(inside)), None)
    return _kept(home, columns, rows, is_whole=len(parts) < 2)


def erased(
    outline: Sequence[Point], path: Sequence[Point], radius: float, columns: int, rows: int
) -> Outline:
    """The outline without what a round eraser swept: the largest part, without holes."""
    parts = _parts(_sound(outline).difference(_swept(path, radius)))
    largest = max(parts, key=lambda part: part.area, default=None)
    has_hole = largest is not None and len(largest.interiors) > 0
    return _kept(largest, columns, rows, is_whole=len(parts) < 2 and not has_hole)


def arc_segments(radius: float) -> int:
    """Chords in a quarter circle that stay within ``CHORD_ERROR_PX`` of it."""
    if radius <= CHORD_ERROR_PX:
        return 2
    return max(2, math.ceil(math.pi / 4 / math.acos(1 - CHORD_ERROR_PX / radius)))


def _area(points: Sequence[Point]) -> Any:
    from shapely import Polygon

    return Polygon(np.asarray(points, dtype=float))  # much faster than point by point


def _sound(outline: Sequence[Point]) -> Any:
    """The area of an outline, also of one from a file that crosses itself."""
    from shapely import make_valid

    area = _area(outline)
    return area if area.is_valid else make_valid(area, method="structure")


def _swept(path: Sequence[Point], radius: float) -> Any:
    from shapely import buffer, linestrings, union_all
    from shapely import points as spots

    # Rounded, because steps next to nothing make the buffer divide by zero. Step by step, because
    # the buffer of a whole line that turns within its own width leaves parts of it out.
    way = np.round(np.asarray(path, dtype=float), PATH_DIGITS)
    steps = np.stack([way[:-1], way[1:]], axis=1)
    steps = steps[np.any(steps[:, 0] != steps[:, 1], axis=1)]
    pieces = linestrings(steps) if len(steps) else spots(way[:1])
    swept = union_all(buffer(pieces, radius, quad_segs=arc_segments(radius)))
    return swept.simplify(SWEEP_TOLERANCE_PX)


def _parts(area: Any) -> list[Any]:
    """The polygons of any geometry, slips left out."""
    pieces: Iterable[Any] = getattr(area, "geoms", (area,))
    return [p for p in pieces if p.geom_type == "Polygon" and p.area >= MIN_AREA_PX]


def _kept(part: Any, columns: int, rows: int, is_whole: bool) -> Outline:
    """A part with its holes filled, on the image."""
    if part is None:
        return Outline((), is_whole)
    from shapely import Polygon

    # Points where two lines cross can lie a rounding error beside a corner: one of them will do.
    filled = Polygon(part.exterior).simplify(DOUBLE_POINT_PX)
    corners = np.clip(np.asarray(filled.exterior.coords)[:-1], 0.0, (columns, rows))
    return Outline(tuple(map(tuple, corners.tolist())), is_whole)


def _polygon(part: Any) -> tuple[Point, ...]:
    if part is None:
        return ()
    return tuple((float(x), float(y)) for x, y in part.exterior.coords[:-1])
