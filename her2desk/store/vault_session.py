"""Plain copies of an encrypted library's files, for as long as the library is open.

Other parts of the program, and the engine's process, read files by their paths. On Linux the copies
are in memory only (``$XDG_RUNTIME_DIR`` or ``/dev/shm``) where there is room. They go when the
library is closed; those of a killed process when the next encrypted library is opened or the window
starts.
"""

import os
import shutil
import sys
import tempfile
import threading
import uuid
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.private_files import PRIVATE_FOLDER
from her2desk.store.vault_sealing import SealBroken

if TYPE_CHECKING:
    from filelock import BaseFileLock

KEPT_BYTES = 1 << 30
KEPT_FREE_BYTES = 256 << 20  # of memory: others need it too

_PREFIX = "her2desk-unlocked-"
_LOCK_ENDING = ".lock"

WriteOut = Callable[[str, Path], str]


class UnsealedFiles:
    """A private folder of copies; those asked for last stay, together up to ``KEPT_BYTES``.

    ``write_out`` writes the file of a hash to a new path and gives the hash of what it wrote.
    """

    def __init__(self, write_out: WriteOut, kept_bytes: int = KEPT_BYTES):
        self._write_out = write_out
        self._kept_bytes = kept_bytes
        self._folders: dict[Path, _Folder] = {}
        self._kept: OrderedDict[str, Path] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, sha256: str, sealed: Path) -> Path:
        """A copy of the file that lies sealed at ``sealed``.

        Raises ``OSError`` where it is not there, ``SealBroken`` where it is not as it was.
        """
        with self._lock:
            kept = self._kept.get(sha256)
            if kept is not None and kept.is_file():
                self._kept.move_to_end(sha256)
                return kept
            facts = sealed.stat()
            copy = self._folder_for(facts.st_size) / sha256
            copy.unlink(missing_ok=True)
            if self._write_out(sha256, copy) != sha256:
                copy.unlink(missing_ok=True)
                raise SealBroken("not what was sealed")
            # The same copy made again is the same file to whoever reads it frame by frame.
            os.utime(copy, ns=(facts.st_mtime_ns, facts.st_mtime_ns))
            self._kept[sha256] = copy
            self._drop_oldest()
            return copy

    def remove(self, sha256: str) -> None:
        """Remove the copy of this file; raises ``OSError`` where that is not possible."""
        with self._lock:
            kept = self._kept.pop(sha256, None)
            if kept is not None:
                kept.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove all copies; closing twice does nothing."""
        with self._lock:
            self._kept.clear()
            for folder in self._folders.values():
                folder.remove()
            self._folders.clear()

    def _folder_for(self, size: int) -> Path:
        place = next(
            (place for place in places() if _free(place) > size + KEPT_FREE_BYTES),
            Path(tempfile.gettempdir()),
        )
        if place not in self._folders:
            if not self._folders:
                remove_left_unsealed()
            self._folders[place] = _Folder(place)
        return self._folders[place].path

    def _drop_oldest(self) -> None:
        sizes = {sha256: _size(path) for sha256, path in self._kept.items()}
        total = sum(sizes.values())
        for sha256 in list(self._kept)[:-1]:
            if total <= self._kept_bytes:
                return
            total -= sizes[sha256]
            with suppress(OSError):  # Windows: still open somewhere; it goes at the end
                self._kept[sha256].unlink(missing_ok=True)
                del self._kept[sha256]


class _Folder:
    """A folder that goes with this object or, at the latest, with the process.

    The lock beside it, which the system lets go with the process, says that somebody uses it.
    """

    def __init__(self, place: Path):
        self.path = place / f"{_PREFIX}{uuid.uuid4().hex}"
        lock = _lock_of(self.path)
        lock.acquire(timeout=0)
        self.path.mkdir(mode=PRIVATE_FOLDER)
        self.remove = weakref.finalize(self, _remove, self.path, lock)


def places() -> Sequence[Path]:
    """Where copies may lie, the best first: in memory, else where temporary files are."""
    found = []
    if sys.platform == "linux":
        found = [Path(os.environ.get("XDG_RUNTIME_DIR") or "/dev/shm"), Path("/dev/shm")]
    usable = [place for place in found if place.is_dir() and os.access(place, os.W_OK)]
    return [*usable, Path(tempfile.gettempdir())]


def remove_left_unsealed() -> None:
    """Remove the copies of processes that were killed; those of others at work stay."""
    from filelock import Timeout

    for folder in _found():
        lock = _lock_of(folder)
        with suppress(OSError, Timeout):
            lock.acquire(timeout=0)
            _remove(folder, lock)


def _found() -> Iterator[Path]:
    for place in dict.fromkeys(places()):
        for path in place.glob(f"{_PREFIX}*"):
            with suppress(OSError):  # gone meanwhile, or another user's
                if path.is_dir() and not path.is_symlink() and _is_ours(path):
                    yield path


def _is_ours(path: Path) -> bool:
    return sys.platform == "win32" or path.stat().st_uid == os.getuid()


def _remove(folder: Path, lock: "BaseFileLock") -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)


def _lock_of(folder: Path) -> "BaseFileLock":
    from filelock import FileLock

    return FileLock(folder.with_name(folder.name + _LOCK_ENDING), mode=0o600, thread_local=False)


def _free(place: Path) -> int:
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
