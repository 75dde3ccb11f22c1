"""Bringing a library's schema up to date, each step whole or not at all."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from her2desk import __version__
from her2desk.errors import StoreRefused
from her2desk.redaction import public
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
    check_not_newer(connection, len(migrations))


def known_schema() -> int:
    """The number of the schema that this version writes."""
    return len(known_migrations())


def check_not_newer(connection: sqlite3.Connection, known: int | None = None) -> None:
    """Raise ``StoreRefused`` (``store-newer``) for a schema beyond ``known``, or else this version's."""
    found = schema_version(connection)
    if found > (known_schema() if known is None else known):
        raise newer_than_known(found)


def newer_than_known(found: int) -> StoreRefused:
    """The refusal of a library that a later version has changed to the schema ``found``."""
    return StoreRefused(
        msg(
            "This library was made by a newer version of Her2Desk: it has format {found}, and "
            "Her2Desk {version} knows formats up to {known}.",
            found=found,
            known=known_schema(),
            version=public(__version__),
        ),
        msg(
            "Nothing in it was changed. Open it with a version that knows format {found}, or choose "
            "another library folder.",
            found=found,
        ),
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
