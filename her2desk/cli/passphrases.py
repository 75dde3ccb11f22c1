"""Passphrases on the command line: typed, or read from a file.

Never an argument or a variable, which other programs of the computer may read.
"""

import getpass
import os
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.errors import InputRefused
from her2desk.private_files import open_to_others
from her2desk.texts import msg, tr

if TYPE_CHECKING:
    from her2desk.store.vault import Vault

FILE_VARIABLE = "HER2DESK_PASSPHRASE_FILE"
LONGEST = 4096

_FILE: ContextVar[Path | None] = ContextVar("passphrase_file", default=None)


def use_passphrase_file(path: Path | None) -> None:
    """Read the passphrase from this file; None: from the one that the environment names, if any."""
    named = os.environ.get(FILE_VARIABLE)
    _FILE.set(path or (Path(named) if named else None))


def unlocked(folder: Path) -> "Vault | None":
    """The keys of the library in ``folder``, None where it is not encrypted.

    Asks for the passphrase. Raises ``StoreRefused`` where it is wrong or nobody can be asked, and
    ``InputRefused`` for a passphrase file that cannot be used.
    """
    from her2desk.store.opening import needs_passphrase
    from her2desk.store.vault import unlock_vault

    if not needs_passphrase(folder):
        return None
    return unlock_vault(folder, passphrase(tr("Passphrase of the library: ")))


def passphrase(question: str) -> str:
    """The passphrase, from the file or whoever sits there; raises as ``unlocked`` does."""
    path = _FILE.get()
    return _typed(question) if path is None else read_passphrase(path)


def new_passphrase(path: Path | None = None) -> str:
    """A new passphrase, from a file or typed twice; raises as ``unlocked`` does."""
    from her2desk.store.vault import check_passphrase

    path = path or _FILE.get()
    chosen = _typed(tr("New passphrase: ")) if path is None else read_passphrase(path)
    check_passphrase(chosen)
    if path is None and _typed(tr("The same again: ")) != chosen:
        raise InputRefused(
            msg("The two passphrases are not the same; nothing was changed."),
            msg("Try again."),
            code="passphrases-differ",
        )
    return chosen


def read_passphrase(path: Path) -> str:
    """The first line of a file that its owner alone can read; raises ``InputRefused``."""
    try:
        if open_to_others(path):
            raise InputRefused(
                msg("Others on this computer can read the passphrase file {name}.", name=path.name),
                msg("Run: chmod 600 {path}", path=str(path)),
                code="passphrase-file-open",
            )
        with path.open(encoding="utf-8") as file:
            line = file.readline(LONGEST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(
            msg("The passphrase file {name} cannot be read.", name=path.name),
            msg("Check its name, and that it is a text file in UTF-8."),
            code="passphrase-file-unreadable",
        ) from error
    if not line:
        raise InputRefused(
            msg("The passphrase file {name} is empty.", name=path.name),
            msg("Put the passphrase into its first line."),
            code="passphrase-file-unreadable",
        )
    return line


def _typed(question: str) -> str:
    from her2desk.store.vault import passphrase_needed

    if sys.stdin is None or not sys.stdin.isatty():
        raise passphrase_needed()
    try:
        return getpass.getpass(question)
    except EOFError as error:
        raise passphrase_needed() from error
