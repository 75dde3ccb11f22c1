"""The published set of 1,561 features, held against pyradiomics' own full extraction."""

import warnings
from collections import Counter

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from radiomics import cShape, featureextractor, imageoperations

from her2desk.errors import InputRefused
from her2desk.radiomics.extract import all_names, extract, never_selected
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import onekey_1561, us_2d
from her2desk.radiomics.slice_volume import lbp_3d, mesh

PROFILE = onekey_1561()
NAMES = all_names(PROFILE)
ROWS, COLUMNS = 97, 120


def speckle() -> np.ndarray:
    noise = np.random.default_rng(5).normal(size=(ROWS + 2, COLUMNS + 2))
    smooth = sum(noise[r : r + ROWS, c : c + COLUMNS] for r in range(3) for c in range(3))
    grey = np.round(255 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint8)
    grey[40:50, 50:60] = 0  # black and white areas, where a pattern compares equal grey levels
    grey[50:58, 60:70] = 255
    return grey


def lesion() -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = 27 + 5 * np.sin(3 * angle)
    polygon = np.column_stack([60 + 1.4 * radius * np.cos(angle), 48 + radius * np.sin(angle)])
    return rasterise([tuple(p) for p in polygon], ROWS, COLUMNS)


def volumes(grey, mask, spacing=(1.0, 1.0, 1.0)):
    image = sitk.GetImageFromArray(grey.astype(np.float64)[None])
    roi = sitk.GetImageFromArray(mask.astype(np.uint8)[None])
    for volume in (image, roi):
        volume.SetSpacing(spacing)
    return image, roi


def by_pyradiomics(image, roi):
    """All that pyradiomics gives with its own settings; LBP-2D is not among its defaults there."""
    extractor = featureextractor.RadiomicsFeatureExtractor(additionalInfo=False)
    extractor.enableAllImageTypes()
    del extractor.enabledImagetypes["LBP2D"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: float(value) for name, value in extractor.execute(image, roi).items()}


def assert_the_published_set(ours, theirs):
    redundant = {n for n in theirs if n.endswith(("_glcm_MCC", "_glcm_SumAverage"))}
    assert set(theirs) - redundant == set(ours)
    np.testing.assert_allclose(
        list(ours.values()), [theirs[name] for name in ours], rtol=1e-9, atol=0
    )


def test_the_set_has_1561_names():
    """method.md, trap 3: 14 + 17 × (18 + 22 + 16 + 16 + 14 + 5)."""
    assert len(NAMES) == len(set(NAMES)) == 1561
    per_image = Counter(name.split("_")[0] for name in NAMES if "_shape_" not in name)
    assert len(per_image) == 17
    assert set(per_image.values()) == {91}
    assert Counter(name.split("_")[1] for name in NAMES) == {
        "shape": 14, "firstorder": 306, "glcm": 374, "glrlm": 272, "glszm": 272, "gldm": 238,
        "ngtdm": 85,
    }  # fmt: skip


def test_every_feature_equals_pyradiomics_own_extraction():
    ours = extract(speckle(), lesion(), None, PROFILE, NAMES)
    assert tuple(ours) == NAMES
    assert_the_published_set(ours, by_pyradiomics(*volumes(speckle(), lesion())))


@pytest.mark.slow
@pytest.mark.data
def test_every_feature_of_a_public_image_equals_pyradiomics_own_extraction(test_data):
    folder = test_data / "breast_usg" / "images_and_masks"
    grey = np.asarray(Image.open(folder / "case010.png").convert("RGB").convert("L"))
    mask = np.asarray(Image.open(folder / "case010_tumor.png").convert("L")) > 0
    ours = extract(grey, mask, None, PROFILE, NAMES)
    assert_the_published_set(ours, by_pyradiomics(*volumes(grey, mask)))


def test_a_few_features_are_the_same_as_among_all():
    everything = extract(speckle(), lesion(), None, PROFILE, NAMES)
    few = ("lbp-3D-m2_firstorder_Mean", "original_shape_Maximum3DDiameter",
           "wavelet-HLL_ngtdm_Busyness")  # fmt: skip
    assert extract(speckle(), lesion(), None, PROFILE, few) == {n: everything[n] for n in few}


def test_lengths_are_in_pixels_whatever_the_spacing():
    names = [name for name in NAMES if "_shape_" in name]
    assert extract(speckle(), lesion(), (0.1, 0.1), PROFILE, names) == extract(
        speckle(), lesion(), None, PROFILE, names
    )


def test_364_features_are_rounding_error_and_never_selected():
    noise = never_selected(PROFILE)
    assert len(noise) == 364
    assert {name.split("_")[0] for name in noise} == {
        "wavelet-LLH", "wavelet-LHH", "wavelet-HLH", "wavelet-HHH",
    }  # fmt: skip
    energies = [n for n in noise if n.endswith("firstorder_Maximum")]
    assert all(
        abs(v) < 1e-10 for v in extract(speckle(), lesion(), None, PROFILE, energies).values()
    )
    assert never_selected(us_2d()) == frozenset()


def test_a_slice_has_no_third_axis():
    names = ["original_shape_Flatness", "original_shape_LeastAxisLength"]
    assert set(extract(speckle(), lesion(), None, PROFILE, names).values()) == {0.0}


def test_a_feature_without_a_value_is_nan_where_the_caller_decides():
    black = np.zeros((ROWS, COLUMNS), np.uint8)
    names = ["exponential_glcm_Contrast", "original_firstorder_Mean"]
    with pytest.raises(InputRefused, match="exponential_glcm_Contrast"):
        extract(black, lesion(), None, PROFILE, names)
    found = extract(black, lesion(), None, PROFILE, names, on_missing="nan")
    assert np.isnan(found["exponential_glcm_Contrast"])
    assert found["original_firstorder_Mean"] == 0


@given(
    arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))).filter(lambda m: m.any()),
    st.tuples(*[st.floats(0.05, 3)] * 3),
)
def test_the_mesh_of_any_slice_is_that_of_pyradiomics(pixels, spacing):
    mask, spacing = np.pad(pixels[None], 1), np.array(spacing)
    area, volume, diameters = cShape.calculate_coefficients(mask, spacing)
    found = mesh(mask, spacing)
    assert found.area == pytest.approx(area, rel=1e-12)
    assert found.volume == pytest.approx(volume, rel=1e-12)
    assert found.diameters == diameters


def test_patterns_on_spheres_are_those_of_pyradiomics():
    image, roi = volumes(speckle(), lesion())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy's and numpy's, inside pyradiomics
        theirs = {
            name: sitk.GetArrayFromImage(picture)[0]
            for picture, name, _ in imageoperations.getLBP3DImage(image, roi)
        }
        ours = {name: sitk.GetArrayFromImage(picture)[0] for name, picture in lbp_3d(image, roi)}
    assert list(ours) == list(theirs) == ["lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k"]
    for name, picture in ours.items():
        np.testing.assert_allclose(
            picture[lesion()], theirs[name][lesion()], rtol=1e-13, err_msg=name
        )
        assert not picture[~lesion()].any()
