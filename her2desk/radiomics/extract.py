"""Radiomics features of one ROI, by pyradiomics 3.0.1 on a two-dimensional image.

A two-dimensional SimpleITK image makes every class and filter two-dimensional, the Laplacian of
Gaussian included, which pyradiomics' ``force2D`` cannot do on one slice. Features carry
pyradiomics' own names, ``<image>_<class>_<feature>``.
"""

import logging
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from her2desk.errors import InputRefused
from her2desk.radiomics.mask import check_mask
from her2desk.radiomics.profile import SHAPE, FeatureClass, ImageType, Profile, log_image_name
from her2desk.texts import msg

MAX_RESAMPLED_PX = 4_000_000
ORIGINAL = "original"
_OUR_LOG = "her2desk.radiomics"
_BIN_COEFFICIENTS = ("grayLevels", "Ng")

Wanted = dict[str, dict[FeatureClass, list[str]]]


def extract(
    grey: NDArray[np.generic],
    mask: NDArray[np.bool_],
    spacing_mm: tuple[float, float] | None,
    profile: Profile,
    names: Sequence[str],
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
    spacing = _spacing(profile, spacing_mm)
    _check_extent(mask, spacing, profile)
    with _pyradiomics_kept_quiet():
        image, roi = _prepared(grey, mask, spacing, profile)
        values = _measured(image, roi, profile, wanted)
    return {name: _finite(name, values) for name in names}


def all_names(profile: Profile) -> tuple[str, ...]:
    """Every feature that the profile can give, in its order; deprecated ones are left out."""
    names = []
    for image_type in profile.image_types:
        for image in profile.images_of(image_type):
            for feature_class in profile.feature_classes:
                if feature_class == SHAPE and image != ORIGINAL:
                    continue
                names += [f"{image}_{feature_class}_{f}" for f in _features_of(feature_class)]
    return tuple(names)


def _group(profile: Profile, names: Sequence[str]) -> Wanted:
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
    wanted: Wanted = {}
    for name in names:
        image, feature_class, feature = name.split("_")
        classes = wanted.setdefault(image, {})
        classes.setdefault(cast(FeatureClass, feature_class), []).append(feature)
    return wanted


def _spacing(profile: Profile, spacing_mm: tuple[float, float] | None) -> tuple[float, float]:
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


def _check_extent(mask: NDArray[np.bool_], spacing: tuple[float, float], profile: Profile) -> None:
    """Refuse, before resampling, a spacing that would make a picture of absurd size of the ROI."""
    if profile.resample is None:
        return
    left, right, top, lower = _bounding_box(mask).tolist()
    pixels = 1.0
    for extent, size in ((lower - top + 1, spacing[0]), (right - left + 1, spacing[1])):
        pixels *= extent * size / profile.resample + 2 * profile.pad_px
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
) -> tuple[Any, Any]:
    """SimpleITK image (float64) and mask, resampled and cut to the ROI plus ``pad_px``."""
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)
    from radiomics import imageoperations

    image = sitk.GetImageFromArray(np.ascontiguousarray(grey, dtype=np.float64))
    roi = sitk.Cast(sitk.GetImageFromArray(mask.astype(np.uint8)), sitk.sitkUInt32)
    for picture in (image, roi):
        picture.SetSpacing((spacing[1], spacing[0]))
    if profile.resample is None:
        image, roi = imageoperations.cropToTumorMask(
            image, roi, _bounding_box(mask), padDistance=profile.pad_px
        )
    else:
        image, roi = imageoperations.resampleImage(
            image,
            roi,
            resampledPixelSpacing=[profile.resample, profile.resample],
            interpolator=sitk.sitkBSpline,
            padDistance=profile.pad_px,
        )
    return (sitk.Round(image) if profile.rounds_grey else image), roi


def _measured(image: Any, roi: Any, profile: Profile, wanted: Wanted) -> dict[str, float]:
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)
    from radiomics import imageoperations

    inside = sitk.GetArrayViewFromImage(roi) == 1
    check_mask(inside)
    box = _bounding_box(inside)
    values: dict[str, float] = {}
    for name, picture in _images(image, roi, profile, set(wanted)):
        cut, cut_roi = imageoperations.cropToTumorMask(picture, roi, box)
        is_finite = bool(np.isfinite(sitk.GetArrayViewFromImage(cut)).all())
        bins: dict[str, Any] = {}
        for feature_class, features in wanted[name].items():
            prefix = f"{name}_{feature_class}"
            if not is_finite:
                values.update({f"{prefix}_{feature}": math.nan for feature in features})
                continue
            measured = _class(feature_class)(cut, cut_roi, binCount=profile.bin_count, bins=bins)
            for feature in features:
                measured.enableFeatureByName(feature)
            for feature, value in measured.execute().items():
                values[f"{prefix}_{feature}"] = float(value)
    return values


def _bounding_box(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(first column, last column, first row, last row), pyradiomics' order; both ends included."""
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], columns[-1], rows[0], rows[-1]])


def _images(image: Any, roi: Any, profile: Profile, wanted: set[str]) -> Iterator[tuple[str, Any]]:
    """The wanted filtered images and their names; filters of which none is wanted do not run."""
    from radiomics import imageoperations

    for image_type in profile.image_types:
        if wanted.isdisjoint(profile.images_of(image_type)):
            continue
        generator = getattr(imageoperations, f"get{image_type}Image")
        settings = filter_settings(profile, image_type)
        if image_type == "LoG":
            settings["sigma"] = [s for s in settings["sigma"] if log_image_name(s) in wanted]
        for picture, name, _ in generator(image, roi, **settings):
            if name in wanted:
                yield name, picture


def filter_settings(profile: Profile, image_type: ImageType) -> dict[str, Any]:
    """pyradiomics' settings of one image type."""
    if image_type == "LoG":
        return {"sigma": list(profile.log_sigmas)}
    if image_type == "Wavelet":
        return {"wavelet": profile.wavelet}
    if image_type == "LBP2D":
        return {"lbp2DRadius": profile.lbp_radius_px, "lbp2DSamples": profile.lbp_samples}
    return {}


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


@cache
def _class(feature_class: FeatureClass) -> Any:
    """pyradiomics' class, taught to bin an image once for all classes that look at it."""
    with _pyradiomics_kept_quiet():
        import radiomics

    original = radiomics.getFeatureClasses()[feature_class]
    # the module's name keeps the class on pyradiomics' own logger
    return type(original.__name__, (_BinnedOnce, original), {"__module__": original.__module__})


@cache
def _features_of(feature_class: FeatureClass) -> tuple[str, ...]:
    names: Mapping[str, bool] = _class(feature_class).getFeatureNames()
    return tuple(name for name, is_deprecated in names.items() if not is_deprecated)


class _BinnedOnce:
    """Mixed in before a pyradiomics class; the setting ``bins`` is one dictionary per image."""

    settings: dict[str, Any]
    coefficients: dict[str, Any]

    def _applyBinning(self, matrix: NDArray[Any]) -> NDArray[Any]:  # noqa: N802 (pyradiomics' name)
        bins = self.settings["bins"]
        if not bins:
            bins["matrix"] = super()._applyBinning(matrix)  # type: ignore[misc]
            bins["coefficients"] = {name: self.coefficients[name] for name in _BIN_COEFFICIENTS}
        self.coefficients.update(bins["coefficients"])
        copy: NDArray[Any] = bins["matrix"].copy()
        return copy


class _Forward(logging.Handler):
    """Passes pyradiomics' records on to our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger(_OUR_LOG).handle(record)


@contextmanager
def _pyradiomics_kept_quiet() -> Iterator[None]:
    """pyradiomics' warnings go to our log, not to standard error; Python's are not ours to heed.

    Those are deprecations inside the libraries, and scikit-image's advice on floating-point
    images: the values are whole grey levels when ``rounds_grey`` holds.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import radiomics

        logger = radiomics.logger
        if not any(isinstance(handler, _Forward) for handler in logger.handlers):
            logger.handlers[:] = [_Forward()]
            logger.propagate = False
            logger.setLevel(logging.ERROR)
        yield
