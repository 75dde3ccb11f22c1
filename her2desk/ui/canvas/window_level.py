"""Window width and centre, as in the DICOM standard."""

from dataclasses import dataclass

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
