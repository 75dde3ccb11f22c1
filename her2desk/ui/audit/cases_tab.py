"""Every case that the pack predicted, what became of it, and where results are entered."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.audit.case_table import CaseTable
from her2desk.ui.audit.page import Page
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped


class CasesTab(QWidget):
    """``case_requested`` carries a case to open; ``pathology_entered`` a case and its result."""

    case_requested = Signal(int)
    pathology_entered = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = wrapped()
        self.table = CaseTable()
        self.edit = QPushButton(tr("Enter &pathology"))
        self.edit.setToolTip(tr("Edit IHC of the chosen case (Enter, or a double click on a cell)"))
        self.open_case = QPushButton(tr("&Open case"))
        self.open_case.setToolTip(tr("Show the chosen case in the main window (Ctrl+O)"))
        self._arrange()
        self.table.case_requested.connect(self.case_requested)
        self.table.cases.pathology_entered.connect(self.pathology_entered)
        self.edit.clicked.connect(lambda: self.table.edit_at(self.table.currentIndex()))
        self.open_case.clicked.connect(self.table.request_case)

    def set_page(self, page: Page) -> None:
        """Show this audit's cases."""
        from her2desk.audit.words import cases_sentence, readers_sentence

        results = page.audit.results
        said = (cases_sentence(results), readers_sentence(results))
        self.words.setText(" ".join(message.text() for message in said))
        self.table.set_audit(page.audit, page.unread)
        for button in (self.edit, self.open_case):
            button.setEnabled(bool(results.cases))

    def _arrange(self) -> None:
        foot = QHBoxLayout()
        foot.setSpacing(2 * GRID)
        foot.addWidget(self.edit)
        foot.addWidget(self.open_case)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6 * GRID, 5 * GRID, 6 * GRID, 4 * GRID)
        column.setSpacing(3 * GRID)
        column.addWidget(self.words)
        column.addWidget(self.table, 1)
        column.addLayout(foot)
        opening = QAction(tr("Open case"), self)
        opening.setShortcut(QKeySequence("Ctrl+O"))
        opening.triggered.connect(self.table.request_case)
        self.addAction(opening)
