"""The library as commands open it: what they keep is the reader's whom the settings name."""

from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.cli.passphrases import unlocked
from her2desk.errors import StoreRefused
from her2desk.in_force import settings_in_force

if TYPE_CHECKING:
    from her2desk.store.library import Library
    from her2desk.store.vault import Vault


def opened_library(folder: Path) -> "Library":
    """The library in ``folder``, with its passphrase asked for where it is encrypted.

    Raises as ``store.opening.open_library`` and ``passphrases.unlocked`` do.
    """
    return _opened(folder, unlocked(folder))


def library_to_read(folder: Path) -> "Library":
    """The library in ``folder`` for what only reads it: on a disc that cannot be written, too."""
    vault = unlocked(folder)
    try:
        return _opened(folder, vault)
    except StoreRefused as refused:
        if refused.code != "store-unwritable":
            raise
        return _opened(folder, vault, read_only=True)


def _opened(folder: Path, vault: "Vault | None", *, read_only: bool = False) -> "Library":
    from her2desk.store.opening import open_library

    reader = settings_in_force().reader
    return open_library(folder, reader, read_only=read_only, vault=vault)
