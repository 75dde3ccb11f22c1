"""The measures of an enhanced picture, held to hand arithmetic and to their published properties."""

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import nakagami
from skimage.metrics import structural_similarity

from her2desk.training.enhancer_measures import (
    DIFFERENCES,
    LEAST_SIDE_PX,
    MEASURES,
    SCALE_WEIGHTS,
    compared,
    gmsd,
    mean_measures,
    ms_ssim,
    similarity,
    speckle,
    ssim,
)

SIDE = 192


def texture(seed: int = 0) -> np.ndarray:
    field = gaussian_filter(np.random.default_rng(seed).normal(size=(SIDE, SIDE)), 1.5)
    return np.clip(110 + 200 * field, 0, 255).astype(np.uint8)


def grey_of(envelope: np.ndarray) -> np.ndarray:
    """Log-compressed to 60 dB, its mean at grey level 180."""
    decibel = 20 * np.log10(envelope / envelope.mean())
    return np.clip(np.rint(180 + decibel * 255 / 60), 0, 255).astype(np.uint8)


def test_a_difference_of_five_levels_everywhere_is_34_decibel():
    one = np.full((SIDE, SIDE), 100, np.uint8)
    other = one.copy()
    other[::2] = 105
    other[1::2] = 95
    assert compared(other, one)["psnr_db"] == pytest.approx(10 * math.log10(255**2 / 25))


def test_the_terms_of_similarity_make_up_ssim():
    one, other = texture(), gaussian_filter(texture(), 1.0)
    luminance, structure = similarity(one.astype(float), other.astype(float))
    expected = structural_similarity(
        one, other, data_range=255, gaussian_weights=True, use_sample_covariance=False
    )
    assert (luminance * structure).mean() == pytest.approx(expected, abs=1e-9)
    assert ssim(one, other) == pytest.approx(expected)


def test_five_scales_of_flat_pictures_are_their_luminance_by_hand():
    """No contrast at any scale: each structure term is 1, and the last luminance is all that counts."""
    one, other = (np.full((SIDE, SIDE), level, np.uint8) for level in (100, 120))
    floor = (0.01 * 255) ** 2
    luminance = (2 * 100 * 120 + floor) / (100**2 + 120**2 + floor)
    assert ms_ssim(one, other) == pytest.approx(luminance ** SCALE_WEIGHTS[-1], abs=1e-9)


def test_the_weights_are_those_published():
    assert SCALE_WEIGHTS == (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
    assert sum(SCALE_WEIGHTS) == pytest.approx(1, abs=2e-4)


def test_opposed_structures_count_as_nothing():
    field = texture().astype(np.int16)
    assert ms_ssim((255 - field).astype(np.uint8), field.astype(np.uint8)) == 0


def test_pictures_too_small_for_five_scales_are_refused():
    small = np.zeros((LEAST_SIDE_PX - 1, SIDE), np.uint8)
    with pytest.raises(ValueError, match="176"):
        ms_ssim(small, small)
    flat = np.zeros((LEAST_SIDE_PX, SIDE), np.uint8)
    assert ms_ssim(flat, flat) == pytest.approx(1)


def test_the_gradient_deviation_of_a_step_by_hand():
    """Halved, the step is between two of ten columns: both have a gradient of 90, the others none."""
    flat, step = np.zeros((40, 20), np.uint8), np.zeros((40, 20), np.uint8)
    step[:, 10:] = 90
    alike = 170 / (90**2 + 170)
    assert gmsd(step, flat) == pytest.approx((1 - alike) * math.sqrt(0.2 * 0.8))
    assert gmsd(step, step) == 0


def test_more_blur_is_worse_by_every_measure():
    true = texture()
    less, more = (compared(gaussian_filter(true, sigma), true) for sigma in (0.7, 1.5))
    assert set(less) == set(MEASURES)
    for name in ("psnr_db", "ssim", "ms_ssim"):
        assert more[name] < less[name]
    assert more["gmsd"] > less["gmsd"] > 0
    for name in DIFFERENCES:
        assert more[name] > less[name] > 0  # smoother than the truth


@pytest.mark.parametrize(("shape", "snr"), [(1.0, 1.913), (2.0, 2.755), (0.6, 1.458)])
def test_speckle_of_a_known_law_is_known_again(shape, snr):
    drawn = nakagami(shape).rvs((512, 512), random_state=np.random.default_rng(4))
    assert nakagami(shape).mean() / nakagami(shape).std() == pytest.approx(snr, abs=0.01)
    pixels = grey_of(drawn)
    found = speckle(pixels, pixels)
    assert found["speckle_snr"] == pytest.approx(snr, rel=0.04)
    assert found["nakagami_m"] == pytest.approx(shape, rel=0.06)


def test_black_and_saturated_windows_do_not_count_as_speckle():
    pixels = grey_of(nakagami(1.0).rvs((128, 128), random_state=np.random.default_rng(5)))
    framed = np.zeros((256, 256), np.uint8)
    framed[:, 128:] = 255
    framed[:128, :128] = pixels
    assert speckle(framed, framed) == speckle(pixels, pixels)
    assert speckle(np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.uint8)) == {}


def test_means_are_over_the_pictures_that_have_a_measure():
    found = [{"gmsd": 0.1, "speckle_snr": 0.4}, {"gmsd": 0.3}]
    assert mean_measures(found) == pytest.approx({"gmsd": 0.2, "speckle_snr": 0.4})
    assert mean_measures([]) == {}
