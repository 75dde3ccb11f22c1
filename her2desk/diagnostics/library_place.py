"""Where the library lies: whether that place can be written and has room, and of which version it is."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from her2desk import __version__
from her2desk.diagnostics.check import NOTHING, Check
from her2desk.redaction import public
from her2desk.store.connection import DATABASE_NAME, WAL_ENDING
from her2desk.store.migrating import known_schema, newer_than_known, schema_version
from her2desk.store.snapshots import BACKUPS_FOLDER
from her2desk.store.vault import is_encrypted
from her2desk.texts import msg

FREE_BYTES = 1 << 30
GIB = 1 << 30


def place_check(folder: Path, write: Callable[[Path], None] | None = None) -> Check:
    """Whether the library's folder, or the one that it will be made in, can be written."""
    place = _existing(folder)
    try:
        (write or _write)(place)
    except OSError:
        return Check(
            "library-place",
            False,
            msg("Nothing can be written in {folder}.", folder=place),
            msg(
                "Choose another place for the library under Settings, or ask for the right to write."
            ),
        )
    return Check("library-place", True, msg("{folder} can be written.", folder=place))


def disk_check(
    folder: Path, free_bytes: Callable[[Path], int] | None = None, wanted_bytes: int = FREE_BYTES
) -> Check:
    """Whether the library's disk has room."""
    free = (free_bytes or _free)(_existing(folder))
    ok = free >= wanted_bytes
    message = msg("{gib:.1f} GiB free on the library's disk.", gib=free / GIB)
    remedy = NOTHING if ok else msg("Free some space, or move the library to a larger disk.")
    return Check("disk-space", ok, message, remedy)


def absent_or_other(folder: Path) -> Check | None:
    """What is said of a library that is not there, or was made by another version; None of others.

    Not a byte of it is changed. An encrypted one shows no version; opening it does.
    """
    database = folder / DATABASE_NAME
    if not folder.exists() or (folder.is_dir() and not database.exists()):
        said = msg("There is no library in {folder} yet; the first case makes it.", folder=folder)
        return Check("library", True, said)
    if not database.is_file() or is_encrypted(folder):
        return None
    try:
        with closing(connected_to_look(database)) as connection:
            found = schema_version(connection)
    except sqlite3.Error:
        return None  # opening it says what is wrong
    if found > known_schema():
        newer = newer_than_known(found)
        return Check("library", False, newer.message, newer.remedy)
    if 0 < found < known_schema():
        return Check(
            "library",
            True,
            msg(
                "The library has format {found}, of an older version; Her2Desk {version} writes"
                " format {known}.",
                found=found,
                known=known_schema(),
                version=public(__version__),
            ),
            msg(
                "It is brought up to date when it is next opened; as it was, it stays in its folder"
                " {name}.",
                name=public(BACKUPS_FOLDER),
            ),
        )
    return None


def connected_to_look(database: Path) -> sqlite3.Connection:
    """A connection to a plain database that leaves no file beside it that was not there before."""
    log = database.with_name(database.name + WAL_ENDING)
    is_settled = not log.exists() or not log.stat().st_size
    how = "mode=ro&immutable=1" if is_settled else "mode=ro"
    return sqlite3.connect(f"{database.absolute().as_uri()}?{how}", uri=True)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def _write(place: Path) -> None:
    with tempfile.TemporaryFile(dir=place) as file:
        file.write(b"her2desk")


def _free(place: Path) -> int:
    return shutil.disk_usage(place).free
