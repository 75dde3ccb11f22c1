"""pyradiomics' filters of one plane, worked out around an ROI only, to the last bit of its own.

Each function takes a whole picture ``grey`` (rows, columns), float64, and gives the pixels of a
box. The steps and their order are those of the library that pyradiomics 3.0.1 calls, so that no
rounding differs: where the grey level does not change, rounding decides what a pattern compares
and on which side of a bin's edge a wavelet's band lies.
"""

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from her2desk.radiomics.box import Box, within

Plane = NDArray[np.float64]

WAVELET_REACH_PX = 16  # twice the longest wavelet's


def gradient(grey: Plane, box: Box, spacing: tuple[float, float]) -> NDArray[np.float32]:
    """Gradient magnitude, as SimpleITK's: central differences, the picture's edge pixels repeated.

    ``spacing`` is (row, column).
    """
    across = _difference(grey[box.rows], box.columns, axis=1) * (0.5 / spacing[1])
    down = _difference(grey[:, box.columns], box.rows, axis=0) * (0.5 / spacing[0])
    across *= across
    down *= down
    across += down
    return np.sqrt(across, out=across).astype(np.float32)


def square(grey: Plane, box: Box) -> Plane:
    """The square, on the picture's own scale."""
    scaled: Plane = 1 / np.sqrt(_extreme(grey)) * grey[box.places]
    scaled *= scaled
    return scaled


def square_root(grey: Plane, box: Box) -> Plane:
    """The square root of the magnitude, its sign kept, on the picture's own scale."""
    inside = grey[box.places]
    return _with_sign_of(inside, np.sqrt(np.abs(inside) * _extreme(grey)))


def logarithm(grey: Plane, box: Box) -> Plane:
    """log(1 + magnitude), its sign kept, on the picture's own scale."""
    extreme = _extreme(grey)
    logs = _with_sign_of(grey[box.places], np.log(np.abs(grey[box.places]) + 1))
    logs *= extreme / np.log(np.array([extreme]) + 1)[0]
    return logs


def exponential(grey: Plane, box: Box) -> Plane:
    """The exponential, on the picture's own scale."""
    extreme = _extreme(grey)
    powers: Plane = np.exp(np.log(extreme) / extreme * grey[box.places])
    return powers


def wavelet_bands(
    grey: Plane, box: Box, wavelet: str, bands: Iterable[str]
) -> Iterator[tuple[str, Plane]]:
    """Bands of the stationary wavelet transform by name, "LH" or, of a volume of one slice, "LHL".

    A band's first letter is along the columns' axis, the second along the rows', the third across
    the slice, of which pyradiomics makes two equal ones.
    """
    rows, columns = box.widened(WAVELET_REACH_PX)
    seen = grey[rows, columns]
    seen = np.pad(seen, [(0, size % 2) for size in seen.shape], "wrap")
    inside = within(box.rows, rows), within(box.columns, columns)
    by_axes: dict[str, list[str]] = {}
    for band in sorted(bands):
        by_axes.setdefault(band[:2], []).append(band)
    along_rows = dict(_split(seen, wavelet, 1, {band[0] for band in by_axes}))
    for first, half in along_rows.items():
        wanted = {band[1] for band in by_axes if band[0] == first}
        for second, part in _split(half[:, inside[1]], wavelet, 0, wanted):
            plane = part[inside[0]]
            for band in by_axes[first + second]:
                yield band, plane if len(band) == 2 else _across(plane, wavelet, band[2])


def lbp_2d(grey: Plane, box: Box, samples: int, radius: int) -> Plane:
    """Uniform local binary patterns, as scikit-image's; 0 outside the picture.

    Ojala et al. 2002, "Multiresolution gray-scale and rotation invariant texture classification".
    """
    angles = 2 * np.pi * np.arange(samples, dtype=np.double) / samples
    steps_down = np.round(-radius * np.sin(angles), 5)
    steps_right = np.round(radius * np.cos(angles), 5)
    margin = radius + 1
    around = np.pad(grey, margin)
    centre = grey[box.places]
    rows, columns = (np.arange(part.start, part.stop) for part in box.places)
    signs = np.empty((samples, *centre.shape), dtype=np.uint8)
    for sign, *step in zip(signs, steps_down, steps_right, strict=True):
        sampled = _bilinear(around, margin, rows, columns, (step[0], step[1]))
        np.greater_equal(sampled, centre, out=sign.view(bool))
    changes = (signs[1:] ^ signs[:-1]).sum(axis=0, dtype=np.uint8)
    ones = signs.sum(axis=0, dtype=np.uint8)
    ones[changes > 2] = samples + 1
    patterns: Plane = ones.astype(np.float64)
    return patterns


def _difference(lines: Plane, part: slice, axis: int) -> Plane:
    """Next value minus the one before along an axis, in a part of it; the ends are repeated."""
    size = lines.shape[axis]
    places = np.arange(part.start, part.stop)
    if part.start > 0 and part.stop < size:
        before, after = slice(part.start - 1, part.stop - 1), slice(part.start + 1, part.stop + 1)
        if axis == 0:
            return lines[after] - lines[before]
        return lines[:, after] - lines[:, before]
    following: Plane = lines.take(np.minimum(places + 1, size - 1), axis=axis)
    following -= lines.take(np.maximum(places - 1, 0), axis=axis)
    return following


def _extreme(grey: Plane) -> np.float64:
    return np.float64(max(grey.max(), -grey.min()))


def _with_sign_of(signs: Plane, magnitudes: Plane) -> Plane:
    if signs.min() < 0:
        np.negative(magnitudes, out=magnitudes, where=signs < 0)
    return magnitudes


def _split(lines: Plane, wavelet: str, axis: int, wanted: set[str]) -> Iterator[tuple[str, Plane]]:
    import pywt

    [(low, high)] = pywt.swt(lines, wavelet, level=1, axis=axis)
    for letter, part in (("L", low), ("H", high)):
        if letter in wanted:
            yield letter, part


def _across(plane: Plane, wavelet: str, letter: str) -> Plane:
    """The transform of two equal slices across them, of which each value is met by every weight."""
    sums = np.zeros_like(plane)
    term = np.empty_like(plane)
    for weight in _weights_across(wavelet)[letter]:
        sums += np.multiply(plane, weight, out=term)
    return sums


@cache
def _weights_across(wavelet: str) -> dict[str, list[float]]:
    """Weights in the order in which PyWavelets adds their products at the end of a line of two."""
    import pywt

    filters = pywt.Wavelet(wavelet)
    beyond = filters.dec_len // 2 - 1
    return {
        letter: [*reversed(weights[:beyond]), *weights[beyond:]]
        for letter, weights in (("L", filters.dec_lo), ("H", filters.dec_hi))
    }


def _bilinear(
    padded: Plane,
    margin: int,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    step: tuple[float, float],
) -> Plane:
    """The picture, padded by ``margin``, a ``step`` (down, right) away from each pixel.

    A step's fraction is what is left of its sum with the pixel's own place, rounding included.
    """
    top, bottom, down = _between(rows, step[0], margin)
    left, right, aside = _between(columns, step[1], margin)
    lines = padded[top.start : bottom.stop]
    mixed = lines[:, left]
    if left != right:
        mixed = (1 - aside) * mixed + aside * lines[:, right]
    if top == bottom:
        return mixed
    weights = down[:, None]
    return (1 - weights) * mixed[:-1] + weights * mixed[1:]


def _between(
    places: NDArray[np.int64], step: float, margin: int
) -> tuple[slice, slice, NDArray[np.float64]]:
    """The pixels before and after each place + ``step``, and how far behind the first it lies."""
    where = places + step
    before = np.floor(where)
    first, second = int(before[0]) + margin, int(np.ceil(where[0])) + margin
    size = len(places)
    return slice(first, first + size), slice(second, second + size), where - before
