"""SQLite as the library uses it: how a connection is made, and what its failures mean.

An encrypted library is read and written by SQLCipher, which is SQLite with encrypted pages and has
classes of its own for the same things; only libraries that are encrypted load it.
"""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, cast
from urllib.parse import quote

from her2desk.errors import StoreRefused
from her2desk.texts import Message, msg

BUSY_TIMEOUT_S = 5.0

_PRIMARY_CODE = 0xFF  # SQLite's extended codes carry the primary one in the low byte
_SQLCIPHER_FORMAT = 4  # of its pages; pinned, as a later version may begin another
_CACHE_KIB = 64 << 10  # what stays decrypted in memory; the case list of 10,000 fits in


@dataclass(frozen=True)
class DatabaseKey:
    """The key of an encrypted database: 64 hexadecimal digits, shown by nothing."""

    hexadecimal: str = field(repr=False)

    def sql(self) -> str:
        """As SQLCipher wants a key that needs no working out."""
        return f"\"x'{self.hexadecimal}'\""


def connect(path: Path, options: str = "", key: DatabaseKey | None = None) -> sqlite3.Connection:
    """A connection, through SQLCipher with a ``key``. ``options`` are those of SQLite's file URIs."""
    if key is None:
        return _connected(sqlite3, path, options)
    return connect_sqlcipher(path, options, key)


def connect_sqlcipher(
    path: Path, options: str = "", key: DatabaseKey | None = None
) -> sqlite3.Connection:
    """A connection through SQLCipher, which reads plain databases too, where there is no ``key``.

    Raises ``StoreRefused`` where SQLCipher is not installed.
    """
    connection = _connected(_sqlcipher(), path, options)
    connection.execute("PRAGMA cipher_log_level = NONE")  # what fails is told by errors
    if key is not None:
        connection.execute(f"PRAGMA key = {key.sql()}")
        connection.execute(f"PRAGMA cipher_compatibility = {_SQLCIPHER_FORMAT}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def database_errors(name: str = "Error") -> tuple[type[Exception], ...]:
    """The classes of this name that SQLite and, where it was loaded, SQLCipher raise."""
    loaded = (sqlite3, sys.modules.get("sqlcipher3.dbapi2"))
    return tuple(getattr(module, name) for module in loaded if module is not None)


def error_code(error: Exception) -> int:
    """SQLite's primary result code of an error, -1 where it has none."""
    return int(getattr(error, "sqlite_errorcode", -1)) & _PRIMARY_CODE


def _connected(module: ModuleType, path: Path, options: str) -> sqlite3.Connection:
    target = f"file:{quote(path.absolute().as_posix())}?{options}" if options else str(path)
    connection: Any = module.connect(
        target,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        uri=bool(options),
    )
    connection.row_factory = module.Row
    return cast("sqlite3.Connection", connection)


def _sqlcipher() -> ModuleType:
    try:
        from sqlcipher3 import dbapi2
    except ImportError as error:
        raise StoreRefused(
            msg("This library is encrypted, and the part of Her2Desk that reads it is missing."),
            msg("Install Her2Desk again; the package sqlcipher3 is not there or does not load."),
            code="sqlcipher-missing",
        ) from error
    return cast("ModuleType", dbapi2)


@contextmanager
def atomic(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of the block or none of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_UNWRITABLE = (
    msg("The library cannot be written."),
    msg("Check that you may write to its folder and that its disk is connected."),
    "store-unwritable",
)
_DAMAGED = (
    msg("The library's database is damaged."),
    msg("Restore the library from a backup (her2desk library restore), or choose another folder."),
    "store-damaged",
)
_FULL = (
    msg("The disk is full; the last change was not saved."),
    msg("Free some space on the library's disk and try again."),
    "store-full",
)
_REFUSALS: dict[int, tuple[Message, Message, str]] = {
    sqlite3.SQLITE_CANTOPEN: _UNWRITABLE,
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_IOERR: _UNWRITABLE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: (
        msg("Another program is using the library."),
        msg("Close other Her2Desk windows that use it, or try again in a moment."),
        "store-busy",
    ),
}


@contextmanager
def refusals() -> Iterator[None]:
    """What SQLite says, as a sentence; what only a mistake of ours can cause passes through."""
    try:
        yield
    except database_errors() as error:
        no_room = getattr(error, "sqlite_errorcode", -1) == sqlite3.SQLITE_IOERR_SHMSIZE
        refusal = _FULL if no_room else _REFUSALS.get(error_code(error))
        if refusal is None:
            raise
        message, remedy, code = refusal
        raise StoreRefused(message, remedy, code=code) from error
