"""Where received files wait for the library: each written whole and on disk before it is confirmed.

A file is named by hashes of its instance and of its content, never by what a peer wrote: the same
instance received twice is one file, and other content under the same UID lies beside it.
"""

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from her2desk.errors import StoreRefused
from her2desk.private_files import make_private_folder, sync_folder
from her2desk.texts import msg

RECEIVED = ".dcm"
PARTS = "parts"
ASIDE = "aside"
CONTENT_CODES = frozenset(
    {
        "not-an-image", "no-pixels", "other-modality", "truncated-frame", "too-large", "malformed",
        "unsupported-pixels", "unsupported-transfer-syntax",
    }
)  # fmt: skip
LOCK = "lock"
MAX_OBJECT_BYTES = 4 << 30
KEPT_FREE_BYTES = 512 << 20  # a full disk stops the library too, not only the network
LOOK_AFTER_BYTES = 16 << 20


@dataclass(frozen=True)
class SpoolLimits:
    """The largest object that is taken, and what is left free on the disk, in bytes."""

    object_bytes: int = MAX_OBJECT_BYTES
    kept_free_bytes: int = KEPT_FREE_BYTES


@dataclass(frozen=True)
class ReceivedFile:
    """An instance that is on disk.

    ``is_new`` is False where it was there before, byte for byte; ``differs`` is True where another
    file with the same UID and other content is there too.
    """

    path: Path
    sop_instance_uid: str
    size: int
    is_new: bool = True
    differs: bool = False


def never_taken(code: str) -> bool:
    """Whether an import that said ``code`` will say so of the same file for ever.

    A library that was full or locked may take it another time.
    """
    return code in CONTENT_CODES


class NoRoom(Exception):
    """The disk is full, or the object is larger than any that is taken."""


class Inbox:
    """The received files that wait for the library; several processes may look at them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> tuple[Path, ...]:
        """What waits for the library, oldest first."""
        found: list[tuple[int, Path]] = []
        for path in self.folder.glob(f"*{RECEIVED}"):
            with suppress(FileNotFoundError):  # another process has just brought it in
                found.append((path.stat().st_mtime_ns, path))
        return tuple(path for _time, path in sorted(found))

    def has(self, sop_instance_uid: str) -> bool:
        """Whether a file of this instance waits here."""
        return bool(self._files_of(_hash(sop_instance_uid)))

    def remove(self, paths: Iterable[Path]) -> None:
        """Let go of files that the library has."""
        for path in paths:
            if path.parent == self.folder:
                path.unlink(missing_ok=True)
        sync_folder(self.folder)

    def put_aside(self, paths: Iterable[Path]) -> None:
        """Keep files that the library does not take where nothing asks for them again."""
        aside = self.folder / ASIDE
        make_private_folder(aside)
        for path in paths:
            if path.parent == self.folder:
                with suppress(FileNotFoundError):
                    path.replace(aside / path.name)
        sync_folder(aside)
        sync_folder(self.folder)

    def _files_of(self, instance: str) -> list[Path]:
        with os.scandir(self.folder) as entries:
            return [Path(entry.path) for entry in entries if entry.name.startswith(f"{instance}-")]


class Spool(Inbox):
    """An inbox that files come into; several processes may share it.

    Raises ``StoreRefused`` (``spool-unwritable``) when the folder cannot be made.
    """

    def __init__(
        self,
        folder: Path,
        limits: SpoolLimits = SpoolLimits(),
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        super().__init__(folder)
        self.limits = limits
        self._free_bytes = free_bytes
        self._lock = threading.Lock()
        self._open = ExitStack()
        try:
            make_private_folder(folder / PARTS)
            self._clear_away()
            self._parts = Path(tempfile.mkdtemp(dir=folder / PARTS))
            self._open.enter_context(FileLock(self._parts / LOCK, blocking=False))
        except OSError as error:
            raise StoreRefused(
                msg("What is received cannot be kept in {folder}.", folder=folder),
                msg("Check that you may write there and that its disk has room."),
                code="spool-unwritable",
            ) from error

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up what is half received; what was confirmed stays."""
        self._open.close()
        shutil.rmtree(self._parts, ignore_errors=True)

    def begin(self, sop_instance_uid: str, start: bytes) -> "Part":
        """A file on its way in; ``start`` is what goes before the data set. Never raises."""
        return Part(self, sop_instance_uid, start)

    def new_part(self) -> tuple[BinaryIO, Path]:
        """An empty file that only this process knows; raises ``OSError``."""
        handle, name = tempfile.mkstemp(dir=self._parts)
        return os.fdopen(handle, "wb"), Path(name)

    def has_room(self) -> bool:
        """Whether the disk has more than is to be left free."""
        return self._free_bytes(self.folder) > self.limits.kept_free_bytes

    def keep(self, part: Path, sop_instance_uid: str, content: str, size: int) -> ReceivedFile:
        """Make a synced part one of the received files; raises ``OSError``."""
        instance = _hash(sop_instance_uid)
        target = self.folder / f"{instance}-{content}{RECEIVED}"
        with self._lock:
            there = self._files_of(instance)
            is_new = target not in there
            part.replace(target)
            sync_folder(self.folder)
        differs = any(path != target for path in there)
        return ReceivedFile(target, sop_instance_uid, size, is_new, differs)

    def _clear_away(self) -> None:
        """Remove what processes that are gone were receiving when they ended."""
        for parts in (self.folder / PARTS).iterdir():
            with suppress(Timeout, OSError):
                with FileLock(parts / LOCK, blocking=False):
                    pass
                shutil.rmtree(parts, ignore_errors=True)


class Part:
    """One object while it arrives.

    What goes wrong with the disk is remembered and said by ``finish``: the peer sends on meanwhile.
    """

    def __init__(self, spool: Spool, sop_instance_uid: str, start: bytes) -> None:
        self._spool = spool
        self._uid = sop_instance_uid
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._look_at = 0
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self.failure: NoRoom | OSError | None = None
        try:
            self._file, self._path = spool.new_part()
        except OSError as error:
            self.failure = error
        self.write(start)

    def write(self, content: bytes) -> int:
        """Add ``content``; after a failure it is dropped."""
        if self.failure is None and self._file is not None:
            try:
                self._check_room(len(content))
                self._file.write(content)
                self._sha256.update(content)
            except (NoRoom, OSError) as error:
                self.discard()
                self.failure = error
        return len(content)

    def finish(self) -> ReceivedFile:
        """The whole object, on disk; raises ``NoRoom`` or ``OSError``, and nothing is left then."""
        try:
            if self.failure is not None:
                raise self.failure
            if self._file is None or self._path is None:
                raise FileNotFoundError("the part was given up")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            content = self._sha256.hexdigest()[:32]
            return self._spool.keep(self._path, self._uid, content, self._size)
        finally:
            self.discard()

    def discard(self) -> None:
        """Leave nothing behind of an object that was not kept."""
        if self._file is not None:
            with suppress(OSError):  # closing writes what a full disk did not take
                self._file.close()
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._file = self._path = None

    def _check_room(self, more: int) -> None:
        self._size += more
        if self._size > self._spool.limits.object_bytes:
            raise NoRoom("too large")
        if self._size >= self._look_at:
            self._look_at = self._size + LOOK_AFTER_BYTES
            if not self._spool.has_room():
                raise NoRoom("disk nearly full")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
