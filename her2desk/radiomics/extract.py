"""Radiomics features of one ROI, by pyradiomics 3.0.1.

A two-dimensional SimpleITK image makes every class and filter two-dimensional, the Laplacian of
Gaussian included, which pyradiomics' ``force2D`` cannot do on one slice. Features carry
pyradiomics' own names, ``<image>_<class>_<feature>``.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from her2desk.errors import InputRefused
from her2desk.radiomics.box import Box
from her2desk.radiomics.filtered import Known, filtered_images
from her2desk.radiomics.frame_part import FramePart, resampled_part
from her2desk.radiomics.mask import check_mask
from her2desk.radiomics.picture import Picture, padded_bounds, rounded
from her2desk.radiomics.profile import (
    SHAPES,
    FeatureClass,
    Profile,
    is_noise,
)
from her2desk.radiomics.pyradiomics_classes import (
    features_of,
    measured,
    pyradiomics_kept_quiet,
)
from her2desk.radiomics.roi_image import Roi, RoiImage
from her2desk.radiomics.shared_picture import THICKNESS, SharedPicture
from her2desk.texts import msg

MAX_RESAMPLED_PX = 4_000_000
ORIGINAL = "original"

OnMissing = Literal["refuse", "nan"]
Wanted = dict[str, dict[FeatureClass, list[str]]]


def extract(
    grey: NDArray[np.generic],
    mask: NDArray[np.bool_],
    spacing_mm: tuple[float, float] | None,
    profile: Profile,
    names: Sequence[str],
    *,
    on_missing: OnMissing = "refuse",
    part: FramePart | None = None,
    shared: SharedPicture | None = None,
) -> dict[str, float]:
    """The named features of an ROI, in the order of ``names``.

    Parameters
    ----------
    grey : (rows, columns), grey levels, any real dtype.
    mask : bool (rows, columns), the ROI's pixels.
    spacing_mm : (row, column) in mm, or None where unknown; a profile in pixels does not look at
        it.
    profile : what can be measured, and how.
    names : pyradiomics feature names out of ``all_names(profile)``; only these are computed.
    on_missing : "nan" gives NaN for a feature without a value on this ROI, instead of refusing.
    part : where ``grey`` lies in its frame, when it is a part of one; a profile that resamples
        then uses the frame's grid. None where ``grey`` is the frame.
    shared : what was worked out of ``grey``, a whole frame, for several outlines; it saves time.

    Raises ``InputRefused`` with the code ``roi-too-small``, ``spacing-needed``,
    ``spacing-implausible``, ``features-missing`` (a name that the profile cannot give) or
    ``feature-not-finite``.
    """
    if grey.ndim != 2 or mask.shape != grey.shape or mask.dtype != np.bool_:
        raise ValueError(
            f"grey {grey.shape} and mask {mask.dtype} {mask.shape} do not fit together"
        )
    wanted = _group(profile, names)
    check_mask(mask)
    spacing = spacing_used(profile, spacing_mm)
    check_extent(mask, spacing, profile)
    with pyradiomics_kept_quiet():
        if shared is None:
            picture, known = _prepared(grey, mask, spacing, profile, part), None
        else:
            picture, known = shared.prepared(mask)
        values = _measured(picture, profile, wanted, known)
    if on_missing == "refuse":
        return {name: _finite(name, values) for name in names}
    found = {name: values.get(name, math.nan) for name in names}
    return {name: value if math.isfinite(value) else math.nan for name, value in found.items()}


@lru_cache(maxsize=16)
def all_names(profile: Profile) -> tuple[str, ...]:
    """Every feature that the profile can give, in its order; deprecated ones are left out."""
    names = []
    for image_type in profile.image_types:
        for image in profile.images_of(image_type):
            for feature_class in profile.feature_classes:
                if feature_class in SHAPES and image != ORIGINAL:
                    continue
                names += [
                    f"{image}_{feature_class}_{feature}"
                    for feature in features_of(feature_class)
                    if f"{feature_class}_{feature}" not in profile.left_out
                ]
    return tuple(names)


@lru_cache(maxsize=16)
def never_selected(profile: Profile) -> frozenset[str]:
    """Features of images that are rounding error: measured, and left out of any selection."""
    return frozenset(name for name in all_names(profile) if is_noise(name.split("_")[0]))


def check_names(profile: Profile, names: Sequence[str]) -> None:
    """Raise ``InputRefused`` (code ``features-missing``) for a name that the profile cannot give."""
    known = set(all_names(profile))
    missing = [name for name in names if name not in known]
    if missing:
        raise InputRefused(
            msg(
                "The feature profile {profile} does not give {name}.",
                profile=profile.name,
                name=missing[0],
            ),
            msg("Use the profile that the model was built with."),
            code="features-missing",
        )


def _group(profile: Profile, names: Sequence[str]) -> Wanted:
    check_names(profile, names)
    wanted: Wanted = {}
    for name in names:
        image, feature_class, feature = name.split("_")
        classes = wanted.setdefault(image, {})
        classes.setdefault(cast(FeatureClass, feature_class), []).append(feature)
    return wanted


def spacing_used(profile: Profile, spacing_mm: tuple[float, float] | None) -> tuple[float, float]:
    """The spacing that an image of this spacing (None: unknown) is measured with, in the profile's unit.

    Raises ``InputRefused`` (codes ``spacing-needed``, ``spacing-implausible``).
    """
    if profile.unit == "px":
        return 1.0, 1.0
    if spacing_mm is None:
        if profile.assumed_mm is None:
            raise InputRefused(
                msg(
                    "The image's pixel spacing is not known, and these features are in millimetres."
                ),
                msg("Use an image that carries its spacing, or a pack made for pixels."),
                code="spacing-needed",
            )
        return profile.assumed_mm, profile.assumed_mm
    if not all(math.isfinite(value) and value > 0 for value in spacing_mm):
        raise _implausible(spacing_mm)
    return spacing_mm


def check_extent(mask: NDArray[np.bool_], spacing: tuple[float, float], profile: Profile) -> None:
    """Refuse, before resampling, a spacing that would make a picture of absurd size of the ROI.

    Raises ``InputRefused`` (code ``spacing-implausible``).
    """
    if profile.resample is None:
        return
    box = Box(mask)
    margin = 2 * (profile.pad_px or 0)
    pixels = 1.0
    for part, size in ((box.rows, spacing[0]), (box.columns, spacing[1])):
        pixels *= (part.stop - part.start) * size / profile.resample + margin
    if pixels > MAX_RESAMPLED_PX:
        raise _implausible(spacing)


def _implausible(spacing: tuple[float, float]) -> InputRefused:
    return InputRefused(
        msg(
            "A pixel spacing of {row:g} × {column:g} mm cannot be right for this outline.",
            row=spacing[0],
            column=spacing[1],
        ),
        msg("Check the file's spacing, and that the outline belongs to this image."),
        code="spacing-implausible",
    )


def _prepared(
    grey: NDArray[np.generic],
    mask: NDArray[np.bool_],
    spacing: tuple[float, float],
    profile: Profile,
    part: FramePart | None,
) -> Picture:
    """Picture and ROI, resampled and cut to the ROI plus ``pad_px``."""
    picture = Picture(grey.astype(np.float64), mask, spacing)
    is_whole = not np.issubdtype(grey.dtype, np.inexact)
    pixel = profile.resample
    if profile.pad_px is not None and (pixel is None or np.allclose(spacing, pixel)):
        picture = picture.region(*padded_bounds(mask, profile.pad_px))
    elif profile.pad_px is not None and pixel is not None:
        frame = part or FramePart(0, 0, *grey.shape)
        picture = resampled_part(picture, pixel, profile.pad_px, frame)
        is_whole = False
    if profile.rounds_grey and not is_whole:
        return replace(picture, grey=rounded(picture.grey))
    return picture


def _measured(
    picture: Picture, profile: Profile, wanted: Wanted, known: Known | None
) -> dict[str, float]:
    check_mask(picture.mask)
    box = Box(picture.mask)
    thickness = (THICKNESS,) if profile.dimension == 3 else ()
    roi = Roi(picture.mask[box.places], (*thickness, *picture.spacing))
    bins = {"binCount": profile.bin_count, "binWidth": profile.bin_width}
    values: dict[str, float] = {}
    for name, plane in filtered_images(picture, box, profile, wanted.keys(), known):
        is_finite = bool(np.isfinite(plane).all())
        image = RoiImage(roi, plane, bins)
        for feature_class, features in wanted[name].items():
            found = dict.fromkeys(features, math.nan)
            if is_finite:
                found |= measured(feature_class, image, features)
            values |= {f"{name}_{feature_class}_{key}": value for key, value in found.items()}
    return values


def _finite(name: str, values: Mapping[str, float]) -> float:
    value = values.get(name)
    if value is None:
        raise InputRefused(
            msg("The feature {name} could not be measured on this outline.", name=name),
            msg("Draw the outline again, larger or further from the image's edge."),
            code="features-missing",
        )
    if not math.isfinite(value):
        raise InputRefused(
            msg("The feature {name} has no value on this outline.", name=name),
            msg("Draw the outline again; an area of one grey level has no texture."),
            code="feature-not-finite",
        )
    return value
