"""One window writes: the lock on a library, and who has it."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.errors import StoreRefused
from her2desk.private_files import PRIVATE_FILE, make_private_folder, write_private
from her2desk.texts import Message, msg

if TYPE_CHECKING:
    from filelock import FileLock

LOCK_NAME = "library.lock"
HOLDER_NAME = "library.holder"


@dataclass(frozen=True)
class Holder:
    """Who has the library open for writing; ``since`` is ISO 8601 in UTC."""

    pid: int
    host: str
    since: str

    def sentence(self) -> Message:
        """Who it is, for the person in front of another window."""
        return msg(
            "The library is open in another Her2Desk window (process {pid} on {host}, since {since}).",
            pid=self.pid,
            host=self.host,
            since=f"{self.since[:16].replace('T', ' ')} UTC",
        )


class LibraryLock:
    """The lock of the library in ``folder``; the system lets go of it when the process ends."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock: FileLock | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object has the lock."""
        return self._lock is not None

    def take(self) -> bool:
        """Try to get the lock, without waiting; whether that went well.

        Raises ``OSError`` where the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        if self._lock is not None:
            return True
        make_private_folder(self._folder)
        lock = FileLock(self._folder / LOCK_NAME, timeout=0, mode=PRIVATE_FILE, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            return False
        self._lock = lock
        with suppress(OSError):  # only a help for whoever finds the library in use
            since = datetime.now(UTC).isoformat(timespec="seconds")
            holder = Holder(os.getpid(), socket.gethostname(), since)
            write_private(self._folder / HOLDER_NAME, json.dumps(asdict(holder)).encode())
        return True

    def release(self) -> None:
        """Let go; releasing twice does nothing."""
        lock, self._lock = self._lock, None
        if lock is None:
            return
        with suppress(OSError):
            (self._folder / HOLDER_NAME).unlink(missing_ok=True)
        lock.release()

    def holder(self) -> Holder | None:
        """Who has the lock, as far as it is told."""
        try:
            said = json.loads((self._folder / HOLDER_NAME).read_text(encoding="utf-8"))
            return Holder(int(said["pid"]), str(said["host"]), str(said["since"]))
        except (OSError, ValueError, LookupError, TypeError):
            return None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have the lock during the block; raises ``StoreRefused`` where somebody else has it."""
        if self.is_held:
            yield
            return
        try:
            taken = self.take()
        except OSError as error:
            raise StoreRefused(
                msg("The library folder {folder} cannot be used.", folder=str(self._folder)),
                msg("Check that you may write to it and that its disk is connected."),
                code="store-unwritable",
            ) from error
        if not taken:
            raise self.in_use()
        try:
            yield
        finally:
            self.release()

    def in_use(self) -> StoreRefused:
        """The refusal of what needs the library for itself."""
        holder = self.holder()
        return StoreRefused(
            msg("The library is open in another window.") if holder is None else holder.sentence(),
            msg("Close that window and try again."),
            code="store-in-use",
        )
