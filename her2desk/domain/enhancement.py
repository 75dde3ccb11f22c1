"""What an answer, or a picture on the screen, says of the enhancement that it went through."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.image import ImageWarning
from her2desk.domain.roi import Box
from her2desk.texts import Message, msg


@dataclass(frozen=True)
class EnhancementUse:
    """Which enhancement was used, and how well its picture gives back the image's pixels.

    ``sha256`` is that of all that defines it. The enhanced picture was brought down again by the
    enhancement's own degradation: ``largest_residual`` is the largest difference from the image in
    grey levels, ``failing_px`` how many of ``of_px`` pixels differ by more than ``tolerance``, and
    ``failing`` the boxes, in the image's own pixels, that hold them all. Both figures are None, and
    nothing is counted, for an enhancement that declares no degradation.
    """

    method: str
    name: str
    version: str
    scale: int
    sha256: str
    tolerance: float | None = None
    largest_residual: float | None = None
    failing_px: int = 0
    of_px: int = 0
    failing: tuple[Box, ...] = ()

    @property
    def words(self) -> Message:
        """“enhanced by NAME VERSION”."""
        return enhanced_by(self.name, self.version)

    @property
    def is_consistent(self) -> bool | None:
        """Whether no pixel differs by more than the tolerance; None where that is not known."""
        return None if self.tolerance is None else self.failing_px == 0

    def to_json(self) -> dict[str, Any]:
        """As in the document of a prediction."""
        consistency = None
        if self.tolerance is not None:
            consistency = {
                "tolerance": self.tolerance,
                "largest": self.largest_residual,
                "failing_pixels": self.failing_px,
                "pixels": self.of_px,
                "regions": [[box.x0, box.y0, box.x1, box.y1] for box in self.failing],
            }
        return {
            "method": self.method,
            "name": self.name,
            "version": self.version,
            "scale": self.scale,
            "sha256": self.sha256,
            "consistency": consistency,
        }


@dataclass(frozen=True, eq=False)
class EnhancedFrame:
    """A whole frame enhanced: uint8 ``pixels`` (rows·scale, columns·scale), and how far to trust it.

    ``failing`` (rows, columns) is true for each of the image's pixels that differs by more than the
    tolerance; None where that is not known.
    """

    pixels: NDArray[np.uint8]
    use: EnhancementUse
    failing: NDArray[np.bool_] | None = None
    warnings: tuple[ImageWarning, ...] = ()

    @property
    def scale(self) -> int:
        """Enhanced pixels along the side of one of the image's."""
        return self.use.scale

    @property
    def name(self) -> str:
        """The enhancement's."""
        return self.use.name

    @property
    def version(self) -> str:
        """The enhancement's."""
        return self.use.version


def enhanced_by(name: str, version: str) -> Message:
    """The words that stand in every enhanced picture that is shown or exported."""
    return msg("enhanced by {name} {version}", name=name, version=version)
