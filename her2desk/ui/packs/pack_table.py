"""The table of kept packs: version, who vouches for it, and how much was answered with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from her2desk.packs.shelf import KeptPack
from her2desk.packs.trust import PackTrust, Standing
from her2desk.packs.uses import PackUse
from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.tables import LEFT, RIGHT, Index, RowsModel, make_calm

_WIDTHS = (190, 90, 150, 64, 72)
_FIGURES = (3, 4)


@dataclass(frozen=True)
class PackRow:
    """A kept pack, who vouches for it, and its stored answers."""

    pack: KeptPack
    trust: PackTrust
    use: PackUse


def signer_word(trust: PackTrust) -> str:
    """Who vouches for a pack, in a word or two; a mark stands before what is not well."""
    if trust.mark is not None:
        return f"⚠ {trust.mark.text()}"
    return tr("Her2Desk") if trust.standing is Standing.SHIPPED else trust.signer


class PackModel(RowsModel[PackRow]):
    """A pack a row; the one in use is named so."""

    def __init__(self, parent: QWidget | None = None) -> None:
        titles = (tr("Pack"), tr("Version"), tr("Signed by"), tr("Cases"), tr("Answers"))
        super().__init__(titles, parent)
        self.in_use: str | None = None

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Figures on the right."""
        return RIGHT if column in _FIGURES else LEFT

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(column)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._cell(row, column)
        return None

    def _cell(self, row: PackRow, column: int) -> str:
        is_used = row.pack.digest == self.in_use
        name = tr("● {name} (in use)").format(name=row.pack.name) if is_used else row.pack.name
        cells = (
            name,
            row.pack.version,
            signer_word(row.trust),
            f"{row.use.cases:,}",
            f"{row.use.predictions:,}",
        )
        return cells[column]


class PackTable(QTableView):
    """One pack is chosen at a time: ``chosen``. Enter or a double click wants it: ``wanted``."""

    chosen = Signal(object)
    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.packs = PackModel(self)
        self.setModel(self.packs)
        self.setAccessibleName(tr("Packs in this library"))
        self.setAccessibleDescription(tr("Enter uses the pack."))
        make_calm(self, 8 * GRID, _WIDTHS)
        self.setWordWrap(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.doubleClicked.connect(self._want)

    @property
    def row(self) -> PackRow | None:
        """The chosen row."""
        index = self.currentIndex()
        return self.packs.rows[index.row()] if index.isValid() else None

    def set_packs(self, rows: Sequence[PackRow], in_use: str | None) -> None:
        """Show these; the one chosen before stays chosen, else the one in use is."""
        before = None if self.row is None else self.row.pack.digest
        self.packs.in_use = in_use
        self.packs.set_rows(rows)
        digests = [row.pack.digest for row in rows]
        wanted = before if before in digests else in_use
        if rows:
            self.selectRow(digests.index(wanted) if wanted in digests else len(rows) - 1)

    def currentChanged(self, current: QModelIndex | Index, previous: QModelIndex | Index) -> None:
        super().currentChanged(current, previous)
        self.chosen.emit(self.row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.wanted.emit()
        else:
            super().keyPressEvent(event)

    def _want(self, _index: Index) -> None:
        self.wanted.emit()
