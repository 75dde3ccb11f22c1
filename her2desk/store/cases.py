"""The rows of the case list."""

import json
import sqlite3
from collections.abc import Collection
from enum import StrEnum
from typing import Any, NamedTuple

from her2desk.domain.image import UltrasoundImage


class CaseStatus(StrEnum):
    """How far a case has come."""

    IMPORTED = "imported"
    DRAWN = "drawn"
    READ = "read"
    REPORTED = "reported"


class CaseSummary(NamedTuple):
    """One row of the case list; thousands are made at once, which tuples take half the time for.

    ``age_years`` and ``laterality`` are the clinical record's where it has them, else the file's.
    ``study_date`` is as in the file (YYYYMMDD, or empty).
    """

    case_id: int
    patient_id: str
    patient_name: str
    laterality: str | None
    age_years: float | None
    study_date: str
    sha256: str
    file_name: str
    frames: int
    status: CaseStatus
    imported_utc: str

    def matches(self, search: str) -> bool:
        """Whether every word of ``search`` occurs in the row, in any case."""
        if not search:
            return True
        text = " ".join(
            (
                f"{self.case_id:04d}",
                self.patient_id,
                self.patient_name,
                self.laterality or "",
                self.study_date,
                self.file_name,
                str(self.status),
            )
        ).casefold()
        return all(word in text for word in search.casefold().split())


_SUMMARIES = """
    SELECT cases.*,
           (SELECT content FROM history WHERE case_id = cases.case_id AND action = 'clinical'
            ORDER BY entry_id DESC LIMIT 1) AS clinical,
           (SELECT content <> 'null' FROM history WHERE case_id = cases.case_id AND action = 'roi'
            AND reader = :reader ORDER BY entry_id DESC LIMIT 1) AS has_roi,
           (SELECT max(entry_id) FROM history WHERE case_id = cases.case_id
            AND (action IN ('clinical', 'calibration') OR action = 'roi' AND reader = :reader)
           ) AS changed,
           (SELECT max(entry_id) FROM history WHERE case_id = cases.case_id
            AND action = 'prediction' AND reader = :reader) AS predicted,
           (SELECT max(entry_id) FROM history WHERE case_id = cases.case_id
            AND action = 'reported' AND reader = :reader) AS reported
    FROM cases ORDER BY case_id DESC
"""


def insert(connection: sqlite3.Connection, image: UltrasoundImage, file_name: str, utc: str) -> int:
    """Add a case for the image inside the caller's transaction and return its number."""
    cursor = connection.execute(
        "INSERT INTO cases (image_sha256, file_name, sop_instance_uid, study_instance_uid,"
        " study_date, patient_id, patient_name, patient_age_years, laterality, frames,"
        " imported_utc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            image.sha256,
            _storable(file_name),
            image.sop_instance_uid,
            image.study_instance_uid,
            image.study_date,
            _storable(image.patient_id),
            _storable(image.patient_name),
            image.patient_age_years,
            image.laterality,
            image.frames,
            utc,
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def find(connection: sqlite3.Connection, image_sha256: str) -> int | None:
    """The case of the image with this hash."""
    row = connection.execute(
        "SELECT case_id FROM cases WHERE image_sha256 = ?", (image_sha256,)
    ).fetchone()
    return row["case_id"] if row else None


def of_instances(connection: sqlite3.Connection, uids: Collection[str]) -> dict[str, int]:
    """The first case of each of these SOP Instance UIDs that has one."""
    marks = ", ".join("?" * len(uids))
    rows = connection.execute(
        "SELECT sop_instance_uid, min(case_id) AS case_id FROM cases"
        f" WHERE sop_instance_uid IN ({marks}) GROUP BY sop_instance_uid",
        tuple(uids),
    )
    return {row["sop_instance_uid"]: row["case_id"] for row in rows}


def image_sha256(connection: sqlite3.Connection, case_id: int) -> str | None:
    """The hash of the case's image, None where there is no such case."""
    row = connection.execute(
        "SELECT image_sha256 FROM cases WHERE case_id = ?", (case_id,)
    ).fetchone()
    return row["image_sha256"] if row else None


def summaries(connection: sqlite3.Connection, reader: str) -> list[CaseSummary]:
    """Every case, newest first, with how far it has come with this reader."""
    return [_summary(row) for row in connection.execute(_SUMMARIES, {"reader": reader})]


def _summary(row: sqlite3.Row) -> CaseSummary:
    said = row["clinical"]
    clinical: dict[str, Any] = json.loads(said) if said else {}
    age = clinical.get("age_years")
    return CaseSummary(
        case_id=row["case_id"],
        patient_id=row["patient_id"],
        patient_name=row["patient_name"],
        laterality=clinical.get("laterality") or row["laterality"],
        age_years=age if age is not None else row["patient_age_years"],
        study_date=row["study_date"],
        sha256=row["image_sha256"],
        file_name=row["file_name"],
        frames=row["frames"],
        status=_status(row),
        imported_utc=row["imported_utc"],
    )


def _status(row: sqlite3.Row) -> CaseStatus:
    """A prediction counts until the outline or the clinical record changes, a report likewise."""
    if not row["has_roi"]:
        return CaseStatus.IMPORTED
    if (row["predicted"] or 0) < row["changed"]:
        return CaseStatus.DRAWN
    if (row["reported"] or 0) < row["predicted"]:
        return CaseStatus.READ
    return CaseStatus.REPORTED


def _storable(text: str) -> str:
    """Bytes of a file name that are no UTF-8, which SQLite refuses, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
