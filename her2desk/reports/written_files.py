"""Files that appear whole, and only after the library knows of them."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from her2desk.errors import unwritable
from her2desk.private_files import sync_folder


@contextmanager
def staged(contents: Mapping[Path, bytes]) -> Iterator[None]:
    """Write the files beside their places, run the block, and only then put them there.

    Each is on disk, for its owner alone, before the block runs; when the block raises, or a place
    cannot be written (``InputRefused``), nothing is left behind and what was there stays.
    """
    waiting: dict[Path, Path] = {}
    try:
        for place, content in contents.items():
            waiting[place] = _written_beside(place, content)
        yield
        for place, temporary in waiting.items():
            _put(temporary, place)
    finally:
        for temporary in waiting.values():
            temporary.unlink(missing_ok=True)


def _written_beside(place: Path, content: bytes) -> Path:
    if place.is_dir():
        raise unwritable(place)
    try:
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".her2desk-", suffix=".part")
    except OSError as error:
        raise unwritable(place) from error
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp made it 0600
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise unwritable(place) from error
    return Path(name)


def _put(temporary: Path, place: Path) -> None:
    try:
        temporary.replace(place)
        sync_folder(place.parent)
    except OSError as error:
        raise unwritable(place) from error
