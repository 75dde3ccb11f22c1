"""The way from the main window to the readings."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.store.library import Library
from her2desk.ui.entrance import Entrance
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from collections.abc import Sequence

    from her2desk.audit.reading_log import Reading
    from her2desk.ui.reading_log.reading_window import ReadingWindow


class ReadingLogEntrance(Entrance["ReadingWindow"]):
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

    def make_window(self, background: Background) -> "ReadingWindow":
        """The window on the readings as they are now."""
        from her2desk.ui.reading_log.reading_window import ReadingWindow

        window = ReadingWindow(self._load, background)
        window.case_requested.connect(self.case_requested)
        return window

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
