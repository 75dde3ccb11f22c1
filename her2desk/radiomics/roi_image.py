"""An ROI, and one filtered image of it: what the feature classes look at, worked out once."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.radiomics.matrices import Levels, neighbours_inside

_LEAST_STEP = 1e-8  # of the greatest edge: below it rounding is more than ``_ROUNDING``
_ROUNDING = 1e-6  # of a bin


class Roi:
    """The ROI's pixels within its box, and their size.

    ``inside`` is (rows, columns); ``spacing`` is (row, column) or, of a volume of one slice,
    (slice, row, column).
    """

    def __init__(self, inside: NDArray[np.bool_], spacing: tuple[float, ...]):
        self.inside = np.ascontiguousarray(inside)
        self.spacing = spacing
        self.places = np.flatnonzero(self.inside)

    @cached_property
    def neighbours(self) -> NDArray[np.uint8]:
        """How many of each pixel's neighbours the ROI holds, (rows, columns)."""
        return neighbours_inside(self.inside)


class NoBinsError(Exception):
    """Between the least and the greatest grey level there are fewer numbers than bins."""


class RoiImage:
    """A filtered image (rows, columns) of an ROI's box; ``bins`` are pyradiomics' settings."""

    def __init__(self, roi: Roi, plane: NDArray[Any], bins: dict[str, Any]):
        self.roi = roi
        self.bins = bins
        self.values: NDArray[Any] = plane.take(roi.places)

    @cached_property
    def levels(self) -> Levels:
        """The grey levels as pyradiomics bins them; raises ``NoBinsError``."""
        from radiomics import imageoperations

        # the edges follow from the least and the greatest value alone
        ends = np.array([self.values.min(), self.values.max()])
        try:
            edges = np.asarray(imageoperations.getBinEdges(ends, **self.bins))
        except ValueError as error:
            raise NoBinsError from error
        inside = binned(self.values, edges)
        count = np.bincount(inside)
        plane = np.zeros(self.roi.inside.shape, dtype=np.min_scalar_type(len(edges)))
        plane.ravel()[self.roi.places] = inside
        return Levels(plane, self.roi.places, inside, np.flatnonzero(count), count[count > 0])


def binned(values: NDArray[Any], edges: NDArray[Any]) -> NDArray[np.intp]:
    """``np.digitize`` of values (n,) not below the first of the ascending, nearly equal edges.

    A bin's number follows from the value's distance from the first edge, unless the value lies so
    near an edge that rounding, that of the edges included, decides. Only the last edge may be out
    of step: pyradiomics moves it beyond the greatest value.
    """
    inner = edges[:-1].astype(np.float64)
    step = (inner[-1] - inner[0]) / (len(inner) - 1) if len(inner) > 1 else edges[-1] - inner[0]
    if not step > _LEAST_STEP * max(abs(inner[0]), abs(inner[-1])):
        exact: NDArray[np.intp] = np.digitize(values, edges)
        return exact
    uneven = np.abs((inner - inner[0]) / step - np.arange(len(inner))).max()
    near_edge = uneven + _ROUNDING
    distance = np.subtract(values, inner[0], dtype=np.float64)
    distance /= step
    numbers: NDArray[np.intp] = distance.astype(np.intp)
    distance -= numbers
    is_near = (distance < near_edge) | (distance > 1 - near_edge) | (numbers >= len(inner))
    near = np.flatnonzero(is_near)
    numbers += 1
    numbers[near] = np.digitize(values[near], edges)
    return numbers
