"""The rows of the case list, and what they are asked for by."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from her2desk.domain.image import UltrasoundImage
from her2desk.store import case_states


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


@dataclass(frozen=True)
class CaseFilter:
    """Which cases are asked for; a field left alone asks nothing.

    Every word of ``words`` must occur in the row, in any case. ``studied_from`` and ``studied_to``
    are both included; a case whose file has no study date is in no range. ``imported_since`` needs a
    time zone. ``has_pathology`` is whether a pathologist's result is kept.
    """

    words: str = ""
    statuses: frozenset[CaseStatus] = frozenset()
    laterality: str | None = None
    studied_from: date | None = None
    studied_to: date | None = None
    has_pathology: bool | None = None
    imported_since: datetime | None = None


EVERY_CASE = CaseFilter()

# A prediction counts until the outline or the clinical record changes, a report likewise.
_STATUS = """
    CASE WHEN states.has_roi IS NOT 1 THEN 'imported'
         WHEN states.predicted_entry < max(cases.changed_entry, states.roi_entry) THEN 'drawn'
         WHEN states.reported_entry < states.predicted_entry THEN 'read'
         ELSE 'reported' END
"""
_LATERALITY = "coalesce(cases.clinical_laterality, cases.laterality)"
_FROM = """
    FROM cases LEFT JOIN case_states AS states
    ON states.reader = :reader AND states.case_id = cases.case_id
"""
_ROW = f"""
    SELECT cases.case_id, patient_id, patient_name, {_LATERALITY},
           coalesce(clinical_age_years, patient_age_years), study_date, image_sha256, file_name,
           frames, {_STATUS}, imported_utc
"""
_STATUSES = {str(status): status for status in CaseStatus}
_STATUS_AT = CaseSummary._fields.index("status")


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
    case_states.set_words(connection, cursor.lastrowid)
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


def of_patient(connection: sqlite3.Connection, patient_id: str) -> tuple[int, ...]:
    """The cases whose file names this patient, oldest first."""
    rows = connection.execute(
        "SELECT case_id FROM cases WHERE patient_id = ? ORDER BY case_id", (patient_id,)
    )
    return tuple(row["case_id"] for row in rows)


def image_sha256(connection: sqlite3.Connection, case_id: int) -> str | None:
    """The hash of the case's image, None where there is no such case."""
    row = connection.execute(
        "SELECT image_sha256 FROM cases WHERE case_id = ?", (case_id,)
    ).fetchone()
    return row["image_sha256"] if row else None


def images(connection: sqlite3.Connection) -> tuple[tuple[int, str], ...]:
    """Every case and the hash of its image, in the order of the cases."""
    rows = connection.execute("SELECT case_id, image_sha256 FROM cases ORDER BY case_id")
    return tuple((row["case_id"], row["image_sha256"]) for row in rows)


def summaries(
    connection: sqlite3.Connection,
    reader: str,
    asked: CaseFilter = EVERY_CASE,
    limit: int | None = None,
    offset: int = 0,
) -> list[CaseSummary]:
    """The cases asked for, newest first, with how far they have come with this reader.

    ``limit`` None is all of them from ``offset`` on.
    """
    where, values = _where(asked)
    page = {"limit": -1 if limit is None else limit, "offset": offset}
    end = "ORDER BY cases.case_id DESC LIMIT :limit OFFSET :offset"
    return _read(connection, f"{where} {end}", {**values, **page, "reader": reader})


def summary(connection: sqlite3.Connection, reader: str, case_id: int) -> CaseSummary | None:
    """One case's row; None where there is no such case."""
    asked = {"reader": reader, "case": case_id}
    return next(iter(_read(connection, "WHERE cases.case_id = :case", asked)), None)


def _read(
    connection: sqlite3.Connection, condition: str, values: dict[str, Any]
) -> list[CaseSummary]:
    cursor = connection.cursor()
    cursor.row_factory = None  # tuples: half the time of rows with names
    cursor.execute(f"{_ROW} {_FROM} {condition}", values)
    # Not by the class's own constructor, which takes four times as long for ten thousand rows.
    return [
        tuple.__new__(CaseSummary, (*said, _STATUSES[status], imported))
        for *said, status, imported in cursor
    ]


def count(connection: sqlite3.Connection, reader: str, asked: CaseFilter = EVERY_CASE) -> int:
    """How many cases are asked for."""
    where, values = _where(asked)
    # Without a question of its status a case's row alone answers.
    source = _FROM if "states." in where else "FROM cases"
    row = connection.execute(
        f"SELECT count(*) AS n {source} {where}", {**values, "reader": reader}
    ).fetchone()
    n: int = row["n"]
    return n


def _where(asked: CaseFilter) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {}
    conditions = [
        _word_condition(word, f"word{at}", values)
        for at, word in enumerate(asked.words.casefold().split())
    ]
    if asked.statuses:
        conditions.append(_is_one_of(asked.statuses))
    single = {
        f"{_LATERALITY} = :side": ("side", asked.laterality),
        "study_date <> '' AND study_date >= :first": ("first", _day(asked.studied_from)),
        "study_date <> '' AND study_date <= :last": ("last", _day(asked.studied_to)),
        "has_pathology = :pathology": ("pathology", asked.has_pathology),
        "imported_utc >= :since": ("since", _moment(asked.imported_since)),
    }
    for condition, (name, value) in single.items():
        if value is not None:
            conditions.append(condition)
            values[name] = value
    return ("WHERE " + " AND ".join(conditions) if conditions else ""), values


def _word_condition(word: str, name: str, values: dict[str, Any]) -> str:
    values[name] = _storable(word)
    named = frozenset(status for status in CaseStatus if word in status)
    by_status = f" OR {_is_one_of(named)}" if named else ""
    return f"(instr(words, :{name}) > 0{by_status})"


def _is_one_of(statuses: frozenset[CaseStatus]) -> str:
    quoted = ", ".join(f"'{status}'" for status in sorted(statuses))
    return f"({_STATUS}) IN ({quoted})"


def _day(day: date | None) -> str | None:
    return None if day is None else f"{day:%Y%m%d}"


def _moment(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _storable(text: str) -> str:
    """Bytes of a file name that are no UTF-8, which SQLite refuses, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
