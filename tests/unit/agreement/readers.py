"""Cases that two readers outlined, with texture to measure, made for one test each."""

import math
from dataclasses import replace

import numpy as np

from her2desk.agreement.cases import ReaderCase
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.radiomics.profile import Profile, us_2d

IMAGE = UltrasoundImage(
    "0" * 64, "1.2", 80, 90, 1, "MONOCHROME2", "1.2", pixel_spacing_mm=(0.1, 0.1)
)


def quick_profile() -> Profile:
    """Eighteen first-order features and nothing else."""
    return us_2d().model_copy(
        update={
            "name": "quick",
            "image_types": ("Original",),
            "feature_classes": ("firstorder",),
            "log_sigmas": (),
        }
    )


def disc(radius: float, x: float = 45, y: float = 40) -> Roi:
    angles = [math.tau * n / 40 for n in range(40)]
    return Roi(0, tuple((x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles))


def reader_cases(
    n: int, *, spacing_mm: tuple[float, float] | None = (0.1, 0.1)
) -> list[ReaderCase]:
    """Lesions of different brightness; Ben draws a little wider than Anna."""
    return [_case(number, spacing_mm) for number in range(n)]


def _case(number: int, spacing_mm: tuple[float, float] | None) -> ReaderCase:
    rng = np.random.default_rng(number)
    pixels = rng.normal(60 + 4 * number, 10 + number % 7, (80, 90)).clip(0, 255).astype(np.uint8)
    radius, label = rng.uniform(15, 30), f"P{number}"
    return ReaderCase(
        number,
        label,
        replace(IMAGE, patient_id=label, pixel_spacing_mm=spacing_mm),
        {"Anna": disc(radius), "Ben": disc(radius * rng.uniform(1, 1.1))},
        lambda index: pixels,
    )
