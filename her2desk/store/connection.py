"""The library's database: opening it, bringing its schema up to date, and transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from her2desk.errors import StoreRefused
from her2desk.texts import Message, msg

DATABASE_NAME = "library.sqlite"
BUSY_TIMEOUT_S = 5.0
MIGRATIONS_PACKAGE = "her2desk.store.migrations"

_PRIMARY_CODE = 0xFF  # SQLite's extended codes carry the primary one in the low byte


class Database:
    """One connection to the library's database, used by one thread at a time.

    A lock makes the turns: any thread may call, and waits while another is inside. Every
    transaction is on disk (``synchronous=FULL``) when its block ends.
    """

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection
        self._lock = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all of the block or none of it; raises ``StoreRefused`` when that fails."""
        with self._lock, _sentences(), _atomic(self._connection):
            yield self._connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read; raises ``StoreRefused`` when the database cannot be read."""
        with self._lock, _sentences():
            yield self._connection

    def close(self) -> None:
        """Close the connection; closing twice does nothing."""
        with self._lock:
            self._connection.close()


def open_database(path: Path) -> Database:
    """Open or create the database at ``path`` and bring it up to date.

    Raises ``StoreRefused`` when it is damaged, cannot be written, or was made by a newer version.
    """
    with _sentences():
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            migrate(connection, known_migrations())
        except BaseException:
            connection.close()
            raise
    return Database(connection)


def known_migrations() -> tuple[str, ...]:
    """The SQL of each migration in order; the first makes schema 1."""
    folder = resources.files(MIGRATIONS_PACKAGE)
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return tuple(f.read_text(encoding="utf-8") for f in files)


def migrate(connection: sqlite3.Connection, migrations: tuple[str, ...]) -> None:
    """Apply what is missing, each migration whole or not at all.

    Raises ``StoreRefused`` for a schema later than ``migrations`` reach.
    """
    for number, sql in enumerate(migrations, start=1):
        if schema_version(connection) >= number:
            continue
        with _atomic(connection):
            # Asked again under the write lock: another process may have been faster.
            if schema_version(connection) < number:
                for statement in _statements(sql):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
    if schema_version(connection) > len(migrations):
        raise StoreRefused(
            msg("This library was made by a newer version of Her2Desk."),
            msg("Open it with that version, or choose another library folder."),
            code="store-newer",
        )


def schema_version(connection: sqlite3.Connection) -> int:
    """The number of the last migration applied; 0 for an empty database."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


@contextmanager
def _atomic(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(sql: str) -> Iterator[str]:
    """Single statements: ``executescript`` would commit before it starts."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


_UNWRITABLE = (
    msg("The library cannot be written."),
    msg("Check that you may write to its folder and that its disk is connected."),
    "store-unwritable",
)
_DAMAGED = (
    msg("The library's database is damaged."),
    msg("Restore the library folder from a backup, or choose another library folder."),
    "store-damaged",
)
_REFUSALS: dict[int, tuple[Message, Message, str]] = {
    sqlite3.SQLITE_CANTOPEN: _UNWRITABLE,
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_IOERR: _UNWRITABLE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_FULL: (
        msg("The disk is full; the last change was not saved."),
        msg("Free some space on the library's disk and try again."),
        "store-full",
    ),
    sqlite3.SQLITE_BUSY: (
        msg("Another program is using the library."),
        msg("Close other Her2Desk windows that use it, or try again in a moment."),
        "store-busy",
    ),
}


@contextmanager
def _sentences() -> Iterator[None]:
    """What SQLite says, as a sentence; what only a mistake of ours can cause passes through."""
    try:
        yield
    except sqlite3.Error as error:
        refusal = _REFUSALS.get(getattr(error, "sqlite_errorcode", -1) & _PRIMARY_CODE)
        if refusal is None:
            raise
        message, remedy, code = refusal
        raise StoreRefused(message, remedy, code=code) from error
