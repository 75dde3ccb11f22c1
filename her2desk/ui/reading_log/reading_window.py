"""The window on all readings: what they add up to, the table, and its export."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.agreement.tables import write_table
from her2desk.audit.reading_log import Reading, agreement_sentences
from her2desk.errors import Her2DeskError
from her2desk.stats.meanings import Figure
from her2desk.texts import tr
from her2desk.ui.help.pages import set_page
from her2desk.ui.jobs import Background
from her2desk.ui.reading_log.reading_table import CSV_COLUMNS, ReadingTable, csv_row
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import titled

Load = Callable[[], Sequence[Reading]]
AskPlace = Callable[[str], Path | None]
_FIRST_SIZE = (1120, 620)


class ReadingWindow(QWidget):
    """Non-modal; ``load`` runs off the GUI thread. ``case_requested`` carries a case to open."""

    case_requested = Signal(int)

    def __init__(
        self,
        load: Load,
        background: Background,
        ask_place: AskPlace | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Readings"))
        set_page(self, "guide/follow")
        self._load = load
        self._background = background
        self._ask_place = ask_place or self._ask_by_dialog
        self.summary = wrapped()
        self.table = ReadingTable()
        self.empty = wrapped(tr("Reading the library…"))
        self.note = wrapped()
        self.export = QPushButton(tr("&Export table…"))
        self.export.setToolTip(tr("Save the readings as CSV (Ctrl+E)"))
        self._pages = QStackedWidget()
        self._arrange()
        self.table.case_requested.connect(self.case_requested)
        self.export.clicked.connect(self.export_table)
        self.reload()

    def reload(self) -> None:
        """Read the library again."""
        self._background.run(self._load, self._take, self._fail)

    def export_table(self) -> None:
        """Save the table as CSV."""
        found = self.table.readings.rows
        path = self._ask_place("readings.csv") if found else None
        if path is None:
            return
        rows = [csv_row(reading) for reading in found]

        def done(_none: object) -> None:
            self.note.setText(tr("Saved as {name}.").format(name=path.name))

        self._background.run(lambda: write_table(path, CSV_COLUMNS, rows), done, self._fail)

    def _take(self, found: Sequence[Reading]) -> None:
        self.table.set_readings(found)
        self.note.clear()
        self.summary.setText("\n".join(s.text() for s in agreement_sentences(found)))
        self.empty.setText(
            tr(
                "No answer was shown yet. Each case that is read is listed here: what the reader "
                "thought before, what the pack said, and what was decided."
            )
        )
        self._pages.setCurrentIndex(1 if found else 0)
        if found:
            self.table.setFocus()

    def _fail(self, error: Her2DeskError) -> None:
        self.empty.setText(str(error))
        self.note.setText(str(error))

    def _ask_by_dialog(self, name: str) -> Path | None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr("Export table"), name, tr("Tables") + " (*.csv)"
        )
        return Path(chosen) if chosen else None

    def _arrange(self) -> None:
        nothing, filled = QWidget(), QWidget()
        middle = QVBoxLayout(nothing)
        middle.setContentsMargins(12 * GRID, 12 * GRID, 12 * GRID, 12 * GRID)
        middle.addStretch(1)
        middle.addWidget(self.empty)
        middle.addStretch(2)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        foot = QHBoxLayout()
        foot.addWidget(self.export)
        foot.addWidget(self.note, 1)
        column = QVBoxLayout(filled)
        column.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 3 * GRID)
        column.setSpacing(3 * GRID)
        column.addWidget(titled(tr("Reader and pack"), Figure.AGREEMENT))
        column.addWidget(self.summary)
        column.addWidget(self.table, 1)
        column.addLayout(foot)
        self._pages.addWidget(nothing)
        self._pages.addWidget(filled)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._pages)
        export = QAction(tr("Export table…"), self)
        export.setShortcut(QKeySequence("Ctrl+E"))
        export.triggered.connect(self.export_table)
        self.addAction(export)
        self.resize(*_FIRST_SIZE)
