"""What a pack's builder works out for the readout: failures, range, what was seen, outlines, pictures."""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from her2desk.agreement.overlap import OverlapFigures, compare
from her2desk.domain.validation import ValidationRow
from her2desk.inference.measuring import MeasuredCase
from her2desk.packs.manifest import OperatingPointPart
from her2desk.packs.readout_part import ReadoutPart, SeenPart, VariabilityPart
from her2desk.packs.space import Space
from her2desk.packs.thumbnails import THUMBNAIL_PX, thumbnail_file
from her2desk.training.build import FittedCohort
from her2desk.training.failures import error_model_parts, failure_parts
from her2desk.training.readers import second_roi
from her2desk.training.scaling import feature_scales
from her2desk.training.space import fit_space
from her2desk.training.table import Rows, Sample, Table, pseudonym

FEWEST_TWICE = 2  # patients with two outlines, for a standard deviation
SAME_OUTLINE = 1e-3  # mm or px; a copy that went through a file lies no further off
HALF_NORMAL = math.sqrt(math.pi) / 2


@dataclass(frozen=True)
class ReadoutContents:
    """``models/readout.json``, the space's arrays, and thumbnails by their place in the pack."""

    part: ReadoutPart = field(default_factory=ReadoutPart)
    space: Space | None = None
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)


def readout_contents(
    fitted: FittedCohort,
    table: Table,
    cases: Sequence[MeasuredCase],
    rows: Sequence[ValidationRow],
    points: Sequence[OperatingPointPart],
) -> ReadoutContents:
    """All of it but the thumbnails; ``rows`` and ``points`` are those of the pack."""
    space = fit_space(
        table, fitted.scopes, feature_scales(fitted, table), validated_rows(table, rows)
    )
    development = [cases[i] for i in fitted.scopes.deployed.rows]
    part = ReadoutPart(
        failures=failure_parts(rows, points),
        error_models=error_model_parts(rows, points),
        space=None if space is None else space.part,
        seen=seen_part(development),
        variability=variability_part(development),
    )
    return ReadoutContents(part, space)


def validated_rows(table: Table, rows: Sequence[ValidationRow]) -> Rows:
    """The table's rows of the patients who have an answer by models that had not seen them."""
    answered = {row.patient for row in rows}
    return np.array(
        [i for i in range(len(table.labels)) if pseudonym(i) in answered], dtype=np.intp
    )


def seen_part(cases: Sequence[MeasuredCase]) -> SeenPart:
    """Scanners as the files name them, and the limits of a pixel's side in mm.

    The side is that of a square of the pixel's area; where no case is calibrated there are no limits.
    """
    scanners = {case.case.image.scanner for case in cases}
    spacings = [case.case.roi.spacing(case.case.image).mm for case in cases]
    sides = [math.sqrt(mm[0] * mm[1]) for mm in spacings if mm is not None]
    return SeenPart(
        scanners=tuple(sorted(scanners - {""})),
        spacing_mm=(min(sides), max(sides)) if sides else None,
    )


def variability_part(cases: Sequence[MeasuredCase]) -> VariabilityPart | None:
    """One reader's standard deviation along the outline, from patients whom two readers outlined.

    Where each reader's boundary scatters about a common one with variance s², independently and
    normally, two boundaries lie √2·s·N(0, 1) apart, and the mean distance between them is 2·s/√π. So s
    is √π/2 times the mean distance along the boundaries, averaged over the patients. In mm over those
    who are calibrated; in px where nobody is. None with fewer than two of them, or where the readers'
    outlines are the same.
    """
    figures = [_compared(case) for case in cases]
    twice = [own for own in figures if own is not None]
    in_mm = [own.mean_distance_mm for own in twice if own.mean_distance_mm is not None]
    distances = in_mm or [own.mean_distance_px for own in twice]
    if len(distances) < FEWEST_TWICE or max(distances) < SAME_OUTLINE:
        return None
    return VariabilityPart(
        sd=HALF_NORMAL * float(np.mean(distances)),
        unit="mm" if in_mm else "px",
        patients=len(distances),
    )


def thumbnails(
    samples: Sequence[Sample], table: Table, rows: Sequence[ValidationRow]
) -> dict[str, bytes]:
    """The crop of every patient with an answer, small, by its place in the pack."""
    return {
        thumbnail_file(pseudonym(int(i))): thumbnail(samples[i])
        for i in validated_rows(table, rows)
    }


def thumbnail(sample: Sample) -> bytes:
    """The crop as a PNG of at most 64 × 64 px; the same crop gives the same bytes."""
    box = sample.box
    crop = Image.fromarray(sample.pixels[box.y0 : box.y1, box.x0 : box.x1])
    scale = THUMBNAIL_PX / max(crop.size)
    width, height = (max(1, round(side * scale)) for side in crop.size)
    out = io.BytesIO()
    crop.resize((width, height), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _compared(case: MeasuredCase) -> OverlapFigures | None:
    second = second_roi(case)
    return None if second is None else compare(case.case.roi, second, case.case.image)
