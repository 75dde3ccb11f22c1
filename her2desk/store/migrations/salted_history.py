"""The part of migration 3 that SQL alone cannot do: the chain is checked, then linked anew."""

import hashlib
import json
import secrets
import sqlite3

from her2desk.store import case_states, history
from her2desk.store.history import FIRST_LINK

_FINISH = (
    "DROP TABLE history_before",
    # What the latest of an action is, answered without touching the entries themselves: a
    # prediction's is tens of kilobytes long.
    "CREATE INDEX history_by_case ON history (case_id, action, entry_id)",
    "CREATE INDEX history_by_reader ON history (case_id, action, reader, entry_id)",
    "CREATE INDEX history_by_action ON history (action, entry_id)",
    # A content may only go, and only after an entry that says so.
    """
    CREATE TRIGGER history_is_never_changed BEFORE UPDATE ON history
    WHEN NEW.content IS NOT NULL OR OLD.action = 'erased'
      OR NEW.entry_id <> OLD.entry_id OR NEW.case_id <> OLD.case_id OR NEW.action <> OLD.action
      OR NEW.reader <> OLD.reader OR NEW.utc <> OLD.utc
      OR NEW.content_sha256 <> OLD.content_sha256
      OR NEW.previous_sha256 <> OLD.previous_sha256 OR NEW.sha256 <> OLD.sha256
      OR NOT EXISTS (SELECT 1 FROM history AS said WHERE said.case_id = OLD.case_id
                     AND said.action = 'erased' AND said.entry_id > OLD.entry_id)
    BEGIN
        SELECT RAISE(ABORT, 'history is append-only');
    END
    """,
    """
    CREATE TRIGGER history_is_never_deleted BEFORE DELETE ON history
    BEGIN
        SELECT RAISE(ABORT, 'history is append-only');
    END
    """,
)


def verify(connection: sqlite3.Connection) -> None:
    """Raise ``StoreRefused`` where the chain of schema 1 and 2 does not hold."""
    broken = first_broken(connection)
    if broken is not None:
        raise history.changed_from_outside(broken)


def first_broken(connection: sqlite3.Connection) -> int | None:
    """The first entry of a chain of schema 1 or 2 whose hash or link is wrong."""
    previous = FIRST_LINK
    for row in connection.execute("SELECT * FROM history ORDER BY entry_id"):
        said = [row[name] for name in ("case_id", "action", "content", "reader", "utc")]
        link = hashlib.sha256(json.dumps([previous, *said]).encode()).hexdigest()
        if row["previous_sha256"] != previous or row["sha256"] != link:
            entry_id: int = row["entry_id"]
            return entry_id
        previous = link
    return None


def fill(connection: sqlite3.Connection) -> None:
    """Copy every entry with a salt and its new link, and work out what the case list shows."""
    previous = FIRST_LINK
    rows = connection.cursor()
    rows.execute("SELECT * FROM history_before ORDER BY entry_id")
    for row in rows:
        salt = secrets.token_bytes(history.SALT_BYTES)
        hashed = history.content_hash(salt, row["content"])
        said = (row["entry_id"], row["case_id"], row["action"], row["reader"], row["utc"])
        link = history.link(previous, said, hashed)
        connection.execute(history.INSERT, (*said, hashed, previous, link, salt, row["content"]))
        previous = link
    for statement in _FINISH:
        connection.execute(statement)
    case_states.rebuild(connection)
