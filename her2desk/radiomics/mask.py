"""The pixels of an ROI."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import MIN_AREA_PX, Point
from her2desk.errors import InputRefused
from her2desk.texts import msg

_EDGES_AT_ONCE = 256
_DRAW_LARGER = msg("Draw a larger outline around the lesion.")


def rasterise(polygon: Sequence[Point], rows: int, columns: int) -> NDArray[np.bool_]:
    """Mask (rows, columns) of a closed polygon of (column, row) points.

    A pixel belongs to the mask when its centre (c + 0.5, r + 0.5) lies inside by the even–odd
    rule; of centres exactly on an edge, those on the left and upper sides of the shape belong to
    it. Parts outside the image are cut off.
    """
    points = np.asarray(polygon, dtype=np.float64).reshape(-1, 2)
    ends = np.roll(points, -1, axis=0)
    flips = np.zeros((rows, columns + 1), dtype=np.uint8)  # their parity outlives an overflow
    for first in range(0, len(points), _EDGES_AT_ONCE):
        part = slice(first, first + _EDGES_AT_ONCE)
        _add_crossings(flips, points[part], ends[part])
    # A crossing at x flips every centre to its left: parity of the crossings still to the right.
    to_the_right = flips[:, ::-1].cumsum(axis=1, dtype=np.uint8)[:, ::-1]
    mask: NDArray[np.bool_] = (to_the_right[:, 1:] & 1).astype(np.bool_)
    return mask


def check_mask(mask: NDArray[np.bool_], minimum_px: int = MIN_AREA_PX) -> None:
    """Refuse a mask without texture: too few pixels, or all of them in one row or column.

    Raises ``InputRefused`` with the code ``roi-too-small``.
    """
    count = int(np.count_nonzero(mask))
    if count < minimum_px:
        raise InputRefused(
            msg(
                "The outline encloses {area:.0f} pixels; texture needs at least {limit}.",
                area=count,
                limit=minimum_px,
            ),
            _DRAW_LARGER,
            code="roi-too-small",
        )
    if min(np.count_nonzero(mask.any(axis=0)), np.count_nonzero(mask.any(axis=1))) < 2:
        raise InputRefused(
            msg("The outline is only one pixel wide, which has no texture."),
            _DRAW_LARGER,
            code="roi-too-small",
        )


def _add_crossings(
    flips: NDArray[np.uint8], start: NDArray[np.float64], end: NDArray[np.float64]
) -> None:
    """Count, in row r, each edge's crossing of y = r + 0.5 at the number of centres left of it."""
    rows, columns = flips.shape[0], flips.shape[1] - 1
    upper = np.minimum(start[:, 1], end[:, 1])
    lower = np.maximum(start[:, 1], end[:, 1])
    first = np.clip(np.ceil(upper - 0.5), 0, rows).astype(np.int64)
    count = np.maximum(np.clip(np.ceil(lower - 0.5), 0, rows).astype(np.int64) - first, 0)
    edge = np.repeat(np.arange(len(start)), count)
    row = np.arange(len(edge)) - np.repeat(count.cumsum() - count, count) + first[edge]
    (x0, y0), (x1, y1) = start[edge].T, end[edge].T
    x = x0 + (row + 0.5 - y0) * (x1 - x0) / (y1 - y0)
    centres_to_the_left = np.clip(np.ceil(x - 0.5), 0, columns).astype(np.int64)
    np.add.at(flips, (row, centres_to_the_left), 1)
