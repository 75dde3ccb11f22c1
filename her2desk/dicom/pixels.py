"""From stored values to 8-bit grey or RGB."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]

# ITU-R BT.601 luma in sixteenths of a bit, rounded as Pillow's convert("L") does, so that a picture
# read here and one prepared with Pillow for training have the same grey values.
LUMA_WEIGHTS = (19595, 38470, 7471)
LUMA_HALF = 0x8000
LUMA_BITS = 16


def grey(frame: Frame) -> Frame:
    """Grey values of a frame, uint8, shape (rows, columns).

    ``frame`` is (rows, columns), returned as it is, or (rows, columns, 3) RGB, weighted by ITU-R
    BT.601 (0.299, 0.587, 0.114). A colour pixel with equal parts keeps its value exactly.
    """
    if frame.ndim == 2:
        return frame
    red, green, blue = (
        frame[..., channel].astype(np.uint32) * weight
        for channel, weight in enumerate(LUMA_WEIGHTS)
    )
    return ((red + green + blue + LUMA_HALF) >> LUMA_BITS).astype(np.uint8)


def pixels_sha256(pixels: Frame) -> str:
    """SHA-256 of a picture's grey values uint8 (rows, columns), whatever file they came in."""
    return hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()


@dataclass(frozen=True)
class Window:
    """VOI window of PS3.3 C.11.2; ``function`` is LINEAR, LINEAR_EXACT or SIGMOID."""

    centre: float
    width: float
    function: str = "LINEAR"


@dataclass(frozen=True)
class GreyScale:
    """How stored grey values become 8 bits.

    Unsigned values of exactly 8 bits are taken as they are, whatever the window: an ultrasound
    picture is stored as it was shown. All else goes through the modality rescale, then the window
    where there is one, else linearly from ``lowest``–``highest`` (the same for every frame of a
    file, so that a cine does not flicker).
    """

    bits_stored: int
    signed: bool
    inverted: bool
    slope: float = 1.0
    intercept: float = 0.0
    window: Window | None = None
    lowest: float = 0.0
    highest: float = 255.0

    def apply(self, stored: NDArray[np.integer]) -> Frame:
        """``stored`` (rows, columns) of any integer kind as uint8."""
        if self.bits_stored == 8 and not self.signed:
            shown = stored.astype(np.uint8)
        else:
            share = self._share(stored.astype(np.float32))
            shown = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
        return 255 - shown if self.inverted else shown

    def _share(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.window is None:
            return (values - np.float32(self.lowest)) / np.float32(self.highest - self.lowest)
        centre, width = self.window.centre, self.window.width
        values = values * np.float32(self.slope) + np.float32(self.intercept)
        if self.window.function == "SIGMOID":
            power = np.clip(-4 * (values - np.float32(centre)) / np.float32(width), -80, 80)
            share: NDArray[np.float32] = 1 / (1 + np.exp(power))
            return share
        if self.window.function == "LINEAR_EXACT":
            return (values - np.float32(centre)) / np.float32(width) + np.float32(0.5)
        span = np.float32(max(width - 1, 1e-6))
        return (values - np.float32(centre - 0.5)) / span + np.float32(0.5)


@dataclass(frozen=True)
class Palette:
    """Colour table of PS3.3 C.7.6.3.1.5: ``colours`` (n, 3) uint8, the first for ``first``."""

    first: int
    colours: Frame

    def apply(self, stored: NDArray[np.integer]) -> Frame:
        """RGB of ``stored``; values outside the table take its first or last colour."""
        entries = np.clip(stored.astype(np.int32) - self.first, 0, len(self.colours) - 1)
        return self.colours[entries]
