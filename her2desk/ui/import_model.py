"""Thousands of imported files as a table: searched, filtered and sorted without a stall.

Qt's own proxy would ask Python for every cell it compares; a list is sorted at once.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from PySide6.QtCore import Qt

from her2desk.texts import tr
from her2desk.ui.import_rows import ImportRow, column_names, status_name
from her2desk.ui.widgets.tables import ROOT, Index, TitledModel

ALL, NOTICES = "all", "notices"
FILE, STATUS, REASON, REMEDY, CASE = range(5)


class ImportModel(TitledModel):
    """The rows that arrived, and which of them are shown in what order.

    ``icon_of`` gives the picture of a status, whatever the view paints it with.
    """

    def __init__(self, icon_of: Callable[[str], object]) -> None:
        super().__init__(column_names())
        self._icon_of = icon_of
        self._rows: list[ImportRow] = []
        self._shown: list[int] = []
        self._wanted = ALL
        self._words: list[str] = []
        self._sorted_by: tuple[int, bool] | None = None
        self.counts: Counter[str] = Counter()

    def clear(self) -> None:
        """Forget all rows."""
        self.beginResetModel()
        self._rows, self._shown = [], []
        self.counts = Counter()
        self.endResetModel()

    def add(self, rows: Sequence[ImportRow]) -> None:
        """More files; they come last until the table is sorted."""
        start = len(self._rows)
        self._rows += rows
        self.counts[ALL] += len(rows)
        self.counts[NOTICES] += sum(row.has_notice for row in rows)
        self.counts.update(row.status for row in rows)
        new = [n for n in range(start, len(self._rows)) if self._is_wanted(self._rows[n])]
        if not new:
            return
        self.beginInsertRows(ROOT, len(self._shown), len(self._shown) + len(new) - 1)
        self._shown += new
        self.endInsertRows()
        if self._sorted_by is not None:
            self._order()

    def forget(self, case_ids: Collection[int]) -> None:
        """Leave out the files of these cases."""
        left = [row for row in self._rows if row.case_id not in case_ids]
        self.clear()
        self.add(left)

    def show_only(self, wanted: str, search: str) -> None:
        """Show the rows of this status (or ``ALL``, or ``NOTICES``) with these words in them."""
        self.beginResetModel()
        self._wanted, self._words = wanted, search.casefold().split()
        self._shown = [n for n, row in enumerate(self._rows) if self._is_wanted(row)]
        self._shown = self._ordered()
        self.endResetModel()

    def row(self, index: Index) -> ImportRow:
        """The file behind an index."""
        return self._rows[self._shown[index.row()]]

    def shown(self) -> list[ImportRow]:
        """The files as they are shown."""
        return [self._rows[number] for number in self._shown]

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; by none (-1) they are in the order of the import."""
        backwards = order == Qt.SortOrder.DescendingOrder
        self._sorted_by = None if column < 0 else (column, backwards)
        self._order()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = self.row(index), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name if column == FILE else row.cells()[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.cells()[column]
        if role == Qt.ItemDataRole.DecorationRole and column == STATUS:
            return self._icon_of(NOTICES if row.has_notice else row.status)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == STATUS and row.has_notice:
            return tr("Imported, with a notice")
        return None

    def _is_wanted(self, row: ImportRow) -> bool:
        if self._wanted == NOTICES and not row.has_notice:
            return False
        if self._wanted not in (ALL, NOTICES, row.status):
            return False
        return all(word in row.folded for word in self._words)

    def _ordered(self) -> list[int]:
        """What is shown, in order; equal rows stay in the order of the import."""
        if self._sorted_by is None:
            return sorted(self._shown)
        column, backwards = self._sorted_by
        key = _KEYS[column]
        return sorted(
            sorted(self._shown), key=lambda number: key(self._rows[number]), reverse=backwards
        )

    def _order(self) -> None:
        """Sort what is shown; selected rows stay selected wherever they go."""
        self.layoutAboutToBeChanged.emit()
        before, self._shown = self._shown, self._ordered()
        kept = self.persistentIndexList()
        place = {number: row for row, number in enumerate(self._shown)} if kept else {}
        self.changePersistentIndexList(
            kept, [self.index(place[before[i.row()]], i.column()) for i in kept]
        )
        self.layoutChanged.emit()


_KEYS: dict[int, Callable[[ImportRow], tuple[object, ...]]] = {
    FILE: lambda row: (row.folded,),
    STATUS: lambda row: (status_name(row.status), not row.has_notice),
    REASON: lambda row: (not row.reason, row.reason),
    REMEDY: lambda row: (not row.remedy, row.remedy),
    CASE: lambda row: (row.case_id is None, row.case_id or 0),
}
