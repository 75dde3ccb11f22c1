"""Checking files in processes of their own.

A codec holds the interpreter's lock while it decodes, may hang and may crash: in a process of its own it
stalls no window, ends when its time is over and costs one file. It may take 2 GiB of memory, and is
renewed after some hundreds of damaged files, since a decoder leaks over those.
"""

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import TracebackType
from typing import Any

from her2desk.dicom.limits import MOST_REFUSALS, limit_memory, too_much_memory
from her2desk.domain.image import UltrasoundImage
from her2desk.errors import Her2DeskError, InputRefused
from her2desk.faults import recorded
from her2desk.inference.importing_check import PIECE_LIMIT_S, READING, check
from her2desk.logs import logging_in_child
from her2desk.texts import msg

log = logging.getLogger(__name__)

MOST_PROCESSES = 2  # the disk and the window need the rest
START_LIMIT_S = 60.0
LISTEN_S = 0.1  # how long nobody hears of a cancel
LOOK_AHEAD = 16  # files checked beyond one that takes long

Outcome = UltrasoundImage | Her2DeskError


def check_here(path: Path) -> Outcome:
    """``check`` in this process; a fault of ours is logged and becomes a refusal."""
    try:
        return check(path)
    except Her2DeskError as error:
        return error
    except Exception as error:
        # One file that we handle wrongly must not cost the other thousand of a folder.
        return _our_fault(error)


class CheckersApart:
    """A few processes that check files; use it in a ``with`` block, from one thread."""

    def __init__(self, processes: int | None = None) -> None:
        count = processes or min(MOST_PROCESSES, os.cpu_count() or 1)
        self._workers = [_Worker() for _ in range(count)]
        self._cannot_start = False

    def __enter__(self) -> "CheckersApart":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.kill()

    def outcomes(self, paths: Sequence[Path]) -> Iterator[Outcome | None]:
        """What became of each path, in their order; None every now and then while that takes long.

        Where no process can be started, the files are checked here.
        """
        ready: dict[int, Outcome] = {}
        given = told = 0
        while told < len(paths):
            if not self._cannot_start:
                given = self._hand_out(paths, given, told + LOOK_AHEAD)
            if told in ready:
                yield ready.pop(told)
                told += 1
            elif self._cannot_start:
                yield check_here(paths[told])
                told += 1
            else:
                ready.update(self._hear())
                if told not in ready:
                    yield None

    def _hand_out(self, paths: Sequence[Path], given: int, until: int) -> int:
        for worker in self._workers:
            if given < min(until, len(paths)) and worker.is_free:
                worker.take(given, paths[given])
                given += 1
        return given

    def _hear(self) -> dict[int, Outcome]:
        """What the processes said within a moment; whoever is over time is ended."""
        busy = {worker.pipe: worker for worker in self._workers if not worker.is_free}
        speaking = wait(list(busy), LISTEN_S)
        ended: dict[int, Outcome] = {}
        for pipe, worker in busy.items():
            number = worker.number
            outcome = worker.hear() if pipe in speaking else worker.overdue()
            if outcome is not None:
                ended[number] = outcome
            self._cannot_start = self._cannot_start or worker.cannot_start
        return ended


class _Worker:
    """One process, started when it is first needed and again when it ended over a file."""

    def __init__(self) -> None:
        self.cannot_start = False
        self.number = -1
        self._path = Path()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._is_ready = False
        self._refused = 0  # by this process
        self._doing = READING
        self._deadline = 0.0

    @property
    def is_free(self) -> bool:
        return self.number < 0

    @property
    def pipe(self) -> Connection:
        assert self._pipe is not None
        return self._pipe

    def take(self, number: int, path: Path) -> None:
        """Check this file."""
        if self._process is not None and not self._process.is_alive():
            self.kill()  # it ended after its last answer: no fault of the file that comes now
        if self._refused >= MOST_REFUSALS:
            self.kill()
        self.number, self._path = number, path
        if self._process is None:
            self._start()
        self._doing = READING
        self._deadline = time.monotonic() + (PIECE_LIMIT_S if self._is_ready else START_LIMIT_S)
        try:
            self.pipe.send(path)
        except OSError:
            log.info("a process for checking files has ended by itself")  # heard as its end

    def hear(self) -> Outcome | None:
        """Read one message; the outcome where it is one."""
        try:
            kind, *rest = self.pipe.recv()
        except (EOFError, OSError):
            return self._died()
        if kind == "outcome":
            self.number = -1
            outcome: Outcome = rest[0]
            self._refused += isinstance(outcome, Her2DeskError)
            return outcome
        if kind == "alive":
            self._doing = rest[0]
            self._deadline = time.monotonic() + rest[1]
        self._is_ready = True
        return None

    def overdue(self) -> Outcome | None:
        """End the process where its time is over."""
        if time.monotonic() < self._deadline:
            return None
        log.warning("checking a file took too long")
        doing, was_ready = self._doing, self._is_ready
        self.kill()
        if not was_ready:
            return self._checked_here()
        return _no_answer() if doing == READING else _too_slow()

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None
        self._is_ready, self.number, self._refused = False, -1, 0

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs,), name="her2desk-import", daemon=True
        )
        self._process.start()
        theirs.close()

    def _died(self) -> Outcome:
        was_ready = self._is_ready
        self.kill()
        if was_ready:
            log.warning("a process ended while it checked a file")
            return _decoder_failed()
        return self._checked_here()

    def _checked_here(self) -> Outcome:
        log.warning("no process could be started; files are checked here")
        self.cannot_start = True
        return check_here(self._path)


def serve(pipe: Connection) -> None:
    """The child's side: check what comes until the pipe ends; it logs beside whoever started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to decide
    with logging_in_child("imports"):
        _serve(pipe)


def _serve(pipe: Connection) -> None:
    limit_memory()
    pipe.send(("ready",))

    def alive(doing: str, limit_s: float) -> None:
        pipe.send(("alive", doing, limit_s))

    while True:
        try:
            path = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(_answer(path, alive))


def _answer(path: Path, alive: Any) -> tuple[str, object]:
    try:
        return "outcome", check(path, alive)
    except Her2DeskError as error:
        return "outcome", error
    except MemoryError:
        return "outcome", too_much_memory()
    except Exception as error:
        return "outcome", _our_fault(error)


def _our_fault(error: Exception) -> Her2DeskError:
    fault = recorded(log, error)
    return Her2DeskError(
        msg(
            "Her2Desk made a mistake with this file (reference {reference}).",
            reference=fault.reference,
        ),
        msg("Save a diagnostic bundle and give it to whoever looks after Her2Desk."),
        fault=fault,
    )


def _too_slow() -> InputRefused:
    return InputRefused(
        msg("The picture in this file takes too long to decode."),
        msg("Copy or export the file again from where it came from."),
        code="too-slow",
    )


def _decoder_failed() -> InputRefused:
    return InputRefused(
        msg("The picture in this file makes its decoder fail."),
        msg("Copy or export the file again from where it came from."),
        code="decoder-failed",
    )


def _no_answer() -> InputRefused:
    return InputRefused(
        msg("The file cannot be read: its disc or drive does not answer."),
        msg("Check that it is connected, and import the file again."),
        code="unreadable-file",
    )
