"""Opening a library."""

from datetime import UTC, datetime
from pathlib import Path

from her2desk.errors import StoreRefused
from her2desk.store.connection import DATABASE_NAME, open_database
from her2desk.store.files import FileStore
from her2desk.store.intake import Clock
from her2desk.store.library import Library
from her2desk.texts import msg

FILES_FOLDER = "files"


def _present() -> datetime:
    return datetime.now(UTC)


def open_library(folder: Path, reader: str = "", clock: Clock = _present) -> Library:
    """Open the library in ``folder``, making it where there is none and updating an older one.

    Raises ``StoreRefused`` when it is damaged, cannot be written, or was made by a newer version.
    """
    files = folder / FILES_FOLDER
    try:
        files.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreRefused(
            msg("The library folder {folder} cannot be used.", folder=str(folder)),
            msg("Choose a folder that you may write to, with --library or HER2DESK_HOME."),
            code="store-unwritable",
        ) from error
    store = FileStore(files)
    store.remove_left_behind()
    return Library(open_database(folder / DATABASE_NAME), store, reader, clock)
