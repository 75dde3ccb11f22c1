"""The table of cases that several readers outlined."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from her2desk.agreement.cases import Assessment, Verdict
from her2desk.texts import tr
from her2desk.ui.readers import words
from her2desk.ui.theme import GRID, colours
from her2desk.ui.widgets.tables import LEFT, RIGHT, Index, RowsModel, make_calm

CASE, READERS, FRAME, DICE, HAUSDORFF, MEAN, VERDICT = range(7)
_WIDTHS = (116, 112, 60, 52, 98, 90)
_ROW_HEIGHT = 8 * GRID
_SORT_ROLE = Qt.ItemDataRole.UserRole
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


class CaseTableModel(RowsModel[Assessment]):
    """A case a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        titles = (
            tr("Case"),
            tr("Readers"),
            tr("Frame"),
            tr("Dice"),
            tr("Largest") + " (mm)",
            tr("Mean") + " (mm)",
            tr("Verdict"),
        )
        super().__init__(titles, parent)
        self._hints = (
            "",
            tr("Who outlined the case"),
            tr("The frame outlined, counted from 1"),
            tr("Dice: 1 where the outlines enclose the same, 0 where nothing in common"),
            tr("Largest distance between the outlines (Hausdorff), in mm"),
            tr("Mean distance between the outlines, in mm"),
            "",
        )

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Figures on the right."""
        return RIGHT if column in (FRAME, DICE, HAUSDORFF, MEAN) else LEFT

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return self._hints[section]
        return super().headerData(section, orientation, role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        found, column = self.rows[index.row()], index.column()
        if role == _SORT_ROLE:
            return _sort_key(found, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(column)
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
        self.cases.set_rows(found)
        self.choose(present.case.case_id if present is not None else None)

    def present(self) -> Assessment | None:
        """The chosen case."""
        index = self._sorted.mapToSource(self.currentIndex())
        return self.cases.rows[index.row()] if index.isValid() else None

    def shown(self) -> list[Assessment]:
        """All cases in the order shown."""
        rows = range(self._sorted.rowCount())
        return [
            self.cases.rows[self._sorted.mapToSource(self._sorted.index(row, 0)).row()]
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
    make_calm(view, _ROW_HEIGHT, _WIDTHS)
    view.setWordWrap(False)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)


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
