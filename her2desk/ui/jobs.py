"""Work off the GUI thread: requests in the engine process, small tasks in one worker thread.

The window knows jobs by number. The latest request wins: an older one is cancelled, and what it still
says is dropped. An engine that does not stop within two seconds is killed and started again. One that
ends three times in a row before it is ready, or by an instruction that the processor lacks, is given up:
each request then fails with the reason.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from her2desk.errors import Cancelled, EngineFailed, Her2DeskError
from her2desk.faults import our_fault
from her2desk.inference.engine import (
    ILLEGAL_INSTRUCTION,
    Engine,
    EngineRequest,
    ExplainRequest,
    PredictRequest,
    StabilityRequest,
    engine_cannot_start,
)
from her2desk.inference.threads import AUTOMATIC
from her2desk.ui.loading import wait_until_loaded

log = logging.getLogger(__name__)
CANCEL_GRACE_S = 2.0
DEATHS_IN_A_ROW = 3


class JobRunner(QObject):
    """Requests, one at a time, to the engine process; signals arrive on the GUI thread."""

    engine_ready = Signal()
    progressed = Signal(int, float, object)
    partial = Signal(int, object)
    """What is known of an answer that is still worked on."""
    finished = Signal(int, object)
    failed = Signal(int, object)
    cancelled = Signal(int)
    superseded = Signal(int)
    device_failed = Signal(object)
    """The sentence (``Message``) for a graphics card that was given up; the processor goes on."""
    engine_gave_up = Signal(object)
    """The ``EngineFailed`` of an engine that cannot be started; requests fail from now on."""
    _posted = Signal(int, str, object)

    def __init__(
        self, library: Path, parent: QObject | None = None, threads: int = AUTOMATIC
    ) -> None:
        super().__init__(parent)
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._numbers = itertools.count(1)
        self._current: int | None = None
        self._worker = _EngineThread(library, self._posted.emit, threads)

    @property
    def engine_pid(self) -> int | None:
        """The engine's process id while it runs."""
        return self._worker.engine.pid

    @property
    def is_running(self) -> bool:
        """Whether an answer is awaited."""
        return self._current is not None

    def start(self) -> None:
        """Start the thread and, on it, the engine process."""
        self._worker.start()

    def use_threads(self, threads: int) -> None:
        """Go on with an engine that works with so many processor threads; what runs is cancelled."""
        self.cancel()
        self._worker.ask(threads=threads)

    def warm(self, pack_path: Path, device: str) -> None:
        """Load a pack in the engine ahead of the first request, and answer for a made-up case."""
        self._worker.ask(ahead=("warm", pack_path, device))

    def look(self, image_path: Path, frame_index: int) -> None:
        """Read an image in the engine ahead of the first request about it."""
        self._worker.ask(ahead=("look", image_path, frame_index))

    def forget(self) -> None:
        """Have the engine keep nothing of any image, as when a patient is erased."""
        self._worker.ask(ahead=("forget",))

    def submit(self, request: EngineRequest) -> int:
        """Ask the engine; what was asked before is ``superseded``. Returns the job's number."""
        before, self._current = self._current, next(self._numbers)
        self._worker.ask(job=(self._current, request))
        if before is not None:
            self.superseded.emit(before)
        return self._current

    def cancel(self) -> None:
        """Stop what runs; ``cancelled`` follows at once, whatever the engine still does."""
        if self._current is None:
            return
        job, self._current = self._current, None
        self._worker.ask(cancel=True)
        self.cancelled.emit(job)

    def close(self) -> None:
        """Cancel, end the engine and join the thread."""
        self._current = None
        self._worker.close()

    def _deliver(self, job: int, kind: str, payload: object) -> None:
        if kind == "ready":
            self.engine_ready.emit()
            return
        if kind == "device-failed":
            self.device_failed.emit(payload)
            return
        if kind == "gave-up":
            self.engine_gave_up.emit(payload)
            return
        if job != self._current:
            return  # an answer to a question that is no longer asked
        if kind == "progress" and isinstance(payload, tuple):
            self.progressed.emit(job, *payload)
            return
        if kind == "partial":
            self.partial.emit(job, payload)
            return
        self._current = None
        if kind == "done":
            self.finished.emit(job, payload)
        elif kind == "failed":
            self.failed.emit(job, payload)
        elif kind == "cancelled":
            self.cancelled.emit(job)


class _EngineThread:
    """The thread that waits on the engine's pipe; all its state but the wishes is its own."""

    def __init__(
        self,
        library: Path,
        post: Callable[[int, str, object], None],
        threads: int = AUTOMATIC,
    ) -> None:
        self.engine = Engine(library, threads)
        self._post = post
        self._lock = threading.Lock()
        self._wake_read, self._wake_write = Pipe(duplex=False)
        self._wanted: tuple[int, EngineRequest] | None = None
        self._ahead: dict[
            str, tuple[Any, ...]
        ] = {}  # what is wished besides, the last of each kind
        self._cancel = False
        self._threads = threads
        self._closing = False
        self._is_ready = False  # the engine has imported what it needs, and listens
        self._running: int | None = None
        self._deadline: float | None = None
        self._deaths = 0  # in a row, each before the engine was ready
        self._gave_up: EngineFailed | None = None
        self._failed_device: str | None = None
        self._thread = threading.Thread(target=self._loop, name="engine-pipe", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask(
        self,
        *,
        job: tuple[int, EngineRequest] | None = None,
        ahead: tuple[Any, ...] | None = None,
        cancel: bool = False,
        threads: int | None = None,
    ) -> None:
        """Leave a wish for the thread; a new job replaces one that has not started.

        ``ahead`` is a message that gets no answer; of each kind the last is sent. ``threads`` is for
        another engine, which is started then.
        """
        with self._lock:
            self._wanted = None if cancel else (job or self._wanted)
            self._threads = self._threads if threads is None else threads
            if ahead is not None:
                self._ahead.pop(ahead[0], None)
                self._ahead[ahead[0]] = ahead
            self._cancel = self._cancel or cancel
        self._wake()

    def close(self) -> None:
        self._closing = True
        self._wake()
        if self._thread.ident is not None:
            self._thread.join()
        self._wake_read.close()
        self._wake_write.close()

    def _wake(self) -> None:
        self._wake_write.send_bytes(b"!")

    def _loop(self) -> None:
        self._start()
        while not self._closing:
            self._wait()
            if not self._closing:
                self._advance()
        if self._running is not None:
            self.engine.kill()
        self.engine.stop()

    def _wait(self) -> None:
        timeout = None
        if self._deadline is not None:
            timeout = max(0.0, self._deadline - time.monotonic())
        sources = [self._wake_read]
        if self.engine.pid is not None:
            sources.append(self.engine.connection)
        ready = wait(sources, timeout)
        if self._wake_read in ready:
            self._wake_read.recv_bytes()
        if self.engine.pid is not None and self.engine.connection in ready:
            self._hear()

    def _hear(self) -> None:
        try:
            message = self.engine.receive()
        except EngineFailed as error:
            self._bury(error)
            return
        kind, rest = message[0], message[1:]
        if kind == "ready":
            self._deaths, self._is_ready = 0, True
            self._post(0, "ready", None)
        elif kind == "progress":
            self._post(rest[0], kind, rest[1:])
        elif kind == "partial":
            self._post(rest[0], kind, rest[1])
        elif kind == "warmed":
            log.info("the engine is warm")
        elif kind == "device-failed":
            self._failed_device = rest[0]
            self._post(0, kind, rest[1])
        else:
            self._running, self._deadline = None, None
            self._post(rest[0], kind, rest[1] if len(rest) > 1 else None)

    def _bury(self, error: EngineFailed) -> None:
        """The engine is gone: say so to whoever waits, and start another unless it keeps dying."""
        job, self._running, self._deadline = self._running, None, None
        self._deaths = 0 if self._is_ready else self._deaths + 1
        exit_code = self.engine.ended_with
        log.warning("the engine ended with exit code %s", exit_code)
        if self._deaths >= DEATHS_IN_A_ROW or exit_code in ILLEGAL_INSTRUCTION:
            self._give_up(exit_code)
        self._restart()
        if job is not None:
            self._post(job, "failed", self._gave_up or error)

    def _give_up(self, exit_code: int | None) -> None:
        self._gave_up = engine_cannot_start(exit_code)
        self._post(0, "gave-up", self._gave_up)

    def _restart(self) -> None:
        self._is_ready = False
        self._failed_device = None
        self.engine.kill()
        self._start()

    def _start(self) -> None:
        if self._gave_up is not None:
            return
        try:
            self.engine.start()
        except OSError:
            log.warning("no engine process", exc_info=True)
            self._give_up(None)

    def _advance(self) -> None:
        with self._lock:
            wanted, ahead = self._wanted, tuple(self._ahead.values())
            threads = self._threads
            cancel = self._cancel or (wanted is not None and self._running is not None)
            self._cancel = False
            self._ahead.clear()
        if self._gave_up is not None:
            self._refuse(wanted, self._gave_up)
            return
        if threads != self.engine.threads:
            self._renew_with(threads)
        try:
            self._stop_running(cancel)
            for message in ahead:
                self.engine.send(*message)
            if wanted is not None and self._running is None:
                self._renew_for(wanted[1])
            if wanted is not None and self._running is None and self._is_ready:
                self._take(wanted)
                self._running = wanted[0]
                self.engine.send("run", *wanted)
        except EngineFailed as error:
            self._bury(error)

    def _take(self, wanted: tuple[int, EngineRequest]) -> None:
        with self._lock:
            if self._wanted is wanted:
                self._wanted = None

    def _refuse(self, wanted: tuple[int, EngineRequest] | None, error: EngineFailed) -> None:
        if wanted is not None:
            self._take(wanted)
            self._post(wanted[0], "failed", error)

    def _renew_for(self, request: EngineRequest) -> None:
        """A device chosen anew gets a fresh engine: one that failed stays failed in its process."""
        device = _device_of(request)
        if self._failed_device is not None and device not in (None, self._failed_device):
            log.info("another device was chosen; starting another engine")
            self._restart()

    def _renew_with(self, threads: int) -> None:
        """Another number of threads: what was worked out before must not mix with what comes."""
        log.info("another number of threads was chosen; starting another engine")
        job, self._running, self._deadline = self._running, None, None
        self.engine.threads = threads
        self._restart()
        if job is not None:
            self._post(job, "cancelled", None)

    def _stop_running(self, cancel: bool) -> None:
        if self._running is None:
            return
        if self._deadline is not None and time.monotonic() >= self._deadline:
            log.warning("the engine did not stop in time; starting another")
            job, self._running, self._deadline = self._running, None, None
            self._restart()
            self._post(job, "cancelled", None)
        elif cancel and self._deadline is None:
            self._deadline = time.monotonic() + CANCEL_GRACE_S
            self.engine.send("cancel", self._running)


def _device_of(request: EngineRequest) -> str | None:
    """The device that was chosen for a request; None where it needs none."""
    if isinstance(request, StabilityRequest | ExplainRequest):
        return request.question.device
    return request.device if isinstance(request, PredictRequest) else None


class Background(QObject):
    """One worker thread for small tasks: opening packs, importing, decoding frames.

    Tasks know no Qt. What they return, or raise as ``Her2DeskError``, arrives on the GUI thread.
    """

    _posted = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._closing = False

    def run(
        self,
        task: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Her2DeskError], None],
        *,
        even_when_closing: bool = False,
    ) -> None:
        """Run ``task`` on the worker; then ``done(result)`` or ``failed(error)`` on the GUI thread.

        ``even_when_closing`` is for what must not be lost, such as saving the last stroke.
        """

        def work() -> None:
            wait_until_loaded()
            if self._closing and not even_when_closing:
                return
            try:
                result = task()
            except Cancelled:
                return
            except Her2DeskError as error:
                self._post(failed, error)
            except Exception as error:
                self._post(failed, our_fault(log, error))
            else:
                self._post(done, result)

        self._pool.submit(work)

    def flush(self) -> None:
        """Wait until what was given so far is done, as before something is decided on it."""
        if not self._closing:
            self._pool.submit(lambda: None).result()

    def close(self) -> None:
        """Drop what has not begun unless it must not be lost, and wait for the rest."""
        self._closing = True
        self._pool.shutdown(wait=True)

    def _post(self, deliver: Callable[[Any], None], payload: object) -> None:
        self._posted.emit(deliver, payload)

    def _deliver(self, deliver: Callable[[object], None], payload: object) -> None:
        if not self._closing:
            deliver(payload)
