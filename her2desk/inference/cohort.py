"""Reading a cohort folder: ``cohort.csv`` beside its images and ROIs."""

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from her2desk.domain.clinical import CLINICAL_FIELDS, ClinicalRecord, Pathology, clinical_from_json
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.errors import InputRefused
from her2desk.texts import msg

YES_NO = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class CohortRow:
    """One patient of ``cohort.csv``; ``positive`` is None where the status is unknown."""

    patient_id: str
    image: Path
    frame_index: int
    roi: Path
    clinical: ClinicalRecord
    positive: bool | None


def read_cohort(folder: Path) -> list[CohortRow]:
    """The rows of ``cohort.csv``; raises ``InputRefused`` naming the row that cannot be used."""
    table = folder / "cohort.csv"
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            raws = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputRefused(
            msg("{name} cannot be read.", name=table.name),
            msg("Give a folder with cohort.csv, images and ROIs."),
            code="cohort-unreadable",
        ) from error
    return [_checked_row(folder, number, raw) for number, raw in enumerate(raws, start=2)]


def outline_of(row: CohortRow) -> Roi:
    """The row's outline; raises ``InputRefused`` where it cannot be used or is of another frame."""
    try:
        roi = roi_from_json(row.roi.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(
            msg("{name} cannot be read as text.", name=row.roi.name),
            msg("Check the path and the file."),
            code="unreadable-file",
        ) from error
    if roi.frame_index != row.frame_index:
        raise InputRefused(
            msg("The outline is of another frame than cohort.csv says."),
            msg("Correct frame_index, or use the outline of that frame."),
            code="frame-contradicts-roi",
        )
    return roi


def cohort_sha256(rows: Sequence[CohortRow]) -> str:
    """SHA-256 over each patient's image, outline, clinical record and status, in order of patient."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda r: r.patient_id):
        record = {"id": row.patient_id, "positive": row.positive, **row.clinical.to_json()}
        digest.update(json.dumps(record, sort_keys=True).encode())
        digest.update(row.image.read_bytes())
        digest.update(row.roi.read_bytes())
    return digest.hexdigest()


def _checked_row(folder: Path, number: int, raw: dict[str, str]) -> CohortRow:
    try:
        return _row(folder, raw)
    except InputRefused as error:
        reason = error.message.text()
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
    raise InputRefused(
        msg("cohort.csv, row {number}: {reason}", number=number, reason=reason),
        msg("Correct the row; docs/files.md lists the columns."),
        code="cohort-row",
    )


def _row(folder: Path, raw: dict[str, str]) -> CohortRow:
    pathology = Pathology(raw["her2_ihc"] or None, raw["her2_fish"] or None)
    pathology.check()
    values: dict[str, object] = {"laterality": raw["laterality"] or None}
    for spec in CLINICAL_FIELDS:
        text = raw.get(spec.name, "").strip().lower()
        if text:
            values[spec.name] = float(text) if spec.is_number else YES_NO[text]
    return CohortRow(
        raw["patient_id"],
        folder / raw["image"],
        int(raw["frame_index"]),
        folder / raw["roi"],
        clinical_from_json(values),
        pathology.her2_positive,
    )
