"""The generator's size, known without the libraries that it runs on."""

from dataclasses import dataclass

MOST_BLOCKS = 6  # what the margin of a tile allows
WIDEST = 128


@dataclass(frozen=True)
class Architecture:
    """``width`` channels in ``blocks`` residual blocks of two 3×3 convolutions.

    Raises ``ValueError`` for more than ``WIDEST`` or ``MOST_BLOCKS``.
    """

    width: int = 32
    blocks: int = 6

    def __post_init__(self) -> None:
        if not (1 <= self.width <= WIDEST and 1 <= self.blocks <= MOST_BLOCKS):
            raise ValueError(f"no such generator: {self}")

    @property
    def reach_px(self) -> int:
        """How many pixels away a pixel may be and still change what the network adds."""
        return 2 * self.blocks + 3

    @property
    def seen_px(self) -> int:
        """The side of the square of pixels that one pixel's addition depends on."""
        return 2 * self.reach_px + 1
