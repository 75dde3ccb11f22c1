"""What the case list shows beside each file, kept up to date with every entry of the history.

All of it follows from the history: ``rebuild`` works it out anew, ``agrees`` says whether it is so.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from her2desk.domain.clinical import Pathology, pathology_from_json
from her2desk.store.history import Action, HistoryEntry

_FOLLOWED = (
    Action.ROI,
    Action.CLINICAL,
    Action.CALIBRATION,
    Action.PATHOLOGY,
    Action.PREDICTION,
    Action.REPORTED,
)
_STATE_COLUMNS = {Action.PREDICTION: "predicted_entry", Action.REPORTED: "reported_entry"}


@dataclass
class _Facts:
    """Of a case, whoever said it."""

    age_years: float | None = None
    laterality: str | None = None
    has_pathology: bool = False
    changed_entry: int = 0

    def hear(self, entry: HistoryEntry) -> None:
        match entry.action:
            case Action.CLINICAL:
                self.age_years, self.laterality = _clinical(entry)
                self.changed_entry = entry.entry_id
            case Action.CALIBRATION:
                self.changed_entry = entry.entry_id
            case Action.PATHOLOGY:
                self.has_pathology = _has_pathology(entry)


@dataclass
class _State:
    """Of a case and a reader."""

    has_roi: bool = False
    roi_entry: int = 0
    predicted_entry: int = 0
    reported_entry: int = 0

    def hear(self, entry: HistoryEntry) -> None:
        match entry.action:
            case Action.ROI:
                self.has_roi, self.roi_entry = entry.content is not None, entry.entry_id
            case Action.PREDICTION:
                self.predicted_entry = entry.entry_id
            case Action.REPORTED:
                self.reported_entry = entry.entry_id


@dataclass
class _Derived:
    facts: dict[int, _Facts] = field(default_factory=dict)
    states: dict[tuple[str, int], _State] = field(default_factory=dict)


def follow(connection: sqlite3.Connection, entry: HistoryEntry) -> None:
    """Take up an entry that was just appended, inside the caller's transaction."""
    case_id, entry_id = entry.case_id, entry.entry_id
    match entry.action:
        case Action.CLINICAL:
            age, laterality = _clinical(entry)
            connection.execute(
                "UPDATE cases SET clinical_age_years = ?, clinical_laterality = ?,"
                " changed_entry = ? WHERE case_id = ?",
                (age, laterality, entry_id, case_id),
            )
            set_words(connection, case_id)
        case Action.CALIBRATION:
            connection.execute(
                "UPDATE cases SET changed_entry = ? WHERE case_id = ?", (entry_id, case_id)
            )
        case Action.PATHOLOGY:
            connection.execute(
                "UPDATE cases SET has_pathology = ? WHERE case_id = ?",
                (_has_pathology(entry), case_id),
            )
        case Action.ROI:
            connection.execute(
                "INSERT INTO case_states (reader, case_id, has_roi, roi_entry) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET has_roi = excluded.has_roi,"
                " roi_entry = excluded.roi_entry",
                (entry.reader, case_id, entry.content is not None, entry_id),
            )
        case Action.PREDICTION | Action.REPORTED:
            column = _STATE_COLUMNS[entry.action]
            connection.execute(
                f"INSERT INTO case_states (reader, case_id, {column}) VALUES (?, ?, ?)"
                f" ON CONFLICT DO UPDATE SET {column} = excluded.{column}",
                (entry.reader, case_id, entry_id),
            )


def set_words(connection: sqlite3.Connection, case_id: int) -> None:
    """Keep what a search of the case list looks for in the case."""
    row = connection.execute("SELECT * FROM cases WHERE case_id = ?", (case_id,)).fetchone()
    words = _words(row, row["clinical_laterality"])
    connection.execute("UPDATE cases SET words = ? WHERE case_id = ?", (words, case_id))


def rebuild(connection: sqlite3.Connection) -> None:
    """Work everything out from the history, inside the caller's transaction."""
    derived = _derived(connection)
    connection.execute("DELETE FROM case_states")
    connection.executemany(
        "UPDATE cases SET clinical_age_years = ?, clinical_laterality = ?, has_pathology = ?,"
        " changed_entry = ?, words = ? WHERE case_id = ?",
        _case_rows(connection, derived),
    )
    connection.executemany(
        "INSERT INTO case_states (reader, case_id, has_roi, roi_entry, predicted_entry,"
        " reported_entry) VALUES (?, ?, ?, ?, ?, ?)",
        _state_rows(derived),
    )


def agrees(connection: sqlite3.Connection) -> bool:
    """Whether what is kept is what the history says."""
    derived = _derived(connection)
    cases = connection.execute(
        "SELECT clinical_age_years, clinical_laterality, has_pathology, changed_entry, words,"
        " case_id FROM cases ORDER BY case_id"
    )
    states = connection.execute(
        "SELECT reader, case_id, has_roi, roi_entry, predicted_entry, reported_entry"
        " FROM case_states"
    )
    return [tuple(row) for row in cases] == _case_rows(connection, derived) and sorted(
        tuple(row) for row in states
    ) == sorted(_state_rows(derived))


def _derived(connection: sqlite3.Connection) -> _Derived:
    found = _Derived()
    present = {row["case_id"] for row in connection.execute("SELECT case_id FROM cases")}
    for entry in _followed(connection):
        if entry.case_id not in present:
            continue
        found.facts.setdefault(entry.case_id, _Facts()).hear(entry)
        if entry.action in (Action.ROI, *_STATE_COLUMNS):
            found.states.setdefault((entry.reader, entry.case_id), _State()).hear(entry)
    return found


def _followed(connection: sqlite3.Connection) -> Iterable[HistoryEntry]:
    """Predictions without what they say: only that they were made counts here."""
    rows = connection.execute(
        "SELECT entry_id, case_id, action, reader, utc,"
        " CASE WHEN action IN ('prediction', 'reported') THEN 'null' ELSE content END AS content"
        f" FROM history WHERE action IN ({', '.join('?' * len(_FOLLOWED))}) ORDER BY entry_id",
        [str(action) for action in _FOLLOWED],
    )
    for row in rows:
        content = json.loads(row["content"] or "null")
        yield HistoryEntry(
            row["entry_id"],
            row["case_id"],
            Action(row["action"]),
            content,
            row["reader"],
            row["utc"],
        )


def _case_rows(connection: sqlite3.Connection, derived: _Derived) -> list[tuple[Any, ...]]:
    rows = connection.execute("SELECT * FROM cases ORDER BY case_id").fetchall()
    facts = [derived.facts.get(row["case_id"], _Facts()) for row in rows]
    return [
        (
            own.age_years,
            own.laterality,
            int(own.has_pathology),
            own.changed_entry,
            _words(row, own.laterality),
            row["case_id"],
        )
        for row, own in zip(rows, facts, strict=True)
    ]


def _state_rows(derived: _Derived) -> list[tuple[Any, ...]]:
    return [
        (
            reader,
            case_id,
            int(state.has_roi),
            state.roi_entry,
            state.predicted_entry,
            state.reported_entry,
        )
        for (reader, case_id), state in derived.states.items()
    ]


def _clinical(entry: HistoryEntry) -> tuple[float | None, str | None]:
    said = entry.content or {}
    age, laterality = said.get("age_years"), said.get("laterality")
    return None if age is None else float(age), laterality or None


def _has_pathology(entry: HistoryEntry) -> bool:
    return entry.content is not None and pathology_from_json(entry.content) != Pathology()


def _words(row: sqlite3.Row, clinical_laterality: str | None) -> str:
    """What a search finds, in the case that it is compared in."""
    shown = (
        f"{row['case_id']:04d}",
        row["patient_id"],
        row["patient_name"],
        clinical_laterality or row["laterality"] or "",
        row["study_date"],
        row["file_name"],
    )
    return " ".join(shown).casefold()
