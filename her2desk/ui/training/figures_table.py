"""A small table of figures that is only read: names at the left, every row in sight."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from her2desk.ui.theme import GRID

MISSING = "–"
_ROW_HEIGHT = 8 * GRID


class FiguresTable(QTableWidget):
    """As high as its rows; its columns share the width."""

    def __init__(self, titles: Sequence[str], name: str, parent: QWidget | None = None) -> None:
        super().__init__(0, len(titles), parent)
        self.setHorizontalHeaderLabels(list(titles))
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def rows(self) -> list[list[str]]:
        """What is shown, cell by cell."""
        return [
            [str(self.model().index(row, column).data()) for column in range(self.columnCount())]
            for row in range(self.rowCount())
        ]

    def sizeHint(self) -> QSize:
        rows = self.rowCount() * _ROW_HEIGHT
        return QSize(160 * GRID, rows + self.horizontalHeader().sizeHint().height() + 4)

    def _begin(self, row_count: int) -> None:
        """Make room for so many rows, no more and no fewer."""
        self.setRowCount(row_count)
        self.setFixedHeight(self.sizeHint().height())

    def _put(
        self, row: int, cells: Sequence[str], tips: Sequence[str], *, is_bold: bool = False
    ) -> None:
        font = QFont(self.font())
        font.setBold(is_bold)
        for column, (text, tip) in enumerate(zip(cells, tips, strict=True)):
            item = QTableWidgetItem(text)
            item.setFont(font)
            item.setToolTip(tip)
            self.setItem(row, column, item)
