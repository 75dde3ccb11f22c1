"""Other outlines of the same lesion, as far from the reader's as two readers lie apart (V22)."""

import hashlib
import json
import math
from collections.abc import Iterator

import numpy as np

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.domain.stability import Variability, VariantKind
from her2desk.errors import InputRefused
from her2desk.inference.robustness import JITTER_MM, JITTER_PX, jittered
from her2desk.packs.readout_part import VariabilityPart

_DRAWS = 10  # of one standard deviation, before smaller ones are tried
_HALVINGS = 3
_SEGMENTS = 8  # of a quarter of the circle at a corner that is dilated
_EIGHTH = math.pi / 4
_K = VariantKind
# Kind and, in standard deviations, how far; in eighths of a turn, where to. The first six are of
# every kind and their movements cancel, so that a first band is not one-sided.
_ORDER: tuple[tuple[VariantKind, float], ...] = (
    (_K.ERODED, 1), (_K.DILATED, 1), (_K.SHIFTED, 0), (_K.REDRAWN, 1), (_K.SHIFTED, 4), (_K.REDRAWN, 1),
    (_K.ERODED, 2), (_K.DILATED, 2), (_K.SHIFTED, 2), (_K.REDRAWN, 1), (_K.SHIFTED, 6), (_K.REDRAWN, 1),
    (_K.SHIFTED, 1), (_K.REDRAWN, 1), (_K.SHIFTED, 5), (_K.REDRAWN, 1), (_K.SHIFTED, 3), (_K.REDRAWN, 1),
    (_K.SHIFTED, 7), (_K.REDRAWN, 1),
)  # fmt: skip


def variability_of(
    measured: VariabilityPart | None, spacing_mm: tuple[float, float] | None
) -> Variability:
    """How far readers lie apart: as the pack's cohort showed where it did, else what is assumed.

    ``spacing_mm`` is the image's; a figure in mm is of no use where that is unknown.
    """
    is_known = spacing_mm is not None
    if measured is not None and (measured.unit == "px" or is_known):
        return Variability(measured.sd, measured.unit == "mm", measured.patients)
    return Variability(JITTER_MM if is_known else JITTER_PX, is_known, 0)


def variants(
    roi: Roi, image: UltrasoundImage, variability: Variability, count: int
) -> tuple[tuple[VariantKind, Roi], ...]:
    """``count`` other outlines of the lesion, the first six of every kind; always the same for an ROI.

    Eroded and dilated by one and two standard deviations, shifted by one in eight directions, and
    redrawn. One that leaves the image, its region, or nothing to measure is replaced by another that
    is redrawn; there are fewer than ``count`` where the ROI allows no other outline.
    """
    content = json.dumps(roi.to_json(), sort_keys=True).encode()
    rng = np.random.default_rng(list(hashlib.sha256(content).digest()))
    pixel = _pixel(roi, image, variability)
    redrawn = _redrawn(roi, image, variability.sd / math.sqrt(pixel[0] * pixel[1]), rng)
    found = []
    for number in range(count):
        kind, how = _ORDER[number] if number < len(_ORDER) else (VariantKind.REDRAWN, 1.0)
        other = None
        if kind is not VariantKind.REDRAWN:
            other = _moved(roi, kind, how, variability.sd, pixel)
        if other is None or not _is_usable(other, roi, image):
            kind, other = VariantKind.REDRAWN, next(redrawn, None)
        if other is None:
            break
        found.append((kind, other))
    return tuple(found)


def _pixel(roi: Roi, image: UltrasoundImage, variability: Variability) -> tuple[float, float]:
    """Size (row, column) of a pixel in the unit of the variability."""
    if not variability.is_mm:
        return 1.0, 1.0
    spacing = roi.spacing(image).mm
    if spacing is None:
        raise ValueError("a variability in mm is of no use where a pixel's size is unknown")
    return spacing


def _moved(
    roi: Roi, kind: VariantKind, how: float, sd: float, pixel: tuple[float, float]
) -> Roi | None:
    """The outline eroded, dilated or shifted; None where nothing is left."""
    row, column = pixel
    if kind is VariantKind.SHIFTED:
        right, down = sd * math.cos(how * _EIGHTH) / column, sd * math.sin(how * _EIGHTH) / row
        return Roi(roi.frame_index, tuple((x + right, y + down) for x, y in roi.polygon))
    import shapely

    outward = how * sd if kind is VariantKind.DILATED else -how * sd
    shape = shapely.Polygon([(x * column, y * row) for x, y in roi.polygon])
    largest = max(
        shapely.get_parts(shape.buffer(outward, quad_segs=_SEGMENTS)),
        key=lambda part: part.area,
        default=None,
    )
    if largest is None or largest.is_empty:
        return None
    points = largest.exterior.coords[:-1]
    return Roi(roi.frame_index, tuple((x / column, y / row) for x, y in points))


def _redrawn(
    roi: Roi, image: UltrasoundImage, sd_px: float, rng: np.random.Generator
) -> Iterator[Roi]:
    """Outlines that another reader might have drawn, until none can be found that is usable."""
    while True:
        tries = (sd_px / 2**halving for halving in range(_HALVINGS) for _ in range(_DRAWS))
        drawn = (jittered(roi, rng, sd, image) for sd in tries)
        usable = next((r for r in drawn if r != roi and _is_usable(r, roi, image)), None)
        if usable is None:
            return
        yield usable


def _is_usable(other: Roi, roi: Roi, image: UltrasoundImage) -> bool:
    """Whether the outline can be answered for, and lies where the reader's own does."""
    try:
        other.check(image)
    except InputRefused:
        return False
    return other.spacing(image) == roi.spacing(image)
