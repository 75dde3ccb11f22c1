"""The window that compares readers: their outlines case by case, and their features over all cases."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from her2desk.agreement import tables
from her2desk.agreement.cases import Assessment, Pair, ReaderCase, assess
from her2desk.agreement.features import FeatureTable
from her2desk.agreement.limits import DICE_BELOW, HAUSDORFF_OVER_MM
from her2desk.agreement.process import features_in_process
from her2desk.domain.progress import Progress
from her2desk.errors import Her2DeskError
from her2desk.texts import listed, tr
from her2desk.ui.help.pages import set_page
from her2desk.ui.jobs import Background
from her2desk.ui.readers import words
from her2desk.ui.readers.cases_tab import CasesTab
from her2desk.ui.readers.features_tab import FeaturesTab, Measure
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped

Load = Callable[[], Sequence[ReaderCase]]
AskPlace = Callable[[str], Path | None]
PROFILE = "us-2d"
COLUMNS = ("case", "readers", *tables.FIGURES, "verdict", "why")
_FIRST_SIZE = (1240, 720)


class ReadersWindow(QWidget):
    """Non-modal. ``adjudicated`` and ``third_reading_requested`` are for the owner to carry out.

    Parameters
    ----------
    load : all cases with their readers' outlines; runs off the GUI thread.
    background : for loading, comparing and decoding.
    reader : who sits at the screen, and may not see what must stay hidden from them.
    measure : the features of the cases that two readers have in common; runs in a thread of its own.
    ask_place : where to save a table of the suggested name; None for a file dialog.
    """

    third_reading_requested = Signal(int)
    """The case that the present reader wants to outline in the main window."""
    adjudicated = Signal(int, str)
    """The case, and the reader whose outline counts from now on."""
    closed = Signal()

    def __init__(
        self,
        load: Load,
        background: Background,
        reader: str,
        *,
        measure: Measure | None = None,
        ask_place: AskPlace | None = None,
        dice_below: float = DICE_BELOW,
        hausdorff_over_mm: float = HAUSDORFF_OVER_MM,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Compare readers"))
        set_page(self, "guide/follow")
        self._load = load
        self._background = background
        self._reader = reader
        self._limits = (dice_below, hausdorff_over_mm)
        self._ask_place = ask_place or self._ask_by_dialog
        self._cases: tuple[ReaderCase, ...] = ()
        self._slow = Background(self)
        self.cases = CasesTab(background)
        self.features = FeaturesTab(self._slow, measure or _measured)
        self.tabs = QTabWidget()
        self.empty = wrapped()
        self.note = wrapped()
        self._pages = QStackedWidget()
        self._arrange()
        self.empty.setText(tr("Reading the cases…"))
        self.cases.kept.connect(self._keep)
        self.cases.third_asked.connect(self.third_reading_requested)
        self.cases.export_asked.connect(self.export_table)
        self.features.export_asked.connect(self.export_table)
        self.reload()

    @property
    def reader(self) -> str:
        """Who sits at the screen."""
        return self._reader

    def set_reader(self, reader: str) -> None:
        """Another reader sits down: what they may see is decided anew."""
        self._reader = reader
        self.reload()

    def reload(self) -> None:
        """Read the cases again, as after a drawing was saved."""
        reader = self._reader

        def work() -> tuple[tuple[ReaderCase, ...], list[Assessment]]:
            cases = tuple(self._load())
            return cases, [assess(c, reader, *self._limits) for c in cases if c.concerns(reader)]

        def deliver(found: tuple[tuple[ReaderCase, ...], list[Assessment]]) -> None:
            if reader == self._reader:
                self._take(*found)

        self._background.run(work, deliver, self._fail)

    def export_table(self) -> None:
        """Save the table of the present tab as CSV."""
        if self.tabs.currentWidget() is self.features:
            table = self.features.table
            if table is not None and table.features:
                self._save("features.csv", tables.FEATURES, tables.feature_rows(table))
            return
        rows = [_row(found) for found in self.cases.table.shown()]
        if rows:
            self._save("readers.csv", COLUMNS, rows)

    def end(self) -> None:
        """Stop what runs, wait for it, and close."""
        self.features.stop()
        self._slow.close()
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """What is being measured goes on only while somebody can see it."""
        self.features.stop()
        self.closed.emit()
        super().closeEvent(event)

    def _take(self, cases: tuple[ReaderCase, ...], found: list[Assessment]) -> None:
        self._cases = cases
        self.cases.set_found(found, self._reader)
        self.features.set_cases(cases)
        self.note.clear()
        self._pages.setCurrentIndex(1 if found else 0)
        self.empty.setText(
            tr(
                "No case has the outlines of two readers yet. When a second reader outlines a case, "
                "both outlines are compared here."
            )
        )
        if found:
            self.cases.table.setFocus()

    def _fail(self, error: Her2DeskError) -> None:
        self.empty.setText(str(error))
        self.note.setText(str(error) if self._pages.currentIndex() else "")

    def _keep(self, case_id: int, chosen: str) -> None:
        """Show the decision at once; the owner keeps it."""
        self._cases = tuple(
            replace(case, decided_by=self._reader, chosen=chosen)
            if case.case_id == case_id
            else case
            for case in self._cases
        )
        self.adjudicated.emit(case_id, chosen)
        decided = {case.case_id: case for case in self._cases}
        reader, limits, present = self._reader, self._limits, self.cases.table.cases.rows

        def work() -> list[Assessment]:
            return [
                assess(decided[case_id], reader, *limits) if old.case.case_id == case_id else old
                for old in present
            ]

        self._background.run(work, lambda new: self.cases.set_found(new, reader), self._fail)

    def _save(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        path = self._ask_place(name)
        if path is None:
            return

        def done(_none: object) -> None:
            self.note.setText(tr("Saved as {name}.").format(name=path.name))

        def fail(error: Her2DeskError) -> None:
            self.note.setText(str(error))

        self._background.run(lambda: tables.write_table(path, columns, rows), done, fail)

    def _ask_by_dialog(self, name: str) -> Path | None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr("Export table"), name, tr("Tables") + " (*.csv)"
        )
        return Path(chosen) if chosen else None

    def _arrange(self) -> None:
        self.tabs.addTab(self.cases, tr("Outlines"))
        self.tabs.addTab(self.features, tr("Features"))
        nothing = QWidget()
        middle = QVBoxLayout(nothing)
        middle.setContentsMargins(12 * GRID, 12 * GRID, 12 * GRID, 12 * GRID)
        middle.addStretch(1)
        middle.addWidget(self.empty)
        middle.addStretch(2)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._pages.addWidget(nothing)
        self._pages.addWidget(self.tabs)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2 * GRID)
        column.setSpacing(0)
        column.addWidget(self._pages, 1)
        column.addWidget(self.note)
        self.note.setContentsMargins(4 * GRID, 0, 4 * GRID, 0)
        export = QAction(tr("Export table…"), self)
        export.setShortcut(QKeySequence("Ctrl+E"))
        export.triggered.connect(self.export_table)
        self.addAction(export)
        self.resize(*_FIRST_SIZE)


def _measured(cases: Sequence[ReaderCase], pair: Pair, progress: Progress) -> FeatureTable:
    return features_in_process(cases, pair, PROFILE, progress)


def _row(found: Assessment) -> list[object]:
    """A case as the exported table has it; of a hidden outline nothing is told."""
    figures = found.figures
    cells: list[object] = [""] * len(tables.FIGURES)
    if figures is not None:
        cells = tables.figure_cells(figures)
    why = words.explanation(found)
    who = listed(found.case.readers)
    return [found.case.label, who, *cells, words.verdict_text(found), why]
