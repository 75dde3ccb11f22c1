"""Features of an outline, held against pyradiomics' own extractor."""

import logging
import warnings

import numpy as np
import pytest
import radiomics
import SimpleITK as sitk  # noqa: N813
from radiomics import featureextractor

from her2desk.errors import InputRefused
from her2desk.radiomics import planar_filters
from her2desk.radiomics.extract import all_names, extract
from her2desk.radiomics.filtered import filter_settings
from her2desk.radiomics.profile import Profile, us_2d, us_2d_px

SPACING_MM = (0.12, 0.08)
SIZE = (121, 160)


def speckle(seed: int = 0) -> np.ndarray:
    """Grey levels with the smoothness of speckle, 0–255."""
    noise = np.random.default_rng(seed).normal(size=(SIZE[0] + 4, SIZE[1] + 4))
    smooth = sum(
        noise[r : r + SIZE[0], c : c + SIZE[1]] for r in range(5) for c in range(5)
    ) * np.linspace(1, 2, SIZE[1])
    return np.round(255 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint8)


def lesion(rows: float = 30, columns: float = 45) -> np.ndarray:
    row, column = np.mgrid[: SIZE[0], : SIZE[1]]
    ellipse = ((row - 61) / rows) ** 2 + ((column - 77) / columns) ** 2
    return ellipse < 1 + 0.2 * np.sin(column / 5)


def as_given(profile: Profile) -> Profile:
    """The profile without rounding: all that it does then, pyradiomics' settings can say."""
    return profile.model_copy(update={"rounds_grey": False})


def pictures(grey, mask, spacing_mm):
    image = sitk.GetImageFromArray(grey.astype(np.float64))
    roi = sitk.GetImageFromArray(mask.astype(np.uint8))
    for picture in (image, roi):
        picture.SetSpacing((spacing_mm[1], spacing_mm[0]))
    return image, roi


def by_pyradiomics(image, roi, profile, **settings):
    """Everything that pyradiomics' own extractor gives with the profile's settings."""
    extractor = featureextractor.RadiomicsFeatureExtractor(
        binCount=profile.bin_count, additionalInfo=False, **settings
    )
    extractor.disableAllImageTypes()
    for image_type in profile.image_types:
        extractor.enableImageTypeByName(image_type, customArgs=filter_settings(profile, image_type))
    extractor.disableAllFeatures()
    for feature_class in profile.feature_classes:
        extractor.enableFeatureClassByName(feature_class)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: float(value) for name, value in extractor.execute(image, roi).items()}


def assert_equal(ours, theirs):
    assert set(ours) == set(theirs)
    names = list(ours)
    np.testing.assert_allclose(
        [ours[n] for n in names], [theirs[n] for n in names], rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize(
    ("profile", "spacing_mm", "settings"),
    [
        (
            us_2d(),
            SPACING_MM,
            {"resampledPixelSpacing": [0.1, 0.1], "interpolator": "sitkBSpline"},
        ),
        (us_2d(resample_mm=None), SPACING_MM, {"preCrop": True}),
    ],
    ids=["resampled", "own spacing"],
)
def test_every_feature_equals_pyradiomics_extractor(profile, spacing_mm, settings):
    profile = as_given(profile)
    ours = extract(speckle(), lesion(), SPACING_MM, profile, all_names(profile))
    theirs = by_pyradiomics(
        *pictures(speckle(), lesion(), spacing_mm),
        profile,
        padDistance=profile.pad_px,
        **settings,
    )
    assert tuple(ours) == all_names(profile)
    assert_equal(ours, theirs)


def test_a_few_features_are_the_same_as_among_all():
    profile = us_2d()
    everything = extract(speckle(), lesion(), SPACING_MM, profile, all_names(profile))
    names = ("gradient_ngtdm_Busyness", "log-sigma-1-0-mm-3D_glcm_MCC", "original_glcm_Contrast",
             "wavelet-HL_firstorder_Mean", "original_shape2D_Perimeter",
             "original_glcm_SumAverage")  # fmt: skip
    few = extract(speckle(), lesion(), SPACING_MM, profile, names)
    assert tuple(few) == names
    assert few == {name: everything[name] for name in names}


def test_filters_of_which_nothing_is_wanted_do_not_run(monkeypatch):
    def must_not_run(*_args, **_kwargs):
        raise AssertionError

    for name in ("wavelet_bands", "lbp_2d", "gradient"):
        monkeypatch.setattr(planar_filters, name, must_not_run)
    values = extract(
        speckle(), lesion(), SPACING_MM, us_2d(), ["log-sigma-2-0-mm-3D_firstorder_Mean"]
    )
    assert len(values) == 1


def test_gain_and_offset_leave_texture_alone():
    """32 bins follow the image's own range (validity.md, V7)."""
    profile = us_2d(resample_mm=None)
    names = [n for n in all_names(profile) if n.startswith("original_gl")]
    dark = speckle() // 4
    bright = dark.astype(np.float64) * 2 + 10
    np.testing.assert_allclose(
        list(extract(dark, lesion(), SPACING_MM, profile, names).values()),
        list(extract(bright, lesion(), SPACING_MM, profile, names).values()),
        rtol=1e-9,
    )


def test_shape_is_in_millimetres():
    mask = np.zeros(SIZE, bool)
    mask[20:60, 30:130] = True
    name = "original_shape2D_PixelSurface"
    profile = us_2d(resample_mm=None)
    assert extract(speckle(), mask, SPACING_MM, profile, [name])[name] == pytest.approx(
        40 * 0.12 * 100 * 0.08
    )
    assert extract(speckle(), mask, None, us_2d_px(), [name])[name] == 4000


def test_an_uncalibrated_image_is_refused_or_measured_as_if_as_the_profile_says():
    names = ["original_shape2D_Perimeter", "original_glcm_Contrast"]
    with pytest.raises(InputRefused, match="spacing is not known") as refusal:
        extract(speckle(), lesion(), None, us_2d(), names)
    assert refusal.value.code == "spacing-needed"
    lenient = us_2d(uncalibrated="as-if", assumed_mm=0.08)
    assert extract(speckle(), lesion(), None, lenient, names) == extract(
        speckle(), lesion(), (0.08, 0.08), us_2d(), names
    )


@pytest.mark.parametrize(
    "spacing_mm", [(0.0, 0.1), (0.1, -0.1), (float("nan"), 0.1), (float("inf"), 0.1), (50.0, 50.0)]
)
def test_an_impossible_spacing_is_refused_before_any_memory_is_taken(spacing_mm):
    with pytest.raises(InputRefused) as refusal:
        extract(speckle(), lesion(), spacing_mm, us_2d(), ["original_glcm_Contrast"])
    assert refusal.value.code == "spacing-implausible"


@pytest.mark.parametrize("rows", [3, 20])
def test_an_outline_too_small_before_or_after_resampling_is_refused(rows):
    mask = np.zeros(SIZE, bool)
    mask[20 : 20 + rows, 30:50] = True
    with pytest.raises(InputRefused) as refusal:
        extract(speckle(), mask, (0.03, 0.03), us_2d(), ["original_glcm_Contrast"])
    assert refusal.value.code == "roi-too-small"


@pytest.mark.parametrize(
    "name",
    ["original_glcm_Kontrast", "wavelet-LLH_glcm_Contrast", "gradient_shape2D_Perimeter", "x", "",
     "original_glcm_SumVariance"],
)  # fmt: skip
def test_a_feature_that_the_profile_cannot_give_is_named(name):
    with pytest.raises(InputRefused) as refusal:
        extract(speckle(), lesion(), SPACING_MM, us_2d(), ["original_glcm_Contrast", name])
    assert refusal.value.code == "features-missing"
    assert refusal.value.message.params["name"] == name


def test_an_image_that_a_filter_drops_is_an_error_never_a_guess():
    """pyradiomics only logs that a picture of three rows is too small for LoG."""
    grey, mask = speckle()[:3], np.zeros(SIZE, bool)[:3]
    mask[:, 20:60] = True
    with pytest.raises(InputRefused, match="log-sigma-5-0-mm-3D_glcm_Contrast") as refusal:
        extract(grey, mask, None, us_2d_px(), ["log-sigma-5-0-mm-3D_glcm_Contrast"])
    assert refusal.value.code == "features-missing"


def test_a_feature_without_a_value_is_an_error_naming_it():
    """The exponential filter divides by the brightest grey level: none in a black picture."""
    black = np.zeros(SIZE, np.uint8)
    with pytest.raises(InputRefused, match="exponential_glcm_Contrast") as refusal:
        extract(black, lesion(), SPACING_MM, us_2d(), ["exponential_glcm_Contrast"])
    assert refusal.value.code == "feature-not-finite"


def test_grey_levels_too_close_for_bins_have_no_texture():
    """The gradient of a ramp is one number but for its last bit, in single precision."""
    ramp = np.tile(0.3 * np.arange(SIZE[1]), (SIZE[0], 1))
    ramp[:, 70:] += 1e-7
    profile = as_given(us_2d(resample_mm=None))
    names = ["gradient_glcm_Contrast", "gradient_firstorder_Mean"]
    found = extract(ramp, lesion(), (1.0, 1.0), profile, names, on_missing="nan")
    assert np.isnan(found["gradient_glcm_Contrast"])
    assert found["gradient_firstorder_Mean"] == pytest.approx(0.3, rel=1e-6)


def test_a_feature_whose_computation_fails_is_an_error_and_its_trace_is_in_our_log(
    monkeypatch, caplog
):
    def fail(_self):
        raise ZeroDivisionError("the trace")

    monkeypatch.setattr(radiomics.glcm.RadiomicsGLCM, "getContrastFeatureValue", fail)
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(InputRefused, match="original_glcm_Contrast") as refusal,
    ):
        extract(speckle(), lesion(), SPACING_MM, us_2d(), ["original_glcm_Contrast"])
    assert refusal.value.code == "feature-not-finite"
    assert "the trace" in caplog.text


def test_pyradiomics_writes_nothing_on_standard_error(capfd):
    extract(speckle(), lesion(), SPACING_MM, us_2d(), all_names(us_2d()))
    assert capfd.readouterr() == ("", "")


def test_pictures_that_do_not_fit_together_are_a_mistake_of_ours():
    names = ["original_glcm_Contrast"]
    for grey, mask in (
        (speckle()[:-1], lesion()),
        (speckle(), lesion().astype(np.uint8)),
        (speckle()[None], lesion()[None]),
    ):
        with pytest.raises(ValueError, match="do not fit"):
            extract(grey, mask, SPACING_MM, us_2d(), names)


def test_the_same_outline_gives_the_same_bits():
    names = all_names(us_2d())
    first = extract(speckle(), lesion(), SPACING_MM, us_2d(), names)
    assert extract(speckle(), lesion(), SPACING_MM, us_2d(), names) == first
