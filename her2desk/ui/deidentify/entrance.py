"""The way from the main window into the de-identification window."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from her2desk.ui.jobs import Background
from her2desk.ui.small_screens import fit_on_screen

if TYPE_CHECKING:
    from her2desk.ui.deidentify.deidentify_window import DeidentifyWindow


class DeidentifyEntrance(QObject):
    """Opens the window, anew after it was closed, and ends its work with the main window."""

    def __init__(
        self,
        library_dir: Path,
        reader: Callable[[], str],
        parent: QObject | None = None,
        *,
        open_url: Callable[[QUrl], object] = QDesktopServices.openUrl,
    ) -> None:
        super().__init__(parent)
        self._library_dir = library_dir
        self._reader = reader
        self._open_url = open_url
        self._background: Background | None = None
        self.window: DeidentifyWindow | None = None

    def open(self) -> "DeidentifyWindow":
        """Show the window; a new one where there is none."""
        from her2desk.ui.deidentify.deidentify_window import DeidentifyWindow

        if self.window is None:
            if self._background is None:
                self._background = Background(self)
            self.window = DeidentifyWindow(
                self._library_dir, self._background, self._reader, self._open_url
            )
            fit_on_screen(self.window)
            self.window.closed.connect(self._forget)
        self.window.show()
        self.window.activateWindow()
        return self.window

    def close(self) -> None:
        """Close the window and wait for its work, which stops after the frame in hand."""
        if self.window is not None:
            self.window.close()
        if self._background is not None:
            self._background.close()

    def _forget(self) -> None:
        if self.window is not None:
            self.window.deleteLater()
            self.window = None
