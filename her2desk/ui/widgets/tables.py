"""What every table of the program has in common: a model with titles, and the look of its view."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

_Row = TypeVar("_Row")


class TitledModel(QAbstractTableModel):
    """Columns by their titles, on the left unless ``alignment`` says otherwise."""

    def __init__(self, titles: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles = tuple(titles)

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Where a column's words stand, those of its title too."""
        return LEFT

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._titles)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return self.alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None


class RowsModel(TitledModel, Generic[_Row]):
    """A thing a row; all are shown anew at once. What a cell says is its subclass's ``data``."""

    def __init__(self, titles: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(titles, parent)
        self.rows: tuple[_Row, ...] = ()

    def set_rows(self, rows: Sequence[_Row]) -> None:
        """Show these."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)


def sortable_view(
    model: QAbstractTableModel,
    name: str,
    *,
    sort_role: int,
    sorted_by: int,
    row_height: int,
    widths: Sequence[int],
) -> QTableView:
    """A calm view of ``model``, one row at a time, in ascending order of a column at first."""
    view = QTableView()
    ordered = QSortFilterProxyModel(view)
    ordered.setSortRole(sort_role)
    ordered.setSourceModel(model)
    view.setModel(ordered)
    view.setAccessibleName(name)
    view.setSortingEnabled(True)
    make_calm(view, row_height, widths)
    view.setWordWrap(False)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.sortByColumn(sorted_by, Qt.SortOrder.AscendingOrder)
    return view


def make_calm(view: QTableView, row_height: int, widths: Sequence[int] = ()) -> None:
    """Whole rows are chosen, no grid, rows of one height; Tab goes on to the next widget."""
    view.setAlternatingRowColors(True)
    view.setShowGrid(False)
    view.setTabKeyNavigation(False)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.verticalHeader().hide()
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.verticalHeader().setDefaultSectionSize(row_height)
    view.horizontalHeader().setHighlightSections(False)
    if widths:
        view.horizontalHeader().setStretchLastSection(True)
    for column, width in enumerate(widths):
        view.setColumnWidth(column, width)
