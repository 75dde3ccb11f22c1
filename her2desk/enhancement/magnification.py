"""Whether a picture was already magnified, seen from its spectrum and from repeated pixels.

Interpolation adds no detail: beyond the old pixels' highest frequency a magnified picture holds little but
the noise of rounding and of compression. Speckle along depth reaches far up, so of the two axes
the one with more detail decides. Repeating pixels fills the spectrum again, but shows as rows
and columns that are like the one before. The thresholds were chosen by ``benchmarks/magnified.py`` on
images that its figures do not count.
"""

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Box

WINDOW_PX = 256
LEAST_PX = 64  # below, a spectrum has too few lines to tell
DETAIL_POWER = 19 / 12  # grey levels²: 19 times the noise of rounding; JPEG's own lies below
NARROW = 0.68  # of the highest frequency
ALIKE = 0.62  # of the largest of four steps
_BINS = 129
_SMOOTHED_BINS = 5
_STEPS = 4
_FLAT = 0.3  # grey levels: nothing repeats where nothing is
_LIVELY = (
    2.0  # grey levels of standard deviation along a line: black around the picture says nothing
)

Lines = NDArray[np.float64]


def magnification(frame: NDArray[np.uint8], around: Box) -> float | None:
    """About how many pixels of a frame stand for one of detail; None where it looks as it was scanned.

    A window of up to ``WINDOW_PX`` in the middle of ``around`` is looked at. None too where less
    than ``LEAST_PX`` of it lie in the frame.
    """
    window = _window(frame, around)
    if min(window.shape) < LEAST_PX:
        return None
    values = window.astype(np.float64)
    axes = values, values.T
    signs = []
    if max(_likeness(lines) for lines in axes) < ALIKE:
        signs.append(min(_repeats(lines) for lines in axes))
    detail = max(_detail(lines) for lines in axes)
    if 0 < detail < NARROW:
        signs.append(1 / detail)
    return max(signs, default=None)


def _window(frame: NDArray[np.uint8], around: Box) -> NDArray[np.uint8]:
    rows, columns = frame.shape
    top = max(0, min((around.y0 + around.y1 - WINDOW_PX) // 2, rows - WINDOW_PX))
    left = max(0, min((around.x0 + around.x1 - WINDOW_PX) // 2, columns - WINDOW_PX))
    return frame[top : top + WINDOW_PX, left : left + WINDOW_PX]


def _detail(values: Lines) -> float:
    """The highest frequency along rows, 0–1 of the highest there is, that holds more than noise."""
    lines = values[values.std(axis=1) >= _LIVELY]
    if not len(lines):
        return 0.0
    shape = np.hanning(lines.shape[1])
    waves = np.fft.rfft((lines - lines.mean(axis=1, keepdims=True)) * shape, axis=1)
    power = (np.abs(waves) ** 2).mean(axis=0) / (shape**2).sum()
    places = np.linspace(0, 1, _BINS)
    even = np.interp(places, np.linspace(0, 1, len(power)), power)
    padded = np.pad(even, _SMOOTHED_BINS // 2, "edge")
    smooth = np.convolve(padded, np.full(_SMOOTHED_BINS, 1 / _SMOOTHED_BINS), "valid")
    above = np.flatnonzero(smooth > DETAIL_POWER)
    return float(places[above[-1]]) if above.size else 0.0


def _likeness(values: Lines) -> float:
    """How small the smallest of neighbouring steps from row to row is beside the largest."""
    near = _near_steps(values)
    return float(np.median(near.min(axis=1) / near.max(axis=1))) if len(near) else 1.0


def _repeats(values: Lines) -> float:
    """How many rows there are to one that differs from the row before."""
    near = _near_steps(values)
    return 1 / float((near[:, 0] > near.max(axis=1) / 2).mean())


def _near_steps(values: Lines) -> Lines:
    steps = np.abs(np.diff(values, axis=0)).mean(axis=1)
    near = np.lib.stride_tricks.sliding_window_view(steps, _STEPS)
    return np.asarray(near[near.max(axis=1) > _FLAT], np.float64)
