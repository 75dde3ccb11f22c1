"""Receiving while the window is open: starts and stops the receiver's process, counts what comes."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from her2desk.dicom.pacs.listening import Arrived, Event, Listening, Listens
from her2desk.dicom.pacs.nodes import ReceiverSettings
from her2desk.errors import Her2DeskError
from her2desk.ui.jobs import Background

QUIET_MS = 400  # so long after the last file, those that came together are told together
MOST_TOGETHER = 100


class ReceiverService(QObject):
    """``changed`` (how many came since it was switched on; None while off), ``received`` (paths).

    ``failed`` says why it could not be switched on, or ended. ``differed`` comes where an instance
    was here before with other content.
    """

    changed = Signal(object)
    listening = Signal(int)
    received = Signal(object)
    differed = Signal()
    failed = Signal(object)
    _posted = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.count = 0
        self.is_listening = False
        self._run = 0  # an earlier run still says which files came, and nothing else
        self._paths: list[Path] = []
        self._process: Listening | None = None
        self._worker: Background | None = None
        self._posted.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(QUIET_MS)
        self._quiet.timeout.connect(self._tell_received)

    @property
    def is_on(self) -> bool:
        """Whether it is switched on; it listens a moment later."""
        return self._process is not None

    def start(self, settings: ReceiverSettings, inbox: Path) -> None:
        """Switch on, anew where it is on already."""
        self.stop()
        self._run += 1
        run = self._run

        def told(event: Event) -> None:
            self._posted.emit(run, event)

        process = self._process = Listening(told)
        if self._worker is None:
            self._worker = Background(self)
        # Starting and ending a process takes longer than the window may stand still.
        self._worker.run(lambda: process.start(settings, inbox), _nothing, self._fail)
        self.count = 0
        self.changed.emit(self.count)

    def stop(self) -> None:
        """Switch off; what came before is still told."""
        process, self._process = self._process, None
        if process is None or self._worker is None:
            return
        self._run += 1
        self.is_listening = False
        self._worker.run(process.stop, _nothing, self._fail, even_when_closing=True)
        self.changed.emit(None)

    def close(self) -> None:
        """Switch off and wait for it; what nobody heard of any more waits in the inbox."""
        self.stop()
        self._quiet.stop()
        if self._worker is not None:
            self._worker.close()

    def _take(self, run: int, event: object) -> None:
        if isinstance(event, Arrived):
            self._add(event, counts=run == self._run)
        elif run == self._run and isinstance(event, Listens):
            self.is_listening = True
            self.listening.emit(event.port)
        elif run == self._run and isinstance(event, Her2DeskError):
            self._fail(event)

    def _fail(self, error: Her2DeskError) -> None:
        self.stop()
        self.failed.emit(error)

    def _add(self, file: Arrived, counts: bool) -> None:
        self._paths.append(file.path)
        if file.is_new and counts:
            self.count += 1
            self.changed.emit(self.count)
        if file.differs:
            self.differed.emit()
        if len(self._paths) >= MOST_TOGETHER:
            self._tell_received()
        else:
            self._quiet.start()

    def _tell_received(self) -> None:
        self._quiet.stop()
        paths, self._paths = list(dict.fromkeys(self._paths)), []
        if paths:
            self.received.emit(paths)


def _nothing(_none: object) -> None:
    """Done; what follows is told by the process itself."""
