"""Whether the program's last run ended as it should, and which case was open if it did not.

Every window keeps a file under ``running`` in the library's folder, and holds a lock beside it. The
system lets the lock go when the process ends in whatever way, so a file whose lock is free is of a run
that ended unexpectedly. Process numbers, which are used again, and boots need not be compared.
"""

import json
import logging
import os
import threading
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from her2desk.private_files import make_private_folder, write_private

if TYPE_CHECKING:
    from filelock import BaseFileLock

log = logging.getLogger(__name__)
RUNNING_FOLDER = "running"
HEARTBEAT_S = 20.0


@dataclass(frozen=True)
class EndedRun:
    """A run that ended unexpectedly.

    ``last_seen_utc`` is when it was last known to live, at most ``HEARTBEAT_S`` before its end;
    ``case_id`` the case that was open.
    """

    began_utc: datetime
    last_seen_utc: datetime
    case_id: int | None


@dataclass(frozen=True)
class _Record:
    began_utc: str
    pid: int
    case_id: int | None = None


class RunMarker:
    """Says that this window runs, until ``end``; a library that cannot be written has none."""

    def __init__(self, library: Path, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._folder = library / RUNNING_FOLDER
        self._path = self._folder / f"{uuid.uuid4().hex}.json"
        self._record = _Record(_now().isoformat(timespec="seconds"), os.getpid())
        self._heartbeat_s = heartbeat_s
        self._lock: BaseFileLock | None = None
        self._ended = threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def begin(self) -> EndedRun | None:
        """Begin, and tell of the latest run that ended unexpectedly; each is told of once."""
        ended = None
        try:
            make_private_folder(self._folder)
            ended = _claim_ended(self._folder)
            self._lock = _lock_of(self._path)
            self._lock.acquire()
            self._write()
        except (OSError, NotImplementedError):  # read-only, full, or a disk without locks
            log.info("runs cannot be marked", exc_info=True)
            self._drop()
            return ended
        self._thread.start()
        return ended

    def note_case(self, case_id: int | None) -> None:
        """Remember which case is open."""
        with self._writing:
            self._record = replace(self._record, case_id=case_id)
            if self._lock is not None:
                with suppress(OSError):
                    self._write()

    def end(self) -> None:
        """This run ended as it should."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        self._drop()

    def _write(self) -> None:
        write_private(self._path, json.dumps(asdict(self._record)).encode())

    def _beat(self) -> None:
        while not self._ended.wait(self._heartbeat_s):
            with suppress(OSError):
                os.utime(self._path)

    def _drop(self) -> None:
        if self._lock is None:
            return
        with suppress(OSError):
            self._path.unlink(missing_ok=True)  # before the lock goes: none may take it for ended
        _let_go(self._lock)
        self._lock = None


def _claim_ended(folder: Path) -> EndedRun | None:
    """The latest of the runs that ended unexpectedly; their files go, so that no other tells of them."""
    found = [run for path in sorted(folder.glob("*.json")) if (run := _claim(path)) is not None]
    return max(found, key=lambda run: run.last_seen_utc, default=None)


def _claim(path: Path) -> EndedRun | None:
    from filelock import Timeout

    lock = _lock_of(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None  # it runs
    try:
        seen = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        run = _read(path, seen)
        path.unlink()
    except FileNotFoundError:
        return None  # another window was faster, or it ended just now as it should
    finally:
        _let_go(lock)
    return run


def _read(path: Path, seen: datetime) -> EndedRun:
    """What the file says; one that the power cut spoilt is still of a run."""
    try:
        raw: Any = json.loads(path.read_bytes())
        began = datetime.fromisoformat(raw["began_utc"])
        case_id = raw["case_id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return EndedRun(seen, seen, None)
    return EndedRun(began, max(began, seen), case_id if type(case_id) is int else None)


def _lock_of(path: Path) -> "BaseFileLock":
    from filelock import FileLock

    return FileLock(path.with_suffix(".lock"), mode=0o600)


def _let_go(lock: "BaseFileLock") -> None:
    with suppress(OSError):
        lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)


def _now() -> datetime:
    return datetime.now(UTC)
