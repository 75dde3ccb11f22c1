"""Whole copies of the library's database: before each migration, and the way back to one."""

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from her2desk.errors import StoreRefused
from her2desk.private_files import make_private_folder, sync_folder
from her2desk.store.sqlite_access import DatabaseKey, connect, refusals
from her2desk.texts import msg

BACKUPS_FOLDER = "backups"
KEPT = 5

_BEFORE = "before-schema-"
_ENDING = ".sqlite"


@dataclass(frozen=True)
class Snapshot:
    """A copy of the database that lies in the library's folder."""

    path: Path
    made: datetime
    size: int


def snapshots(folder: Path) -> tuple[Snapshot, ...]:
    """The copies in the library ``folder``, the oldest first."""
    found = []
    for path in (folder / BACKUPS_FOLDER).glob(f"*{_ENDING}"):
        with suppress(OSError):  # removed meanwhile
            facts = path.stat()
            made = datetime.fromtimestamp(facts.st_mtime, UTC)
            found.append(Snapshot(path, made, facts.st_size))
    return tuple(sorted(found, key=lambda one: (one.made, one.path.name)))


def keep_before_migration(database: Path, number: int, key: DatabaseKey | None = None) -> None:
    """Keep a copy of ``database`` as it is before schema ``number``, and only the last few of these.

    Raises ``StoreRefused`` when it cannot be written; then nothing must be migrated.
    """
    folder = database.parent
    kept = take(database, folder, f"{_BEFORE}{number}", key)
    older = [one.path for one in snapshots(folder) if one.path.name.startswith(_BEFORE)]
    older.remove(kept)
    for path in older[: -(KEPT - 1)]:
        path.unlink(missing_ok=True)


def take(database: Path, folder: Path, name: str, key: DatabaseKey | None = None) -> Path:
    """Copy ``database``, as last committed, into the backups of ``folder``; gives where it lies."""
    backups = folder / BACKUPS_FOLDER
    try:
        make_private_folder(backups)
        target = _free_name(backups, name)
        write_snapshot(database, target, key)
        sync_folder(backups)
    except OSError as error:
        raise _not_kept() from error
    return target


def write_snapshot(database: Path, target: Path, key: DatabaseKey | None = None) -> None:
    """Write the last committed state of ``database`` as one file, on disk when this returns.

    It has the ``key`` of the database. Others may go on reading and writing. Raises ``OSError`` or
    ``StoreRefused``; ``target`` is then as it was.
    """
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        with (
            refusals(),
            closing(connect(database, key=key)) as source,
            closing(connect(temporary, key=key)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, readable from any disc
            check_whole(copy)
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_whole(connection: sqlite3.Connection) -> None:
    """Raise ``StoreRefused`` where the database is not whole."""
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise StoreRefused(
            msg("The library's database is damaged."),
            msg("Restore the library from a backup (her2desk library restore)."),
            code="store-damaged",
        )


def _free_name(folder: Path, name: str) -> Path:
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    path, n = folder / f"{name}-{stamp}{_ENDING}", 1
    while path.exists():
        n += 1
        path = folder / f"{name}-{stamp}-{n}{_ENDING}"
    return path


def _not_kept() -> StoreRefused:
    return StoreRefused(
        msg("The library could not be copied before a change, so nothing was changed."),
        msg("Free some space on its disk, and check that you may write to its folder."),
        code="store-backup-unwritable",
    )
