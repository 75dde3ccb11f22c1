"""Findings for one outline of one image, made by hand."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.counts import Call
from her2desk.domain.findings import ReportedFindings
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.prediction import Inputs, PackIdentity
from her2desk.domain.reading import Decision, Impression
from her2desk.domain.readout import Doubt
from her2desk.domain.roi import Roi
from her2desk.domain.validation import OperatingPoint

WHEN = datetime(2026, 3, 4, 15, 16, 17, 250_000, tzinfo=UTC)
PACK = PackIdentity("Ward pack", "1.2", "b" * 64, False)
DEMO = replace(PACK, name="Phantom demo", demo=True)


def an_outline(image: UltrasoundImage, frame: int = 0, points: int = 60) -> Roi:
    """An ellipse in the middle of the picture."""
    across, down = image.columns, image.rows
    angles = [math.tau * n / points for n in range(points)]
    return Roi(
        frame,
        tuple(
            (across / 2 + across / 5 * math.cos(a), down / 2 + down / 5 * math.sin(a))
            for a in angles
        ),
    )


def findings(
    image: UltrasoundImage, roi: Roi, laterality: str | None = None, **changes: Any
) -> ReportedFindings:
    inputs = Inputs(
        image.sha256,
        image.sop_instance_uid,
        roi,
        ClinicalRecord(laterality=laterality),
        PACK.sha256,
        image.user_calibration,
    )
    found = ReportedFindings(
        inputs,
        PACK,
        WHEN,
        probability=0.49123456789012345,
        lower=0.1 + 0.2,  # 17 digits, one more than DS has room for
        upper=0.64,
        prevalence=1 / 3,
        operating_point=OperatingPoint("sensitivity95", 0.31),
        call=Call.INDETERMINATE,
        doubts=(Doubt.INTERVAL, Doubt.OUT_OF_RANGE),
        reader="Müller^Zoë",
    )
    return replace(found, **changes)


def decided(found: ReportedFindings, answer: str, reason: str = "") -> ReportedFindings:
    """The same with a reader's impression before and a decision after the answer."""
    decision = Decision(answer, reason, found.call, found.probability, found.inputs.sha256)
    return replace(found, impression=Impression("negative", 3), decision=decision)
