"""One command in a child process: what it says line by line, its one JSON answer, and its end.

The child has a process group of its own where the system knows such groups, so that the workers it started
end with it.
"""

import codecs
import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from her2desk.errors import EXIT_INTERRUPTED, EngineFailed
from her2desk.texts import msg
from her2desk.ui.training.documents import error_of, not_understood, step_of
from her2desk.ui.training.enhancer_documents import point_of

log = logging.getLogger(__name__)
GRACE_MS = 10_000
LONGEST_LINE = 1 << 16  # characters; what has no end by then is cut
LONGEST_ANSWER = 1 << 25  # bytes
_LINE_END = re.compile(r"\r\n|\n|\r")


class ChildCommand(QObject):
    """Runs one command at a time; exactly one of ``answered``, ``failed`` and ``stopped`` follows.

    Parameters
    ----------
    command : the program and its first arguments.
    grace_ms : how long a child that was asked to stop may take before it is killed.
    """

    progressed = Signal(object)
    points_told = Signal(object)
    """Points of curves since, in order: none is left out, as steps may be."""
    log_added = Signal(str)
    answered = Signal(int, object)
    failed = Signal(object)
    stopped = Signal()

    def __init__(
        self, command: Sequence[str], parent: QObject | None = None, grace_ms: int = GRACE_MS
    ) -> None:
        super().__init__(parent)
        self._command = list(command)
        self._grace = QTimer(self)
        self._grace.setSingleShot(True)
        self._grace.setInterval(grace_ms)
        self._grace.timeout.connect(self._kill)
        self._process: QProcess | None = None
        self._pid = 0
        self._is_stopping = False
        self._answer = bytearray()
        self._lines = _Lines()
        self._said = ""

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._pid if self._process is not None and self._pid else None

    @property
    def is_running(self) -> bool:
        """Whether an answer is awaited."""
        return self._process is not None

    def start(self, arguments: Sequence[str]) -> None:
        """Start the command with these further arguments; one that runs is ended first."""
        self.close()
        self._is_stopping = False
        self._answer, self._lines, self._said, self._pid = bytearray(), _Lines(), "", 0
        process = QProcess(self)
        process.setProcessEnvironment(_environment())
        if sys.platform != "win32":
            parameters = QProcess.UnixProcessParameters()
            parameters.flags = QProcess.UnixProcessFlag.CreateNewSession
            process.setUnixProcessParameters(parameters)
        process.readyReadStandardError.connect(self._hear)
        process.readyReadStandardOutput.connect(self._take)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self._process = process
        process.start(self._command[0], [*self._command[1:], *arguments])
        self._pid = process.processId()
        process.closeWriteChannel()

    def stop(self) -> None:
        """Ask the child to end, and kill it when it does not; ``stopped`` follows."""
        if self._process is None or self._is_stopping:
            return
        self._is_stopping = True
        self._ask_to_end()
        self._grace.start()

    def close(self) -> None:
        """End the child and wait until it is gone."""
        process = self._process
        if process is None:
            return
        self.stop()
        if not process.waitForFinished(self._grace.interval()):
            self._kill()
            process.waitForFinished()

    def abandon(self) -> None:
        """End, without asking, a child that keeps nothing."""
        process = self._process
        if process is not None:
            self._is_stopping = True
            self._kill()
            process.waitForFinished()

    def _ask_to_end(self) -> None:
        if sys.platform == "win32":  # no cover: needs Windows
            self._kill()  # a program without a window hears no request to close
        elif self._process is not None:
            self._process.terminate()

    def _kill(self) -> None:
        if self._process is None:
            return
        log.info("ending the child process %d", self._pid)
        _end_group(self._pid, by_force=True)
        self._process.kill()

    def _hear(self) -> None:
        """Steps and log, as much as has come; of many steps at once the last is enough."""
        if self._process is None:
            return
        data = bytes(self._process.readAllStandardError().data())
        self._tell(self._lines.add(data))

    def _tell(self, lines: list[str]) -> None:
        words, last, points = [], None, []
        for line in lines:
            point = point_of(line.strip())
            if point is not None:
                points.append(point)
                continue
            step = step_of(line.strip())
            if step is None:
                words.append(line.rstrip())
                continue
            last = step
            if step.text and step.text != self._said:
                self._said = step.text
                words.append(step.text)
        said = "\n".join(word for word in words if word)
        if said:
            self.log_added.emit(said)
        if points and not self._is_stopping:
            self.points_told.emit(points)
        if last is not None and not self._is_stopping:
            self.progressed.emit(last)

    def _take(self) -> None:
        if self._process is None:
            return
        data = self._process.readAllStandardOutput().data()
        if len(self._answer) < LONGEST_ANSWER:
            self._answer += data

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error != QProcess.ProcessError.FailedToStart:
            return  # every other end is told by ``finished`` as well
        self._forget()
        self.failed.emit(
            EngineFailed(
                msg("The training program could not be started."),
                msg("Install Her2Desk again, or run her2desk doctor."),
                code="train-start",
            )
        )

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._hear()
        self._tell(self._lines.rest())
        self._take()
        if self._is_stopping:
            _end_group(self._pid, by_force=False)
        was_stopped = self._is_stopping or code == EXIT_INTERRUPTED
        self._forget()
        if was_stopped:
            self.stopped.emit()
            return
        document = _document(bytes(self._answer))
        refusal = error_of(document) if document is not None else None
        if refusal is not None:
            self.failed.emit(refusal)
        elif status == QProcess.ExitStatus.CrashExit or document is None:
            self.failed.emit(_died(code) if status == _CRASHED or code else not_understood())
        else:
            self.answered.emit(code, document)

    def _forget(self) -> None:
        self._grace.stop()
        if self._process is not None:
            self._process.deleteLater()
        self._process = None


_CRASHED = QProcess.ExitStatus.CrashExit


class _Lines:
    """Bytes to whole lines; what has no end yet waits. A carriage return ends one too."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._tail = ""

    def add(self, data: bytes) -> list[str]:
        *lines, self._tail = _LINE_END.split(self._tail + self._decoder.decode(data))
        if len(self._tail) > LONGEST_LINE:
            lines.append(self._tail[:LONGEST_LINE])
            self._tail = ""
        return lines

    def rest(self) -> list[str]:
        tail, self._tail = self._tail, ""
        return [tail]


def _document(data: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _died(code: int) -> EngineFailed:
    return EngineFailed(
        msg("The training program ended without an answer (exit code {code}).", code=code),
        msg("Look at the log. What was finished is kept: start again and it goes on from there."),
        code="train-died",
    )


def _environment() -> QProcessEnvironment:
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert("PYTHONUNBUFFERED", "1")
    environment.insert("PYTHONUTF8", "1")  # Windows would write its own code page
    return environment


def _end_group(pid: int, *, by_force: bool) -> None:
    """End the workers that the child started."""
    if not pid:
        return
    if sys.platform == "win32":  # no cover: needs Windows
        if by_force:
            subprocess.run(
                ["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, check=False
            )
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL if by_force else signal.SIGTERM)
