"""The way from the main window to the check of this computer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from her2desk.ui.doctor.doctor_window import DoctorWindow


class DoctorEntrance(QObject):
    """Opens the window, which begins to check; anew after it was closed.

    ``command`` starts this program on the command line; None: as this one was started.
    """

    def __init__(
        self,
        library_dir: Path,
        settings_file: Path,
        parent: QObject | None = None,
        *,
        command: Sequence[str] | None = None,
    ) -> None:
        super().__init__(parent)
        self._library_dir = library_dir
        self._settings_file = settings_file
        self._command = command
        self._background: Background | None = None
        self.window: DoctorWindow | None = None

    def open(self) -> "DoctorWindow":
        """Show the window; a new one where there is none."""
        from her2desk.ui.doctor.doctor_window import DoctorWindow

        if self.window is None:
            if self._background is None:
                self._background = Background(self)
            self.window = DoctorWindow(
                self._library_dir, self._settings_file, self._background, command=self._command
            )
            self.window.closed.connect(self._forget)
        self.window.show()
        self.window.activateWindow()
        return self.window

    def close(self) -> None:
        """Close the window, which ends the check, and wait for a bundle that is being written."""
        if self.window is not None:
            self.window.close()
        if self._background is not None:
            self._background.close()

    def _forget(self) -> None:
        if self.window is not None:
            self.window.deleteLater()
            self.window = None
