"""Every feature against pyradiomics' own extractor, where rounding decides what a pixel counts as.

A pattern compares a pixel with samples that equal it but for rounding wherever the grey level does
not change; a band of a wavelet is rounding error there, on either side of a bin's edge.
"""

import logging
import warnings

import numpy as np
import pytest
import radiomics
import SimpleITK as sitk  # noqa: N813
from PIL import Image
from radiomics import featureextractor, imageoperations

from her2desk.radiomics.extract import all_names, extract
from her2desk.radiomics.filtered import filter_settings
from her2desk.radiomics.profile import Profile, onekey_1561, us_2d, us_2d_px

ROWS, COLUMNS = 67, 84
SPACING_MM = (0.1, 0.1)


def speckle(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(ROWS + 2, COLUMNS + 2))
    smooth = sum(noise[r : r + ROWS, c : c + COLUMNS] for r in range(3) for c in range(3))
    return np.clip(np.round(110 + 22 * smooth), 0, 255).astype(np.uint8)


def ellipse(row: float, column: float, down: float, right: float) -> np.ndarray:
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    return np.hypot((rows - row) / down, (columns - column) / right) < 1


def cyst() -> tuple[np.ndarray, np.ndarray]:
    """Black inside, saturated behind; the outline holds some of both."""
    grey = speckle(1)
    grey[ellipse(30, 40, 15, 20)] = 0
    grey[44:60, 20:64] = 255
    return grey, ellipse(36, 41, 20, 24)


def corner() -> tuple[np.ndarray, np.ndarray]:
    """The outline is cut off by the frame's upper and left edges."""
    return speckle(2), ellipse(6, 8, 22, 30)


def tiny() -> tuple[np.ndarray, np.ndarray]:
    return speckle(3), ellipse(40.5, 30, 4.4, 5.2)


def patches() -> tuple[np.ndarray, np.ndarray]:
    """Squares of one grey level each, as a phantom has them; bins begin at some of the levels."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    return ((rows // 14 * 3 + columns // 17 * 2) % 11 * 25).astype(np.uint8), ellipse(
        33, 42, 28, 33
    )


def one_grey() -> tuple[np.ndarray, np.ndarray]:
    """The outline holds one grey level, and its surroundings do too."""
    grey = speckle(4)
    grey[8:60, 8:76] = 255
    return grey, ellipse(34, 42, 15, 20)


def stripes() -> tuple[np.ndarray, np.ndarray]:
    """Many pixels have the same surroundings, so that their values are equal but for rounding."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    grey = (37 * (columns % 7) + 23 * (rows % 5)) % 251
    return grey.astype(np.uint8), ellipse(33, 42, 24, 30)


def two_parts() -> tuple[np.ndarray, np.ndarray]:
    """Parts that do not touch, one of them one pixel wide; some directions have no neighbours."""
    mask = ellipse(20, 20, 9, 11)
    mask[50, 30:70] = True
    return speckle(5) // 64 * 64, mask


SCENES = [cyst, corner, tiny, patches, stripes, one_grey, two_parts]


def by_pyradiomics(grey, mask, spacing_mm, profile: Profile) -> dict[str, float]:
    """What pyradiomics' own extractor gives; rounding is not among its settings."""
    radiomics.logger.setLevel(logging.CRITICAL)
    shape = grey.shape if profile.dimension == 2 else (1, *grey.shape)
    image = sitk.GetImageFromArray(grey.astype(np.float64).reshape(shape))
    roi = sitk.GetImageFromArray(mask.astype(np.uint8).reshape(shape))
    settings = {"additionalInfo": False, "binWidth": profile.bin_width}
    if profile.bin_count is not None:
        settings["binCount"] = profile.bin_count
    if profile.unit == "mm":
        for picture in (image, roi):
            picture.SetSpacing((spacing_mm[1], spacing_mm[0]))
        image, roi = imageoperations.resampleImage(
            image,
            roi,
            resampledPixelSpacing=[profile.resample, profile.resample],
            interpolator=sitk.sitkBSpline,
            padDistance=profile.pad_px,
        )
        image = sitk.Round(image)
    elif profile.pad_px is not None:
        settings |= {"preCrop": True, "padDistance": profile.pad_px}
    extractor = featureextractor.RadiomicsFeatureExtractor(**settings)
    extractor.disableAllImageTypes()
    for image_type in profile.image_types:
        extractor.enableImageTypeByName(image_type, customArgs=filter_settings(profile, image_type))
    extractor.disableAllFeatures()
    for feature_class in profile.feature_classes:
        extractor.enableFeatureClassByName(feature_class)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = extractor.execute(image, roi)
    return {name: float(value) for name, value in found.items()}


def assert_equal(grey, mask, spacing_mm, profile: Profile) -> None:
    names = all_names(profile)
    ours = extract(grey, mask, spacing_mm, profile, names, on_missing="nan")
    theirs = by_pyradiomics(grey, mask, spacing_mm, profile)
    expected = np.array([theirs[name] for name in names])
    expected[~np.isfinite(expected)] = np.nan
    found = np.array([ours[name] for name in names])
    close = np.isclose(found, expected, rtol=1e-9, atol=0, equal_nan=True)
    apart = [(n, f, e) for n, f, e, c in zip(names, found, expected, close, strict=True) if not c]
    assert apart == []


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("profile", [us_2d_px(), onekey_1561()], ids=lambda p: p.name)
def test_every_feature_of_a_hard_scene(scene, profile):
    assert_equal(*scene(), SPACING_MM, profile)


@pytest.mark.parametrize("spacing_mm", [SPACING_MM, (0.08, 0.07)], ids=["same-size", "resampled"])
@pytest.mark.parametrize("scene", [cyst, corner])
def test_every_feature_of_a_hard_scene_in_millimetres(scene, spacing_mm):
    assert_equal(*scene(), spacing_mm, us_2d())


@pytest.mark.data
@pytest.mark.parametrize(
    ("case", "profile"),
    [("case010", us_2d()), ("case200", us_2d_px()), ("case075", onekey_1561())],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_feature_of_a_public_image(test_data, case, profile):
    folder = test_data / "breast_usg" / "images_and_masks"
    grey = np.asarray(Image.open(folder / f"{case}.png").convert("RGB").convert("L"))
    mask = np.asarray(Image.open(folder / f"{case}_tumor.png").convert("L")) > 0
    assert_equal(grey, mask, (0.09, 0.09), profile)
