"""The way from the main window to the report of the case that is open."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.packs.shelf import PackShelf
from her2desk.store.library import Library
from her2desk.texts import Message
from her2desk.ui.entrance import Entrance
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from her2desk.reports.apart import ReportsApart
    from her2desk.ui.report.report_window import ReportWindow
    from her2desk.ui.report.send_dialog import SendDialog
    from her2desk.ui.report.sending_desk import SendingDesk
    from her2desk.ui.report.work import CaseWork

PACS_FILE = "pacs.json"
WINDOWS_FILE = "windows.ini"


class ReportEntrance(Entrance["ReportWindow"]):
    """Opens the window on one case; ``case_id`` says which one is open, None for none.

    ``obstacle`` says why a case's answer must not be seen yet, such as before the reader's own
    impression; None where it may. The archives' settings are kept beside ``settings_file``.
    """

    written = Signal(int)
    """The case whose report was saved or printed."""
    network_requested = Signal()
    """An archive is to be set up."""

    def __init__(
        self,
        library: Library,
        shelf: PackShelf,
        settings_file: Path,
        case_id: Callable[[], int | None],
        obstacle: Callable[[int], Message | None] = lambda _case: None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._shelf = library, shelf
        self._case_id, self._obstacle = case_id, obstacle
        self._apart: ReportsApart | None = None
        self._settings_file = settings_file
        self._work: CaseWork | None = None
        self._sending: Background | None = None
        self._dialog: SendDialog | None = None

    def make_window(self, background: Background) -> "ReportWindow":
        """The window on the case that is open."""
        from her2desk.ui.report.report_window import ReportWindow

        window = ReportWindow(background)
        window.written.connect(self.written)
        window.panel.send_requested.connect(self.open_sending)
        return window

    def open(self) -> "ReportWindow":
        """Show the report of the case that is open now."""
        window = super().open()
        self._follow(window)
        self._ask_what_waits()
        return window

    def refresh(self) -> None:
        """Show what stands now, where the window is open: after another case or another answer."""
        super().refresh()
        if self.window is not None and self.window.isVisible():
            self._follow(self.window)

    def open_sending(self) -> "SendDialog":
        """Show the dialog that sends the report which the window shows, or what waits."""
        from her2desk.ui.report.send_dialog import SendDialog

        window = self.window or self.open()
        if self._dialog is None:
            self._sending = Background(self)
            choices = self._settings_file.with_name(WINDOWS_FILE)
            self._dialog = SendDialog(self._desk(), self._sending, choices, window)
            self._dialog.settled.connect(self._tell_waiting)
            self._dialog.network_requested.connect(self.network_requested)
        self._dialog.show_case(self._work, window.panel.options)
        return self._dialog

    def close(self) -> None:
        """Close the windows, stop sending, and end the process that lays reports out."""
        if self._dialog is not None:
            self._dialog.end()
        if self._sending is not None:
            self._sending.close()
        super().close()
        if self._apart is not None:
            self._apart.close()

    def _follow(self, window: "ReportWindow") -> None:
        """Turn to the case that is open, where the window shows another."""
        from her2desk.reports.apart import ReportsApart
        from her2desk.ui.report.work import CaseWork

        case_id = self._case_id()
        if case_id is None:
            window.leave()
            self._work = None
            return
        if self._work is not None and case_id == self._work.case_id:
            return
        if self._apart is None:
            self._apart = ReportsApart()
        self._work = CaseWork(self._library, self._shelf, self._apart, case_id, self._obstacle)
        window.set_work(self._work)

    def _ask_what_waits(self) -> None:
        if self.background is not None:
            self.background.run(self._desk().waiting, self._tell_waiting, lambda _error: None)

    def _tell_waiting(self, waiting: Mapping[str, int]) -> None:
        from her2desk.ui.report.send_dialog import waiting_sentences

        if self.window is not None:
            self.window.panel.show_waiting(tuple(waiting_sentences(waiting).values()))

    def _desk(self) -> "SendingDesk":
        from her2desk.ui.report.sending_desk import SendingDesk

        return SendingDesk(self._library, self._settings_file.with_name(PACS_FILE))
