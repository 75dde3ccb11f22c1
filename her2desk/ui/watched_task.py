"""Long work in the background that tells how far it is and stops when asked."""

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from her2desk.domain.progress import Progress
from her2desk.errors import Cancelled, Her2DeskError
from her2desk.texts import Message
from her2desk.ui.jobs import Background


class WatchedTask(QObject):
    """One at a time. ``progressed`` (fraction 0–1, words), then ``ended``, however it ended.

    What came of it follows: ``done`` or ``failed``, or nothing where it was cancelled.
    """

    progressed = Signal(float, str)
    ended = Signal()
    failed = Signal(object)
    _stepped = Signal(float, object)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._stop = threading.Event()
        self.is_running = False
        self._stepped.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def run(self, task: Callable[[Progress], Any], done: Callable[[Any], None]) -> None:
        """Start; ``done(result)`` on the GUI thread, unless it is cancelled or fails."""
        self._stop.clear()
        self.is_running = True

        def work() -> Callable[[], None]:
            try:
                result = task(self)
            except Cancelled:
                return lambda: None
            return lambda: done(result)

        self._background.run(work, self._end, self._fail)

    def cancel(self) -> None:
        """Stop at the next step; what was begun is taken back by the work itself."""
        self._stop.set()

    def step(self, fraction: float, text: Message) -> None:
        """As ``Progress``, from the worker."""
        if self._stop.is_set():
            raise Cancelled
        self._stepped.emit(fraction, text)

    def _tell(self, fraction: float, text: Message) -> None:
        self.progressed.emit(fraction, text.text())

    def _end(self, deliver: Callable[[], None]) -> None:
        self.is_running = False
        self.ended.emit()
        deliver()

    def _fail(self, error: Her2DeskError) -> None:
        self.is_running = False
        self.ended.emit()
        self.failed.emit(error)
