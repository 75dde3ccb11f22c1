"""What the reader did, written in the order in which it was done; what cannot be written yet waits."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from her2desk.errors import Her2DeskError, StoreRefused
from her2desk.texts import msg
from her2desk.ui.jobs import Background

LOG = logging.getLogger(__name__)
RETRY_MS = 3000
SLOW_MS = 300
STAYS_OPEN = "changes-waiting"
PASSING = frozenset(  # may be well in a moment
    {"store-full", "store-unwritable", "store-busy", "pack-not-kept"}
)


@dataclass(frozen=True)
class _Write:
    do: Callable[[], Any]
    and_then: Callable[[], object] | None


class OrderedWrites(QObject):
    """A queue in front of the library. A disk that is full, absent or busy holds it up, and loses nothing.

    ``saved`` tells that all that was put in is on disk, ``saving`` that this takes a while.
    ``held_up`` (error, number of changes) that nothing could be written for now: it is tried again
    every few seconds and with each further change. ``refused`` that one change can never be written;
    it is dropped, the others go on. Where ``is_kept`` is False, as in a window that only reads,
    nothing is written at all.
    """

    saved = Signal()
    saving = Signal()
    held_up = Signal(object, int)
    refused = Signal(object)

    def __init__(
        self,
        background: Background,
        parent: QObject | None = None,
        *,
        is_kept: bool = True,
        retry_ms: int = RETRY_MS,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._is_kept = is_kept
        self._queue: deque[_Write] = deque()
        self._lock = threading.Lock()
        self._held: Her2DeskError | None = None
        self._is_closed = False
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(retry_ms)
        self._again.timeout.connect(self.write)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(SLOW_MS)
        self._slow.timeout.connect(self._tell_slow)

    @property
    def waiting(self) -> int:
        """How many changes are not on disk."""
        with self._lock:
            return len(self._queue)

    @property
    def held(self) -> Her2DeskError | None:
        """Why nothing can be written for now."""
        return self._held

    def put(self, do: Callable[[], Any], and_then: Callable[[], object] | None = None) -> None:
        """Write this after all before it; ``and_then`` runs on the GUI thread once it is on disk."""
        if not self._is_kept:
            return
        with self._lock:
            self._queue.append(_Write(do, and_then))
        if not self._slow.isActive():
            self._slow.start()
        self.write()

    def write(self) -> None:
        """Try at once to write what waits."""
        self._again.stop()
        self._background.run(self._drain, self._tell, self.refused.emit, even_when_closing=True)

    def close(self) -> None:
        """Try no more by itself; what was begun is still written."""
        self._is_closed = True
        self._again.stop()

    def _drain(self) -> "list[_Write | Her2DeskError]":
        """On the worker: write from the front until nothing is left or the disk holds it up."""
        done: list[_Write | Her2DeskError] = []
        while True:
            with self._lock:
                write = self._queue[0] if self._queue else None
            if write is None:
                self._held = None
                return done
            try:
                write.do()
            except Her2DeskError as error:
                if error.code in PASSING:
                    self._held = error
                    return done
                done.append(error)
            except Exception:
                LOG.exception("a change could not be written")
                done.append(_unwritten())
            else:
                done.append(write)
            with self._lock:
                self._queue.popleft()

    def _tell_slow(self) -> None:
        if self._held is None and self.waiting:
            self.saving.emit()

    def _tell(self, done: "list[_Write | Her2DeskError]") -> None:
        held = self._held
        for one in done:
            if isinstance(one, Her2DeskError):
                self.refused.emit(one)
            elif one.and_then is not None:
                one.and_then()
        if held is not None:
            self.held_up.emit(held, self.waiting)
            if not self._is_closed:
                self._again.start()
        elif any(isinstance(one, _Write) for one in done):
            self.saved.emit()


def stays_open(why: Her2DeskError) -> StoreRefused:
    """The refusal to open another case while changes of the present one wait."""
    return StoreRefused(
        msg("This case stays open until its changes are saved."),
        msg("{what} {remedy}", what=why.message.text(), remedy=why.remedy.text()),
        code=STAYS_OPEN,
    )


def _unwritten() -> StoreRefused:
    return StoreRefused(
        msg("The last change could not be saved."),
        msg("Make it again; if it happens again, run her2desk doctor."),
        code="not-saved",
    )
