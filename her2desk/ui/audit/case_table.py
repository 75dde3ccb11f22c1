"""The table of cases that the pack predicted; IHC and FISH are entered in it."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from her2desk.domain.clinical import FISH_RESULTS, IHC_SCORES, Pathology
from her2desk.domain.log_odds import sigmoid
from her2desk.stats.counts import probability
from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.tables import LEFT, RIGHT, Index, RowsModel, make_calm

if TYPE_CHECKING:
    from her2desk.audit.local_audit import LocalAudit
    from her2desk.audit.results import LocalCase

CASE, READER, PREDICTED, CALL, IHC, FISH, STATUS, OUTCOME = range(8)
_WIDTHS = (150, 120, 92, 116, 76, 130, 124)
_SORT_ROLE = Qt.ItemDataRole.UserRole
_POINT = "youden"
_CHOICES = {IHC: IHC_SCORES, FISH: FISH_RESULTS}


class CaseModel(RowsModel["LocalCase"]):
    """A case a row; ``pathology_entered`` carries the case and what was entered."""

    pathology_entered = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        titles = (
            tr("Case"),
            tr("Reader"),
            tr("Predicted"),
            tr("Call (Youden)"),
            tr("IHC"),
            tr("FISH"),
            tr("Status"),
            tr("Outcome"),
        )
        super().__init__(titles, parent)
        self._called: dict[int, bool] = {}
        self._unread: frozenset[int] = frozenset()
        self._keys: dict[int, list[object]] = {}

    def set_audit(self, audit: "LocalAudit", unread: frozenset[int] = frozenset()) -> None:
        """Show this audit's cases; of ``unread`` ones nothing of the answer."""
        self._unread = unread
        called = {case.case_id: audit.called(case) for case in audit.results.cases}
        self._called = {
            case_id: points[_POINT]
            for case_id, points in called.items()
            if _POINT in points and case_id not in unread
        }
        self._keys = {}
        self.set_rows(audit.results.cases)

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Figures on the right."""
        return RIGHT if column == PREDICTED else LEFT

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in _CHOICES else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == _SORT_ROLE:  # asked twice for each comparison
            return self._sort_keys(index.column())[index.row()]
        case, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(column)
        if role == Qt.ItemDataRole.EditRole and column in _CHOICES:
            return case.pathology.her2_ihc if column == IHC else case.pathology.her2_fish
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(case, column)
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tell of an entry; it is shown when it was kept."""
        if role != Qt.ItemDataRole.EditRole or index.column() not in _CHOICES:
            return False
        case = self.rows[index.row()]
        chosen = str(value) if value else None
        before = case.pathology
        entered = (
            Pathology(chosen, before.her2_fish)
            if index.column() == IHC
            else Pathology(before.her2_ihc, chosen)
        )
        if entered != before:
            self.pathology_entered.emit(case.case_id, entered)
        return True

    def _sort_keys(self, column: int) -> list[object]:
        """What the rows are sorted by in a column, row by row."""
        if column not in self._keys:
            self._keys[column] = [self._sort_key(case, column) for case in self.rows]
        return self._keys[column]

    def _sort_key(self, case: "LocalCase", column: int) -> object:
        if column != PREDICTED:
            return self._text(case, column)
        return -math.inf if case.case_id in self._unread else case.answer.logit

    def _text(self, case: "LocalCase", column: int) -> str:
        cells: dict[int, Callable[[], str]] = {
            CASE: lambda: case.label,
            READER: lambda: case.answer.reader,
            PREDICTED: lambda: self._predicted(case),
            CALL: lambda: self._call(case),
            IHC: lambda: case.pathology.her2_ihc or "–",
            FISH: lambda: fish_text(case.pathology.her2_fish),
            STATUS: lambda: status_text(case.pathology.her2_positive),
            OUTCOME: lambda: self._outcome(case),
        }
        return cells[column]()

    def _predicted(self, case: "LocalCase") -> str:
        """Nothing before the reader's own impression (V22)."""
        if case.case_id in self._unread:
            return tr("not read yet")
        return probability(sigmoid(case.answer.logit))

    def _call(self, case: "LocalCase") -> str:
        called = self._called.get(case.case_id)
        return "–" if called is None else tr("positive") if called else tr("negative")

    def _outcome(self, case: "LocalCase") -> str:
        """Correct or not for a case that counts, else why it does not."""
        called = self._called.get(case.case_id)
        if str(case.standing) == "counted" and called is not None:
            if called == case.is_positive:
                return tr("correct")
            return tr("false positive") if called else tr("false negative")
        return {
            "counted": "–",
            "waiting": tr("waits for pathology"),
            "unknown": tr("waits for FISH"),
            "predicted-after": tr("not counted: predicted after the result"),
            "other-image": tr("not counted: another image of the lesion answers"),
        }[str(case.standing)]


class CaseTable(QTableView):
    """Double click, F2 or Enter edits IHC or FISH; ``case_requested`` asks for the present case."""

    case_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cases = CaseModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSortRole(_SORT_ROLE)
        self._sorted.setSourceModel(self.cases)
        self.setModel(self._sorted)
        self.setAccessibleName(tr("Cases that this pack predicted"))
        self.setAccessibleDescription(tr("Enter edits the pathology, Ctrl+O opens the case."))
        self.setSortingEnabled(True)
        make_calm(self, 8 * GRID, _WIDTHS)
        self.setWordWrap(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.doubleClicked.connect(self.edit_at)
        for column in _CHOICES:
            self.setItemDelegateForColumn(column, _ChoiceDelegate(self))
        self.sortByColumn(CASE, Qt.SortOrder.AscendingOrder)

    def set_audit(self, audit: "LocalAudit", unread: frozenset[int] = frozenset()) -> None:
        """Show this audit's cases; the present one stays chosen."""
        present, column = self.present(), self.currentIndex().column()
        self.cases.set_audit(audit, unread)
        ids = [case.case_id for case in self._shown()]
        row = ids.index(present.case_id) if present and present.case_id in ids else 0
        if ids:
            self.setCurrentIndex(self._sorted.index(row, column if column >= 0 else IHC))

    def present(self) -> "LocalCase | None":
        """The chosen case."""
        index = self._sorted.mapToSource(self.currentIndex())
        return self.cases.rows[index.row()] if index.isValid() else None

    def request_case(self) -> None:
        """Ask for the chosen case."""
        present = self.present()
        if present is not None:
            self.case_requested.emit(present.case_id)

    def edit_at(self, index: Index) -> None:
        """Edit the pathology of a row: the cell itself, or IHC where that is none to edit."""
        column = index.column() if index.column() in _CHOICES else IHC
        at = self._sorted.index(index.row(), column)
        self.setCurrentIndex(at)
        self.edit(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        edits = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)
        if event.key() in edits and self.currentIndex().isValid():
            self.edit_at(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _shown(self) -> "Sequence[LocalCase]":
        rows = range(self._sorted.rowCount())
        places = (self._sorted.mapToSource(self._sorted.index(row, 0)).row() for row in rows)
        return [self.cases.rows[place] for place in places]


class _ChoiceDelegate(QStyledItemDelegate):
    """A list to choose from, open at once; Escape leaves things as they were."""

    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QWidget:
        editor = QComboBox(parent)
        is_ihc = index.column() == IHC
        editor.setAccessibleName(tr("IHC") if is_ihc else tr("FISH"))
        editor.addItem(tr("not known"), None)
        for value in _CHOICES[index.column()]:
            editor.addItem(value if is_ihc else fish_text(value), value)
        editor.activated.connect(lambda _index: self._finish(editor))
        return editor

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        assert isinstance(editor, QComboBox)
        editor.setCurrentIndex(max(0, editor.findData(index.data(Qt.ItemDataRole.EditRole))))
        editor.showPopup()

    def setModelData(
        self,
        editor: QWidget,
        model: QAbstractItemModel,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        assert isinstance(editor, QComboBox)
        model.setData(index, editor.currentData(), Qt.ItemDataRole.EditRole)

    def _finish(self, editor: QComboBox) -> None:
        self.commitData.emit(editor)
        self.closeEditor.emit(editor)


def fish_text(value: str | None) -> str:
    """A FISH result in words."""
    words = {"amplified": tr("amplified"), "not amplified": tr("not amplified")}
    return "–" if value is None else words[value]


def status_text(positive: bool | None) -> str:
    """HER-2 status in words."""
    if positive is None:
        return tr("not known")
    return tr("HER-2 positive") if positive else tr("HER-2 negative")
