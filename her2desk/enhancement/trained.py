"""A trained enhancement: the generator on tiles, and the proof that its picture is the image's.

The network's libraries are loaded when the first tile is enhanced; the window reads what an
enhancer is called without them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Box
from her2desk.enhancement.architecture import Architecture
from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.enhancer import Enhanced, TileMemory
from her2desk.enhancement.geometry import moved_box, scaled_box, widened
from her2desk.enhancement.tiles import enhanced_by_tiles

if TYPE_CHECKING:
    from her2desk.enhancement.running import TileGenerator

Tensors = Mapping[str, NDArray[Any]]
NETWORK_METHOD = "network"


@dataclass(frozen=True)
class TrainedEnhancer:
    """A generator's weights with all that is said of them; ``sha256`` is of both.

    Raises ``ValueError`` for a generator that this version does not make.
    """

    name: str
    version: str
    degradation: Degradation
    width: int
    blocks: int
    tolerance: float
    weights: Tensors = field(repr=False, compare=False)
    sha256: str
    trained_on: frozenset[str] = field(default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        Architecture(self.width, self.blocks)

    @property
    def method(self) -> str:
        """A network."""
        return NETWORK_METHOD

    @property
    def scale(self) -> int:
        """That of the degradation it undoes."""
        return self.degradation.scale

    @property
    def architecture(self) -> Architecture:
        """The generator's size."""
        return Architecture(self.width, self.blocks)

    def enhance(
        self, frame: NDArray[np.uint8], box: Box, memory: TileMemory | None = None
    ) -> Enhanced:
        """A box of a frame, tile by tile.

        The residual is measured on the whole grey levels that are returned, not by what made them.
        """
        seen = widened(box, self.degradation.reach_px, *frame.shape)
        pixels = enhanced_by_tiles(frame, seen, self.scale, self._tile_generator, memory)
        residual = self.degradation.applied(pixels) - frame[seen.y0 : seen.y1, seen.x0 : seen.x1]
        own = moved_box(box, (seen.x0, seen.y0))
        fine = scaled_box(own, self.scale)
        return Enhanced(
            pixels[fine.y0 : fine.y1, fine.x0 : fine.x1],
            residual[own.y0 : own.y1, own.x0 : own.x1].astype(np.float32),
        )

    @cached_property
    def _tile_generator(self) -> "TileGenerator":
        from her2desk.enhancement.running import TileGenerator

        return TileGenerator(self.architecture, self.degradation, self.weights)
