"""The library's database: opening it, bringing its schema up to date, and transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import resources
from pathlib import Path

from her2desk.errors import StoreRefused
from her2desk.texts import Message, msg

DATABASE_NAME = "library.sqlite"
BUSY_TIMEOUT_S = 5.0
MIGRATIONS_PACKAGE = "her2desk.store.migrations"

_PRIMARY_CODE = 0xFF  # SQLite's extended codes carry the primary one in the low byte


class Database:
    """Two connections to the library's database: one writes, one reads beside it.

    Locks make the turns: any thread may call. Those who write wait for each other, and so do those
    who read, but nobody reads later because somebody writes: a window can list its cases while an
    import waits for the disk. Every transaction is on disk (``synchronous=FULL``), and seen by
    whoever reads then, when its block ends.
    """

    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection):
        self._writer = writer
        self._reader = reader
        self._writing_lock = threading.RLock()
        self._reading_lock = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all of the block or none of it; raises ``StoreRefused`` when that fails."""
        with self._writing_lock, _sentences(), _atomic(self._writer):
            yield self._writer

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read; raises ``StoreRefused`` when the database cannot be read."""
        with self._reading_lock, _sentences():
            yield self._reader

    def close(self) -> None:
        """Close the connections; closing twice does nothing."""
        with self._reading_lock, self._writing_lock:
            self._reader.close()
            self._writer.close()


def open_database(path: Path) -> Database:
    """Open or create the database at ``path`` and bring it up to date.

    Raises ``StoreRefused`` when it is damaged, cannot be written, or was made by a newer version.
    """
    with _sentences(), ExitStack() as opened:
        writer = opened.enter_context(_closed_on_failure(_connect(path)))
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA synchronous = FULL")
        writer.execute("PRAGMA foreign_keys = ON")
        migrate(writer, known_migrations())
        reader = opened.enter_context(_closed_on_failure(_connect(path)))
        reader.execute("PRAGMA query_only = ON")
        return Database(writer, reader)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    return connection


@contextmanager
def _closed_on_failure(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


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
