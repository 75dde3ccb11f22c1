"""A case as the engine sees it: one frame's pixels, an outline, and what is known of the patient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi


@dataclass(frozen=True)
class Case:
    """One lesion of one patient in one study.

    ``pixels`` are the grey values of the ROI's frame, uint8, shape (rows, columns). ``coloured`` is
    the frame as it is shown, (rows, columns, 3), where some of it is coloured; None where it is grey.
    """

    image: UltrasoundImage
    pixels: NDArray[np.uint8]
    roi: Roi
    clinical: ClinicalRecord
    coloured: NDArray[np.uint8] | None = None

    @property
    def shown(self) -> NDArray[np.uint8]:
        """The frame as it is shown: in grey, or in colour."""
        return self.pixels if self.coloured is None else self.coloured
