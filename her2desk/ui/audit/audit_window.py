"""The window on a pack's local results: verdict, charts, inputs, cases, recalibration."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.ui.audit.cases_tab import CasesTab
from her2desk.ui.audit.inputs_tab import InputsTab
from her2desk.ui.audit.over_time_tab import OverTimeTab
from her2desk.ui.audit.page import Page, RecalibrationOrder
from her2desk.ui.audit.performance_tab import PerformanceTab
from her2desk.ui.audit.recalibrate_tab import RecalibrateTab
from her2desk.ui.help.pages import set_page
from her2desk.ui.jobs import Background
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped

Load = Callable[[], Page]
Write = Callable[[Page, RecalibrationOrder], Path]
AskPlace = Callable[[str], Path | None]
_FIRST_SIZE = (1160, 760)
_LEAST_SIZE = (1080, 540)


class _Tab(Protocol):
    def set_page(self, page: Page) -> None:
        """Show this audit."""


class AuditWindow(QWidget):
    """Non-modal; ``load`` and ``write`` run off the GUI thread.

    ``ask_place`` gives the place for a file of the suggested name; None for a file dialog.
    """

    case_requested = Signal(int)
    pathology_entered = Signal(int, object)
    """A case, and the ``Pathology`` to keep for it; ``reload`` when that is done."""
    pack_written = Signal(object)

    def __init__(
        self,
        load: Load,
        write: Write,
        background: Background,
        ask_place: AskPlace | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Local audit"))
        set_page(self, "guide/follow")
        self._load, self._write, self._background = load, write, background
        self._ask_place = ask_place or self._ask_by_dialog
        self.page: Page | None = None
        self._coming: Page | None = None
        self.performance = PerformanceTab()
        self.over_time = OverTimeTab()
        self.inputs = InputsTab()
        self.cases = CasesTab()
        self.recalibrate = RecalibrateTab()
        # Each in its place from the start: what is moved is dressed anew with all that it holds.
        self._pages = QStackedWidget(self)
        self._filled = QWidget(self._pages)
        self.tabs = QTabWidget(self._filled)
        self.empty, self.note = wrapped(), wrapped()
        self.busy = QProgressBar()
        self.export = QPushButton(tr("&Export…"))
        self.export.setToolTip(
            tr("Save cases or inputs as CSV, another page as a picture (Ctrl+E)")
        )
        self._arrange()
        self.cases.case_requested.connect(self.case_requested)
        self.cases.pathology_entered.connect(self.pathology_entered)
        self.recalibrate.ordered.connect(self._carry_out)
        self.export.clicked.connect(self.export_page)
        self.reload()

    def reload(self) -> None:
        """Read the library again; what is shown stays until the new figures are there."""
        self.busy.show()
        self.empty.setText(tr("Reading the library…"))
        self._background.run(self._load, self._take, self._fail)

    def export_page(self) -> None:
        """Save cases or inputs as CSV; of the other pages, a picture as they stand."""
        if self.page is None or not self.page.audit.results.cases:
            return
        shown = self.tabs.currentWidget()
        if shown in (self.cases, self.inputs):
            self._export_table(shown is self.cases)
            return
        path = self._ask_place("audit.png")
        if path is not None:
            is_saved = shown.grab().save(str(path), "PNG")
            said = tr("Saved as {name}.") if is_saved else tr("{name} cannot be written.")
            self.note.setText(said.format(name=path.name))

    def _export_table(self, of_cases: bool) -> None:
        from her2desk.agreement.tables import write_table
        from her2desk.audit import local_audit as tables

        assert self.page is not None
        audit, unread = self.page.audit, self.page.unread
        name = "audit-cases.csv" if of_cases else "audit-inputs.csv"
        path = self._ask_place(name)
        if path is None:
            return
        columns: Sequence[str] = tables.CASE_COLUMNS if of_cases else tables.INPUT_COLUMNS
        rows = (
            [
                tables.case_row(audit, case)
                for case in audit.results.cases
                if case.case_id not in unread
            ]
            if of_cases
            else [tables.input_row(row) for row in audit.drift.inputs]
        )

        def done(_none: object) -> None:
            self.note.setText(tr("Saved as {name}.").format(name=path.name))

        self._background.run(lambda: write_table(path, columns, rows), done, self._say)

    def _take(self, page: Page) -> None:
        """Fill one tab in each turn of the event loop, the one that is seen first at once."""
        self._coming = page
        self._fill(
            page, [self.performance, self.over_time, self.inputs, self.cases, self.recalibrate]
        )

    def _fill(self, page: Page, tabs: list[_Tab]) -> None:
        if page is not self._coming:
            return  # the library was read once more meanwhile
        tabs.pop(0).set_page(page)
        if tabs:
            QTimer.singleShot(0, self, lambda: self._fill(page, tabs))
        else:
            self._show(page)

    def _show(self, page: Page) -> None:
        self.page = page
        self.busy.hide()
        identity = page.audit.pack.identity
        self.setWindowTitle(
            tr("Local audit of {pack}").format(pack=f"{identity.name} {identity.version}")
        )
        has_cases = bool(page.audit.results.cases)
        self.empty.setText(
            tr(
                "This pack has predicted no case of this library yet. Each case that it predicts is "
                "followed up here: enter IHC and FISH when they arrive."
            )
        )
        self._pages.setCurrentIndex(1 if has_cases else 0)

    def _fail(self, error: Her2DeskError) -> None:
        self.busy.hide()
        self.empty.setText(str(error))
        self._say(error)

    def _say(self, error: Her2DeskError) -> None:
        self.note.setText(str(error))

    def _carry_out(self, order: RecalibrationOrder) -> None:
        page = self.page
        if page is None:
            return

        def done(path: Path) -> None:
            self.recalibrate.set_written(path)
            self.pack_written.emit(path)

        self._background.run(lambda: self._write(page, order), done, self.recalibrate.set_refused)

    def _ask_by_dialog(self, name: str) -> Path | None:
        kind = tr("Pictures") + " (*.png)" if name.endswith(".png") else tr("Tables") + " (*.csv)"
        chosen, _ = QFileDialog.getSaveFileName(self, tr("Export"), name, kind)
        return Path(chosen) if chosen else None

    def _arrange(self) -> None:
        for widget, title in (
            (self.performance, tr("Performance")),
            (self.over_time, tr("Over time")),
            (self.inputs, tr("Inputs")),
            (self.cases, tr("Cases")),
            (self.recalibrate, tr("Recalibrate")),
        ):
            widget.setAccessibleName(title)
            self.tabs.addTab(widget, title)
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName(tr("Reading the library…"))
        nothing = QWidget()
        middle = QVBoxLayout(nothing)
        middle.setContentsMargins(12 * GRID, 12 * GRID, 12 * GRID, 12 * GRID)
        middle.addStretch(1)
        middle.addWidget(self.empty)
        middle.addStretch(2)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        foot = QHBoxLayout()
        foot.setContentsMargins(4 * GRID, 0, 4 * GRID, 0)
        foot.addWidget(self.export)
        foot.addWidget(self.note, 1)
        below = QVBoxLayout(self._filled)
        below.setContentsMargins(0, 0, 0, 3 * GRID)
        below.addWidget(self.tabs, 1)
        below.addLayout(foot)
        self._pages.addWidget(nothing)
        self._pages.addWidget(self._filled)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.busy)
        column.addWidget(self._pages, 1)
        export = QAction(tr("Export…"), self)
        export.setShortcut(QKeySequence("Ctrl+E"))
        export.triggered.connect(self.export_page)
        self.addAction(export)
        self.setMinimumSize(*_LEAST_SIZE)
        self.resize(*_FIRST_SIZE)
