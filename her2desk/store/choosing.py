"""What lies in a folder that somebody wants as the library's place."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from her2desk.errors import StoreRefused
from her2desk.logs import LOGS_FOLDER
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.vault import is_encrypted
from her2desk.texts import Message, msg


class PlaceKind(StrEnum):
    """What the folder is to a library."""

    LIBRARY = "library"
    ENCRYPTED = "encrypted"
    EMPTY = "empty"


_SENTENCES = {
    PlaceKind.LIBRARY: msg("There is a library in this folder; it will be opened."),
    PlaceKind.ENCRYPTED: msg(
        "There is an encrypted library in this folder; its passphrase will be asked for."
    ),
    PlaceKind.EMPTY: msg("There is no library in this folder yet; an empty one will be made."),
}


@dataclass(frozen=True)
class LibraryPlace:
    """A folder that a library can be opened in, and what will happen there."""

    folder: Path
    kind: PlaceKind

    @property
    def sentence(self) -> Message:
        """What opening it means."""
        return _SENTENCES[self.kind]


def place_for_library(folder: Path) -> LibraryPlace:
    """Look at ``folder`` without changing anything.

    Raises ``StoreRefused``: ``place-relative``, ``place-no-folder``, ``place-unwritable``, and
    ``place-occupied`` where other things lie that a library should not be mixed with.
    """
    if not folder.is_absolute():
        raise _refused(msg("{folder} is not a whole path.", folder=folder), "place-relative")
    if not folder.exists():
        if _can_be_made(folder):
            return LibraryPlace(folder, PlaceKind.EMPTY)
        raise _unwritable(folder)
    if not folder.is_dir():
        raise _refused(msg("{folder} is not a folder.", folder=folder), "place-no-folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(folder)
    if is_encrypted(folder):
        return LibraryPlace(folder, PlaceKind.ENCRYPTED)
    if (folder / DATABASE_NAME).is_file():
        return LibraryPlace(folder, PlaceKind.LIBRARY)
    if any(not _is_ours_or_hidden(path) for path in folder.iterdir()):
        raise _refused(
            msg("There are other files in {folder}, and no library.", folder=folder),
            "place-occupied",
        )
    return LibraryPlace(folder, PlaceKind.EMPTY)


def _is_ours_or_hidden(path: Path) -> bool:
    return path.name == LOGS_FOLDER or path.name.startswith(".") or path.name == "desktop.ini"


def _can_be_made(folder: Path) -> bool:
    nearest = next(parent for parent in folder.parents if parent.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def _unwritable(folder: Path) -> StoreRefused:
    return _refused(msg("You may not write to {folder}.", folder=folder), "place-unwritable")


def _refused(message: Message, code: str) -> StoreRefused:
    return StoreRefused(
        message,
        msg(
            "Choose an empty folder of your own, or one that holds a library. Nothing was changed."
        ),
        code=code,
    )
