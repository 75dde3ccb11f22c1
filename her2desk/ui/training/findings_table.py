"""What the check found, row by row: sortable, filtered, and copied as text."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QItemSelection,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.training.documents import Finding
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.segmented_control import SegmentedControl
from her2desk.ui.widgets.tables import Index, RowsModel, make_calm

ALL, ERRORS, NOTICES = "all", "errors", "notices"
_ROW_HEIGHT = 11 * GRID  # two lines of text
_WIDTHS = (60, 130, 80, 330)
_SORT_ROLE = Qt.ItemDataRole.UserRole
_IS_ERROR_ROLE = Qt.ItemDataRole.UserRole + 1


class FindingsModel(RowsModel[Finding]):
    """A finding a row: row, ``where``, kind, what is wrong, what to do."""

    def __init__(self, where: str, parent: QWidget | None = None) -> None:
        titles = (tr("Row"), where, tr("Kind"), tr("What was found"), tr("What to do"))
        super().__init__(titles, parent)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        finding = self.rows[index.row()]
        if role == _IS_ERROR_ROLE:
            return finding.is_error
        if role == _SORT_ROLE and index.column() == 0:
            return -1 if finding.row is None else finding.row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, _SORT_ROLE):
            return cells_of(finding)[index.column()]
        return None


class _Filtered(QSortFilterProxyModel):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = ALL
        self.setSortRole(_SORT_ROLE)

    def show_only(self, wanted: str) -> None:
        self._wanted = wanted
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        if self._wanted == ALL:
            return True
        index = self.sourceModel().index(source_row, 0)
        return bool(index.data(_IS_ERROR_ROLE)) == (self._wanted == ERRORS)


class FindingsTable(QWidget):
    """The table, what of it is shown, and the chosen finding in full.

    ``where`` is what ``Finding.column`` is called. Rows and remedies are shown where a finding has one.
    """

    def __init__(self, where: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = FindingsModel(where, self)
        self.shown = _Filtered(self)
        self.shown.setSourceModel(self.model)
        self.view = _view(self.shown)
        self.filter = SegmentedControl(
            [(ALL, tr("All")), (ERRORS, tr("Errors")), (NOTICES, tr("Notices"))],
            tr("Findings shown"),
        )
        self.copy = QPushButton(tr("Copy as &text"))
        self.copy.setToolTip(tr("Copy the findings shown, one a line (Ctrl+C in the table)"))
        self.whole = wrapped()
        self._arrange()
        self.filter.value_changed.connect(self._filter)
        self.copy.clicked.connect(self.copy_text)
        self.view.addAction(self._copy_action())
        self.view.selectionModel().selectionChanged.connect(self._show_whole)

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """Show these, errors first where there are some."""
        self.model.set_rows(findings)
        self.view.setColumnHidden(0, all(finding.row is None for finding in findings))
        self.view.setColumnHidden(4, not any(finding.remedy for finding in findings))
        errors = sum(finding.is_error for finding in findings)
        counts = {ALL: len(findings), ERRORS: errors, NOTICES: len(findings) - errors}
        names = {ALL: tr("All ({n})"), ERRORS: tr("Errors ({n})"), NOTICES: tr("Notices ({n})")}
        for value, count in counts.items():
            self.filter.button(value).setText(names[value].format(n=count))
        wanted = ERRORS if errors else ALL
        self.filter.set_value(wanted)
        self._filter(wanted)
        self.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)

    def copy_text(self) -> None:
        """Put the findings shown on the clipboard, tab-separated, for a spreadsheet or a mail."""
        rows = (self.shown.index(row, 0) for row in range(self.shown.rowCount()))
        found = (self.model.rows[self.shown.mapToSource(index).row()] for index in rows)
        QGuiApplication.clipboard().setText("\n".join("\t".join(cells_of(f)) for f in found))

    def _filter(self, wanted: object) -> None:
        self.shown.show_only(str(wanted))
        self.whole.clear()

    def _show_whole(self, chosen: QItemSelection, _before: QItemSelection) -> None:
        indexes = chosen.indexes()
        if not indexes:
            self.whole.clear()
            return
        finding = self.model.rows[self.shown.mapToSource(indexes[0]).row()]
        self.whole.setText(f"{finding.message} {finding.remedy}".strip())

    def _copy_action(self) -> QAction:
        action = QAction(tr("Copy as text"), self.view)
        action.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(self.copy_text)
        return action

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.filter)
        head.addStretch(1)
        head.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        column.addWidget(self.whole)


def cells_of(finding: Finding) -> tuple[str, str, str, str, str]:
    """A finding as the table and the clipboard have it."""
    kind = tr("Error") if finding.is_error else tr("Notice")
    row = "" if finding.row is None else str(finding.row)
    return row, finding.column, kind, finding.message, finding.remedy


def _view(model: QSortFilterProxyModel) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName(tr("Findings"))
    view.setSortingEnabled(True)
    view.setWordWrap(True)
    make_calm(view, _ROW_HEIGHT, _WIDTHS)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    return view
