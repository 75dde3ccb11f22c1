"""How a command answers: text for people or one JSON document, and the exit code."""

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from her2desk.cli.borrowed_words import spoken
from her2desk.domain.eta import Eta, time_left
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import (
    EXIT_INTERRUPTED,
    EXIT_OUR_FAULT,
    EXIT_USAGE,
    Cancelled,
    Her2DeskError,
)
from her2desk.faults import recorded
from her2desk.in_force import check_library_place, default_library_dir
from her2desk.logs import crashes_written, logging_to
from her2desk.redaction import public
from her2desk.texts import Message, msg

log = logging.getLogger(__name__)

NOTHING = Message("")
_TRUE_OUTPUT: ContextVar[TextIO | None] = ContextVar("true_output", default=None)


@dataclass(frozen=True)
class Outcome:
    """What a command has to say: the JSON document, how to show it to people, and the exit code."""

    document: Mapping[str, Any]
    show: Callable[[Console], None]
    exit_code: int = 0


@dataclass(frozen=True)
class Refusal:
    """What went wrong, as ``{"error": {"code", "message", "remedy"}}`` says it."""

    code: str
    message: Message
    remedy: Message
    exit_code: int

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        texts = {"message": self.message.text(), "remedy": self.remedy.text()}
        return {"error": {"code": self.code, **texts}}


def run_command(
    as_json: bool,
    work: Callable[[], Outcome],
    library: Path | None = None,
    *,
    when_stopped: Message = NOTHING,
) -> int:
    """Do the work, answer for it, and return the exit code.

    Whatever the work or a library of it prints goes to standard error. Errors become a sentence;
    the traceback of one that nobody foresaw is only in the log, under ``library``. Ctrl-C and a
    request to terminate stop the work; ``when_stopped`` is what can be done then.
    """
    folder = library or default_library_dir()

    def allowed_work() -> Outcome:
        if library is not None:
            check_library_place(library)
        return work()

    with (
        logging_to(folder),
        crashes_written(folder, "command"),
        standard_output_kept(),
        _termination_interrupts(),
    ):
        outcome = _attempt(allowed_work, when_stopped)
        if isinstance(outcome, Outcome) and as_json:
            outcome = _with_sound_document(outcome)
    if isinstance(outcome, Refusal):
        return refuse(as_json, outcome)
    if as_json:
        _write_document(outcome.document)
    else:
        with _reader_may_leave():
            outcome.show(_console(sys.stdout))
    return outcome.exit_code


def refuse(as_json: bool, refusal: Refusal) -> int:
    """Say what went wrong, on standard error or as the JSON document; returns the exit code."""
    if as_json:
        _write_document(refusal.document())
        return refusal.exit_code
    console = _console(sys.stderr)
    for text in (refusal.message.text(), refusal.remedy.text()):
        if text:
            console.print(printable(text))
    return refusal.exit_code


def usage_refusal(message: str, command: str) -> Refusal:
    """The refusal of arguments that make no sense; exit code 2."""
    remedy = msg("See {command} --help.", command=command)
    return Refusal("usage", spoken(printable(message)), remedy, EXIT_USAGE)


@contextmanager
def shown_progress(as_json: bool) -> Iterator[Progress]:
    """Progress as a bar on standard error when a person is looking, silent else."""
    if as_json or not stderr_is_terminal():
        yield SilentProgress()
        return
    with progress_bar() as progress:
        yield progress


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar with the stage and the time left, which goes away when the work is done."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %", markup=False),
        TextColumn("{task.fields[left]}", markup=False),
    )
    with Bar(*columns, console=_console(sys.stderr), transient=True) as bar:
        yield _TerminalProgress(bar, bar.add_task("", total=1.0, left=""))


def stderr_is_terminal() -> bool:
    """Whether a person may be watching standard error."""
    return _console(sys.stderr).is_terminal


def printable(text: str) -> str:
    """``text`` without characters that could steer a terminal, such as from names inside a file."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


class _TerminalProgress:
    def __init__(self, bar: Bar, task: TaskID):
        self._bar = bar
        self._task = task
        self._start = time.monotonic()
        self._eta = Eta()

    def step(self, fraction: float, text: Message) -> None:
        """Move the bar, name the stage and say how long it will still take."""
        eta = self._eta.after(time.monotonic() - self._start, fraction)
        left = time_left(eta).text() if eta else ""
        said = printable(text.text())
        self._bar.update(self._task, completed=fraction, description=said, left=left)


def _attempt(work: Callable[[], Outcome], when_stopped: Message) -> Outcome | Refusal:
    try:
        return work()
    except Her2DeskError as error:
        log.info("refused: %s", public(error.code))
        return Refusal(error.code, error.message, error.remedy, error.exit_code)
    except (KeyboardInterrupt, Cancelled):
        return Refusal("interrupted", msg("Stopped."), when_stopped, EXIT_INTERRUPTED)
    except Exception as error:
        return _our_fault(error)


def _with_sound_document(outcome: Outcome) -> Outcome | Refusal:
    """Found out here rather than half-way through printing: a document that is no JSON."""
    try:
        _as_text(outcome.document)
    except (TypeError, ValueError) as error:
        return _our_fault(error)
    return outcome


def _our_fault(error: Exception) -> Refusal:
    fault = recorded(log, error)
    return Refusal(
        "internal",
        msg(
            "Her2Desk made a mistake and had to stop (reference {reference}); nothing that was saved "
            "is lost.",
            reference=fault.reference,
        ),
        msg("Report it with what this writes: her2desk doctor --bundle FILE.zip"),
        EXIT_OUR_FAULT,
    )


def _as_text(document: Mapping[str, Any]) -> str:
    """ASCII, so that no console's encoding can spoil it."""
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False)


def _write_document(document: Mapping[str, Any]) -> None:
    with _reader_may_leave():
        sys.stdout.write(_as_text(document) + "\n")
        sys.stdout.flush()


def _console(stream: TextIO) -> Console:
    return Console(file=stream, markup=False, highlight=False, emoji=False, soft_wrap=True)


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """``her2desk … | head`` closes the pipe early, which is no failure."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def standard_output_kept() -> Iterator[TextIO]:
    """Lead what anything prints, native code included, to standard error; gives the true output."""
    before = sys.stdout
    before.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    true = _on(kept, before)
    token = _TRUE_OUTPUT.set(true)
    try:
        with redirect_stdout(sys.stderr):
            yield true
    finally:
        _TRUE_OUTPUT.reset(token)
        sys.stdout.flush()
        with suppress(BrokenPipeError):
            true.flush()
        os.dup2(kept, 1)
        os.close(kept)


def said_at_once() -> Console:
    """The console for what is to be read while the work still goes on."""
    return _console(_TRUE_OUTPUT.get() or sys.stdout)


def _on(handle: int, before: TextIO) -> TextIO:
    """Standard output by another handle; as it was where it is none of the system's."""
    try:
        is_the_systems = before.fileno() == 1
    except OSError:
        is_the_systems = False
    if not is_the_systems:
        return before
    return os.fdopen(
        handle, "w", encoding=before.encoding, errors=before.errors, buffering=1, closefd=False
    )


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """SIGTERM ends the work as Ctrl-C does: temporary files go, and the answer is still given."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
