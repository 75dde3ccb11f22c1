"""The way from the main window to the library as a whole."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.store.library import Library
from her2desk.ui.entrance import Entrance
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from her2desk.ui.library.library_window import LibraryWindow


class LibraryEntrance(Entrance["LibraryWindow"]):
    """Opens the window; ``task_requested`` carries a ``BetweenWindows`` that needs the library closed."""

    task_requested = Signal(object)
    erased = Signal(tuple)
    """The numbers of the cases that are gone."""

    def __init__(
        self, library: Library, settings_file: Path, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._library = library
        self._settings_file = settings_file

    def make_window(self, background: Background) -> "LibraryWindow":
        """The window on the library as it is now."""
        from her2desk.ui.library.desk import LibraryDesk
        from her2desk.ui.library.library_window import LibraryWindow

        window = LibraryWindow(LibraryDesk(self._library, self._settings_file), background)
        window.task_requested.connect(self.task_requested)
        window.erased.connect(self.erased)
        return window

    def close(self) -> None:
        """Stop what runs, then close the window."""
        if self.window is not None:
            self.window.task.cancel()
        super().close()
