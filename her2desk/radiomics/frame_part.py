"""A picture that is a part of a larger one and is measured as if the whole were there."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.radiomics.picture import Picture, as_image, bounds


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


def resampled_part(picture: Picture, pixel: float, pad_px: int, part: FramePart) -> Picture:
    """The picture on pyradiomics' grid of the whole frame, cut to the ROI and ``pad_px``.

    The grid and its limits are those of pyradiomics 3.0.1's ``resampleImage`` on the whole frame:
    its first pixel begins at the frame's corner, not at the part's. The part must hold what is
    looked at.
    """
    column_first = picture.spacing[::-1]
    grid = grid_around(picture.mask, column_first, pixel, pad_px, part)
    return Picture(
        grey_on_grid(picture.grey, picture.spacing, grid),
        mask_on_grid(picture.mask, picture.spacing, grid),
        (pixel, pixel),
    )


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


def grey_on_grid(
    grey: NDArray[np.float64], spacing: tuple[float, float], grid: Grid
) -> NDArray[np.float64]:
    """Grey levels of the part, (rows, columns) of this spacing, resampled by cubic splines."""
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    on_grid: NDArray[np.float64] = _on_grid(as_image(grey, spacing), grid, sitk.sitkBSpline)
    return on_grid


def mask_on_grid(
    mask: NDArray[np.bool_], spacing: tuple[float, float], grid: Grid
) -> NDArray[np.bool_]:
    """The mask of the part, (rows, columns) of this spacing, resampled to the nearest pixel."""
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    on_grid = _on_grid(as_image(mask, spacing), grid, sitk.sitkNearestNeighbor)
    return on_grid.view(np.bool_)


def _on_grid(picture: Any, grid: Grid, interpolator: int) -> NDArray[Any]:
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    resample = sitk.ResampleImageFilter()
    resample.SetOutputSpacing((grid.pixel, grid.pixel))
    resample.SetOutputDirection(picture.GetDirection())
    resample.SetSize(grid.size)
    resample.SetOutputOrigin(picture.TransformContinuousIndexToPhysicalPoint(grid.origin))
    resample.SetInterpolator(interpolator)
    values: NDArray[Any] = sitk.GetArrayFromImage(resample.Execute(picture))
    return values
