"""The published set of 1,561 features: which they are, and what cannot be measured."""

from collections import Counter

import numpy as np
import pytest

from her2desk.errors import InputRefused
from her2desk.radiomics.extract import all_names, extract, never_selected
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import onekey_1561, us_2d

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
