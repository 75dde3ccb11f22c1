"""Where what leaves a library may go."""

from pathlib import Path

from her2desk.errors import StoreRefused
from her2desk.texts import msg


def check_outside(library: Path, target: Path) -> None:
    """Raise ``StoreRefused`` where ``target`` lies in the library's own folder.

    There it might take the place of the library's own files, it would be lost with their disk, and
    erasing a patient would not reach it.
    """
    if target.resolve().is_relative_to(library.resolve()):
        raise StoreRefused(
            msg("{path} lies in the library's own folder; nothing was written.", path=target),
            msg("Choose a place outside it, best on another disk."),
            code="inside-library",
        )
