"""What an enhancement is: pixels in, more pixels of the same tissue out."""

import hashlib
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Enhancer(Protocol):
    """Enlarges a frame ``scale`` times, in DICOM's SCOORD coordinates.

    The place (column c, row r) of a frame becomes (c·scale, r·scale): the frame's corner stays its
    corner, and the centre of enhanced pixel i lies at (i + ½)/scale of the frame's pixels.
    """

    @property
    def name(self) -> str:
        """The method's word in a pack, such as "lanczos"."""

    @property
    def scale(self) -> int:
        """Enhanced pixels along the side of one pixel: a power of two, so that positions are exact."""

    @property
    def reach_px(self) -> int:
        """How many pixels away a pixel may be and still change an enhanced one."""

    @property
    def sha256(self) -> str:
        """SHA-256 of all that defines the enhancement: its weights, or the words that describe it."""

    @property
    def trained_on(self) -> frozenset[str]:
        """``grey_sha256`` of every frame that it was trained on; empty where nothing was trained."""

    def enhance(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The grey values (rows, columns) as (rows·scale, columns·scale)."""


def grey_sha256(pixels: NDArray[np.uint8]) -> str:
    """SHA-256 of a frame's shape and grey values: the same picture, whatever file it came in."""
    return hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()
