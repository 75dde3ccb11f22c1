"""Progress of long work on standard error: a bar, lines for a log, or JSON for a program."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TextIO

import typer

from her2desk.cli.output import printable, progress_bar, stderr_is_terminal
from her2desk.domain.eta import Eta, time_left
from her2desk.domain.progress import Progress, SilentProgress, stage_of
from her2desk.texts import Message, tr

SECONDS_BETWEEN_DOCUMENTS = 0.2
SECONDS_BETWEEN_SENTENCES = 5.0


class ProgressKind(StrEnum):
    """How to tell; ``auto`` is JSON beside ``--json``, a bar on a terminal, sentences elsewhere."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"
    NONE = "none"


@dataclass(frozen=True)
class Step:
    """One step as it is told; ``stage`` and ``eta_s`` are None where not known."""

    stage: str | None
    fraction: float
    text: str
    elapsed_s: float
    eta_s: float | None


def progress_option() -> Any:
    """``--progress``."""
    return typer.Option(
        ProgressKind.AUTO,
        "--progress",
        help=tr("Progress on standard error: auto, json (an object a line), text or none."),
    )


@contextmanager
def told_progress(kind: ProgressKind, as_json: bool) -> Iterator[Progress]:
    """Progress as ``kind`` asks, on standard error."""
    if kind is ProgressKind.NONE:
        yield SilentProgress()
    elif tells_json(kind, as_json):
        yield StepLines(sys.stderr, json_line, SECONDS_BETWEEN_DOCUMENTS)
    elif kind is ProgressKind.AUTO and stderr_is_terminal():
        with progress_bar() as progress:
            yield progress
    else:
        yield StepLines(sys.stderr, sentence, SECONDS_BETWEEN_SENTENCES)


def tells_json(kind: ProgressKind, as_json: bool) -> bool:
    """Whether progress is told in objects, a line each, which may be of other things too."""
    return kind is ProgressKind.JSON or (kind is ProgressKind.AUTO and as_json)


class StepLines:
    """A line for the first step, each new stage and the end, and one every ``between_s`` seconds."""

    def __init__(
        self,
        stream: TextIO,
        line: Callable[[Step], str],
        between_s: float,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._stream = stream
        self._line = line
        self._between_s = between_s
        self._clock = clock
        self._start = clock()
        self._eta = Eta()
        self._told: Step | None = None

    def step(self, fraction: float, text: Message) -> None:
        """Write the step as a line where it is due; a reader that went away is no failure."""
        done = min(1.0, max(0.0, fraction))
        elapsed = self._clock() - self._start
        eta = self._eta.after(elapsed, done)
        step = Step(stage_of(text), done, printable(text.text()), elapsed, eta)
        if not self._is_due(step):
            return
        self._told = step
        try:
            self._stream.write(self._line(step) + "\n")
            self._stream.flush()
        except BrokenPipeError:
            return

    def _is_due(self, step: Step) -> bool:
        told = self._told
        return (
            told is None
            or step.stage != told.stage
            or step.fraction == 1
            or step.elapsed_s - told.elapsed_s >= self._between_s
        )


def json_line(step: Step) -> str:
    """``{"stage", "fraction", "text", "elapsed_s", "eta_s"}`` in ASCII."""
    eta = None if step.eta_s is None else round(step.eta_s, 1)
    return json.dumps(
        {
            "stage": step.stage,
            "fraction": round(step.fraction, 6),
            "text": step.text,
            "elapsed_s": round(step.elapsed_s, 1),
            "eta_s": eta,
        }
    )


def sentence(step: Step) -> str:
    """`` 40 %  Training network 2 of 5  (about 12 min left)``."""
    said = f"{100 * step.fraction:3.0f} %  {step.text}"
    return f"{said}  ({time_left(step.eta_s).text()})" if step.eta_s else said
