"""A picture that is a part of a larger one and is measured as if the whole were there."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class FramePart:
    """Where the picture lies: its upper left pixel, in a frame of ``rows`` × ``columns``."""

    row: int
    column: int
    rows: int
    columns: int


@dataclass(frozen=True)
class Grid:
    """Pixels of a resampled frame: the first one's (column, row), how many, and where it lies.

    ``origin`` is the first pixel's centre as a continuous index of the part that is resampled.
    """

    first: tuple[int, int]
    size: tuple[int, int]
    origin: tuple[float, float]
    pixel: float


def resampled_part(
    image: Any, roi: Any, pixel: float, pad_px: int, part: FramePart
) -> tuple[Any, Any]:
    """Image and mask on pyradiomics' grid of the whole frame, cut to the ROI and ``pad_px``.

    ``image`` and ``roi`` are two-dimensional SimpleITK images of the part, with spacing. The grid
    and its limits are those of pyradiomics 3.0.1's ``resampleImage`` on the whole frame: its first
    pixel begins at the frame's corner, not at the part's. The part must hold what is looked at.
    """
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)
    from radiomics import imageoperations

    if np.allclose(roi.GetSpacing(), pixel):
        return tuple(
            imageoperations.resampleImage(
                image, roi, resampledPixelSpacing=[pixel, pixel], padDistance=pad_px
            )
        )  # only cut
    inside = sitk.GetArrayViewFromImage(roi) == 1
    grid = grid_around(inside, roi.GetSpacing(), pixel, pad_px, part)
    return on_grid(image, grid, sitk.sitkBSpline), on_grid(roi, grid, sitk.sitkNearestNeighbor)


def grid_around(
    inside: NDArray[np.bool_],
    spacing: tuple[float, float],
    pixel: float,
    pad_px: int,
    part: FramePart,
) -> Grid:
    """The pixels of size ``pixel`` around a mask of the part; ``spacing`` is (column, row)."""
    size = np.array(spacing)
    ratio = size / pixel
    corner = np.array([part.column, part.row])
    first, stop = bounds(inside)
    lower = np.floor((first + corner - 0.5) * ratio - pad_px)
    upper = np.ceil((stop + corner - 0.5) * ratio + pad_px)
    lower = np.maximum(lower, 0)
    upper = np.minimum(upper, np.ceil(np.array([part.columns, part.rows]) * ratio) - 1)
    in_part = 0.5 * (pixel - size) / size + lower / ratio - corner
    (column, row), (width, height) = lower.astype(int), (upper - lower + 1).astype(int)
    return Grid(
        (int(column), int(row)),
        (int(width), int(height)),
        (float(in_part[0]), float(in_part[1])),
        pixel,
    )


def on_grid(picture: Any, grid: Grid, interpolator: int) -> Any:
    """A SimpleITK image of the part, resampled."""
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    resample = sitk.ResampleImageFilter()
    resample.SetOutputSpacing((grid.pixel, grid.pixel))
    resample.SetOutputDirection(picture.GetDirection())
    resample.SetSize(grid.size)
    resample.SetOutputOrigin(picture.TransformContinuousIndexToPhysicalPoint(grid.origin))
    resample.SetInterpolator(interpolator)
    return resample.Execute(picture)


def bounds(inside: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First (column, row) of a mask, and the one after its last."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return np.array([columns[0], rows[0]]), np.array([columns[-1] + 1, rows[-1] + 1])
