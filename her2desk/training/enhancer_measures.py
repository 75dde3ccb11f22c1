"""How near an enhanced picture is to the true one, and whether its speckle is the true one's.

All are of pictures in uint8 (rows, columns). Where more is better and where less is, ``docs/files.md``
says; the two of speckle are differences, enhanced less true, and best at 0.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve, gaussian_filter, uniform_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

Grey = NDArray[np.uint8]
Field = NDArray[np.float64]

MEASURES = ("psnr_db", "ssim", "ms_ssim", "gmsd", "speckle_snr", "nakagami_m")
DIFFERENCES = ("speckle_snr", "nakagami_m")
WHITE = 255.0
SSIM_SIGMA, SSIM_RADIUS = 1.5, 5
LUMINANCE_FLOOR, CONTRAST_FLOOR = (0.01 * WHITE) ** 2, (0.03 * WHITE) ** 2
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
LEAST_SIDE_PX = (2 * SSIM_RADIUS + 1) * 2 ** (len(SCALE_WEIGHTS) - 1)
GRADIENT_FLOOR = 170.0
PREWITT = np.array([[1, 0, -1]] * 3) / 3
WINDOW_PX = 32
DYNAMIC_RANGE_DB = 60.0
BLACK, SATURATED = 8, 250
CLIPPED_SHARE = 0.02


def compared(enhanced: Grey, true: Grey) -> dict[str, float]:
    """All measures; the two of speckle only where the true picture has windows of speckle.

    Raises ``ValueError`` for a side below ``LEAST_SIDE_PX``.
    """
    found = {
        "psnr_db": float(peak_signal_noise_ratio(true, enhanced, data_range=WHITE)),
        "ssim": ssim(enhanced, true),
        "ms_ssim": ms_ssim(enhanced, true),
        "gmsd": gmsd(enhanced, true),
    }
    one, other = speckle(enhanced, true), speckle(true, true)
    if one and other:
        found |= {name: one[name] - other[name] for name in one}
    return found


def mean_measures(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Each measure's mean over the pictures that have it."""
    values = {name: [one[name] for one in found if name in one] for name in MEASURES}
    return {name: float(np.mean(own)) for name, own in values.items() if own}


def ssim(one: Grey, other: Grey) -> float:
    """Structural similarity (Wang et al., IEEE Trans. Image Process. 13, 2004), 1 where equal."""
    found: float = structural_similarity(
        one, other, data_range=WHITE, gaussian_weights=True, use_sample_covariance=False
    )
    return found


def ms_ssim(one: Grey, other: Grey) -> float:
    """SSIM over five scales (Wang, Simoncelli & Bovik, Asilomar 2003), 1 where equal.

    A scale whose structures are opposed counts as 0. Raises ``ValueError`` for a side below
    ``LEAST_SIDE_PX``.
    """
    if min(one.shape) < LEAST_SIDE_PX:
        raise ValueError(f"a side is shorter than {LEAST_SIDE_PX} pixels")
    a, b = one.astype(np.float64), other.astype(np.float64)
    found = 1.0
    for weight in SCALE_WEIGHTS[:-1]:
        found *= _power(float(similarity(a, b)[1].mean()), weight)
        a, b = _halved(a), _halved(b)
    luminance, structure = similarity(a, b)
    return found * _power(float((luminance * structure).mean()), SCALE_WEIGHTS[-1])


def similarity(one: Field, other: Field) -> tuple[Field, Field]:
    """The luminance and the contrast-and-structure terms of SSIM at each pixel but the edge's."""
    inside = slice(SSIM_RADIUS, -SSIM_RADIUS)
    a, b, aa, bb, ab = (
        gaussian_filter(field, SSIM_SIGMA, radius=SSIM_RADIUS)[inside, inside]
        for field in (one, other, one * one, other * other, one * other)
    )
    luminance = (2 * a * b + LUMINANCE_FLOOR) / (a * a + b * b + LUMINANCE_FLOOR)
    structure = (2 * (ab - a * b) + CONTRAST_FLOOR) / (aa - a * a + bb - b * b + CONTRAST_FLOOR)
    return np.asarray(luminance), np.asarray(structure)


def gmsd(one: Grey, other: Grey) -> float:
    """Deviation of the gradients' similarity (Xue et al., IEEE Trans. Image Process. 23, 2014).

    0 where equal; it grows where edges and texture are lost or invented.
    """
    mine, theirs = _gradient(one), _gradient(other)
    alike = (2 * mine * theirs + GRADIENT_FLOOR) / (mine**2 + theirs**2 + GRADIENT_FLOOR)
    return float(alike.std())


def speckle(pixels: Grey, true: Grey) -> dict[str, float]:
    """Median over windows of the envelope's local SNR and Nakagami m; empty without windows.

    The windows are those where ``true`` is neither black nor saturated. The envelope is what grey
    values would be before a log compression of 60 dB, which is assumed, for no file says it: the
    figures compare pictures, and are no physical ones. SNR is mean over deviation (Rayleigh: 1.91);
    m is the moments' estimate (Shankar, Phys. Med. Biol. 45, 2000; Rayleigh: 1).
    """
    kept = _windows(true)
    is_echo = ((kept <= BLACK) | (kept >= SATURATED)).mean(axis=1) <= CLIPPED_SHARE
    envelope = 10 ** (_windows(pixels)[is_echo] / WHITE * DYNAMIC_RANGE_DB / 20)
    power = envelope**2
    varied = envelope[envelope.std(axis=1) > 0], power[envelope.std(axis=1) > 0]
    if not len(varied[0]):
        return {}
    snr = varied[0].mean(axis=1) / varied[0].std(axis=1)
    shape = varied[1].mean(axis=1) ** 2 / varied[1].var(axis=1)
    return {"speckle_snr": float(np.median(snr)), "nakagami_m": float(np.median(shape))}


def _windows(pixels: Grey) -> Field:
    """The windows side by side, (windows, pixels)."""
    size = WINDOW_PX
    rows, columns = (side // size for side in pixels.shape)
    cut = pixels[: rows * size, : columns * size].astype(np.float64)
    return cut.reshape(rows, size, columns, size).swapaxes(1, 2).reshape(-1, size * size)


def _power(mean: float, weight: float) -> float:
    return math.pow(max(0.0, mean), weight)


def _halved(field: Field) -> Field:
    """Every second pixel of the means of 2 × 2."""
    return np.asarray(uniform_filter(field, 2, origin=-1)[::2, ::2], np.float64)


def _gradient(pixels: Grey) -> Field:
    halved = _halved(pixels.astype(np.float64))
    across, down = convolve(halved, PREWITT), convolve(halved, PREWITT.T)
    return np.asarray(np.hypot(across, down), np.float64)
