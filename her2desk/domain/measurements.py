"""Distance, area, axes and circumference, exact on polygons, in millimetres where calibrated.

Millimetres are taken before lengths are: across and down may differ. A line or an outline that has
no one spacing (``UltrasoundImage.spacing_along``) is measured in pixels, and says why.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.geometry import Point, edges
from her2desk.domain.image import Spacing, UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.texts import Message, msg

SQUARE_PX = (1.0, 1.0)
PAIRS_AT_ONCE = 1_000_000
OPPOSITE_SLACK = 3  # corners more on both sides than exact sums would need


@dataclass(frozen=True)
class Measurement:
    """One length or area: in pixels always, in mm or mm² where the spacing is known.

    ``spacing`` says where the millimetres came from, or in its ``note`` why there are none.
    """

    px: float
    mm: float | None
    spacing: Spacing
    is_area: bool = False

    @property
    def reason(self) -> Message | None:
        """Why there are no millimetres; None where there are."""
        if self.mm is not None:
            return None
        return self.spacing.note or msg("There is no calibration here.")

    @property
    def words(self) -> Message:
        """The value and its unit."""
        if self.is_area:
            if self.mm is None:
                return msg("{area} px²", area=f"{self.px:,.0f}")
            return msg("{area} mm²", area=area_digits(self.mm))
        if self.mm is None:
            return msg("{length} px", length=f"{self.px:.0f}")
        return msg("{length} mm", length=length_digits(self.mm))


@dataclass(frozen=True)
class Axes:
    """The longest diameter of an outline, and its longest line across at a right angle to that.

    Right angles are right in millimetres (in pixels where uncalibrated). The ends are (column, row).
    """

    long: Measurement
    short: Measurement
    long_ends: tuple[Point, Point]
    short_ends: tuple[Point, Point]

    @property
    def words(self) -> Message:
        """Both lengths and their unit."""
        values = [self.long.mm, self.short.mm]
        if values[0] is None or values[1] is None:
            long, short = f"{self.long.px:.0f}", f"{self.short.px:.0f}"
            return msg("{long} × {short} px", long=long, short=short)
        long, short = length_digits(values[0]), length_digits(values[1])
        return msg("{long} × {short} mm", long=long, short=short)


def length_digits(mm: float) -> str:
    """Millimetres to a tenth, which is what callipers are read to; whole ones from 100."""
    return f"{mm:.1f}" if mm < 100 else f"{mm:,.0f}"


def area_digits(mm2: float) -> str:
    """Square millimetres to three digits at least, never in powers of ten."""
    return f"{mm2:.2f}" if mm2 < 1 else f"{mm2:.1f}" if mm2 < 100 else f"{mm2:,.0f}"


def distance(image: UltrasoundImage, start: Point, end: Point, frame_index: int = 0) -> Measurement:
    """The length of a straight line between two positions, (column, row)."""
    spacing = image.spacing_along((start, end), frame_index)
    across, down = end[0] - start[0], end[1] - start[1]
    mm = None
    if spacing.mm is not None:
        mm = math.hypot(across * spacing.mm[1], down * spacing.mm[0])
    return Measurement(math.hypot(across, down), mm, spacing)


def area(image: UltrasoundImage, roi: Roi) -> Measurement:
    """The area that an outline encloses, by the shoelace formula."""
    spacing = roi.spacing(image)
    mm2 = None if spacing.mm is None else roi.area_px * spacing.mm[0] * spacing.mm[1]
    return Measurement(roi.area_px, mm2, spacing, is_area=True)


def circumference(image: UltrasoundImage, roi: Roi) -> Measurement:
    """The length of an outline, closed."""
    spacing = roi.spacing(image)
    mm = None if spacing.mm is None else _length(roi, spacing.mm)
    return Measurement(_length(roi, SQUARE_PX), mm, spacing)


def axes(image: UltrasoundImage, roi: Roi) -> Axes:
    """The longest diameter of an outline, and its longest line across at a right angle to it."""
    spacing = roi.spacing(image)
    scale = np.array((spacing.mm or SQUARE_PX)[::-1])  # (column, row), as the points are
    points = np.asarray(roi.polygon, float) * scale
    long = _longest(points)
    short = _longest_across(points, long)
    long_ends, short_ends = _ends(long / scale), _ends(short / scale)
    is_known = spacing.mm is not None

    def measured(line: NDArray[np.float64], ends: tuple[Point, Point]) -> Measurement:
        length = float(np.hypot(*(line[1] - line[0])))
        return Measurement(math.dist(*ends), length if is_known else None, spacing)

    return Axes(measured(long, long_ends), measured(short, short_ends), long_ends, short_ends)


def _length(roi: Roi, spacing: tuple[float, float]) -> float:
    row, column = spacing
    return sum(
        math.hypot((x1 - x0) * column, (y1 - y0) * row) for (x0, y0), (x1, y1) in edges(roi.polygon)
    )


def _ends(line: NDArray[np.float64]) -> tuple[Point, Point]:
    (x0, y0), (x1, y1) = line.tolist()
    return (x0, y0), (x1, y1)


def _longest(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The two corners farthest apart, (2, 2); of equals, the pair that comes first by position."""
    hull = _hull(points)
    one, other = _opposite(hull)
    squares = ((hull[other] - hull[one]) ** 2).sum(axis=1)
    # Lengths that differ by rounding alone are equals
    best = int(np.flatnonzero(squares >= squares.max() * (1 - 1e-12))[0])
    return np.stack([hull[one[best]], hull[other[best]]])


def _opposite(hull: NDArray[np.float64]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Pairs of corners that can be farthest apart, the lower place first, in order.

    Parallel lines can hold a convex polygon between two such corners (Shamos 1978): a corner's
    opposites lie where the sides point the other way than its own two.
    """
    n = len(hull)
    if n <= 2 * OPPOSITE_SLACK:
        return np.triu_indices(n)
    sides = np.roll(hull, -1, axis=0) - hull
    angles = np.unwrap(np.arctan2(sides[:, 1], sides[:, 0]))
    angles = np.maximum.accumulate(angles)
    turned = np.concatenate([angles, angles + 2 * np.pi, angles + 4 * np.pi])
    first = np.searchsorted(turned, np.roll(angles, 1) + np.pi, "left") - OPPOSITE_SLACK
    last = np.searchsorted(turned, angles + np.pi, "right") + OPPOSITE_SLACK
    first[0] -= n  # the side before the first corner is the last, a whole turn on
    counts = last - first + 1
    one = np.repeat(np.arange(n), counts)
    other = (first.repeat(counts) + np.arange(len(one)) - (counts.cumsum() - counts)[one]) % n
    low, high = np.minimum(one, other), np.maximum(one, other)
    order = np.lexsort([high, low])
    return low[order], high[order]


def _hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of the convex hull, by Andrew's monotone chain (1979)."""
    ordered = sorted({(x, y) for x, y in points.tolist()})
    if len(ordered) < 3:
        return np.array(ordered)
    halves = []
    for sequence in (ordered, ordered[::-1]):
        chain: list[Point] = []
        for point in sequence:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        halves.append(chain[:-1])
    return np.array(halves[0] + halves[1])


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _longest_across(points: NDArray[np.float64], long: NDArray[np.float64]) -> NDArray[np.float64]:
    """The longest line at a right angle to ``long`` between two places of the outline, (2, 2).

    Along the long axis the outline's outermost sides are straight between two corners, so that the
    distance between them is largest at a corner.
    """
    direction = long[1] - long[0]
    length = float(np.hypot(*direction))
    if length == 0:
        return np.stack([long[0], long[0]])
    along = direction / length
    across = np.array([-along[1], along[0]])
    t, u = points @ along, points @ across
    positions, lowest, highest = _outermost(t, u)
    widest = int((highest - lowest).argmax())
    base = positions[widest] * along
    return np.stack([base + lowest[widest] * across, base + highest[widest] * across])


def _outermost(
    t: NDArray[np.float64], u: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """At every corner's place along the axis, the outline's lowest and highest place across it."""
    positions = np.unique(t)
    lowest = np.full(len(positions), np.inf)
    highest = np.full(len(positions), -np.inf)
    order = np.argsort(np.stack([t, np.roll(t, -1)]), axis=0)
    ends_t = np.take_along_axis(np.stack([t, np.roll(t, -1)]), order, axis=0)
    ends_u = np.take_along_axis(np.stack([u, np.roll(u, -1)]), order, axis=0)
    first = np.searchsorted(positions, ends_t[0])
    counts = np.searchsorted(positions, ends_t[1]) - first + 1
    begin = 0
    while begin < len(t):  # a block of sides at a time, so that a zigzag cannot take all memory
        total = np.cumsum(counts[begin:])
        end = begin + max(1, int(np.searchsorted(total, PAIRS_AT_ONCE)))
        block = slice(begin, end)
        side = np.repeat(np.arange(begin, min(end, len(t))), counts[block])
        starts = np.repeat(np.cumsum(counts[block]) - counts[block], counts[block])
        place = first[side] + np.arange(len(side)) - starts
        span = ends_t[1][side] - ends_t[0][side]
        share = np.where(
            span > 0, (positions[place] - ends_t[0][side]) / np.where(span > 0, span, 1), 0
        )
        value = ends_u[0][side] + share * (ends_u[1][side] - ends_u[0][side])
        np.minimum.at(lowest, place, value)
        np.maximum.at(highest, place, value)
        for corner in ends_u:  # a side straight across has its whole length at one place
            upright = span == 0
            np.minimum.at(lowest, place[upright], corner[side[upright]])
            np.maximum.at(highest, place[upright], corner[side[upright]])
        begin = end
    return positions, lowest, highest
