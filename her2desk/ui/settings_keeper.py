"""Writes the user's choices a moment after the last of them: a dragged slider must not wait for a disk."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from her2desk.settings import NO_BASIS, Basis, Settings, save_settings
from her2desk.ui.jobs import Background

PAUSE_MS = 400


class SettingsKeeper(QObject):
    """``refused`` tells that a file cannot be written; the choices then hold until the window closes."""

    refused = Signal(object)

    def __init__(
        self,
        file: Path,
        background: Background,
        parent: QObject | None = None,
        basis: Basis = NO_BASIS,
    ) -> None:
        super().__init__(parent)
        self._basis = basis
        self._file = file
        self._background = background
        self._waiting: Settings | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.write)

    def keep(self, settings: Settings) -> None:
        """Write these, unless others come within a moment."""
        self._waiting = settings
        self._pause.start()

    def write(self) -> None:
        """Write at once what waits; for when the window closes."""
        settings, self._waiting = self._waiting, None
        self._pause.stop()
        if settings is not None:
            self._background.run(
                lambda: save_settings(self._file, settings, self._basis),
                lambda _none: None,
                self.refused.emit,
                even_when_closing=True,
            )
