"""The append-only history: who did what to which case, each entry chained to the one before.

A link commits to the salted hash of a content, so that contents can be erased and the chain holds.
"""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from her2desk.errors import StoreRefused
from her2desk.texts import msg

FIRST_LINK = "0" * 64
SALT_BYTES = 16

INSERT = (
    "INSERT INTO history (entry_id, case_id, action, reader, utc, content_sha256,"
    " previous_sha256, sha256, salt, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


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
    STABILITY = "stability"
    IMPRESSION = "impression"
    REVEALED = "revealed"
    LOOKED = "looked"
    DECISION = "decision"
    PATHOLOGY = "pathology"
    REPORTED = "reported"
    SENT = "sent"
    ERASED = "erased"


@dataclass(frozen=True)
class HistoryEntry:
    """One entry; ``utc`` is ISO 8601. The order is that of ``entry_id``, whatever the clock did.

    ``content`` is None where there is nothing to say and where it was erased, which ``is_erased``
    tells apart.
    """

    entry_id: int
    case_id: int
    action: Action
    content: Mapping[str, Any] | None
    reader: str
    utc: str
    is_erased: bool = False


class Head(NamedTuple):
    """The end of the chain: its last entry and that entry's hash."""

    entry_id: int
    sha256: str


def append(
    connection: sqlite3.Connection,
    case_id: int,
    action: Action,
    content: Mapping[str, Any] | None,
    reader: str,
    now: datetime,
) -> HistoryEntry:
    """Add an entry inside the caller's transaction and return it."""
    last = head(connection)
    previous = last.sha256 if last else FIRST_LINK
    entry_id = last.entry_id + 1 if last else 1
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    utc = now.astimezone(UTC).isoformat(timespec="milliseconds")
    salt = secrets.token_bytes(SALT_BYTES)
    hashed = content_hash(salt, text)
    said = (entry_id, case_id, str(action), reader, utc)
    linked = link(previous, said, hashed)
    connection.execute(INSERT, (*said, hashed, previous, linked, salt, text))
    return HistoryEntry(entry_id, case_id, action, content, reader, utc)


def head(connection: sqlite3.Connection) -> Head | None:
    """The last entry and its hash; None in an empty history."""
    row = connection.execute(
        "SELECT entry_id, sha256 FROM history ORDER BY entry_id DESC LIMIT 1"
    ).fetchone()
    return Head(row["entry_id"], row["sha256"]) if row else None


def holds(connection: sqlite3.Connection, past: Head) -> bool:
    """Whether ``past``, once the end of the chain, is still a part of it."""
    row = connection.execute(
        "SELECT sha256 FROM history WHERE entry_id = ?", (past.entry_id,)
    ).fetchone()
    return row is not None and row["sha256"] == past.sha256


def latest(
    connection: sqlite3.Connection, case_id: int, action: Action, reader: str | None = None
) -> HistoryEntry | None:
    """The last entry of this action for the case, by ``reader`` where one is named.

    None for a case that was erased.
    """
    row = connection.execute(
        "SELECT * FROM history WHERE case_id = ? AND action = ? AND (? IS NULL OR reader = ?)"
        " ORDER BY entry_id DESC LIMIT 1",
        (case_id, str(action), reader, reader),
    ).fetchone()
    return _entry(row) if row and row["content"] is not None else None


def latest_by_reader(
    connection: sqlite3.Connection, case_id: int, action: Action
) -> tuple[HistoryEntry, ...]:
    """Every reader's last entry of this action for the case, in the order in which they began."""
    rows = connection.execute(
        "SELECT history.* FROM history JOIN"
        " (SELECT min(entry_id) AS first, max(entry_id) AS last FROM history"
        "  WHERE case_id = ? AND action = ? GROUP BY reader) AS span ON entry_id = span.last"
        " WHERE content IS NOT NULL ORDER BY span.first",
        (case_id, str(action)),
    )
    return tuple(_entry(row) for row in rows)


def of_actions(
    connection: sqlite3.Connection, actions: Collection[Action]
) -> tuple[HistoryEntry, ...]:
    """All entries of these actions, of every case that was not erased, oldest first."""
    marks = ", ".join("?" * len(actions))
    rows = connection.execute(
        f"SELECT * FROM history WHERE action IN ({marks}) AND content IS NOT NULL"
        " ORDER BY entry_id",
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
    """All that happened to the case, oldest first; of an erased one without contents."""
    rows = connection.execute(
        "SELECT * FROM history WHERE case_id = ? ORDER BY entry_id", (case_id,)
    )
    return tuple(_entry(row) for row in rows)


def entry(connection: sqlite3.Connection, entry_id: int) -> HistoryEntry | None:
    """The entry with this number."""
    row = connection.execute("SELECT * FROM history WHERE entry_id = ?", (entry_id,)).fetchone()
    return _entry(row) if row else None


def erase_contents(connection: sqlite3.Connection, case_id: int) -> None:
    """Drop the contents of the case's entries; the database allows it after an ``ERASED`` entry."""
    connection.execute(
        "UPDATE history SET content = NULL, salt = NULL WHERE case_id = ? AND action <> ?",
        (case_id, str(Action.ERASED)),
    )


def first_broken(connection: sqlite3.Connection) -> int | None:
    """The first entry whose hash or link is wrong, None when the chain holds.

    A content that is not there must be named by a later ``ERASED`` entry of its case, and one that
    is named must not be there. A chain cannot show that its last entries were cut off; a kept copy
    of its ``head`` can.
    """
    erased = _erased(connection)
    previous = FIRST_LINK
    for row in connection.execute("SELECT * FROM history ORDER BY entry_id"):
        if not _is_whole(row, previous, erased):
            entry_id: int = row["entry_id"]
            return entry_id
        previous = row["sha256"]
    return None


def steps_back(connection: sqlite3.Connection) -> int:
    """How many entries bear an earlier time than the one before: the clock was set back."""
    row = connection.execute(
        "SELECT count(*) AS n FROM"
        " (SELECT utc < lag(utc) OVER (ORDER BY entry_id) AS back FROM history) WHERE back"
    ).fetchone()
    n: int = row["n"]
    return n


def changed_from_outside(entry_id: int) -> StoreRefused:
    """The refusal of a history in which this entry is the first that is not as it was written."""
    return StoreRefused(
        msg("Entry {n} of the library's history was changed from outside.", n=entry_id),
        msg("Restore the library from a backup, and ask who has access to its folder."),
        code="store-history-changed",
    )


def content_hash(salt: bytes, content: str) -> str:
    """What a link commits to: without the salt nobody can try out what an erased content said."""
    return hashlib.sha256(salt + content.encode()).hexdigest()


def link(previous: str, said: tuple[int, int, str, str, str], content_sha256: str) -> str:
    """The hash of an entry, which the next one carries.

    ``said`` is its number, its case's, the action, the reader and the time.
    """
    linked = json.dumps([previous, *said, content_sha256])
    return hashlib.sha256(linked.encode()).hexdigest()


def _erased(connection: sqlite3.Connection) -> dict[int, int]:
    """By entry: the last ``ERASED`` entry of its own case that says its content is gone."""
    found: dict[int, int] = {}
    for row in connection.execute(
        "SELECT * FROM history WHERE action = ? ORDER BY entry_id", (str(Action.ERASED),)
    ):
        named = _numbers(row["content"])
        own = connection.execute(
            "SELECT entry_id FROM history WHERE case_id = ? AND entry_id < ?",
            (row["case_id"], row["entry_id"]),
        )
        found |= {e["entry_id"]: row["entry_id"] for e in own if e["entry_id"] in named}
    return found


def _numbers(content: str | None) -> frozenset[int]:
    """The entries that an ``ERASED`` entry names; none where it is not as we write it."""
    try:
        return frozenset(json.loads(content or "")["entries"])
    except (ValueError, LookupError, TypeError):
        return frozenset()


def _is_whole(row: sqlite3.Row, previous: str, erased: Mapping[int, int]) -> bool:
    said = (row["entry_id"], row["case_id"], row["action"], row["reader"], row["utc"])
    linked = link(previous, said, row["content_sha256"])
    if row["previous_sha256"] != previous or row["sha256"] != linked:
        return False
    if row["content"] is None:
        return row["entry_id"] in erased and row["action"] != Action.ERASED
    if row["entry_id"] in erased:
        return False
    hashed: str = row["content_sha256"]
    return content_hash(row["salt"], row["content"]) == hashed


def _entry(row: sqlite3.Row) -> HistoryEntry:
    content = row["content"]
    return HistoryEntry(
        row["entry_id"],
        row["case_id"],
        Action(row["action"]),
        None if content is None else json.loads(content),
        row["reader"],
        row["utc"],
        content is None,
    )


def erasure(entries: Iterable[int], files: int) -> dict[str, Any]:
    """The content of an ``ERASED`` entry: which entries lost theirs; nothing of the patient."""
    named = sorted(entries)
    return {"entries": named, "contents": len(named), "files": files}
