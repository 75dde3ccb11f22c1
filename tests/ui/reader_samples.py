"""Cases with several readers, made for one test each."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from her2desk.agreement.cases import ReaderCase
from her2desk.agreement.features import Estimate, FeatureAgreement, FeatureTable
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi

ROWS, COLUMNS = 240, 320
IMAGE = UltrasoundImage(
    "0" * 64, "1.2", ROWS, COLUMNS, 3, "MONOCHROME2", "1.2", pixel_spacing_mm=(0.1, 0.1)
)


def outline(shift: float = 0.0, scale: float = 1.0, frame: int = 1) -> Roi:
    """An ellipse of 60 × 40 px radius."""
    places = [math.tau * n / 60 for n in range(60)]
    return Roi(
        frame,
        tuple(
            (150 + shift + 60 * scale * math.cos(a), 110 + 40 * scale * math.sin(a)) for a in places
        ),
    )


def frame(index: int) -> NDArray[np.uint8]:
    """A dark lesion in grey tissue."""
    row, column = np.mgrid[:ROWS, :COLUMNS]
    inside = ((column - 150) / 60) ** 2 + ((row - 110) / 40) ** 2 < 1
    noise = np.random.default_rng(index).integers(0, 50, (ROWS, COLUMNS))
    return np.where(inside, 40, 110).astype(np.uint8) + noise.astype(np.uint8)


def case(case_id: int, **outlines: Roi) -> ReaderCase:
    """Case ``case_id`` of patient P00…; readers by name."""
    label = f"P{case_id:03d}"
    return ReaderCase(case_id, label, replace(IMAGE, patient_id=label), outlines, frame)


def ward() -> list[ReaderCase]:
    """Anna and Ben agree, disagree, disagree with Cem having decided, Ben alone, and two frames."""
    decided = case(3, Anna=outline(), Ben=outline(70))
    return [
        case(1, Anna=outline(), Ben=outline(4)),
        case(2, Anna=outline(), Ben=outline(50, 0.8)),
        replace(decided, decided_by="Cem", chosen="Ben"),
        case(4, Ben=outline(10)),
        case(5, Anna=outline(), Ben=outline(frame=2)),
        case(6, Anna=outline()),
    ]


def table() -> FeatureTable:
    """Three features, one kept, one without figures."""
    nan = Estimate(math.nan, math.nan, math.nan)
    return FeatureTable(
        34,
        "us-2d",
        (
            FeatureAgreement(
                "original_shape2D_Area", Estimate(0.93, 0.86, 0.97), Estimate(0.95, 0.9, 0.98)
            ),
            FeatureAgreement(
                "original_glcm_Contrast", Estimate(0.55, 0.31, 0.74), Estimate(0.71, 0.5, 0.84)
            ),
            FeatureAgreement("original_ngtdm_Strength", nan, nan),
        ),
        left_out=2,
        resample_mm=0.1,
    )
