"""The table of cases that several readers outlined."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from her2desk.agreement.cases import Assessment, Verdict
from her2desk.texts import tr
from her2desk.ui.readers import words
from her2desk.ui.theme import GRID, colours

CASE, READERS, FRAME, DICE, HAUSDORFF, MEAN, VERDICT = range(7)
_WIDTHS = (116, 112, 60, 52, 98, 90)
_ROW_HEIGHT = 8 * GRID
_SORT_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_URGENCY = {verdict: place for place, verdict in enumerate(Verdict)}
_CELLS: tuple[Callable[[Assessment], str], ...] = (
    lambda found: found.case.label,
    words.readers_text,
    words.frames_text,
    words.dice_text,
    words.hausdorff_text,
    words.mean_text,
    words.verdict_text,
)


class CaseTableModel(QAbstractTableModel):
    """A case a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found: tuple[Assessment, ...] = ()
        self._titles = (
            tr("Case"),
            tr("Readers"),
            tr("Frame"),
            tr("Dice"),
            tr("Largest"),
            tr("Mean"),
            tr("Verdict"),
        )
        self._hints = (
            "",
            tr("Who outlined the case"),
            tr("The frame outlined, counted from 1"),
            tr("Dice: 1 where the outlines enclose the same, 0 where nothing in common"),
            tr("Largest distance between the outlines (Hausdorff), in mm"),
            tr("Mean distance between the outlines, in mm"),
            "",
        )

    def set_found(self, found: Sequence[Assessment]) -> None:
        """Show these."""
        self.beginResetModel()
        self.found = tuple(found)
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.found)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._titles)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            title = self._titles[section]
            return f"{title} (mm)" if section in (HAUSDORFF, MEAN) else title
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return self._hints[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        found, column = self.found[index.row()], index.column()
        if role == _SORT_ROLE:
            return _sort_key(found, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.FontRole and column == VERDICT:
            font = QFont()
            font.setBold(found.verdict is Verdict.CALL)
            return font
        if role == Qt.ItemDataRole.ForegroundRole and column == VERDICT:
            return QColor(colours().warning) if found.verdict is Verdict.CALL else None
        if role == Qt.ItemDataRole.ToolTipRole and column == VERDICT:
            return words.explanation(found)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _CELLS[column](found)
        return None


class CaseTable(QTableView):
    """Sorted by urgency at first; ``case_chosen`` carries the ``Assessment`` of the present row."""

    case_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cases = CaseTableModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSortRole(_SORT_ROLE)
        self._sorted.setSourceModel(self.cases)
        self.setModel(self._sorted)
        self.setAccessibleName(tr("Cases with two or more readers"))
        self.setAccessibleDescription(tr("Up and down choose a case."))
        _arrange(self)
        self.selectionModel().currentRowChanged.connect(self._tell)
        self.sortByColumn(VERDICT, Qt.SortOrder.AscendingOrder)

    def set_found(self, found: Sequence[Assessment]) -> None:
        """Show these cases; the present one stays chosen where it is among them, else the first."""
        present = self.present()
        self.cases.set_found(found)
        self.choose(present.case.case_id if present is not None else None)

    def present(self) -> Assessment | None:
        """The chosen case."""
        index = self._sorted.mapToSource(self.currentIndex())
        return self.cases.found[index.row()] if index.isValid() else None

    def shown(self) -> list[Assessment]:
        """All cases in the order shown."""
        rows = range(self._sorted.rowCount())
        return [
            self.cases.found[self._sorted.mapToSource(self._sorted.index(row, 0)).row()]
            for row in rows
        ]

    def choose(self, case_id: int | None) -> None:
        """Choose a case, the first where it is not among them."""
        ids = [found.case.case_id for found in self.shown()]
        if ids:
            self.selectRow(ids.index(case_id) if case_id in ids else 0)

    def step(self, rows: int) -> None:
        """Choose the case so many rows further down."""
        row = self.currentIndex().row() + rows
        if 0 <= row < self._sorted.rowCount():
            self.selectRow(row)

    def _tell(self) -> None:
        present = self.present()
        if present is not None:
            self.case_chosen.emit(present)


def _arrange(view: QTableView) -> None:
    view.setSortingEnabled(True)
    view.setAlternatingRowColors(True)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.verticalHeader().hide()
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
    view.horizontalHeader().setHighlightSections(False)
    view.horizontalHeader().setStretchLastSection(True)
    for column, width in enumerate(_WIDTHS):
        view.setColumnWidth(column, width)


def _alignment(column: int) -> Qt.AlignmentFlag:
    is_figure = column in (FRAME, DICE, HAUSDORFF, MEAN)
    side = Qt.AlignmentFlag.AlignRight if is_figure else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _sort_key(found: Assessment, column: int) -> object:
    """Numbers by value, what has none last; the verdict by urgency, then by Dice."""
    figures = found.figures
    dice = 2.0 if figures is None else figures.dice
    if column == VERDICT:
        return f"{_URGENCY[found.verdict]}{dice:.6f}{found.case.label}"
    if column == FRAME:
        return min((roi.frame_index for roi in found.shown.values()), default=-1)
    if column == DICE:
        return dice
    if column in (HAUSDORFF, MEAN):
        largest = None if figures is None else figures.hausdorff_mm
        mean = None if figures is None else figures.mean_distance_mm
        value = largest if column == HAUSDORFF else mean
        return -1.0 if value is None else value
    return _CELLS[column](found)
