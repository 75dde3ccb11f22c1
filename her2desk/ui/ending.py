"""A request to end, as a desktop makes at the end of its session, closes the window as a person does."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from PySide6.QtCore import QSocketNotifier


@contextmanager
def closed_on_request(close: Callable[[], object]) -> Iterator[None]:
    """Call ``close`` on the GUI thread when the system asks this process to end.

    Qt's loop hears no signal of Python's by itself, so the signal wakes it through a pipe.
    """
    if sys.platform == "win32":
        yield  # no cover: needs Windows  (there Qt closes the window itself)
        return
    requests = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    notifier = QSocketNotifier(reading, QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: os.read(reading, 64) and close())

    def ignore(_number: int, _frame: FrameType | None) -> None:
        """What the signal does is done by whoever reads the pipe."""

    before = {number: signal.signal(number, ignore) for number in requests}
    woken = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        notifier.setEnabled(False)
        notifier.deleteLater()
        os.close(reading)
        os.close(writing)
