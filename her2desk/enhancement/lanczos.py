"""Lanczos interpolation: the reference that a trained enhancement has to beat."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LANCZOS_SCALES = (2, 4)
_LOBES = 3
_DEFINITION = (
    "her2desk lanczos 1: {lobes} lobes, scale {scale}, pixel i at (i + 0.5) / {scale}, weights cut at "
    "the edge and made to sum to 1, along rows and then along columns, whole grey levels after each"
)


@dataclass(frozen=True)
class LanczosEnhancer:
    """Windowed sinc with three lobes (Lanczos; Duchon 1979), as Pillow computes it.

    Raises ``ValueError`` for a scale that is none of ``LANCZOS_SCALES``.
    """

    scale: int = 4

    def __post_init__(self) -> None:
        if self.scale not in LANCZOS_SCALES:
            raise ValueError(f"no Lanczos enhancement of scale {self.scale}")

    @property
    def name(self) -> str:
        """The method's word."""
        return "lanczos"

    @property
    def reach_px(self) -> int:
        """The kernel's lobes."""
        return _LOBES

    @property
    def sha256(self) -> str:
        """SHA-256 of the words that define the method; a test holds its output to them."""
        return hashlib.sha256(
            _DEFINITION.format(lobes=_LOBES, scale=self.scale).encode()
        ).hexdigest()

    @property
    def trained_on(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def enhance(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The grey values (rows, columns) as (rows·scale, columns·scale)."""
        from PIL import Image

        rows, columns = pixels.shape
        size = columns * self.scale, rows * self.scale
        frame = Image.fromarray(np.ascontiguousarray(pixels))
        return np.array(frame.resize(size, Image.Resampling.LANCZOS), dtype=np.uint8)
