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

    ``pixels`` are the grey values of the ROI's frame, uint8, shape (rows, columns).
    """

    image: UltrasoundImage
    pixels: NDArray[np.uint8]
    roi: Roi
    clinical: ClinicalRecord
