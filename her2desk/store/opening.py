"""Opening a library."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from her2desk.errors import StoreRefused
from her2desk.private_files import PRIVATE_FILE, PRIVATE_FOLDER, make_private_folder
from her2desk.store.connection import DATABASE_NAME, open_database, open_database_to_read
from her2desk.store.erasing import finish_erasing
from her2desk.store.files import FileStore
from her2desk.store.intake import Clock
from her2desk.store.last_entry import LastEntryNote
from her2desk.store.library import Library
from her2desk.store.locking import LibraryLock
from her2desk.store.reading import Parts
from her2desk.store.replacing import (
    finish_replacing,
    has_left_stages,
    is_replacing,
    remove_left_stages,
)
from her2desk.store.vault import (
    Vault,
    is_encrypted,
    looks_encrypted,
    passphrase_needed,
    vault_missing,
)
from her2desk.texts import msg

FILES_FOLDER = "files"


def _present() -> datetime:
    return datetime.now(UTC)


def needs_passphrase(folder: Path) -> bool:
    """Whether the library in ``folder`` is encrypted; an interrupted change of that is finished first.

    Raises ``StoreRefused`` where it cannot be finished.
    """
    if is_replacing(folder) and os.access(folder, os.W_OK):
        finish_replacing(folder, LibraryLock(folder))
    return is_encrypted(folder)


def open_library(
    folder: Path,
    reader: str = "",
    clock: Clock = _present,
    *,
    read_only: bool = False,
    vault: Vault | None = None,
) -> Library:
    """Open the library in ``folder``, making it where there is none and updating an older one.

    ``read_only`` changes nothing, not even where it could, and needs a library of this version.
    ``vault`` opens one that is encrypted: see ``needs_passphrase`` and ``vault.unlock_vault``.
    Several programs may have one library open: they write one after the other. Raises
    ``StoreRefused`` when it is damaged, cannot be written, or was made by a newer version.
    """
    return _opened(folder, reader, clock, LibraryLock(folder), read_only, vault)


def open_for_window(
    folder: Path, reader: str, clock: Clock = _present, vault: Vault | None = None
) -> Library:
    """Open the library for a window: to write, or read-only where another window has it.

    Read-only too where the folder cannot be written and holds a library. ``held_by`` of the library
    says who has it. Raises as ``open_library`` does.
    """
    lock = LibraryLock(folder)
    try:
        taken = lock.take()
    except OSError as error:
        if not (folder / DATABASE_NAME).is_file():
            raise _unusable(folder) from error
        return _opened(folder, reader, clock, lock, read_only=True, vault=vault)
    if not taken:
        library = _opened(folder, reader, clock, lock, read_only=True, vault=vault)
        library.held_by = lock.holder()
        return library
    try:
        library = _opened(folder, reader, clock, lock, read_only=False, vault=vault)
        remove_left_stages(folder)
        return library
    except StoreRefused as error:
        lock.release()
        if error.code not in ("store-full", "store-unwritable"):
            raise
        return _opened(folder, reader, clock, lock, read_only=True, vault=vault)
    except BaseException:
        lock.release()
        raise


def _opened(
    folder: Path,
    reader: str,
    clock: Clock,
    lock: LibraryLock,
    read_only: bool,
    vault: Vault | None,
) -> Library:
    path, files, note = folder / DATABASE_NAME, folder / FILES_FOLDER, LastEntryNote(folder)
    if read_only:
        _check_settled(folder)
    else:
        finish_replacing(folder, lock)
    vault = _fitting(folder, vault)
    store = FileStore(files, vault.sealing() if vault else None)
    key = vault.database_key if vault else None
    if read_only:
        database = open_database_to_read(path, key)
    else:
        _make_ready(folder, files)
        _remove_plain_rest(folder, lock, vault)
        store.remove_left_behind()
        database = open_database(path, note.keep, key)
    library = Library(Parts(folder, database, store, clock, lock, note, vault), reader)
    try:
        # From here on nobody can exchange the library: an exchange that began just now is seen.
        _check_settled(folder)
        if not read_only:
            finish_erasing(library.parts)
    except BaseException:
        database.close()
        raise
    return library


def _fitting(folder: Path, vault: Vault | None) -> Vault | None:
    """The vault where there is one to open; raises ``StoreRefused`` where it was not opened."""
    if is_encrypted(folder):
        if vault is None:
            raise passphrase_needed()
        return vault
    if looks_encrypted(folder / DATABASE_NAME):
        raise vault_missing()
    return None


def _remove_plain_rest(folder: Path, lock: LibraryLock, vault: Vault | None) -> None:
    """A decrypting that was killed leaves plain files, which must not wait for the next window."""
    if vault is not None and has_left_stages(folder):
        with suppress(StoreRefused), lock.held():
            remove_left_stages(folder)


def _make_ready(folder: Path, files: Path) -> None:
    try:
        make_private_folder(files)
        _close_to_others(folder)
    except OSError as error:
        raise _unusable(folder) from error


def _check_settled(folder: Path) -> None:
    if is_replacing(folder):
        raise StoreRefused(
            msg("This library is being exchanged for another one."),
            msg("Try again in a moment; if this stays so, open it where it can be written."),
            code="store-in-use",
        )


def _close_to_others(folder: Path) -> None:
    """Take from others what a version before modes were set left open; the folder is the user's."""
    for name, mode in ((FILES_FOLDER, PRIVATE_FOLDER), (DATABASE_NAME, PRIVATE_FILE)):
        path = folder / name
        if path.exists() and path.stat().st_mode & 0o077:
            path.chmod(mode)


def _unusable(folder: Path) -> StoreRefused:
    return StoreRefused(
        msg("The library folder {folder} cannot be used.", folder=str(folder)),
        msg("Choose a folder that you may write to, with --library or HER2DESK_HOME."),
        code="store-unwritable",
    )
