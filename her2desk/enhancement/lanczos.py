"""Lanczos interpolation: the reference that a trained enhancement has to beat."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Box
from her2desk.enhancement.enhancer import Enhanced, TileMemory
from her2desk.enhancement.geometry import moved_box, scaled_box, widened

LANCZOS_METHOD = "lanczos"
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
    def method(self) -> str:
        """Interpolation by Lanczos' window."""
        return LANCZOS_METHOD

    @property
    def name(self) -> str:
        """The method's."""
        return LANCZOS_METHOD

    @property
    def version(self) -> str:
        """That of the definition."""
        return "1"

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

    @property
    def tolerance(self) -> float | None:
        """No degradation is declared: interpolation invents nothing, and keeps nothing exactly."""
        return None

    def enhance(
        self, frame: NDArray[np.uint8], box: Box, memory: TileMemory | None = None
    ) -> Enhanced:
        """A box of a frame, at once: the kernel is short, so nothing is kept in ``memory``."""
        seen = widened(box, _LOBES, *frame.shape)
        enlarged = self.enlarged(frame[seen.y0 : seen.y1, seen.x0 : seen.x1])
        own = moved_box(scaled_box(box, self.scale), (seen.x0 * self.scale, seen.y0 * self.scale))
        return Enhanced(enlarged[own.y0 : own.y1, own.x0 : own.x1])

    def enlarged(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Grey values (rows, columns) as (rows·scale, columns·scale)."""
        from PIL import Image

        rows, columns = pixels.shape
        size = columns * self.scale, rows * self.scale
        frame = Image.fromarray(np.ascontiguousarray(pixels))
        return np.array(frame.resize(size, Image.Resampling.LANCZOS), dtype=np.uint8)
