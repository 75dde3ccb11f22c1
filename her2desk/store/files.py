"""Image files by their content: ``files/ab/abcd…``, written whole or not at all."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from her2desk.errors import InputRefused, StoreRefused
from her2desk.texts import msg

CHUNK_BYTES = 1 << 20


class FileStore:
    """A folder of files named by the SHA-256 of their bytes."""

    def __init__(self, folder: Path):
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Where the file with this hash lies, whether or not it is there."""
        return self._folder / sha256[:2] / sha256

    def add(self, source: Path, sha256: str) -> Path:
        """Copy ``source`` in and return where it lies; on disk when this returns.

        Raises ``InputRefused`` when the source cannot be read or its bytes are no longer those of
        ``sha256``, ``StoreRefused`` when the copy cannot be written.
        """
        target = self.path(sha256)
        with _reading(source) as original, _writing():
            target.parent.mkdir(parents=True, exist_ok=True)
            self._copy(original, target, sha256)
        return target

    def _copy(self, original: BinaryIO, target: Path, sha256: str) -> None:
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as copy:
                found = _copy_and_hash(original, copy)
                copy.flush()
                os.fsync(copy.fileno())
            if found != sha256:
                raise InputRefused(
                    msg("The file changed while it was being read."),
                    msg("Import it again once it is complete."),
                    code="file-changed",
                )
            temporary.replace(target)
            _sync_folder(target.parent)
            _sync_folder(self._folder)
        finally:
            temporary.unlink(missing_ok=True)


def _copy_and_hash(source: BinaryIO, target: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := _next_chunk(source):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _next_chunk(source: BinaryIO) -> bytes:
    try:
        return source.read(CHUNK_BYTES)
    except OSError as error:
        raise _unreadable() from error


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise _unreadable() from error
    with file:
        yield file


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StoreRefused(
                msg("The disk is full; the file was not imported."),
                msg("Free some space on the library's disk and import it again."),
                code="store-full",
            ) from error
        raise StoreRefused(
            msg("The file could not be copied into the library."),
            msg("Check that you may write to the library's folder."),
            code="store-unwritable",
        ) from error


def _unreadable() -> InputRefused:
    return InputRefused(
        msg("The file cannot be read."),
        msg("Check that it still exists and that you may open it."),
        code="file-unreadable",
    )


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut; Windows has no handle on folders and needs none."""
    if os.name == "nt":  # no cover: needs Windows
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
