"""Whether a database from elsewhere is a sound library: its schema, its pages and its history."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from her2desk.errors import StoreRefused
from her2desk.store import history, imported
from her2desk.store.history import Head
from her2desk.store.migrating import (
    known_migrations,
    migrate,
    newer_than_known,
    schema_version,
)
from her2desk.store.migrations import salted_history
from her2desk.store.sqlite_access import DatabaseKey, connect, refusals
from her2desk.texts import msg

_SALTED_SINCE = 3


class Contents(NamedTuple):
    """What a database holds. ``head`` is the end of its history, None where it is empty."""

    schema: int
    cases: int
    entries: int
    head: Head | None
    images: tuple[str, ...]


def examined(path: Path, key: DatabaseKey | None = None) -> Contents:
    """What the database at ``path`` holds, which is encrypted where a ``key`` is given.

    Raises ``StoreRefused`` unless it is whole, has the very tables of a library of its version and
    an unbroken history; nothing of it is run meanwhile.
    """
    with refusals(), closing(connect(path, "mode=ro&immutable=1", key)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        version = schema_version(connection)
        if version > len(known_migrations()):
            raise newer_than_known(version)
        if version < 1 or _schema(connection) != _schema_of(version):
            raise _no_library()
        if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
            raise _no_library()
        broken = (
            history.first_broken(connection)
            if version >= _SALTED_SINCE
            else salted_history.first_broken(connection)
        )
        if broken is not None:
            raise history.changed_from_outside(broken)
        if version >= _SALTED_SINCE:
            imported.check_cases(connection)
        return _contents(connection, version)


def _contents(connection: sqlite3.Connection, version: int) -> Contents:
    head = history.head(connection)
    (entries,) = connection.execute("SELECT count(*) FROM history").fetchone()
    images = tuple(
        row["image_sha256"] for row in connection.execute("SELECT image_sha256 FROM cases")
    )
    return Contents(version, len(images), entries, head, images)


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """Tables, indexes and triggers; quotes and blanks are set otherwise by other SQLites."""
    rows = connection.execute("SELECT type, name, coalesce(sql, '') AS sql FROM sqlite_master")
    return {
        (row["type"], row["name"], "".join(row["sql"].replace('"', "").split())) for row in rows
    }


def _schema_of(version: int) -> set[tuple[str, str, str]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        migrate(connection, known_migrations()[:version])
        return _schema(connection)


def _no_library() -> StoreRefused:
    return StoreRefused(
        msg("This is not a whole library of Her2Desk."),
        msg("Choose another backup."),
        code="backup-damaged",
    )
