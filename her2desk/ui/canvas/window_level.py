"""Window width and centre, as in the DICOM standard."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FULL_WIDTH, FULL_CENTRE = 256.0, 128.0
_LEVELS = 255.0


@dataclass(frozen=True)
class WindowLevel:
    """How grey values 0–255 are shown; the default leaves them as they are."""

    width: float = FULL_WIDTH
    centre: float = FULL_CENTRE

    @property
    def is_identity(self) -> bool:
        return self == WindowLevel()

    def adjusted(self, width_by: float, centre_by: float) -> "WindowLevel":
        """Wider and brighter or narrower and darker, within 8-bit sense (width 2–512)."""
        return WindowLevel(
            min(max(self.width + width_by, 2.0), 2 * FULL_WIDTH),
            min(max(self.centre + centre_by, 0.0), _LEVELS),
        )

    def lookup_table(self) -> NDArray[np.uint8]:
        """256 output values, uint8: the linear VOI LUT function, DICOM PS3.3 C.11.2.1.2.1."""
        stored = np.arange(256, dtype=float)
        share = (stored - (self.centre - 0.5)) / (self.width - 1) + 0.5
        return np.round(np.clip(share, 0.0, 1.0) * _LEVELS).astype(np.uint8)

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """``lookup_table()[pixels]`` for contiguous uint8 pixels of any shape."""
        if self.is_identity:
            return pixels
        shown = np.empty_like(pixels)
        flat, out = pixels.reshape(-1), shown.reshape(-1)
        even = flat.size // 2 * 2
        # Two values at a time halves the work, which a colour frame of full HD has 6 million of.
        out[:even].view(np.uint16)[:] = np.take(_pairs(self), flat[:even].view(np.uint16))
        out[even:] = self.lookup_table()[flat[even:]]
        return shown


@lru_cache(maxsize=2)
def _pairs(level: WindowLevel) -> NDArray[np.uint16]:
    """The lookup table for two neighbouring values taken as one of 16 bits."""
    pairs = np.arange(65_536, dtype=np.uint16).view(np.uint8)
    return level.lookup_table()[pairs].view(np.uint16)
