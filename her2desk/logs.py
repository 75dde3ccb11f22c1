"""The log: a file in the library's folder for whoever repairs the program, sent nowhere.

Nothing of a patient is in it: of values only what ``redaction`` lets through, of errors and warnings
their kind and place, of what other libraries say only where they said it.
"""

import faulthandler
import logging
import os
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from her2desk.private_files import PRIVATE_FILE, make_private_folder
from her2desk.redaction import place, redacted, traceback_of

LOGS_FOLDER = "logs"
LOGS_VARIABLE = "HER2DESK_LOGS"  # where the processes that this one starts log
PROGRAM_LOGGER = "her2desk"
MAX_BYTES = 1_000_000
BACKUPS = 3
CRASHES_KEPT = 5
LINE = "%(asctime)sZ %(process)d %(levelname)s %(name)s: %(message)s"

log = logging.getLogger(__name__)


@contextmanager
def logging_to(library: Path, name: str = "her2desk") -> Iterator[Path]:
    """Log to ``logs/NAME.log`` under the library's folder while the block runs; gives its path.

    Python warnings are logged too. The file appears with the first line; a log that cannot be
    written is left out, as it must never stop the work. Each kind of process needs a ``name`` of its
    own.
    """
    folder = library / LOGS_FOLDER
    path = folder / f"{name}.log"
    before = os.environ.get(LOGS_VARIABLE)
    os.environ[LOGS_VARIABLE] = str(folder)
    try:
        with _handled_by(_LogFile(path)):
            yield path
    finally:
        if before is None:
            os.environ.pop(LOGS_VARIABLE, None)
        else:
            os.environ[LOGS_VARIABLE] = before


@contextmanager
def logging_in_child(name: str) -> Iterator[None]:
    """Log beside whoever started this process, or nowhere; nothing goes to standard error.

    An error that nobody caught ends the process with code 1 and is in the log, where the
    interpreter would have printed its words.
    """
    folder = os.environ.get(LOGS_VARIABLE)
    handler = _LogFile(Path(folder) / f"{name}.log") if folder else logging.NullHandler()
    with _handled_by(handler):
        try:
            yield
        except Exception:
            log.exception("the process ends")
            sys.exit(1)


def log_in_worker(name: str) -> None:
    """The same for the worker of a pool, as its initializer: until the process ends."""
    _UNTIL_THE_END.enter_context(logging_in_child(name))


@contextmanager
def crashes_written(library: Path, name: str = "her2desk") -> Iterator[Path | None]:
    """Have native code's crash written to ``logs/NAME-PID.crash``, as the code's places only.

    The file goes at the end unless something crashed; of those of earlier runs the last few stay.
    Gives None, and changes nothing, where crashes are already written somewhere or it cannot be.
    """
    path = library / LOGS_FOLDER / f"{name}-{os.getpid()}.crash"
    file = None if faulthandler.is_enabled() else _opened(path)
    if file is None:
        yield None
        return
    faulthandler.enable(file)
    try:
        yield path
    finally:
        faulthandler.disable()
        file.close()
        with suppress(OSError):
            if not path.stat().st_size:
                path.unlink()


def crash_files(library: Path) -> list[Path]:
    """What was written of crashes, the newest first."""
    folder = library / LOGS_FOLDER
    with suppress(OSError):
        found = [(p.stat().st_mtime, p) for p in folder.glob("*.crash") if p.stat().st_size]
        return [path for _when, path in sorted(found, reverse=True)]
    return []


class RedactingFormatter(logging.Formatter):
    """Writes no value that could be of a patient.

    The program's own templates are literals, with redacted arguments; what other libraries say is
    left out, as they put values into their words.
    """

    def __init__(self) -> None:
        super().__init__(LINE, "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line, and the places of its error below."""
        shown = logging.makeLogRecord(record.__dict__)
        shown.msg, shown.args = _words(record), None
        shown.exc_info = shown.exc_text = shown.stack_info = None
        line = super().format(shown)
        error = record.exc_info[1] if record.exc_info else None
        return f"{line}\n{traceback_of(error)}" if error is not None else line


class _Redacted:
    """An argument that shows only what may be written of it, by ``%s`` and by ``%r``."""

    def __init__(self, value: object) -> None:
        self._text = redacted(value)

    def __repr__(self) -> str:
        return self._text


class _LogFile(RotatingFileHandler):
    """A rotating file that makes its folder when first needed and keeps silent about failures."""

    def __init__(self, path: Path):
        super().__init__(
            path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", delay=True
        )
        self.setFormatter(RedactingFormatter())

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        make_private_folder(path.parent)
        return _private(path, os.O_APPEND)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's own name
        """Do nothing: the work goes on."""

    def close(self) -> None:
        """Close the file, too, where its last lines find no room."""
        with suppress(OSError):
            super().close()


@contextmanager
def _handled_by(handler: logging.Handler) -> Iterator[None]:
    root, program = logging.getLogger(), logging.getLogger(PROGRAM_LOGGER)
    level, shown = program.level, warnings.showwarning
    root.addHandler(handler)
    program.setLevel(logging.INFO if level == logging.NOTSET else level)
    warnings.showwarning = _log_warning
    try:
        yield
    finally:
        warnings.showwarning = shown
        program.setLevel(level)
        root.removeHandler(handler)
        handler.close()


def _words(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] != PROGRAM_LOGGER or not isinstance(record.msg, str):
        return f"said something at {place(record.pathname, record.lineno)} in {record.funcName}"
    args = record.args
    if not args:
        return record.msg
    try:
        if isinstance(args, Mapping):
            return record.msg % {key: _shown(value) for key, value in args.items()}
        return record.msg % tuple(map(_shown, args))
    except (TypeError, ValueError):
        return record.msg


def _shown(value: object) -> object:
    return value if type(value) in (int, float) else _Redacted(value)


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A warning's kind and place; its words can hold what is in a file's header."""
    log.warning("%s at %s", category, place(filename, lineno))


def _opened(path: Path) -> TextIOWrapper | None:
    try:
        make_private_folder(path.parent)
        for old in crash_files(path.parent.parent)[CRASHES_KEPT - 1 :]:
            old.unlink()
        return _private(path, os.O_TRUNC)
    except OSError:
        log.info("crashes cannot be written", exc_info=True)
        return None


def _private(path: Path, how: int) -> TextIOWrapper:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | how, PRIVATE_FILE)
    return TextIOWrapper(os.fdopen(handle, "wb"), encoding="utf-8")


_UNTIL_THE_END = ExitStack()
