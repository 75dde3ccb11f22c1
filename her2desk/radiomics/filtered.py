"""Filtered images of an ROI as pyradiomics filters, each a plane of the ROI's bounding box."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from her2desk.radiomics import planar_filters
from her2desk.radiomics.box import Box
from her2desk.radiomics.picture import Picture, as_image
from her2desk.radiomics.profile import ImageType, Profile, log_image_name
from her2desk.radiomics.sphere_patterns import lbp_3d

_PIXEL_WISE = {
    "Square": planar_filters.square,
    "SquareRoot": planar_filters.square_root,
    "Logarithm": planar_filters.logarithm,
    "Exponential": planar_filters.exponential,
}

Plane = NDArray[Any]


@dataclass(frozen=True)
class Known:
    """Images that were filtered for several outlines: planes by name, all of one size.

    ``first`` is the (column, row) in the outline's own picture where they begin.
    """

    planes: Mapping[str, Plane]
    first: tuple[int, int]

    def holds(self, names: Set[str]) -> bool:
        """Whether all of these are among them."""
        return names <= self.planes.keys()

    def around(self, box: Box, names: Set[str]) -> Iterator[tuple[str, Plane]]:
        """Name and image of each, of the box's size; the box is of the outline's own picture."""
        column, row = self.first
        rows = slice(box.rows.start - row, box.rows.stop - row)
        columns = slice(box.columns.start - column, box.columns.stop - column)
        return ((name, self.planes[name][rows, columns]) for name in sorted(names))


def shareable(profile: Profile, box: Box) -> tuple[ImageType, ...]:
    """The profile's filters that give the same image on a larger picture, for ROIs within ``box``.

    Those of the others depend on how much of the picture is seen around an ROI, on all of it, or
    on where a pixel lies in it.
    """
    reach = planar_filters.WAVELET_REACH_PX
    pad = profile.pad_px
    if pad is not None and pad < reach:
        return ()
    ends = (box.rows, box.shape[0]), (box.columns, box.shape[1])
    is_inside = all(part.start >= reach and part.stop + reach <= size for part, size in ends)
    same = {"Gradient"}
    if is_inside:
        same.add("Wavelet")  # which continues the picture periodically
    if pad is None:
        same.update({"LBP2D", "LBP3D"})  # whose samples' rounding depends on the pixel's place
    return tuple(image_type for image_type in profile.image_types if image_type in same)


def filtered_images(
    picture: Picture,
    box: Box,
    profile: Profile,
    wanted: Set[str],
    known: Known | None = None,
) -> Iterator[tuple[str, Plane]]:
    """Name and plane of each wanted filtered image, of the size of the ROI's ``box``.

    Filters of which none is wanted do not run, nor those whose images are ``known``. A filter that
    cannot be applied to so small a picture gives no image, as in pyradiomics.
    """
    for image_type in profile.image_types:
        names = wanted & set(profile.images_of(image_type))
        if not names:
            continue
        if known is not None and known.holds(names):
            yield from known.around(box, names)
        else:
            yield from _filtered(image_type, names, picture, box, profile)


def filter_settings(profile: Profile, image_type: ImageType) -> dict[str, Any]:
    """pyradiomics' settings of one image type."""
    if image_type == "LoG":
        return {"sigma": list(profile.log_sigmas)}
    if image_type == "Wavelet":
        return {"wavelet": profile.wavelet}
    if image_type == "LBP2D":
        return {"lbp2DRadius": profile.lbp_radius_px, "lbp2DSamples": profile.lbp_samples}
    return {}


def _filtered(
    image_type: ImageType, names: Set[str], picture: Picture, box: Box, profile: Profile
) -> Iterator[tuple[str, Plane]]:
    grey = picture.grey
    if image_type == "LBP3D":
        yield from lbp_3d(grey, picture.mask, box, names)
    elif image_type == "Wavelet":
        bands = [name.removeprefix("wavelet-") for name in names]
        found = planar_filters.wavelet_bands(grey, box, profile.wavelet, bands)
        yield from ((f"wavelet-{band}", plane) for band, plane in found)
    elif image_type == "LoG":
        yield from _laplacians(picture, box, profile, names)
    else:
        [name] = names
        yield name, _only(image_type, picture, box, profile)


def _only(image_type: ImageType, picture: Picture, box: Box, profile: Profile) -> Plane:
    """The image of a type that has one."""
    if image_type == "Gradient":
        return planar_filters.gradient(picture.grey, box, picture.spacing)
    if image_type == "LBP2D":
        return planar_filters.lbp_2d(picture.grey, box, profile.lbp_samples, profile.lbp_radius_px)
    if image_type == "Original":
        return picture.grey[box.places]
    return _PIXEL_WISE[image_type](picture.grey, box)


def _laplacians(
    picture: Picture, box: Box, profile: Profile, names: Set[str]
) -> Iterator[tuple[str, Plane]]:
    """By pyradiomics, over the whole picture, which the recursive filter remembers."""
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)
    from radiomics import imageoperations

    image = as_image(picture.grey, picture.spacing)
    sigmas = [sigma for sigma in profile.log_sigmas if log_image_name(sigma) in names]
    for filtered, name, _ in imageoperations.getLoGImage(image, None, sigma=sigmas):
        yield name, sitk.GetArrayFromImage(filtered)[box.places]
