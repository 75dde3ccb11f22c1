"""The traits of a case (V16), defined once for the patients of a pack and those it is asked about."""

import math

import numpy as np
import shapely
from numpy.typing import NDArray

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.roi import Roi
from her2desk.domain.traits import Trait, Traits
from her2desk.domain.validation import Attention


def traits_of(
    roi: Roi,
    mask: NDArray[np.bool_],
    spacing_mm: tuple[float, float] | None,
    clinical: ClinicalRecord,
    attention: Attention,
) -> Traits:
    """Every trait of a case; None where it has no value.

    ``mask`` (rows, columns) holds the ROI's pixels in the whole frame, ``spacing_mm`` is (row, column)
    in the same pixels.
    """
    return {
        **attention.traits,
        Trait.CALCIFICATION: clinical.value(Trait.CALCIFICATION),
        Trait.NODES: clinical.value(Trait.NODES),
        Trait.SIZE: size_mm(mask, spacing_mm),
        Trait.SOLIDITY: solidity(roi),
    }


def size_mm(mask: NDArray[np.bool_], spacing_mm: tuple[float, float] | None) -> float | None:
    """The side of a square of the mask's area; None without calibration."""
    if spacing_mm is None:
        return None
    return math.sqrt(int(mask.sum()) * spacing_mm[0] * spacing_mm[1])


def solidity(roi: Roi) -> float | None:
    """The outline's area over that of its convex hull, whatever the spacing; None without an area."""
    outline = shapely.Polygon(roi.polygon)
    around = outline.convex_hull.area
    return min(1.0, outline.area / around) if around > 0 else None
