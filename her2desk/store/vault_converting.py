"""Encrypting a library that stands, and decrypting it: built anew beside the old one, then exchanged.

Whatever happens before the exchange leaves the old library; from there on it is carried to its end,
by the next program that opens the library if this one is killed. The old library is deleted.
"""

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from her2desk.domain.progress import Portion, Progress, SilentProgress
from her2desk.errors import InputRefused, StoreRefused
from her2desk.private_files import PRIVATE_FILE, make_private_folder, sync_folder, write_private
from her2desk.store import history
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.files import FileStore
from her2desk.store.history import Head
from her2desk.store.last_entry import write_note
from her2desk.store.locking import LibraryLock
from her2desk.store.opening import FILES_FOLDER, needs_passphrase, open_library
from her2desk.store.replacing import (
    finish_replacing,
    in_use,
    replace_library,
    replaced,
    staging,
)
from her2desk.store.snapshots import BACKUPS_FOLDER, check_whole, snapshots
from her2desk.store.soundness import Contents, examined
from her2desk.store.sqlite_access import (
    DatabaseKey,
    connect,
    connect_sqlcipher,
    database_errors,
    error_code,
    refusals,
)
from her2desk.store.vault import (
    VAULT_NAME,
    Vault,
    check_passphrase,
    locked,
    new_vault,
    unlock_vault,
)
from her2desk.store.vault_sealing import SealBroken
from her2desk.texts import msg, msgn

NO_WAY_BACK = msg(
    "There is no way back to an encrypted library without its passphrase: who forgets it has lost the"
    " library and its backups. Nobody can help, the makers of Her2Desk neither."
)

WAITING_FOLDERS = ("pacs/inbox", "pacs/outbox")
_WAITING_ENDINGS = (".dcm", ".part")
_DATABASE_SHARE = 0.2  # of the work; the rest are images
_ROOM = 1.05  # what encrypting adds, and some


@dataclass(frozen=True)
class Converted:
    """A library that is now encrypted, or no longer.

    ``left_out`` are images that were lost before. ``left`` is what could not be deleted of the old
    library and still holds what is in it.
    """

    cases: int
    left_out: tuple[str, ...]
    left: tuple[Path, ...]


def deleted_by_encrypting(folder: Path) -> tuple[Path, ...]:
    """What ``encrypt_library`` deletes besides the plain library: libraries set aside before."""
    return replaced(folder)


def encrypt_library(folder: Path, passphrase: str, progress: Progress | None = None) -> Converted:
    """Encrypt the library in ``folder``; who forgets the passphrase has lost it for good.

    Every image's hash and the whole history are checked in what was written before anything is
    exchanged. Then the plain library is deleted, and with it the libraries that a restore set aside;
    copies from before a change of the schema are encrypted too. A solid-state disk may keep the
    deleted blocks for a while. Nobody else may have the library open.

    Raises ``StoreRefused`` and ``InputRefused``, and ``Cancelled`` when ``progress`` does; the library
    is then as it was.
    """
    check_passphrase(passphrase)
    if needs_passphrase(folder):
        raise already_encrypted()
    _check_nothing_waits(folder)
    vault = new_vault()
    content = locked(vault, passphrase)

    def add_vault(stage: Path) -> None:
        write_private(stage / VAULT_NAME, content)

    return _converted(folder, None, vault, add_vault, progress or SilentProgress())


def decrypt_library(folder: Path, passphrase: str, progress: Progress | None = None) -> Converted:
    """Make the library in ``folder`` a plain one again, as ``encrypt_library`` made it encrypted.

    Libraries that a restore set aside stay as they are. Raises as ``encrypt_library`` does.
    """
    if not needs_passphrase(folder):
        raise not_encrypted()
    vault = unlock_vault(folder, passphrase)
    return _converted(folder, vault, None, lambda _: None, progress or SilentProgress())


def already_encrypted() -> StoreRefused:
    """The refusal of a library that has its passphrase."""
    return StoreRefused(
        msg("This library is encrypted already."),
        msg("To give it another passphrase: her2desk library passphrase"),
        code="library-encrypted",
    )


def not_encrypted() -> StoreRefused:
    """The refusal of what only an encrypted library has."""
    return StoreRefused(
        msg("This library is not encrypted."),
        msg("Encrypt it with: her2desk library encrypt"),
        code="library-not-encrypted",
    )


def _converted(
    folder: Path,
    old: Vault | None,
    new: Vault | None,
    complete: Callable[[Path], None],
    progress: Progress,
) -> Converted:
    open_library(folder, vault=old).close()  # brings it up to date, and ends an erasing
    lock = LibraryLock(folder)
    with lock.held(), _disk_trouble_refused():
        finish_replacing(folder, lock)
        _check_room(folder)
        with staging(folder) as stage:
            builder = _Builder(folder, stage, old, new)
            with _alone_with(folder / DATABASE_NAME, _key(old)) as database:
                contents = builder.database(database, progress)
                left_out = builder.images(contents, Portion(progress, _DATABASE_SHARE, 1.0))
                complete(stage)
                sync_folder(stage)
            aside = replace_library(
                folder,
                stage,
                check=lambda: _check_unchanged(folder, _key(old), contents.head),
                discard=deleted_by_encrypting(folder) if new else (),
            )
    left = (*(replaced(folder) if new else ()),)
    return Converted(contents.cases, left_out, left or ((aside,) if aside else ()))


class _Builder:
    """Builds the new library in ``stage``."""

    def __init__(self, folder: Path, stage: Path, old: Vault | None, new: Vault | None):
        self._folder = folder
        self._stage = stage
        self._old_key, self._new_key = _key(old), _key(new)
        self._is_encrypting = new is not None
        self._old = FileStore(folder / FILES_FOLDER, old.sealing() if old else None)
        self._new = FileStore(stage / FILES_FOLDER, new.sealing() if new else None)

    def database(self, present: sqlite3.Connection, progress: Progress) -> Contents:
        """The database and the copies of it from before changes of its schema."""
        progress.step(0.0, msg("Writing the database"))
        target = self._stage / DATABASE_NAME
        with refusals():
            head = history.head(present)
        _export(present, target, self._new_key)
        contents = examined(target, self._new_key)
        if contents.head != head:
            raise _not_the_same()
        if head is not None:
            write_note(self._stage, head)
        self._copies()
        return contents

    def images(self, contents: Contents, progress: Progress) -> tuple[str, ...]:
        """Every image, checked as it lies in the new library; gives those that were lost before."""
        make_private_folder(self._stage / FILES_FOLDER)
        left_out = []
        for at, sha256 in enumerate(contents.images):
            progress.step(at / len(contents.images), msg("Writing the images"))
            if self._old.path(sha256).is_file():
                self._image(sha256)
            else:
                left_out.append(sha256)
        return tuple(left_out)

    def _image(self, sha256: str) -> None:
        try:
            if self._is_encrypting:
                self._new.add(self._old.path(sha256), sha256)
            else:
                target = self._new.path(sha256)
                make_private_folder(target.parent)
                self._old.write_out(sha256, target)
                sync_folder(target.parent)
            is_whole = self._new.hash_of(sha256) == sha256
        except (InputRefused, SealBroken):
            is_whole = False
        if not is_whole:
            raise StoreRefused(
                msg(
                    "The image {name} in the library is damaged; nothing was changed.", name=sha256
                ),
                msg("Import the file again, or restore the library from a backup, and try again."),
                code="store-file-damaged",
            )

    def _copies(self) -> None:
        if not (self._folder / BACKUPS_FOLDER).is_dir():
            return
        make_private_folder(self._stage / BACKUPS_FOLDER)
        for copy in snapshots(self._folder):
            target = self._stage / BACKUPS_FOLDER / copy.path.name
            try:
                with refusals(), closing(connect_sqlcipher(copy.path, "", self._old_key)) as source:
                    _export(source, target, self._new_key)
            except StoreRefused as error:
                raise StoreRefused(
                    msg("The copy {name} of an earlier library is damaged.", name=copy.path.name),
                    msg("Delete it in the library's folder “backups”, and try again."),
                    code="backup-damaged",
                ) from error
            made = copy.made.timestamp()
            os.utime(target, (made, made))
        sync_folder(self._stage / BACKUPS_FOLDER)


def _export(source: sqlite3.Connection, target: Path, key: DatabaseKey | None) -> None:
    """Write all of a database to a new file, on disk when this returns."""
    with refusals():
        (version,) = source.execute("PRAGMA user_version").fetchone()
        stated = "''" if key is None else key.sql()
        source.execute(f"ATTACH DATABASE ? AS goal KEY {stated}", (str(target),))
        try:
            source.execute("SELECT sqlcipher_export('goal')")
            source.execute(f"PRAGMA goal.user_version = {version}")
        finally:
            source.execute("DETACH DATABASE goal")
        with closing(connect_sqlcipher(target, "", key)) as written:
            check_whole(written)
    target.chmod(PRIVATE_FILE)
    with target.open("r+b") as file:
        os.fsync(file.fileno())


@contextmanager
def _alone_with(path: Path, key: DatabaseKey | None) -> Iterator[sqlite3.Connection]:
    """The database, which nobody else can read or write meanwhile.

    Nothing else of this process may open the file: closing it would let the lock go (POSIX).
    """
    with refusals(), _busy_is_in_use(), closing(connect(path, "", key)) as connection:
        # SQLite and SQLCipher do not see each other's connections within one process.
        connection.execute("PRAGMA journal_mode = DELETE")  # folds the log into the database
    with refusals(), closing(connect_sqlcipher(path, "", key)) as connection:
        with _busy_is_in_use():
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        yield connection


@contextmanager
def _busy_is_in_use() -> Iterator[None]:
    try:
        yield
    except database_errors("OperationalError") as error:
        if error_code(error) == sqlite3.SQLITE_BUSY:
            raise in_use() from error
        raise


def _check_unchanged(folder: Path, key: DatabaseKey | None, head: Head | None) -> None:
    """Somebody may have written between the building and the plan; then it is not the same library."""
    with refusals(), closing(connect(folder / DATABASE_NAME, "mode=ro", key)) as connection:
        if history.head(connection) != head:
            raise in_use()


def _check_room(folder: Path) -> None:
    paths = (folder / DATABASE_NAME, folder / FILES_FOLDER, folder / BACKUPS_FOLDER)
    size = sum(
        path.stat().st_size for top in paths for path in (top, *top.rglob("*")) if path.is_file()
    )
    if shutil.disk_usage(folder).free < size * _ROOM:
        raise _no_room()


@contextmanager
def _disk_trouble_refused() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _no_room() from error
        raise StoreRefused(
            msg("The library could not be written anew; it is as it was."),
            msg("Check that you may write to its folder and that its disk is connected."),
            code="store-unwritable",
        ) from error


def _no_room() -> StoreRefused:
    return StoreRefused(
        msg("The disk has no room for a second copy of the library, which this takes for a while."),
        msg("Free some space on the library's disk and try again; nothing was changed."),
        code="store-full",
    )


def _not_the_same() -> StoreRefused:
    return StoreRefused(
        msg("What was written is not the same library; it was dropped."),
        msg("Check the library's disk, make a backup, and try again."),
        code="store-damaged",
    )


def _check_nothing_waits(folder: Path) -> None:
    """What an archive sent, or is to be sent, lies there as it is until it is where it belongs."""
    waiting = [
        path
        for name in WAITING_FOLDERS
        for path in (folder / name).rglob("*")
        if path.is_file() and path.suffix in _WAITING_ENDINGS
    ]
    if waiting:
        raise StoreRefused(
            msgn(
                "{n} image still waits in {folder}, which is not encrypted.",
                "{n} images still wait in {folder}, which is not encrypted.",
                len(waiting),
                folder=str(waiting[0].parent),
            ),
            msg("Import or send what waits there, or delete it, and try again."),
            code="images-waiting",
        )


def _key(vault: Vault | None) -> DatabaseKey | None:
    return None if vault is None else vault.database_key
