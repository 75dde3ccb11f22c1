"""The append-only history: who did what to which case, each entry chained to the one before."""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

FIRST_LINK = "0" * 64


class Action(StrEnum):
    """What can happen to a case."""

    IMPORTED = "imported"
    DRAWING = "drawing"
    ROI = "roi"
    CALIBRATION = "calibration"
    ADJUDICATED = "adjudicated"
    PROPOSAL = "proposal"
    CLINICAL = "clinical"
    PREDICTION = "prediction"
    IMPRESSION = "impression"
    REVEALED = "revealed"
    LOOKED = "looked"
    DECISION = "decision"
    PATHOLOGY = "pathology"
    REPORTED = "reported"


@dataclass(frozen=True)
class HistoryEntry:
    """One entry; ``utc`` is ISO 8601. The order is that of ``entry_id``, whatever the clock did."""

    entry_id: int
    case_id: int
    action: Action
    content: Mapping[str, Any] | None
    reader: str
    utc: str


def append(
    connection: sqlite3.Connection,
    case_id: int,
    action: Action,
    content: Mapping[str, Any] | None,
    reader: str,
    now: datetime,
) -> None:
    """Add an entry inside the caller's transaction."""
    row = connection.execute("SELECT sha256 FROM history ORDER BY entry_id DESC LIMIT 1").fetchone()
    previous = row["sha256"] if row else FIRST_LINK
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    utc = now.astimezone(UTC).isoformat(timespec="milliseconds")
    connection.execute(
        "INSERT INTO history (case_id, action, content, reader, utc, previous_sha256, sha256)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            case_id,
            str(action),
            text,
            reader,
            utc,
            previous,
            _link(previous, case_id, action, text, reader, utc),
        ),
    )


def latest(
    connection: sqlite3.Connection, case_id: int, action: Action, reader: str | None = None
) -> HistoryEntry | None:
    """The last entry of this action for the case, by ``reader`` where one is named."""
    row = connection.execute(
        "SELECT * FROM history WHERE case_id = ? AND action = ? AND (? IS NULL OR reader = ?)"
        " ORDER BY entry_id DESC LIMIT 1",
        (case_id, str(action), reader, reader),
    ).fetchone()
    return _entry(row) if row else None


def latest_by_reader(
    connection: sqlite3.Connection, case_id: int, action: Action
) -> tuple[HistoryEntry, ...]:
    """Every reader's last entry of this action for the case, in the order in which they began."""
    rows = connection.execute(
        "SELECT history.* FROM history JOIN"
        " (SELECT min(entry_id) AS first, max(entry_id) AS last FROM history"
        "  WHERE case_id = ? AND action = ? GROUP BY reader) AS span ON entry_id = span.last"
        " ORDER BY span.first",
        (case_id, str(action)),
    )
    return tuple(_entry(row) for row in rows)


def of_actions(
    connection: sqlite3.Connection, actions: Collection[Action]
) -> tuple[HistoryEntry, ...]:
    """All entries of these actions, of every case, oldest first."""
    marks = ", ".join("?" * len(actions))
    rows = connection.execute(
        f"SELECT * FROM history WHERE action IN ({marks}) ORDER BY entry_id",
        tuple(str(action) for action in actions),
    )
    return tuple(_entry(row) for row in rows)


def readers(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Everyone who ever drew, in order of name."""
    rows = connection.execute(
        "SELECT DISTINCT reader FROM history WHERE action = ? ORDER BY reader",
        (str(Action.DRAWING),),
    )
    return tuple(row["reader"] for row in rows)


def of_case(connection: sqlite3.Connection, case_id: int) -> tuple[HistoryEntry, ...]:
    """All that happened to the case, oldest first."""
    rows = connection.execute(
        "SELECT * FROM history WHERE case_id = ? ORDER BY entry_id", (case_id,)
    )
    return tuple(_entry(row) for row in rows)


def first_broken(connection: sqlite3.Connection) -> int | None:
    """The first entry whose hash or link is wrong, None when the chain holds.

    A chain cannot show that its last entries were cut off; a kept copy of the last hash can.
    """
    previous = FIRST_LINK
    for row in connection.execute("SELECT * FROM history ORDER BY entry_id"):
        link = _link(
            previous, row["case_id"], row["action"], row["content"], row["reader"], row["utc"]
        )
        if row["previous_sha256"] != previous or row["sha256"] != link:
            entry_id: int = row["entry_id"]
            return entry_id
        previous = link
    return None


def _link(previous: str, case_id: int, action: str, content: str, reader: str, utc: str) -> str:
    linked = json.dumps([previous, case_id, str(action), content, reader, utc])
    return hashlib.sha256(linked.encode()).hexdigest()


def _entry(row: sqlite3.Row) -> HistoryEntry:
    return HistoryEntry(
        row["entry_id"],
        row["case_id"],
        Action(row["action"]),
        json.loads(row["content"]),
        row["reader"],
        row["utc"],
    )
