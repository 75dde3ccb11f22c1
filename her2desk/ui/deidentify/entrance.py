"""The way from the main window into the de-identification window."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from her2desk.ui.entrance import PassingEntrance
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from her2desk.ui.deidentify.deidentify_window import DeidentifyWindow


class DeidentifyEntrance(PassingEntrance["DeidentifyWindow"]):
    """Opens the window, anew after it was closed; its work stops after the frame in hand."""

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

    def make_window(self, background: Background) -> "DeidentifyWindow":
        """The window at its first page."""
        from her2desk.ui.deidentify.deidentify_window import DeidentifyWindow

        window = DeidentifyWindow(self._library_dir, background, self._reader, self._open_url)
        window.closed.connect(self.forget)
        return window
