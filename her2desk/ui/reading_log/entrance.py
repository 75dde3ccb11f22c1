"""The way from the main window to the readings."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.store.library import Library
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from collections.abc import Sequence

    from her2desk.audit.reading_log import Reading
    from her2desk.ui.reading_log.reading_window import ReadingWindow


class ReadingLogEntrance(QObject):
    """Opens the window on the library's readings; ``asked_first`` is as ``AuditEntrance``'s."""

    case_requested = Signal(int)

    def __init__(
        self,
        library: Library,
        asked_first: Callable[[], str | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library = library
        self._asked_first = asked_first
        self._background: Background | None = None
        self.window: ReadingWindow | None = None

    def open(self) -> "ReadingWindow":
        """Show the window with the readings as they are now."""
        from her2desk.ui.reading_log.reading_window import ReadingWindow

        if self._background is None:
            self._background = Background(self)
        if self.window is None:
            self.window = ReadingWindow(self._load, self._background)
            self.window.case_requested.connect(self.case_requested)
        else:
            self.window.reload()
        self.window.show()
        self.window.activateWindow()
        return self.window

    def refresh(self) -> None:
        """Read again where the window is open, as for another reader."""
        if self.window is not None and self.window.isVisible():
            self.window.reload()

    def close(self) -> None:
        """Close the window and wait for its work."""
        if self.window is not None:
            self.window.close()
        if self._background is not None:
            self._background.close()

    def _load(self) -> "Sequence[Reading]":
        """Other readers' readings of a case come only after the present reader's own (V22)."""
        from her2desk.audit.reading_log import ACTIONS, readings, seen_by

        entries = self._library.entries(*ACTIONS)
        found = readings(entries)
        reader = self._asked_first()
        if reader is None:
            return found
        seen = seen_by(entries, reader)
        return [reading for reading in found if reading.case_id in seen]
