"""What an enhancement is: pixels in, more pixels of the same tissue out."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Box


@dataclass(frozen=True)
class Enhanced:
    """A box of a frame, enhanced.

    ``pixels`` are uint8 (rows·scale, columns·scale). ``residual`` (rows, columns), float32, is what the
    enhanced picture, brought down again by the enhancer's own degradation, differs by from the frame,
    in grey levels; None where the enhancer declares no degradation.
    """

    pixels: NDArray[np.uint8]
    residual: NDArray[np.float32] | None = None


class TileMemory(Protocol):
    """Keeps what was enhanced of one frame by one enhancer, and hears how far the work is."""

    def recall(self, place: tuple[int, int], work: Callable[[], Enhanced]) -> Enhanced:
        """What is known of the tile at ``place`` (row, column of the grid), else ``work()``, kept."""

    def step(self, fraction: float) -> None:
        """So much is done; may raise ``Cancelled``."""


class Enhancer(Protocol):
    """Enlarges a frame ``scale`` times, in DICOM's SCOORD coordinates.

    The place (column c, row r) of a frame becomes (c·scale, r·scale): the frame's corner stays its
    corner, and the centre of enhanced pixel i lies at (i + ½)/scale of the frame's pixels.
    """

    @property
    def method(self) -> str:
        """How it enhances, as a pack says it: "lanczos" or "network"."""

    @property
    def name(self) -> str:
        """What it is called wherever an enhanced picture is shown."""

    @property
    def version(self) -> str:
        """Which of that name."""

    @property
    def scale(self) -> int:
        """Enhanced pixels along the side of one pixel: a power of two, so that positions are exact."""

    @property
    def sha256(self) -> str:
        """SHA-256 of all that defines the enhancement: its weights, or the words that describe it."""

    @property
    def trained_on(self) -> frozenset[str]:
        """``grey_sha256`` of every frame that it was trained on; empty where nothing was trained."""

    @property
    def tolerance(self) -> float | None:
        """The largest residual, in grey levels, that counts as consistent; None with no degradation."""

    def enhance(
        self, frame: NDArray[np.uint8], box: Box, memory: TileMemory | None = None
    ) -> Enhanced:
        """A box of a frame of grey values (rows, columns), enhanced.

        Bit for bit what enhancing the whole frame gives there.
        """


def grey_sha256(pixels: NDArray[np.uint8]) -> str:
    """SHA-256 of a frame's shape and grey values: the same picture, whatever file it came in."""
    return hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()
