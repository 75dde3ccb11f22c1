"""Image files by their content: ``files/ab/abcd…``, written whole or not at all.

In an encrypted library they are sealed; their names stay the hashes of what was sealed.
"""

import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO

from her2desk.errors import InputRefused, StoreRefused
from her2desk.private_files import PRIVATE_FILE, make_private_folder, sync_folder
from her2desk.store.vault_sealing import Nowhere, Sealing, Source, Target
from her2desk.store.vault_session import UnsealedFiles
from her2desk.texts import msg

CHUNK_BYTES = 1 << 20
INCOMING = "incoming"
_BINARY = getattr(os, "O_BINARY", 0)  # Windows' own
ON_ITS_WAY_S = 3600  # no import takes that long from a file to its case
LEFT_BEHIND_S = 24 * 3600  # a copy this old belongs to a process that was killed


@dataclass(frozen=True)
class StagedFile:
    """A verified copy on its way into the store; nothing counts on it before ``keep``."""

    temporary: Path
    target: Path
    size: int


class AsTheyAre:
    """How the files of a library lie that is not encrypted."""

    def seal(self, source: Source, target: Target) -> str:
        """Copy; gives the SHA-256."""
        return _copied(source.read, target)

    unseal = seal


class FileStore:
    """A folder of files named by the SHA-256 of their bytes.

    ``sealing`` is how they are written and read; files that are encrypted are read by other programs
    from copies that ``close`` removes.
    """

    def __init__(self, folder: Path, sealing: Sealing | None = None):
        self._folder = folder
        self._incoming = folder / INCOMING
        self._sealing = sealing or AsTheyAre()
        self._unsealed = None if sealing is None else UnsealedFiles(self.write_out)

    def path(self, sha256: str) -> Path:
        """Where the file with this hash lies, whether or not it is there."""
        return self._folder / sha256[:2] / sha256

    def readable(self, sha256: str) -> Path:
        """The file as it was put in, to be read by its path while the library is open.

        Raises ``OSError`` where it is not there or, if it is encrypted, not as it was put in.
        """
        path = self.path(sha256)
        return path if self._unsealed is None else self._unsealed.path(sha256, path)

    def hash_of(self, sha256: str) -> str:
        """The SHA-256 of the bytes that were put in, as they are now; raises ``OSError``."""
        with self.path(sha256).open("rb") as source:
            return self._sealing.unseal(source, Nowhere())

    def write_out(self, sha256: str, target: Path) -> str:
        """Write the bytes that were put in to a new file for the owner alone; gives the SHA-256.

        It is on disk when this returns. Raises ``OSError``; nothing is left of the copy then.
        """
        with self.path(sha256).open("rb") as source:
            return _written_private(target, partial(self._sealing.unseal, source))

    def close(self) -> None:
        """Remove what was unsealed for reading."""
        if self._unsealed is not None:
            self._unsealed.close()

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
            make_private_folder(self._incoming)
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
                make_private_folder(file.target.parent)
                file.temporary.replace(file.target)
            if staged:
                self._sync_folders({file.target.parent for file in staged})

    def discard(self, staged: Sequence[StagedFile]) -> None:
        """Remove copies that were not kept; what cannot be removed goes with what was left behind."""
        for file in staged:
            with suppress(OSError):
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

    def remove(self, sha256: str) -> None:
        """Remove the file with this hash, if it is there; raises ``StoreRefused`` if it stays."""
        path = self.path(sha256)
        try:
            if self._unsealed is not None:
                self._unsealed.remove(sha256)
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                sync_folder(path.parent)
        except OSError as error:
            raise StoreRefused(
                msg("An image file could not be removed from the library."),
                msg(
                    "Check that you may write to the library's folder, and open the library again."
                ),
                code="store-unwritable",
            ) from error

    def remove_unknown(self, known: Collection[str]) -> None:
        """Remove files that belong to no case, which a killed import left; young ones stay.

        A file that is being imported has its name a moment before its case is there.
        """
        oldest = time.time() - ON_ITS_WAY_S
        for path in self._folder.glob("??/*"):
            with suppress(OSError):  # another process was faster
                if path.name not in known and path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)

    def remove_copies_of(self, hashes: Collection[str]) -> None:
        """Remove what killed processes left half-way of these files, where it can be told."""
        for path in self._incoming.glob("*.part"):
            # Another process has just kept or dropped it, or it is half of a sealed one.
            with suppress(OSError), path.open("rb") as source:
                if self._sealing.unseal(source, Nowhere()) in hashes:
                    path.unlink(missing_ok=True)

    def _copy(self, original: BinaryIO, sha256: str) -> StagedFile:
        handle, name = tempfile.mkstemp(dir=self._incoming, suffix=".part")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as copy:
                found = self._sealing.seal(_Source(original), copy)
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


def copy_private(source: IO[bytes], target: Path) -> str:
    """Copy to a new file for the owner alone, on disk when this returns; gives the SHA-256.

    Raises ``OSError`` as it comes; nothing is left of the copy then.
    """
    return _written_private(target, partial(_copied, source.read))


def _written_private(target: Path, write: Callable[[IO[bytes]], str]) -> str:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, PRIVATE_FILE)
    try:
        with os.fdopen(handle, "wb") as copy:
            found = write(copy)
            copy.flush()
            os.fsync(copy.fileno())
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return found


def _copied(read: Callable[[int], bytes], target: Target) -> str:
    digest = hashlib.sha256()
    while chunk := read(CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


class _Source:
    """What fails here is the source's fault, not the library's."""

    def __init__(self, file: BinaryIO):
        self._file = file

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
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
