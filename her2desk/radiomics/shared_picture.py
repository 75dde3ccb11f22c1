"""One picture that several outlines are measured on: what they have in common is worked out once.

Masks are brought to the profile's pixels one by one, as ``extract`` does it for one alone, and a filter
that depends on how much it sees runs for each. The picture is resampled once around all of them: its
grey levels differ from those resampled alone by rounding, which profiles that round grey levels take away
again.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.radiomics.filtered import Box, Known, filtered_images, shareable
from her2desk.radiomics.frame_part import FramePart, Grid, bounds, grid_around, on_grid
from her2desk.radiomics.profile import Profile
from her2desk.radiomics.pyradiomics_classes import pyradiomics_kept_quiet

THICKNESS = 1.0  # of a volume's one slice, in the profile's unit
_SLACK_PX = 2  # how far two resamplings of one mask may differ


class SharedPicture:
    """A frame ``grey`` (rows, columns), and the pixels ``anywhere`` inside any of the outlines.

    ``spacing`` (row, column) is in the profile's unit, ``names`` are the features to be measured.
    """

    def __init__(
        self,
        grey: NDArray[np.generic],
        anywhere: NDArray[np.bool_],
        spacing: tuple[float, float],
        profile: Profile,
        names: Sequence[str],
    ) -> None:
        import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

        self._profile = profile
        self._spacing = spacing
        self._frame = FramePart(0, 0, *grey.shape)
        self._grid: Grid | None = None
        picture = as_picture(np.ascontiguousarray(grey, dtype=np.float64), spacing, profile)
        roi = as_picture(anywhere.astype(np.uint32), spacing, profile)
        if profile.resample is not None and not np.allclose(spacing, profile.resample):
            self._grid = self._grid_around(anywhere)
            picture = on_grid(picture, self._grid, sitk.sitkBSpline)
            roi = on_grid(roi, self._grid, sitk.sitkNearestNeighbor)
        self._picture = sitk.Round(picture) if profile.rounds_grey else picture
        inside = sitk.GetArrayViewFromImage(roi) == 1
        box = Box(_widened(inside.reshape(inside.shape[-2:])))
        images = {name.split("_")[0] for name in names}
        shared = shareable(profile, box)
        wanted = {image for kind in shared for image in profile.images_of(kind)} & images
        with pyradiomics_kept_quiet():
            self._filtered = dict(filtered_images(self._picture, roi, box, profile, wanted))
        self._corner = box.columns.start, box.rows.start

    def prepared(self, mask: NDArray[np.bool_]) -> tuple[Any, Any, Known]:
        """SimpleITK image and mask of one outline (rows, columns), and what is known of them."""
        import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

        roi = as_picture(mask.astype(np.uint32), self._spacing, self._profile)
        pad = self._profile.pad_px
        if self._grid is not None:
            own = self._grid_around(mask)
            first, size = np.subtract(own.first, self._grid.first), np.array(own.size)
            roi = on_grid(roi, own, sitk.sitkNearestNeighbor)
        elif pad is not None:
            inner, stop = bounds(mask)
            first = np.maximum(inner - pad, 0)
            size = np.minimum(stop + pad, mask.shape[::-1]) - first
            roi = _region(roi, first, size)
        else:
            first, size = np.zeros(2, dtype=np.int64), np.array(mask.shape[::-1])
        corner = np.array(self._corner) - first
        known = Known(self._filtered, (int(corner[0]), int(corner[1])))
        return _region(self._picture, first, size), roi, known

    def _grid_around(self, mask: NDArray[np.bool_]) -> Grid:
        pixel, pad = self._profile.resample, self._profile.pad_px
        assert pixel is not None
        assert pad is not None  # there is no pixel size without it
        row, column = self._spacing
        return grid_around(mask, (column, row), pixel, pad, self._frame)


def as_picture(values: NDArray[np.generic], spacing: tuple[float, float], profile: Profile) -> Any:
    """A SimpleITK image of ``values`` (rows, columns), of one slice where the profile says so."""
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    shape = values.shape if profile.dimension == 2 else (1, *values.shape)
    picture = sitk.GetImageFromArray(values.reshape(shape))
    picture.SetSpacing((spacing[1], spacing[0], THICKNESS)[: profile.dimension])
    return picture


def _widened(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The rectangle around a mask, ``_SLACK_PX`` wider on each side within the picture."""
    first, stop = bounds(inside)
    left, top = np.maximum(first - _SLACK_PX, 0)
    right, lower = stop + _SLACK_PX
    rectangle = np.zeros_like(inside)
    rectangle[top:lower, left:right] = True
    return rectangle


def _region(picture: Any, first: NDArray[np.int64], size: NDArray[np.int64]) -> Any:
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    dimension = picture.GetDimension()
    place = [*first.astype(int).tolist(), 0][:dimension]
    return sitk.RegionOfInterest(picture, [*size.astype(int).tolist(), 1][:dimension], place)
