"""Bringing a library's schema up to date, each step whole or not at all."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from her2desk.errors import StoreRefused
from her2desk.store.migrations import salted_history
from her2desk.store.sqlite_access import atomic
from her2desk.texts import msg

MIGRATIONS_PACKAGE = "her2desk.store.migrations"

Step = Callable[[sqlite3.Connection], None]


def _nothing(_: sqlite3.Connection) -> None: ...


@dataclass(frozen=True)
class Migration:
    """One step. ``before`` may refuse, ``after`` fills what SQL alone cannot; all in one transaction."""

    sql: str
    before: Step = _nothing
    after: Step = _nothing


_STEPS: Mapping[int, tuple[Step, Step]] = {3: (salted_history.verify, salted_history.fill)}


def known_migrations() -> tuple[Migration, ...]:
    """Every migration in order; the first makes schema 1."""
    folder = resources.files(MIGRATIONS_PACKAGE)
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return tuple(
        Migration(file.read_text(encoding="utf-8"), *_STEPS.get(number, ()))
        for number, file in enumerate(files, start=1)
    )


def migrate(
    connection: sqlite3.Connection,
    migrations: tuple[Migration, ...],
    keep: Callable[[int], None] = lambda _: None,
) -> None:
    """Apply what is missing, each migration whole or not at all.

    ``keep`` is called before each migration of a database that is not new, with the number of the
    schema to come, while nobody can write. Raises ``StoreRefused`` for a schema later than ``migrations``
    reach, and what ``keep`` and a migration's own check raise; nothing has changed then.
    """
    is_new = schema_version(connection) == 0
    for number, migration in enumerate(migrations, start=1):
        if schema_version(connection) >= number:
            continue
        with atomic(connection):
            # Asked again under the write lock: another process may have been faster.
            if schema_version(connection) < number:
                if not is_new:
                    keep(number)
                _apply(connection, number, migration)
    if schema_version(connection) > len(migrations):
        raise newer_than_known()


def newer_than_known() -> StoreRefused:
    """The refusal of a library that a later version has changed."""
    return StoreRefused(
        msg("This library was made by a newer version of Her2Desk."),
        msg("Open it with that version, or choose another library folder."),
        code="store-newer",
    )


def schema_version(connection: sqlite3.Connection) -> int:
    """The number of the last migration applied; 0 for an empty database."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _apply(connection: sqlite3.Connection, number: int, migration: Migration) -> None:
    migration.before(connection)
    for statement in _statements(migration.sql):
        connection.execute(statement)
    migration.after(connection)
    connection.execute(f"PRAGMA user_version = {number}")


def _statements(sql: str) -> Iterator[str]:
    """Single statements: ``executescript`` would commit before it starts."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
