"""A scene in a fresh process, and that process ended with all that it started."""

import logging
import multiprocessing
import os
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from her2desk.benchmark.machine import Machine, this_machine
from her2desk.benchmark.processes import family, forget_peaks, peak_mb, resident_mb
from her2desk.benchmark.rows import Memory
from her2desk.benchmark.scene import Scene
from her2desk.benchmark.timing import Times, by_turns
from her2desk.domain.progress import Progress
from her2desk.errors import Her2DeskError
from her2desk.faults import our_fault
from her2desk.inference.child_answer import awaited
from her2desk.logs import logging_in_child
from her2desk.texts import Message, msg

log = logging.getLogger(__name__)
GRACE_S = 3.0
BASELINE = "baseline"

Tell = Callable[[float, Message], None]


@dataclass(frozen=True)
class Timed:
    """A scene's times; ``baseline`` None where it was not run."""

    products: dict[str, Times]
    baseline: Times | None
    difference: float | None


@dataclass(frozen=True)
class TimeTask:
    """Time the rows of a scene against its baseline, which is left out where ``has_baseline`` is False."""

    scene: Scene
    rows: tuple[str, ...]
    rounds: int
    place: Path
    has_baseline: bool = True

    def __call__(self, tell: Tell) -> Timed | Message:
        absent = self.scene.absent()
        if absent is not None:
            return absent
        with self.scene.products(self.place) as every:
            sides = {row: every[row] for row in self.rows}
            if not self.has_baseline:
                return self._timed(by_turns(sides, self.rounds, self._teller(tell)))
            with self.scene.baseline(self.place) as baseline:
                sides[BASELINE] = baseline
                return self._timed(by_turns(sides, self.rounds, self._teller(tell)))

    def _timed(self, times: dict[str, Times]) -> Timed:
        baseline = times.pop(BASELINE, None)
        difference = None
        if baseline is not None:
            difference = self.scene.difference(times[self.rows[0]].first, baseline.first)
        products = {row: Times(found.all_ms) for row, found in times.items()}
        return Timed(products, None if baseline is None else Times(baseline.all_ms), difference)

    def _teller(self, tell: Tell) -> Callable[[int, int], None]:
        def told(done: int, of: int) -> None:
            said = msg("{row}: {n} of {total} rounds", row=self.rows[0], n=done, total=of)
            if done == 0:
                said = msg("{row}: warming up", row=self.rows[0])
            tell(done / of, said)

        return told


@dataclass(frozen=True)
class MemoryTask:
    """Do one side's work once in a process that has done nothing else but warm up."""

    scene: Scene
    row: str | None  # None is the baseline
    place: Path

    def __call__(self, tell: Tell) -> Memory:
        said = msg("{row}: memory", row=self.row or self.scene.rows[0])
        tell(0.0, said)
        if self.row is None:
            with self.scene.baseline(self.place) as side:
                return self._of(side)
        with self.scene.products(self.place) as sides:
            return self._of(sides[self.row])

    def _of(self, side: Any) -> Memory:
        side.warmed()
        side.prepare(0)
        processes = family()
        warm = resident_mb(processes)
        started_up = peak_mb(processes)
        forget_peaks(processes)
        side.work(0)
        processes = family()
        peak = peak_mb(processes)
        if peak is None or warm is None or started_up is None:
            return Memory()
        return Memory(max(peak, started_up), peak - warm)


@dataclass(frozen=True)
class MachineTask:
    """Describe and measure the machine."""

    load_before: float | None

    def __call__(self, tell: Tell) -> Machine:
        tell(0.0, msg("Measuring the machine"))
        return this_machine(self.load_before)


Task = TimeTask | MemoryTask | MachineTask


def done_apart(task: Task, progress: Progress, *, cores: int | None = None) -> Any:
    """What the task gives, done by a fresh process on so many cores (None: all that there are).

    ``progress`` may raise, and the process is then ended with all that it started. Raises what the task
    raises, and ``EngineFailed`` where the process dies.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_work, args=(theirs, task, cores))
    child.start()
    theirs.close()
    try:
        answer = awaited(ours, progress, msg("Measuring stopped unexpectedly."))
        child.join(GRACE_S)  # it closes what it started
    finally:
        ours.close()
        _end(child)
    if isinstance(answer, Her2DeskError):
        raise answer
    return answer


def _end(child: SpawnProcess) -> None:
    """Ask the process to stop; one that does not is ended with all that it started."""
    if child.is_alive():
        started = family(child.pid)
        child.terminate()
        child.join(GRACE_S)
        if child.is_alive():
            for pid in started:
                with suppress(OSError):
                    os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    child.join()
    child.close()


def _work(pipe: Connection, task: Task, cores: int | None) -> None:
    """The child; the parent says when to stop, and what it started is then closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if cores is not None and sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    warnings.simplefilter("ignore")  # deprecations inside pyradiomics
    with logging_in_child("benchmark"), suppress(KeyboardInterrupt):
        try:
            given = task(lambda fraction, said: pipe.send(("progress", (fraction, said))))
        except Her2DeskError as error:
            pipe.send(("done", error))
        except Exception as error:
            pipe.send(("done", our_fault(log, error)))
        else:
            pipe.send(("done", given))
