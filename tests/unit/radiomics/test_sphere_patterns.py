"""Patterns on spheres, held against pyradiomics and against scipy's interpolation and kurtosis."""

import warnings

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from radiomics import imageoperations
from scipy import stats
from scipy.ndimage import map_coordinates

from her2desk.radiomics.box import Box
from her2desk.radiomics.sphere_patterns import Circle, kurtosis, lbp_3d

NAMES = ("lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k")
# the sphere's points in the slice, (row, column), in their order there
FAR, NEAR = 0.85065080835204, 0.5257311121191336
STEPS = [(-NEAR, FAR), (NEAR, FAR), (-NEAR, -FAR), (NEAR, -FAR), (1, 0), (-1, 0), (0, 1), (0, -1)]

FLAT = st.sampled_from([0.0, 7.0, 255.0])
ANY = st.floats(-300, 300, width=32)
SHAPES = st.tuples(st.integers(2, 14), st.integers(2, 14))


def samples_of_scipy(grey: np.ndarray) -> np.ndarray:
    rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]]
    where = np.array([[rows + down, columns + right] for down, right in STEPS])
    slices = np.zeros((len(STEPS), 1, *grey.shape))
    return map_coordinates(grey[None], np.concatenate([slices, where], 1).swapaxes(0, 1), order=3)


@given(st.one_of(arrays(np.float64, SHAPES, elements=e) for e in (FLAT, ANY)))
def test_samples_are_those_of_scipy(grey):
    everywhere = np.ones(grey.shape, bool)
    circle = Circle(grey, everywhere, Box(everywhere))
    ours, theirs = circle.samples, samples_of_scipy(grey)
    np.testing.assert_array_equal(ours >= grey, theirs >= grey)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13 * np.abs(grey).max())
    np.testing.assert_array_equal(ours[:, ~circle.is_quick], theirs[:, ~circle.is_quick])
    circle.make_exact(everywhere)
    np.testing.assert_array_equal(circle.samples, theirs)


@pytest.mark.parametrize("grey_level", [0.0, 255.0])
def test_samples_in_a_flat_area_are_those_of_scipy_to_the_last_bit(grey_level):
    """There they are rounding error, and so are a pixel's order and the kurtosis' variance."""
    grey = np.random.default_rng(1).integers(0, 256, (60, 300)).astype(np.float64)
    grey[10:50, 200:290] = grey_level
    mask = np.zeros(grey.shape, bool)
    mask[18:42, 208:282] = True
    box = Box(mask)
    theirs = samples_of_scipy(grey)[:, *box.places]
    np.testing.assert_array_equal(Circle(grey, mask, box).samples, theirs)


@given(
    arrays(np.float64, (3, 5), elements=st.sampled_from([0, 1.0, 255, 1e-3, 7e-90, 1e-170, -3])),
    st.permutations(range(42)),
)
def test_kurtosis_has_the_bits_of_scipy(samples, places):
    is_sample = np.zeros(42, bool)
    is_sample[places[:3]] = True
    values = np.zeros((5, 42))
    values[:, is_sample] = samples.T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy's, where all are 0
        theirs = stats.kurtosis(values, axis=1)
        ours = kurtosis(samples, is_sample)
    np.testing.assert_array_equal(ours, theirs)


def scene() -> tuple[np.ndarray, np.ndarray]:
    grey = np.random.default_rng(5).integers(0, 256, (47, 60)).astype(np.float64)
    grey[20:30, 20:40] = 0  # black and white areas, where a pattern compares equal grey levels
    grey[30:38, 30:42] = 255
    rows, columns = np.mgrid[:47, :60]
    return grey, np.hypot((rows - 30) / 20, (columns - 30) / 28) < 1  # cut by the lower edge


def test_patterns_are_those_of_pyradiomics():
    grey, mask = scene()
    image, roi = (sitk.GetImageFromArray(a[None]) for a in (grey, mask.astype(np.uint8)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy's and numpy's, inside pyradiomics
        theirs = {
            name: sitk.GetArrayFromImage(picture)[0]
            for picture, name, _ in imageoperations.getLBP3DImage(image, roi)
        }
    box = Box(mask)
    ours = dict(lbp_3d(grey, mask, box, set(NAMES)))
    assert set(ours) == set(theirs) == set(NAMES)
    inside = mask[box.places]
    for name, plane in ours.items():
        np.testing.assert_allclose(plane[inside], theirs[name][mask], rtol=1e-13, err_msg=name)
        assert not plane[~inside].any()
        [(_, alone)] = lbp_3d(grey, mask, box, {name})
        np.testing.assert_array_equal(alone, plane)
