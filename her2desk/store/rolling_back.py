"""The way back to the library as it was before a change of its schema."""

from dataclasses import dataclass
from pathlib import Path

from her2desk.errors import StoreRefused
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.files import copy_private
from her2desk.store.locking import LibraryLock
from her2desk.store.replacing import finish_replacing, replace_library, staging
from her2desk.store.soundness import Contents, examined
from her2desk.store.vault import VAULT_NAME, Vault, is_encrypted, passphrase_needed
from her2desk.texts import msg


@dataclass(frozen=True)
class RolledBack:
    """What counts now, and where the library that counted before lies."""

    contents: Contents
    aside: Path | None


def roll_back(folder: Path, snapshot: Path, vault: Vault | None = None) -> RolledBack:
    """Put ``snapshot``, a copy of the database from before a change, back in the place of the present.

    Image files stay. What was done since is no longer in the library, but in the one set aside. The
    present version of the program changes the schema again when it opens the library: this is the way
    back to an earlier version. An encrypted library needs its ``vault`` and stays encrypted. Raises
    ``StoreRefused`` when the copy is not sound or another program has the library open; nothing is
    changed then.
    """
    lock = LibraryLock(folder)
    if not snapshot.is_file():
        raise StoreRefused(
            msg("There is no backup {path}.", path=str(snapshot)),
            msg("Choose one of those in the library's folder “backups”."),
            code="backup-absent",
        )
    with lock.held():
        finish_replacing(folder, lock)
        with staging(folder) as stage:
            staged = stage / DATABASE_NAME
            _copy(snapshot, staged)
            if is_encrypted(folder):
                if vault is None:
                    raise passphrase_needed()
                _copy(folder / VAULT_NAME, stage / VAULT_NAME)
            contents = examined(staged, vault.database_key if vault else None)
            aside = replace_library(folder, stage)
    return RolledBack(contents, aside)


def _copy(snapshot: Path, staged: Path) -> None:
    try:
        with snapshot.open("rb") as source:
            copy_private(source, staged)
    except OSError as error:
        raise StoreRefused(
            msg("The backup could not be copied."),
            msg("Check that it can be read and that the library's disk has room."),
            code="backup-unreadable",
        ) from error
