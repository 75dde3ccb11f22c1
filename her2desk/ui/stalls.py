"""How late the window's event loop is, and in which lines of code it was held up.

A timer beats on the GUI thread; how much later than it should each beat comes is what a hand at the
mouse has to wait. The processor time that the GUI thread itself took between two beats tells what it
worked from what it waited for: another thread with Python's lock, or another program. Where a beat is
overdue, a thread beside looks at what the GUI thread is doing; while that is in native code which keeps
Python's lock, the look waits too, and finds the line after it.
"""

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from her2desk.redaction import place, public

log = logging.getLogger(__name__)
LIMIT_MS = 50.0  # from here on a hand notices that the picture did not follow it
KEPT = 100_000  # beats; the oldest are forgotten first
PLACES = 6

Clock = Callable[[], float]
Places = tuple[str, ...]


@dataclass(frozen=True)
class Stall:
    """One beat that came too late, in ms, and the lines of code in hand then, the innermost first."""

    late_ms: float
    worked_ms: float
    places: Places = ()


@dataclass(frozen=True)
class Figures:
    """Lateness of the beats and the GUI thread's own work between them, in ms."""

    beats: int
    longest_ms: float
    p99_ms: float
    longest_work_ms: float
    p99_work_ms: float

    def __str__(self) -> str:
        return (
            f"longest stall {self.longest_ms:.1f} ms, p99 {self.p99_ms:.1f} ms; the GUI thread's own "
            f"work {self.longest_work_ms:.1f} ms, p99 {self.p99_work_ms:.1f} ms"
        )


class Beats:
    """Keeps how late each beat of a timer of ``interval_ms`` was."""

    def __init__(self, interval_ms: float, kept: int = KEPT) -> None:
        self._interval_ms = interval_ms
        self._late: deque[float] = deque(maxlen=kept)
        self._worked: deque[float] = deque(maxlen=kept)
        self._last: tuple[float, float] | None = None

    def begin(self, now_s: float, worked_s: float) -> None:
        """Forget what was, and count from now on."""
        self._late.clear()
        self._worked.clear()
        self._last = now_s, worked_s

    def beat(self, now_s: float, worked_s: float) -> Stall:
        """Take a beat at this time and this processor time of its thread, both in seconds."""
        before_s, before_worked_s = self._last or (now_s, worked_s)
        self._last = now_s, worked_s
        late = max(0.0, 1000 * (now_s - before_s) - self._interval_ms)
        worked = 1000 * (worked_s - before_worked_s)
        self._late.append(late)
        self._worked.append(worked)
        return Stall(late, worked)

    def figures(self) -> Figures:
        """Of the beats that are kept; all zero before the first."""
        if not self._late:
            return Figures(0, 0.0, 0.0, 0.0, 0.0)
        late, worked = sorted(self._late), sorted(self._worked)
        at = int(0.99 * len(late))
        return Figures(len(late), late[-1], late[at], worked[-1], worked[at])


class StackWatch:
    """Looks at what the thread that made it is doing, once its last beat is ``limit_ms`` ago."""

    def __init__(self, limit_ms: float, clock: Clock = time.perf_counter) -> None:
        self._limit_s = limit_ms / 1000
        self._clock = clock
        self._watched = threading.get_ident()
        self._beat: tuple[int, float] = (0, clock())
        self._seen: tuple[int, Places] = (-1, ())
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look from a thread of its own until ``stop``."""
        self._end.clear()
        self._thread = threading.Thread(target=self._loop, name="stalls", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def beat(self) -> Places:
        """Note a beat of the watched thread; what was seen of it since the last, if that came too late."""
        number, _ = self._beat
        seen_at, places = self._seen
        self._beat = number + 1, self._clock()
        return places if seen_at == number else ()

    def look(self) -> None:
        """See what the watched thread does, where its beat is overdue and was not looked at yet."""
        number, at = self._beat
        if self._seen[0] != number and self._clock() - at > self._limit_s:
            self._seen = number, places_of(sys._current_frames().get(self._watched))

    def _loop(self) -> None:
        while not self._end.wait(self._limit_s / 4):
            self.look()


def places_of(frame: FrameType | None) -> Places:
    """The innermost lines of code of a stack, of which nothing but their place is told."""
    places: list[str] = []
    while frame is not None and len(places) < PLACES:
        code = frame.f_code
        places.append(f"{place(code.co_filename, frame.f_lineno)} {code.co_qualname}")
        frame = frame.f_back
    return tuple(places)


class StallMonitor(QObject):
    """Measures from ``start`` to ``stop``; made on the GUI thread, and costs nothing in between."""

    stalled = Signal(object)
    """A ``Stall`` of ``limit_ms`` or more."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        limit_ms: float = LIMIT_MS,
        interval_ms: int = 1,
        kept: int = KEPT,
        clock: Clock = time.perf_counter,
        work: Clock = time.thread_time,
    ) -> None:
        super().__init__(parent)
        self._limit_ms = limit_ms
        self._clock, self._work = clock, work
        self._beats = Beats(interval_ms, kept)
        self._watch = StackWatch(limit_ms, clock)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(interval_ms)
        self._timer.timeout.connect(self.beat)
        self.last: Stall | None = None
        """The last stall of ``limit_ms`` or more."""

    @property
    def is_running(self) -> bool:
        return self._timer.isActive()

    def start(self) -> None:
        """Measure from now on; what was measured before is forgotten."""
        self.last = None
        self._beats.begin(self._clock(), self._work())
        self._watch.beat()
        if not self.is_running:
            self._watch.start()
            self._timer.start()

    def stop(self) -> Figures:
        """Measure no more; what was found."""
        self._timer.stop()
        self._watch.stop()
        return self.figures()

    def figures(self) -> Figures:
        """What was found so far."""
        return self._beats.figures()

    def beat(self) -> None:
        """Take one beat now."""
        places = self._watch.beat()
        found = self._beats.beat(self._clock(), self._work())
        if found.late_ms >= self._limit_ms:
            self.last = Stall(found.late_ms, found.worked_ms, places)
            log.warning(
                "the window stood still for %.0f ms, of which it worked %.0f ms: %s",
                found.late_ms,
                found.worked_ms,
                public(" < ".join(places)),
            )
            self.stalled.emit(self.last)
