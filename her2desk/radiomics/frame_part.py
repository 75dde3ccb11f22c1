"""A picture that is a part of a larger one and is measured as if the whole were there."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class FramePart:
    """Where the picture lies: its upper left pixel, in a frame of ``rows`` × ``columns``."""

    row: int
    column: int
    rows: int
    columns: int


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

    spacing = np.array(roi.GetSpacing())
    if np.allclose(spacing, pixel):
        return tuple(
            imageoperations.resampleImage(
                image, roi, resampledPixelSpacing=[pixel, pixel], padDistance=pad_px
            )
        )  # only cut
    ratio = spacing / pixel
    corner = np.array([part.column, part.row])
    first, stop = _bounds(sitk.GetArrayViewFromImage(roi) == 1)
    lower = np.floor((first + corner - 0.5) * ratio - pad_px)
    upper = np.ceil((stop + corner - 0.5) * ratio + pad_px)
    lower = np.maximum(lower, 0)
    upper = np.minimum(upper, np.ceil(np.array([part.columns, part.rows]) * ratio) - 1)
    in_part = 0.5 * (pixel - spacing) / spacing + lower / ratio - corner
    grid = sitk.ResampleImageFilter()
    grid.SetOutputSpacing((pixel, pixel))
    grid.SetOutputDirection(roi.GetDirection())
    grid.SetSize((upper - lower + 1).astype(int).tolist())
    grid.SetOutputOrigin(roi.TransformContinuousIndexToPhysicalPoint(in_part))
    grid.SetInterpolator(sitk.sitkBSpline)
    resampled = grid.Execute(image)
    grid.SetInterpolator(sitk.sitkNearestNeighbor)
    return resampled, grid.Execute(roi)


def _bounds(mask: Any) -> tuple[Any, Any]:
    """First (column, row) of the mask, and the one after its last."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0]]), np.array([columns[-1] + 1, rows[-1] + 1])
