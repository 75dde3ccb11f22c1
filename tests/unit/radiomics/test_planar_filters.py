"""Filters around an ROI, held to the last bit against the libraries that pyradiomics calls."""

import numpy as np
import pytest
import pywt
import SimpleITK as sitk  # noqa: N813
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.feature import local_binary_pattern

from her2desk.radiomics import planar_filters
from her2desk.radiomics.box import Box

# few grey levels, so that equal neighbours are common
GREY = arrays(
    np.float64,
    st.tuples(st.integers(9, 30), st.integers(9, 30)),
    elements=st.sampled_from([0.0, 7.0, 100.0, 255.0]),
)
RECTANGLE = st.tuples(*[st.floats(0, 1)] * 4)


def box_of(shape: tuple[int, int], rectangle: tuple[float, ...]) -> Box:
    mask = np.zeros(shape, bool)
    (top, lower), (left, right) = (
        sorted(int(share * (size - 1)) for share in rectangle[axis::2])
        for axis, size in enumerate(shape)
    )
    mask[top : lower + 1, left : right + 1] = True
    return Box(mask)


@given(GREY, RECTANGLE, st.tuples(*[st.floats(0.03, 2)] * 2))
def test_gradient(grey, rectangle, spacing):
    box = box_of(grey.shape, rectangle)
    image = sitk.GetImageFromArray(grey)
    image.SetSpacing(spacing[::-1])
    theirs = sitk.GetArrayFromImage(sitk.GradientMagnitude(image))
    ours = planar_filters.gradient(grey, box, spacing)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs[box.places])


@pytest.mark.filterwarnings("ignore:Applying `local_binary_pattern`")
@given(GREY, RECTANGLE, st.integers(4, 24), st.integers(1, 3))
def test_binary_patterns(grey, rectangle, samples, radius):
    box = box_of(grey.shape, rectangle)
    theirs = local_binary_pattern(grey, samples, radius, "uniform")[box.places]
    np.testing.assert_array_equal(planar_filters.lbp_2d(grey, box, samples, radius), theirs)


def test_binary_patterns_far_from_the_first_pixel():
    """A sample's place is rounded, and to fewer digits the further off it lies."""
    grey = np.full((300, 1100), 255.0)
    grey[::7, ::5] = 254
    mask = np.zeros(grey.shape, bool)
    mask[250:290, 1020:1080] = True
    box = Box(mask)
    with pytest.warns(UserWarning, match="floating-point"):
        theirs = local_binary_pattern(grey, 8, 1, "uniform")[box.places]
    np.testing.assert_array_equal(planar_filters.lbp_2d(grey, box, 8, 1), theirs)


@pytest.mark.parametrize("wavelet", ["coif1", "haar", "db2", "sym4"])
@pytest.mark.parametrize("slices", [None, 1], ids=["plane", "slice"])
@pytest.mark.parametrize("rim", [16, 3], ids=["cut", "whole"])
def test_wavelets(wavelet, slices, rim):
    shape = (50, 61)
    grey = np.random.default_rng(0).integers(0, 256, shape).astype(np.float64)
    grey[10:22, 8:25] = 255
    mask = np.zeros(shape, bool)
    mask[rim:-rim, rim : -rim - 1] = True
    box = Box(mask)
    volume = grey if slices is None else grey[None]
    padding = [(0, size % 2) for size in volume.shape]
    axes = tuple(range(volume.ndim - 1, -1, -1))
    theirs = pywt.swtn(np.pad(volume, padding, "wrap"), wavelet, level=1, axes=axes)[0]
    bands = {name.replace("a", "L").replace("d", "H"): name for name in theirs}
    ours = dict(planar_filters.wavelet_bands(grey, box, wavelet, bands))
    assert ours.keys() == bands.keys()
    for band, name in bands.items():
        plane = theirs[name] if slices is None else theirs[name][0]
        np.testing.assert_array_equal(ours[band], plane[box.places], err_msg=band)
    [(only, plane)] = planar_filters.wavelet_bands(grey, box, wavelet, [min(bands)])
    np.testing.assert_array_equal(plane, ours[only])
