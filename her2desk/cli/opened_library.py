"""The library as commands open it: what they keep is the reader's whom the settings name."""

from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.paths import settings_path
from her2desk.settings import load_settings

if TYPE_CHECKING:
    from her2desk.store.library import Library


def opened_library(folder: Path) -> "Library":
    """The library in ``folder``; raises as ``store.opening.open_library`` does."""
    from her2desk.store.opening import open_library

    return open_library(folder, reader=load_settings(settings_path()).reader)
