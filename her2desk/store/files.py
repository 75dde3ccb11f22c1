"""Image files by their content: ``files/ab/abcd…``, written whole or not at all."""

import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from her2desk.errors import InputRefused, StoreRefused
from her2desk.texts import msg

CHUNK_BYTES = 1 << 20
INCOMING = "incoming"
LEFT_BEHIND_S = 24 * 3600  # a copy this old belongs to a process that was killed


@dataclass(frozen=True)
class StagedFile:
    """A verified copy on its way into the store; nothing counts on it before ``keep``."""

    temporary: Path
    target: Path
    size: int


class FileStore:
    """A folder of files named by the SHA-256 of their bytes."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._incoming = folder / INCOMING

    def path(self, sha256: str) -> Path:
        """Where the file with this hash lies, whether or not it is there."""
        return self._folder / sha256[:2] / sha256

    def add(self, source: Path, sha256: str) -> Path:
        """Copy ``source`` in and return where it lies; on disk when this returns.

        Raises as ``stage`` and ``keep`` do.
        """
        staged = self.stage(source, sha256)
        try:
            self.keep([staged])
        finally:
            self.discard([staged])
        return staged.target

    def stage(self, source: Path, sha256: str) -> StagedFile:
        """Copy ``source`` beside the store, where ``keep`` or ``discard`` finds it.

        Raises ``InputRefused`` when the source cannot be read or its bytes are no longer those of
        ``sha256``, ``StoreRefused`` when the copy cannot be written.
        """
        with _reading(source) as original, _writing():
            if not self._incoming.is_dir():
                self._incoming.mkdir(parents=True, exist_ok=True)
            return self._copy(original, sha256)

    def keep(self, staged: Sequence[StagedFile]) -> None:
        """Give the copies their names; on disk when this returns.

        Many at once are cheaper than one by one: the first sync carries most of the others.
        Raises ``StoreRefused`` when that fails; some may then lie in the store.
        """
        with _writing():
            for file in staged:
                _sync(file.temporary, os.O_RDWR)
            for file in staged:
                file.target.parent.mkdir(parents=True, exist_ok=True)
                file.temporary.replace(file.target)
            if staged:
                self._sync_folders({file.target.parent for file in staged})

    def discard(self, staged: Sequence[StagedFile]) -> None:
        """Remove copies that were not kept."""
        for file in staged:
            file.temporary.unlink(missing_ok=True)

    def remove_left_behind(self) -> None:
        """Remove the copies that killed processes left half-way; those of others at work stay."""
        oldest = time.time() - LEFT_BEHIND_S
        with _writing():
            if not self._incoming.is_dir():
                return
            for path in self._incoming.glob("*.part"):
                if path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)

    def _copy(self, original: BinaryIO, sha256: str) -> StagedFile:
        handle, name = tempfile.mkstemp(dir=self._incoming, suffix=".part")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as copy:
                found = _copy_and_hash(original, copy)
                size = copy.tell()
            if found != sha256:
                raise InputRefused(
                    msg("The file changed while it was being read."),
                    msg("Import it again once it is complete."),
                    code="file-changed",
                )
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return StagedFile(temporary, self.path(sha256), size)

    def _sync_folders(self, folders: set[Path]) -> None:
        """Make renames last through a power cut; Windows has no handle on folders, needs none."""
        if os.name == "nt":  # no cover: needs Windows
            return
        for folder in (*sorted(folders), self._incoming, self._folder):
            _sync(folder, os.O_RDONLY)


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


def _sync(path: Path, mode: int) -> None:
    handle = os.open(path, mode)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
