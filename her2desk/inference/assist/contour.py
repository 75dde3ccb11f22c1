"""From a map of chances to one closed outline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.mask import CENTRE
from her2desk.domain.roi import Point
from her2desk.inference.assist.window import Corners, Window

LEVEL = 0.5
MAX_POINTS = 60
FIRST_TOLERANCE_PX = 0.25  # of a window's pixel: finer than the map can tell
REACH_PX = 6.0  # a click this near to a part means that part


@dataclass(frozen=True)
class Part:
    """One connected part of a map (SIZE, SIZE) of chances, its holes filled, nothing beside it."""

    chances: NDArray[np.float32]

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The part's pixels."""
        inside: NDArray[np.bool_] = self.chances >= LEVEL
        return inside

    def corners(self, window: Window) -> Corners:
        """The box around the part in the picture."""
        rows, columns = np.nonzero(self.mask)
        ends = np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]], float)
        (left, top), (right, lower) = window.to_image(ends)
        return float(left), float(top), float(right), float(lower)


def part_at_click(chances: NDArray[np.float32], place: Point) -> Part | None:
    """The part of a map at or next to ``place`` (window coordinates); None where there is none."""
    from skimage.measure import label

    parts = label(chances >= LEVEL, connectivity=1)
    rows, columns = np.nonzero(parts)
    if not len(rows):
        return None
    distance = np.hypot(columns + CENTRE - place[0], rows + CENTRE - place[1])
    nearest = int(distance.argmin())
    if distance[nearest] > REACH_PX:
        return None
    return _part(chances, parts == parts[rows[nearest], columns[nearest]])


def part_in_box(chances: NDArray[np.float32], box: NDArray[np.float32]) -> Part | None:
    """The part of a map with the most pixels in ``box`` (a map of 0 and 1); None where none has any."""
    from skimage.measure import label

    parts = label(chances >= LEVEL, connectivity=1)
    counts = np.bincount(parts[box > 0], minlength=1)
    counts[0] = 0
    if not counts.any():
        return None
    return _part(chances, parts == int(counts.argmax()))


def polygon_of(part: Part, window: Window, rows: int, columns: int) -> tuple[Point, ...] | None:
    """The part's edge as at most ``MAX_POINTS`` points inside a picture; None where none is left.

    Marching squares (Lorensen & Cline 1987) at ``LEVEL``, simplified (Douglas & Peucker 1973) no more
    than it needs.
    """
    from shapely import Polygon
    from skimage.measure import find_contours

    edges = find_contours(np.pad(part.chances, 1), LEVEL)
    edge = max(edges, key=len)[:, ::-1] - 1 + CENTRE
    shape = _inside_picture(Polygon(window.to_image(edge)), rows, columns)
    tolerance = FIRST_TOLERANCE_PX * window.scale
    simple = shape.simplify(tolerance)
    while len(simple.exterior.coords) - 1 > MAX_POINTS:
        tolerance *= 1.25
        simple = shape.simplify(tolerance)
    return _points(simple) or None


def clipped(polygon: Sequence[Point], rows: int, columns: int) -> tuple[Point, ...]:
    """The largest part of ``polygon`` that lies inside a picture; empty where none does.

    A polygon that lies inside keeps its points, to a hundredth of a pixel.
    """
    from shapely import Polygon

    if all(0 <= x <= columns and 0 <= y <= rows for x, y in polygon):
        return tuple((round(x, 2), round(y, 2)) for x, y in polygon)
    return _points(_inside_picture(Polygon(polygon), rows, columns))


def _part(chances: NDArray[np.float32], inside: NDArray[np.bool_]) -> Part:
    from scipy.ndimage import binary_dilation, binary_fill_holes

    filled = binary_fill_holes(inside)
    # The ring around the part keeps its chances: they say where between two pixels the edge runs
    ring = binary_dilation(filled) & ~filled
    own = np.where(filled, np.maximum(chances, LEVEL), np.where(ring, chances, 0))
    return Part(own.astype(np.float32))


def _inside_picture(shape: Any, rows: int, columns: int) -> Any:
    """The largest polygon of a shape inside a picture, without holes; one without area if none."""
    from shapely import Polygon, box

    inside = shape.buffer(0).intersection(box(0, 0, columns, rows))
    parts = [part for part in getattr(inside, "geoms", [inside]) if isinstance(part, Polygon)]
    return Polygon(max(parts, key=lambda part: part.area, default=Polygon()).exterior)


def _points(shape: Any) -> tuple[Point, ...]:
    return tuple((round(x, 2), round(y, 2)) for x, y in shape.exterior.coords[:-1])
