"""Errors that nobody caught, in any thread, end in the log and in one signal."""

import logging
import sys
import threading
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

from her2desk.faults import our_fault
from her2desk.redaction import place, public, traceback_of
from her2desk.texts import msg

log = logging.getLogger(__name__)
MOST_PLACES = 100

AFTER_SURPRISE = msg(
    "Everything up to the last stroke is saved. If something looks wrong, close the window and open "
    "it again."
)
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class FaultCollector(QObject):
    """Listens while its ``with`` block runs; made on the GUI thread, where ``told`` arrives.

    Nothing is printed: standard error of a desktop's program is a file that others keep. An error
    that comes again from the same place, as one in painting does, is told of once.
    """

    told = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._undo = ExitStack()
        self._places: set[str] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        before = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread
        sys.unraisablehook = self._unraisable
        handler = qInstallMessageHandler(_log_qt)

        def undo() -> None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = before
            qInstallMessageHandler(handler)

        self._undo.callback(undo)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._undo.close()

    def _uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            self._take(error)
        else:  # Ctrl-C
            sys.__excepthook__(kind, error, trace)

    def _uncaught_in_thread(self, caught: "threading.ExceptHookArgs") -> None:
        if isinstance(caught.exc_value, Exception):
            self._take(caught.exc_value)

    def _unraisable(self, caught: Any) -> None:
        log.error("in a finaliser", exc_info=caught.exc_value)

    def _take(self, error: Exception) -> None:
        where = traceback_of(error)
        with self._lock:
            if where in self._places or len(self._places) >= MOST_PLACES:
                return
            self._places.add(where)
        self.told.emit(our_fault(log, error, AFTER_SURPRISE))


def _log_qt(kind: QtMsgType, context: QMessageLogContext, _words: str) -> None:
    """Qt's words can hold names of files, so only who spoke is logged."""
    where = place(context.file, context.line) if context.file else public("Qt")
    log.log(_LEVELS[kind], "%s, category %s", where, public(context.category or "none"))
