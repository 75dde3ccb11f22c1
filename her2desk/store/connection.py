"""The library's database: opening it, and transactions."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from her2desk.errors import StoreRefused
from her2desk.private_files import PRIVATE_FILE
from her2desk.store.migrating import (
    check_not_newer,
    known_migrations,
    known_schema,
    migrate,
    schema_version,
)
from her2desk.store.snapshots import keep_before_migration
from her2desk.store.sqlite_access import (
    DatabaseKey,
    atomic,
    connect,
    database_errors,
    refusals,
)
from her2desk.texts import msg

DATABASE_NAME = "library.sqlite"
WAL_ENDING = "-wal"

AfterCommit = Callable[[sqlite3.Connection], None]


class Database:
    """Two connections to the library's database: one writes, one reads beside it.

    Locks make the turns: any thread may call. Those who write wait for each other, and so do those
    who read, but nobody reads later because somebody writes: a window can list its cases while an
    import waits for the disk. Every transaction is on disk (``synchronous=FULL``), and seen by
    whoever reads then, when its block ends. Without a ``writer`` it can only be read.
    ``after_commit`` runs after each transaction, before anybody else writes.
    """

    def __init__(
        self,
        writer: sqlite3.Connection | None,
        reader: sqlite3.Connection,
        after_commit: AfterCommit = lambda _: None,
    ):
        self._writer = writer
        self._reader = reader
        self._after_commit = after_commit
        self._writing_lock = threading.RLock()
        self._reading_lock = threading.RLock()

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be written."""
        return self._writer is None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all of the block or none of it; raises ``StoreRefused`` when that fails."""
        with self._writing_lock, refusals():
            writer = self._checked_writer()
            with atomic(writer):
                yield writer
            self._after_commit(writer)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read; raises ``StoreRefused`` when the database cannot be read."""
        with self._reading_lock, refusals():
            yield self._reader

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """The writing connection outside a transaction, while no other thread reads or writes."""
        with self._reading_lock, self._writing_lock, refusals():
            yield self._checked_writer()

    def check_writable(self) -> None:
        """Raise ``StoreRefused`` where nothing can be written."""
        self._checked_writer()

    def close(self) -> None:
        """Close the connections; closing twice does nothing."""
        with self._reading_lock, self._writing_lock:
            self._reader.close()
            if self._writer is not None:
                self._writer.close()

    def _checked_writer(self) -> sqlite3.Connection:
        if self._writer is None:
            raise StoreRefused(
                msg("This library is open for reading only; nothing can be saved."),
                msg("Close the other Her2Desk window that has it open, or check its folder."),
                code="store-read-only",
            )
        return self._writer


def open_database(
    path: Path, after_commit: AfterCommit = lambda _: None, key: DatabaseKey | None = None
) -> Database:
    """Open or create the database at ``path`` and bring it up to date.

    With a ``key`` it is encrypted. What an older version made is kept beside it before it is changed
    (``backups/``). Raises ``StoreRefused`` when it is damaged, cannot be written, or was made by a
    newer version.
    """
    with refusals(), ExitStack() as opened:
        _make_private(path)
        writer = opened.enter_context(_closed_on_failure(connect(path, key=key)))
        check_not_newer(writer)  # before anything is written
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA synchronous = FULL")
        writer.execute("PRAGMA foreign_keys = ON")
        writer.execute("PRAGMA secure_delete = ON")  # what is erased leaves no bytes behind
        migrate(writer, known_migrations(), partial(keep_before_migration, path, key=key))
        reader = opened.enter_context(_closed_on_failure(connect(path, key=key)))
        reader.execute("PRAGMA query_only = ON")
        return Database(writer, reader, after_commit)


def open_database_to_read(path: Path, key: DatabaseKey | None = None) -> Database:
    """Open the database at ``path`` without changing a byte, as on a disc that cannot be written.

    Raises ``StoreRefused`` when it is absent or damaged, was made by another version, or when its
    last changes wait in a log that cannot be read without writing.
    """
    with refusals():
        reader = _connected_to_read(path, key)
        try:
            _check_is_present_schema(reader)
        except BaseException:
            reader.close()
            raise
        return Database(None, reader)


def _connected_to_read(path: Path, key: DatabaseKey | None) -> sqlite3.Connection:
    """Where the folder cannot be written, SQLite opens WAL databases only as never changing."""
    reader = connect(path, "mode=ro", key)
    try:
        schema_version(reader)
    except database_errors("OperationalError"):
        reader.close()
        if not path.is_file():
            raise
        log = path.with_name(path.name + WAL_ENDING)
        if log.exists() and log.stat().st_size:
            raise StoreRefused(
                msg("The library's last changes cannot be read: its folder cannot be written."),
                msg("Copy the library folder to a disk that you may write to, and open the copy."),
                code="store-unfinished",
            ) from None
        return connect(path, "mode=ro&immutable=1", key)
    return reader


def _check_is_present_schema(connection: sqlite3.Connection) -> None:
    check_not_newer(connection)
    if schema_version(connection) < known_schema():
        raise StoreRefused(
            msg("This library was made by an older version of Her2Desk."),
            msg("Open it once where it can be written, which brings it up to date."),
            code="store-older",
        )


def _make_private(path: Path) -> None:
    """SQLite gives its log the mode of the database, and would make that as the umask says."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
    except OSError:
        return  # SQLite says why


@contextmanager
def _closed_on_failure(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
