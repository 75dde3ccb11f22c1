"""Frames of the image on screen, decoded in a thread of their own: the latest request wins.

What was asked for comes first; then a few frames more in the direction of travel, as many as the
image's cache holds, until the next request. Compressed frames are decoded by ``DecodingProcess``,
since codecs would hold up the window; all others, and an image's first frame while that process is
starting, in the thread.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal

from her2desk.dicom.decoding import DecodingProcess, ProcessDied, undecodable
from her2desk.errors import Her2DeskError
from her2desk.faults import our_fault

if TYPE_CHECKING:
    from her2desk.dicom.frames import FrameSource

log = logging.getLogger(__name__)
AHEAD = 8  # frames read ahead of the one asked for
PAUSE_S = 0.01  # a hand faster than the decoder asks again within it, and nothing is read in vain
LONGEST_STRIDE = 16  # a farther jump is a click somewhere else, not a direction

Pixels = NDArray[np.uint8]
Post = Callable[[int, int, object], None]


class FrameLoader(QObject):
    """Decodes frames of one image at a time; signals arrive on the GUI thread.

    ``decoded`` carries index, pixels ((rows, columns) or (rows, columns, 3), uint8, read-only) and
    the image's SHA-256; ``failed`` index, words and SHA-256. Every last request is answered by one
    of them; an older one is answered before it or never.
    """

    decoded = Signal(int, object, str)
    failed = Signal(int, str, str)
    _posted = Signal(int, int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._source: FrameSource | None = None
        self._sha256 = ""
        self._serial = 0
        self._last: int | None = None
        self._worker: _FrameThread | None = None

    @property
    def process_id(self) -> int | None:
        """The decoding process's id while it runs."""
        return self._worker.process.pid if self._worker is not None else None

    def warm(self) -> None:
        """Start the decoding process ahead of the first image that needs it."""
        self._thread().warm()

    def open(self, frames: "FrameSource", sha256: str) -> None:
        """Take another image; what was asked of the one before is forgotten."""
        self.leave()
        self._source, self._sha256 = frames, sha256

    def leave(self) -> None:
        """Forget the image with its frames, as when its patient was erased."""
        self._serial += 1
        self._source, self._sha256, self._last = None, "", None
        if self._worker is not None:
            self._worker.forget()

    def request(self, index: int) -> None:
        """Ask for a frame, from 0; ``decoded`` or ``failed`` follows, never at once."""
        source = self._source
        if source is None:
            return
        self._serial += 1
        kept = source.kept(index)
        if kept is not None:
            self._posted.emit(self._serial, index, kept)
        ahead = read_ahead(self._last, index, len(source))
        self._last = index
        self._thread().ask(_Wish(self._serial, index, source, kept is not None), ahead)

    def close(self) -> None:
        """Forget the image, and end thread and process."""
        self._serial += 1
        self._source = None
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _thread(self) -> "_FrameThread":
        if self._worker is None:
            self._worker = _FrameThread(self._posted.emit)
        return self._worker

    def _deliver(self, serial: int, index: int, outcome: object) -> None:
        if serial != self._serial:
            return  # an answer to a question that is no longer asked
        if isinstance(outcome, Her2DeskError):
            self.failed.emit(index, str(outcome), self._sha256)
        else:
            self.decoded.emit(index, outcome, self._sha256)


def read_ahead(last: int | None, index: int, frames: int) -> list[int]:
    """Which frames are likely next, the likeliest first, when ``index`` is asked for after ``last``.

    On in the same strides, around the ends as a film does when it starts over; then one back.
    """
    stride = index - last if last is not None else 1
    if stride in (1 - frames, frames - 1):
        stride = 1 if stride < 0 else -1
    if not 0 < abs(stride) <= LONGEST_STRIDE:
        stride = 1 if stride >= 0 else -1
    likely = [(index + step * stride) % frames for step in (*range(1, AHEAD + 1), -1)]
    return [one for one in dict.fromkeys(likely) if one != index]


@dataclass(frozen=True)
class _Wish:
    """The frame asked for last, the request that it answers, and whether that was done at once."""

    serial: int
    index: int
    source: "FrameSource"
    is_answered: bool


class _FrameThread:
    """The thread that decodes; what is wished of it may change at any time."""

    def __init__(self, post: Post) -> None:
        self.process = DecodingProcess()
        self._post = post
        self._changed = threading.Condition()
        self._wish: _Wish | None = None
        self._ahead: deque[int] = deque()
        self._source: FrameSource | None = None
        self._is_to_start = False
        self._closing = False
        self._deadly: set[int] = set()  # frames of the image that the process did not survive
        self._thread = threading.Thread(target=self._loop, name="frames", daemon=True)
        self._thread.start()

    def warm(self) -> None:
        """Start the process when there is time."""
        with self._changed:
            self._is_to_start = True
            self._changed.notify()

    def ask(self, wish: _Wish, ahead: list[int]) -> None:
        """Leave a wish in place of any that has not begun, and what to read after it."""
        with self._changed:
            if wish.source is not self._source:
                self._source, self._deadly = wish.source, set()
            self._wish = wish
            self._ahead = deque(ahead)
            self._changed.notify()

    def forget(self) -> None:
        """Begin nothing more of the present image."""
        with self._changed:
            self._wish = self._source = None
            self._ahead.clear()

    def close(self) -> None:
        """End thread and process; a frame that the process is decoding is given up."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self.process.interrupt()
        self._thread.join()

    def _loop(self) -> None:
        while self._wait():
            self._do_next()
        self.process.stop()

    def _do_next(self) -> None:
        """One thing that there is to do; between two of them the thread holds no image."""
        if self._wish is None and self._is_to_start:
            self._is_to_start = False
            self._start()
        with self._changed:
            wish, self._wish = self._wish, None
            source, ahead = self._source, None
            if wish is None and source is not None and self._ahead:
                ahead = self._ahead.popleft()
        if wish is not None:
            self._answer(wish)
        elif source is not None and ahead is not None and self._may_read_ahead(source):
            self._outcome(source, ahead)

    def _wait(self) -> bool:
        """Wait for something to do; False when closing."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or self._wish or self._ahead or self._is_to_start
            )
            return not self._closing

    def _answer(self, wish: _Wish) -> None:
        if not wish.is_answered:
            self._post(wish.serial, wish.index, self._outcome(wish.source, wish.index))
        if wish.source.is_compressed and len(wish.source) > 1:
            self._start()
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._wish is not None, PAUSE_S)
            if self._wish is None:  # no more than can be kept beside the frame on screen
                room = max(0, wish.source.capacity - 1)
                self._ahead = deque(list(self._ahead)[:room])

    def _may_read_ahead(self, source: "FrameSource") -> bool:
        """Whether reading what nobody asked for yet leaves the window alone."""
        return not source.is_compressed or self.process.is_ready()

    def _outcome(self, source: "FrameSource", index: int) -> Pixels | Her2DeskError:
        try:
            return self._decoded(source, index)
        except Her2DeskError as error:
            return error
        except Exception as error:
            return our_fault(log, error)

    def _decoded(self, source: "FrameSource", index: int) -> Pixels:
        kept = source.kept(index)
        if kept is not None:
            return kept
        if index in self._deadly:
            raise undecodable()
        if source.is_compressed and (self._deadly or source.kept_bytes):
            # Only an image's first frame need not wait: decoding here holds up the window, and what
            # ended the process might end the window.
            self._start()
            self.process.wait_until_ready()
        if not source.is_compressed or not self.process.is_ready():
            return source.frame(index)
        return source.keep(index, self._decoded_elsewhere(source, index))

    def _decoded_elsewhere(self, source: "FrameSource", index: int) -> Pixels:
        try:
            return self.process.decode(source.decode, index)
        except ProcessDied:
            log.info(
                "trying frame %d once more: the process may have been ended from outside", index
            )
        self._start()
        if not self._closing and self.process.wait_until_ready():
            try:
                return self.process.decode(source.decode, index)
            except ProcessDied:
                log.warning("frame %d ends the decoding process", index)
        self._deadly.add(index)
        raise undecodable()

    def _start(self) -> None:
        try:
            self.process.start()
        except OSError:
            log.warning("no decoding process; decoding in the window's", exc_info=True)
