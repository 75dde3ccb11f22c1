"""What an ROI is measured on: a frame, a part of it, or one resampled."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Picture:
    """Grey levels (rows, columns), float64, and the pixels of the ROI, ``mask``.

    ``spacing`` (row, column) is in the profile's unit.
    """

    grey: NDArray[np.float64]
    mask: NDArray[np.bool_]
    spacing: tuple[float, float]

    def region(self, first: NDArray[np.int64], size: NDArray[np.int64]) -> "Picture":
        """The part that begins at a (column, row) and has (columns, rows)."""
        (left, top), (right, lower) = first, first + size
        places = slice(top, lower), slice(left, right)
        return Picture(self.grey[places], self.mask[places], self.spacing)


def bounds(inside: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First (column, row) of a mask, and the one after its last."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return np.array([columns[0], rows[0]]), np.array([columns[-1] + 1, rows[-1] + 1])


def padded_bounds(
    mask: NDArray[np.bool_], pad_px: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First (column, row) and size of the mask with ``pad_px`` around it, within its picture."""
    inner, stop = bounds(mask)
    first = np.maximum(inner - pad_px, 0)
    return first, np.minimum(stop + pad_px, mask.shape[::-1]) - first


def as_image(values: NDArray[np.generic], spacing: tuple[float, float]) -> Any:
    """A SimpleITK image of ``values`` (rows, columns); a mask's are 0 and 1."""
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    image = sitk.GetImageFromArray(
        values.astype(np.uint8) if values.dtype == np.bool_ else np.ascontiguousarray(values)
    )
    image.SetSpacing(spacing[::-1])
    return image


def rounded(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whole grey levels, as SimpleITK rounds."""
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    whole: NDArray[np.float64] = sitk.GetArrayFromImage(sitk.Round(as_image(grey, (1.0, 1.0))))
    return whole
