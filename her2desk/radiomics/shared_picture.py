"""One picture that several outlines are measured on: what they have in common is worked out once.

Masks are brought to the profile's pixels one by one, as ``extract`` does it for one alone, and a filter
that depends on how much it sees runs for each. The picture is resampled once around all of them: its
grey levels differ from those resampled alone by rounding, which profiles that round grey levels take away
again.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from her2desk.radiomics.box import Box
from her2desk.radiomics.filtered import Known, filtered_images, shareable
from her2desk.radiomics.frame_part import (
    FramePart,
    Grid,
    grey_on_grid,
    grid_around,
    mask_on_grid,
)
from her2desk.radiomics.picture import Picture, bounds, padded_bounds, rounded
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
        self._profile = profile
        self._spacing = spacing
        self._frame = FramePart(0, 0, *grey.shape)
        self._grid: Grid | None = None
        whole = grey.astype(np.float64)
        picture = Picture(whole, anywhere, spacing)
        is_whole = not np.issubdtype(grey.dtype, np.inexact)
        if profile.resample is not None and not np.allclose(spacing, profile.resample):
            grid = self._grid = self._grid_around(anywhere)
            picture = Picture(
                grey_on_grid(whole, spacing, grid),
                mask_on_grid(anywhere, spacing, grid),
                (grid.pixel, grid.pixel),
            )
            is_whole = False
        if profile.rounds_grey and not is_whole:
            picture = replace(picture, grey=rounded(picture.grey))
        self._picture = replace(picture, mask=_widened(picture.mask))
        box = Box(self._picture.mask)
        images = {name.split("_")[0] for name in names}
        shared = shareable(profile, box)
        wanted = {image for kind in shared for image in profile.images_of(kind)} & images
        with pyradiomics_kept_quiet():
            self._filtered = dict(filtered_images(self._picture, box, profile, wanted))
        self._corner = box.columns.start, box.rows.start

    def prepared(self, mask: NDArray[np.bool_]) -> tuple[Picture, Known]:
        """The picture of one outline, whose ``mask`` is (rows, columns), and what is known of it."""
        pad = self._profile.pad_px
        if self._grid is not None:
            own = self._grid_around(mask)
            first, size = np.subtract(own.first, self._grid.first), np.array(own.size)
            roi = mask_on_grid(mask, self._spacing, own)
        elif pad is not None:
            first, size = padded_bounds(mask, pad)
            roi = Picture(self._picture.grey, mask, self._spacing).region(first, size).mask
        else:
            first, size = np.zeros(2, dtype=np.int64), np.array(mask.shape[::-1])
            roi = mask
        corner = np.array(self._corner) - first
        known = Known(self._filtered, (int(corner[0]), int(corner[1])))
        return replace(self._picture.region(first, size), mask=roi), known

    def _grid_around(self, mask: NDArray[np.bool_]) -> Grid:
        pixel, pad = self._profile.resample, self._profile.pad_px
        assert pixel is not None
        assert pad is not None  # there is no pixel size without it
        row, column = self._spacing
        return grid_around(mask, (column, row), pixel, pad, self._frame)


def _widened(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The rectangle around a mask, ``_SLACK_PX`` wider on each side within the picture."""
    first, stop = bounds(inside)
    left, top = np.maximum(first - _SLACK_PX, 0)
    right, lower = stop + _SLACK_PX
    rectangle = np.zeros_like(inside)
    rectangle[top:lower, left:right] = True
    return rectangle
