"""The way from the main window to the local audit, and back with what is asked for there."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.domain.clinical import Pathology
from her2desk.errors import InputRefused
from her2desk.store.library import Library
from her2desk.texts import msg
from her2desk.ui.entrance import Entrance
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from her2desk.packs.pack import Pack
    from her2desk.ui.audit.audit_window import AuditWindow
    from her2desk.ui.audit.page import Page, RecalibrationOrder


class AuditEntrance(Entrance["AuditWindow"]):
    """Opens the window on the pack that ``pack`` gives, which is asked anew at each reading.

    ``asked_first`` gives the reader whose own impression comes before an answer; None where none is
    asked for.
    """

    case_requested = Signal(int)
    pathology_entered = Signal(int)
    """The case whose pathology was kept."""
    pack_written = Signal(object)
    """The path of a recalibrated pack; it is not put to use by itself."""
    refused = Signal(object)

    def __init__(
        self,
        library: Library,
        pack: Callable[[], "Pack | None"],
        asked_first: Callable[[], str | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library = library
        self._pack = pack
        self._asked_first = asked_first

    def make_window(self, background: Background) -> "AuditWindow":
        """The window on the results as they are now."""
        from her2desk.ui.audit.audit_window import AuditWindow

        window = AuditWindow(self._load, self._write, background)
        window.case_requested.connect(self.case_requested)
        window.pathology_entered.connect(self._keep)
        window.pack_written.connect(self.pack_written)
        return window

    def _load(self) -> "Page":
        from her2desk.ui.audit.page import make_page

        pack = self._pack()
        if pack is None:
            raise InputRefused(
                msg("There is no pack to audit."), msg("Choose a pack first."), code="no-pack"
            )
        return make_page(self._library, pack, asked_first=self._asked_first())

    def _write(self, page: "Page", order: "RecalibrationOrder") -> Path:
        from her2desk.ui.audit.page import write_order

        return write_order(page, order)

    def _keep(self, case_id: int, pathology: Pathology) -> None:
        if self.background is None or self.window is None:
            return
        window = self.window

        def done(_none: object) -> None:
            self.pathology_entered.emit(case_id)
            window.reload()

        self.background.run(
            lambda: self._library.save_pathology(case_id, pathology),
            done,
            self.refused.emit,
            even_when_closing=True,
        )
