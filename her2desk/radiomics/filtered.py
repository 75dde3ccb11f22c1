"""Filtered images of an ROI, by pyradiomics' filters, each cut to the ROI's bounding box.

A filter that only looks around a pixel is run around the ROI instead of over the whole picture: the
values inside the box are the same to the last bit.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.radiomics.profile import ImageType, Profile, log_image_name
from her2desk.radiomics.slice_volume import lbp_3d

_REACH_PX = 16  # twice the longest wavelet's, and more than a local binary pattern's radius
_LOCAL = frozenset({"Wavelet", "Gradient", "LBP2D"})
_PIXEL_WISE = frozenset({"Square", "SquareRoot", "Logarithm", "Exponential"})


class Box:
    """The pixels that an ROI touches, in an image of two dimensions or of one slice.

    ``rows`` and ``columns`` are slices of a picture ``shape`` (rows, columns).
    """

    def __init__(self, mask: NDArray[np.bool_]):
        self.shape = mask.shape
        touched_rows, touched_columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        self.rows = slice(int(touched_rows[0]), int(touched_rows[-1]) + 1)
        self.columns = slice(int(touched_columns[0]), int(touched_columns[-1]) + 1)

    def widened(self) -> tuple[slice, slice]:
        """Rows and columns with what filters reach; all of an axis whose edge they reach too.

        pyradiomics' wavelet continues the picture periodically, so the other edge counts there.
        """
        return _widened(self.rows, self.shape[0]), _widened(self.columns, self.shape[1])


@dataclass(frozen=True)
class Known:
    """Images that were filtered for several outlines: SimpleITK images by name, all of one size.

    ``first`` is the (column, row) in the outline's own picture where they begin.
    """

    pictures: Mapping[str, Any]
    first: tuple[int, int]

    def holds(self, names: Set[str]) -> bool:
        """Whether all of these are among them."""
        return names <= self.pictures.keys()

    def around(self, box: Box, names: Set[str]) -> Iterator[tuple[str, Any]]:
        """Name and image of each, of the box's size; the box is of the outline's own picture."""
        column, row = self.first
        rows = slice(box.rows.start - row, box.rows.stop - row)
        columns = slice(box.columns.start - column, box.columns.stop - column)
        return ((name, _part(self.pictures[name], rows, columns)) for name in sorted(names))


def shareable(profile: Profile, box: Box) -> tuple[ImageType, ...]:
    """The profile's filters that give the same image on a larger picture, for ROIs within ``box``.

    Those of the others depend on how much of the picture is seen around an ROI, or on all of it.
    """
    pad = profile.pad_px
    if pad is not None and pad < _REACH_PX:
        return ()
    ends = (box.rows, box.shape[0]), (box.columns, box.shape[1])
    is_inside = all(
        part.start >= _REACH_PX and part.stop + _REACH_PX <= size for part, size in ends
    )
    same = {"Gradient", "LBP2D"}
    if is_inside:
        same.add("Wavelet")  # which continues the picture periodically
    if pad is None:
        same.add("LBP3D")  # whose spline remembers the picture's edges
    return tuple(image_type for image_type in profile.image_types if image_type in same)


def filtered_images(
    image: Any,
    roi: Any,
    box: Box,
    profile: Profile,
    wanted: set[str],
    known: Known | None = None,
) -> Iterator[tuple[str, Any]]:
    """Name and SimpleITK image of each wanted filtered image, of the box's size.

    Filters of which none is wanted do not run, nor those whose images are ``known``.
    """
    for image_type in profile.image_types:
        names = wanted.intersection(profile.images_of(image_type))
        if not names:
            continue
        pictures: Iterator[tuple[str, Any]]
        if known is not None and known.holds(names):
            pictures = known.around(box, names)
        elif image_type == "LBP3D":
            pictures = ((name, cut(picture, box)) for name, picture in lbp_3d(image, roi))
        else:
            pictures = _by_pyradiomics(image, box, profile, image_type, wanted)
        yield from ((name, picture) for name, picture in pictures if name in wanted)


def cut(picture: Any, box: Box) -> Any:
    """The box of a SimpleITK image of the box's picture."""
    return _part(picture, box.rows, box.columns)


def filter_settings(profile: Profile, image_type: ImageType) -> dict[str, Any]:
    """pyradiomics' settings of one image type."""
    if image_type == "LoG":
        return {"sigma": list(profile.log_sigmas)}
    if image_type == "Wavelet":
        return {"wavelet": profile.wavelet}
    if image_type == "LBP2D":
        return {"lbp2DRadius": profile.lbp_radius_px, "lbp2DSamples": profile.lbp_samples}
    return {}


def _by_pyradiomics(
    image: Any, box: Box, profile: Profile, image_type: ImageType, wanted: set[str]
) -> Iterator[tuple[str, Any]]:
    from radiomics import imageoperations

    settings = filter_settings(profile, image_type)
    if image_type == "LoG":
        settings["sigma"] = [s for s in settings["sigma"] if log_image_name(s) in wanted]
    rows, columns = box.rows, box.columns
    if image_type in _LOCAL:
        seen_rows, seen_columns = box.widened()
        image = _part(image, seen_rows, seen_columns)
        rows, columns = _within(rows, seen_rows), _within(columns, seen_columns)
    elif image_type in _PIXEL_WISE:
        image = _with_extreme(image, box)
        rows, columns = _within(rows, rows), _within(columns, columns)
    generator = getattr(imageoperations, f"get{image_type}Image")
    for picture, name, _ in generator(image, None, **settings):
        if name in wanted:
            yield name, _part(picture, rows, columns)


def _with_extreme(image: Any, box: Box) -> Any:
    """The box and, in one more row, the picture's value furthest from 0, which sets the scale."""
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    values = sitk.GetArrayViewFromImage(image)
    extreme = values.flat[int(np.abs(values).argmax())]
    inside = values[..., box.rows, box.columns]
    row = np.full((*inside.shape[:-2], 1, inside.shape[-1]), extreme)
    smaller = sitk.GetImageFromArray(np.concatenate([inside, row], axis=-2))
    smaller.SetSpacing(image.GetSpacing())
    return smaller


def _part(picture: Any, rows: slice, columns: slice) -> Any:
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    size = [columns.stop - columns.start, rows.stop - rows.start, 1]
    index = [columns.start, rows.start, 0]
    dimension = picture.GetDimension()
    return sitk.RegionOfInterest(picture, size[:dimension], index[:dimension])


def _within(part: slice, whole: slice) -> slice:
    return slice(part.start - whole.start, part.stop - whole.start)


def _widened(part: slice, size: int) -> slice:
    start, stop = part.start - _REACH_PX, part.stop + _REACH_PX
    return slice(0, size) if start < 0 or stop > size else slice(start, stop)
