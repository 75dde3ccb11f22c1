"""From a frame to its enhanced frame: places and lengths, exact because scales are powers of two."""

from collections.abc import Sequence

from her2desk.domain.roi import Box, Point


def scaled_box(box: Box, scale: int) -> Box:
    """The enhanced pixels of a box, which are exactly those of its tissue."""
    return Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale)


def scaled_polygon(polygon: Sequence[Point], scale: int) -> tuple[Point, ...]:
    """The polygon of (column, row) points on the enhanced frame."""
    return tuple((column * scale, row * scale) for column, row in polygon)


def scaled_spacing(spacing_mm: tuple[float, float], scale: int) -> tuple[float, float]:
    """The spacing (row, column) of enhanced pixels in mm."""
    return spacing_mm[0] / scale, spacing_mm[1] / scale


def moved_polygon(polygon: Sequence[Point], corner: Point) -> tuple[Point, ...]:
    """The polygon as seen from a corner (column, row)."""
    return tuple((column - corner[0], row - corner[1]) for column, row in polygon)


def moved_box(box: Box, corner: tuple[int, int]) -> Box:
    """The box as seen from a corner (column, row)."""
    column, row = corner
    return Box(box.x0 - column, box.y0 - row, box.x1 - column, box.y1 - row)


def widened(box: Box, margin_px: int, rows: int, columns: int) -> Box:
    """The box with a margin, cut at the frame's edge."""
    return Box(
        max(0, box.x0 - margin_px),
        max(0, box.y0 - margin_px),
        min(columns, box.x1 + margin_px),
        min(rows, box.y1 + margin_px),
    )


def around_both(one: Box, other: Box) -> Box:
    """The smallest box that holds both."""
    return Box(
        min(one.x0, other.x0), min(one.y0, other.y0), max(one.x1, other.x1), max(one.y1, other.y1)
    )
