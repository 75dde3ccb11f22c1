"""The engine: one long-lived process that alone imports torch, MONAI and pyradiomics.

This module is imported by the window, so it imports none of them at the top. The window's side is
``Engine``; the child runs ``serve``. Messages are tuples over one pipe. To the engine: ("run", id,
request), ("cancel", id), ("warm", pack, device), ("look", image, frame), ("forget",), ("stop",). Back:
("ready",), ("progress", id, fraction, message), ("partial", id, answer), ("done", id, answer),
("failed", id, error), ("cancelled", id), ("warmed", pack) when a warm-up is over, whatever came of it, and
("device-failed", device asked for, message) when a graphics card is given up. A ``PredictRequest`` is
answered with a ``Prediction``, a ``StabilityRequest`` with a ``Stability`` that grows, an
``ExplainRequest`` with a ``Heatmap``, an ``EnhanceRequest`` with an ``EnhancedFrame``, the others with a
``Proposal``.
"warm" and "look" make what is asked next faster. Whenever nothing waits to be heard, the frame that was
looked at is enhanced tile by tile, where the pack that was warmed up enhances; after "forget" the engine
holds nothing of any patient.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.enhancement import EnhancedFrame as EnhancedFrame
from her2desk.domain.image import UserCalibration
from her2desk.domain.prediction import Heatmap, HeatmapClass, HeatmapMethod, Prediction
from her2desk.domain.proposal import Prompt, Proposal
from her2desk.domain.roi import Roi
from her2desk.domain.stability import VARIANTS, Stability
from her2desk.errors import Cancelled, EngineFailed, Her2DeskError
from her2desk.faults import SAFE, recorded
from her2desk.inference.threads import AUTOMATIC, choose_threads
from her2desk.logs import crashes_written, logging_to
from her2desk.texts import Message, msg

if TYPE_CHECKING:
    from her2desk.inference.engine_work import Work

log = logging.getLogger(__name__)
AHEAD = ("warm", "look")  # messages that make a later answer faster, and have none of their own
STOP_GRACE_S = 2.0
END_GRACE_S = 1.0  # between a process's last word and its exit code
# How a process ends that meets an instruction its processor lacks: POSIX, Windows
ILLEGAL_INSTRUCTION = (-4, 0xC000001D, 0xC000001D - 2**32)


@dataclass(frozen=True)
class PredictRequest:
    """All that the engine needs to answer; files are read by the engine itself."""

    image_path: Path
    roi: Roi
    clinical: ClinicalRecord
    pack_path: Path
    device: str = "auto"
    operating_point: str | float = "youden"
    prevalence: float | None = None
    calibration: UserCalibration | None = None


@dataclass(frozen=True)
class AssistRequest:
    """An outline of the lesion that the reader showed by a box or a click."""

    image_path: Path
    prompt: Prompt


@dataclass(frozen=True)
class TrackRequest:
    """The outline on another frame of the same image, moved with the pixels."""

    image_path: Path
    roi: Roi
    to_frame: int


@dataclass(frozen=True)
class StabilityRequest:
    """How the answer to ``question`` moves with its outline; a first band comes while it runs."""

    question: PredictRequest
    variants: int = VARIANTS


@dataclass(frozen=True)
class ExplainRequest:
    """Another heatmap of the case of ``question``."""

    question: PredictRequest
    method: HeatmapMethod
    speaks_for: HeatmapClass


@dataclass(frozen=True)
class EnhanceRequest:
    """A whole frame, enhanced as the pack does it; by the enhancement that is shipped where it does not.

    ``pack_path`` None asks for the shipped one.
    """

    image_path: Path
    frame_index: int
    pack_path: Path | None = None


EngineRequest = (
    PredictRequest
    | AssistRequest
    | TrackRequest
    | StabilityRequest
    | ExplainRequest
    | EnhanceRequest
)
Answer = Prediction | Proposal | Stability | Heatmap | EnhancedFrame
Partial = Callable[[Stability], None]


class Engine:
    """The window's handle on the engine process. Used from one thread; starting takes seconds.

    ``threads`` is how many the next process that is started works with.
    """

    def __init__(self, library: Path, threads: int = AUTOMATIC) -> None:
        self._library = library
        self.threads = threads
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    @property
    def pid(self) -> int | None:
        """Process id while the engine runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process if it does not run; it warms up by itself."""
        if self._process is not None and self._process.is_alive():
            return
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=serve,
            args=(theirs, self._library, self.threads),
            name="her2desk-engine",
            daemon=True,
        )
        self._process.start()
        theirs.close()

    @property
    def connection(self) -> Connection:
        """The pipe, for waiting on; raises ``EngineFailed`` before ``start``."""
        if self._pipe is None:
            raise engine_died()
        return self._pipe

    def send(self, *message: Any) -> None:
        """Send one message; raises ``EngineFailed`` when the engine is gone."""
        try:
            self.connection.send(message)
        except (BrokenPipeError, OSError) as error:
            raise engine_died() from error

    @property
    def ended_with(self) -> int | None:
        """The exit code of an engine that ended by itself, negative for a signal; None where unknown."""
        if self._process is None:
            return None
        self._process.join(END_GRACE_S)
        return self._process.exitcode

    def receive(self) -> tuple[Any, ...]:
        """The next message; raises ``EngineFailed`` when the engine is gone."""
        try:
            message: tuple[Any, ...] = self.connection.recv()
        except (EOFError, OSError) as error:
            raise engine_died() from error
        return message

    def kill(self) -> None:
        """End the process at once; ``start`` makes a new one."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def stop(self) -> None:
        """Ask the process to end, and end it if it does not."""
        if self._process is None:
            return
        try:
            self.send("stop")
        except EngineFailed:
            log.info("the engine had already ended")
        self._process.join(STOP_GRACE_S)
        self.kill()


def engine_died() -> EngineFailed:
    """The sentence for an engine that ended by itself."""
    return EngineFailed(
        msg("The analysis process ended unexpectedly; it is being started again."),
        msg("Your case is safe. Run the analysis again."),
        code="engine-died",
    )


def engine_cannot_start(exit_code: int | None) -> EngineFailed:
    """The sentence for an engine that ends each time before it is ready."""
    if exit_code in ILLEGAL_INSTRUCTION:
        return EngineFailed(
            msg(
                "This computer's processor lacks instructions (AVX) that the analysis needs, so nothing "
                "can be analysed here."
            ),
            msg(
                "Your cases are safe, and images can be viewed and outlined. Use a computer whose "
                "processor has AVX, or give a virtual machine its host's processor type."
            ),
            code="processor-too-old",
        )
    return EngineFailed(
        msg("The analysis process ends as soon as it starts; it is not started again."),
        msg("Your cases are safe. Run her2desk doctor, then start Her2Desk again."),
        code="engine-cannot-start",
    )


class _Inbox:
    """The engine's end of the pipe: what is heard during a run and is not for it waits its turn."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._waiting: deque[tuple[Any, ...]] = deque()
        self._sending = threading.Lock()  # a device that fails is told by the network's own thread

    @property
    def is_asked(self) -> bool:
        """Whether a question, or the end, waits to be heard."""
        self._hear()
        return any(message[0] in ("run", "stop") for message in self._waiting)

    @property
    def is_told(self) -> bool:
        """Whether anything waits to be heard."""
        self._hear()
        return bool(self._waiting)

    def next(self) -> tuple[Any, ...]:
        """The next message; waits for one. Of what is wished ahead, only the last of a kind counts."""
        if not self._waiting:
            self._waiting.append(self._pipe.recv())
        self._hear()
        message = self._waiting.popleft()
        is_outdated = message[0] in AHEAD and message[0] in (m[0] for m in self._waiting)
        return self.next() if is_outdated else message

    def must_stop(self, job: int) -> bool:
        """Whether this job was cancelled, or the engine is to end."""
        self._hear()
        return any(message in (("stop",), ("cancel", job)) for message in self._waiting)

    def _hear(self) -> None:
        """Take what came; a stop goes first."""
        while self._pipe.poll():
            message = self._pipe.recv()
            if message[0] == "stop":
                self._waiting.appendleft(message)
            else:
                self._waiting.append(message)

    def send(self, *message: Any) -> None:
        with self._sending:
            self._pipe.send(message)


class _PipeProgress:
    """Sends steps to the window and stops the work when a cancel for it has arrived."""

    def __init__(self, inbox: _Inbox, job: int) -> None:
        self._inbox = inbox
        self._job = job

    def step(self, fraction: float, text: Message) -> None:
        if self._inbox.must_stop(self._job):
            raise Cancelled
        self._inbox.send("progress", self._job, fraction, text)


class _UnlessAsked:
    """Stops work that nobody asked for as soon as somebody asks for something."""

    def __init__(self, inbox: _Inbox) -> None:
        self._inbox = inbox

    def step(self, _fraction: float, _text: Message) -> None:
        if self._inbox.is_asked:
            raise Cancelled


class _UnlessTold:
    """Stops what is done in idle moments as soon as anything is heard."""

    def __init__(self, inbox: _Inbox) -> None:
        self._inbox = inbox

    def step(self, _fraction: float, _text: Message) -> None:
        if self._inbox.is_told:
            raise Cancelled


def serve(pipe: Connection, library: Path, threads: int = AUTOMATIC) -> None:
    """The engine's main loop, in the child process; it logs under the library's folder."""
    choose_threads(threads)
    with logging_to(library, "engine"), crashes_written(library, "engine"):
        _serve(pipe)


def _serve(pipe: Connection) -> None:
    from her2desk.inference.engine_work import Work  # with torch and all that answers

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the window decides when the engine ends
    if hasattr(os, "nice"):
        os.nice(5)  # where cores are few, painting the window comes first
    inbox = _Inbox(pipe)
    try:
        _listen(Work(lambda wanted, said: inbox.send("device-failed", wanted, said)), inbox)
    except (EOFError, OSError):
        log.info("the window is gone")


def _listen(work: "Work", inbox: _Inbox) -> None:
    inbox.send("ready")
    while True:
        if not inbox.is_told:
            _ahead(partial(work.prepare, _UnlessTold(inbox)))
        message = inbox.next()
        if message[0] == "stop":
            return
        if message[0] == "warm":
            _ahead(partial(work.warm, message[1], message[2], _UnlessAsked(inbox)))
            inbox.send("warmed", message[1])
        if message[0] == "look":
            _ahead(partial(work.look, message[1], message[2]))
        if message[0] == "forget":
            work.forget()
        if message[0] == "run":
            inbox.send(*_answer(work, inbox, message[1], message[2]))


def _answer(work: "Work", inbox: _Inbox, job: int, request: EngineRequest) -> tuple[Any, ...]:
    try:
        answer = work.answer(
            request, _PipeProgress(inbox, job), lambda found: inbox.send("partial", job, found)
        )
        return ("done", job, answer)
    except Cancelled:
        return ("cancelled", job)
    except Her2DeskError as error:
        return ("failed", job, error)
    except Exception as error:
        return ("failed", job, _our_fault(error))


def _ahead(work: Callable[[], None]) -> None:
    """Do what makes the next answer fast; what is wrong with it is said when it is asked for."""
    try:
        work()
    except Cancelled:
        log.info("somebody asks; the rest is warmed up by the answer")
    except Exception:
        log.info("not warmed up", exc_info=True)


def _our_fault(error: Exception) -> EngineFailed:
    fault = recorded(log, error)
    return EngineFailed(
        msg(
            "The analysis failed inside Her2Desk (reference {reference}).",
            reference=fault.reference,
        ),
        SAFE,
        code="analysis-failed",
        fault=fault,
    )
