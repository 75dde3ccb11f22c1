"""The list of cases at the left: search, filters, and one row a case."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.store.cases import CaseFilter
from her2desk.texts import tr, trn
from her2desk.ui.case_filters import CaseFilters
from her2desk.ui.case_rows import CASE, CaseDelegate, CaseModel, ListedCase
from her2desk.ui.theme import set_role
from her2desk.ui.widgets.tab_order import come_before


class _CaseView(QListView):
    """A list that also opens a case by Return."""

    returned = Signal(QModelIndex)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return opens the present case."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.returned.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class CaseList(QWidget):
    """Searches, filters and lists; ``case_selected`` carries the id of the case that the user chose.

    ``narrowed`` tells that other cases are ``asked`` for, by words or by filters.
    """

    case_selected = Signal(int)
    narrowed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selected: int | None = None
        self._is_ours = False
        self._model = CaseModel(self)
        self.search = QLineEdit(self)
        self.filters = CaseFilters(self)
        self.filter_button = QPushButton(self)
        self.count = QLabel(self)
        self.view = _CaseView(self)
        self._empty = QLabel(self)
        self._pages = QStackedWidget(self)
        self._lay_out()
        self.search.textChanged.connect(self.narrowed)
        self.filters.changed.connect(self._filter)
        self.filter_button.clicked.connect(self._fold_filters)
        self.view.returned.connect(self._choose)
        self.view.selectionModel().currentChanged.connect(self._choose)
        self._name_filters()
        come_before(self.filters.status, [self.filter_button])
        self.set_cases((), 0)

    def asked(self) -> CaseFilter:
        """Which cases are asked for."""
        return self.filters.narrowed(self.search.text())

    def set_cases(self, cases: Sequence[ListedCase], total: int) -> None:
        """List these of ``total`` cases; the selected one stays selected where it is among them."""
        self._is_ours = True
        self._model.set_cases(cases)
        self._is_ours = False
        if self._selected is not None:
            self._show_selected()
        self.count.setText(_count_text(len(cases), total))
        self._empty.setText(self._why_empty(total))
        self._pages.setCurrentWidget(self.view if cases else self._empty)

    def set_case(self, case: ListedCase | None) -> None:
        """Show what became of one case; nothing where it is gone."""
        if case is not None:
            self._model.set_case(case)

    def show_failure(self, error: Her2DeskError) -> None:
        """Say why the cases cannot be listed."""
        self._empty.setText(str(error))
        self._pages.setCurrentWidget(self._empty)

    def select(self, case_id: int | None) -> None:
        """Mark a case as the one on screen, without a signal."""
        self._selected = case_id
        self._show_selected()

    def selected(self) -> int | None:
        """The id of the selected case."""
        return self._selected

    def empty_text(self) -> str:
        """What stands in place of an empty list; nothing while there are cases."""
        return self._empty.text() if self._pages.currentWidget() is self._empty else ""

    def _why_empty(self, total: int) -> str:
        if not total:
            return tr("No cases yet. Drop files on the window, or press Import.")
        if self.search.text():
            return tr("No case matches “{search}”.").format(search=self.search.text())
        return tr("No case matches these filters.")

    def _fold_filters(self) -> None:
        self.filters.setVisible(self.filters.isHidden())
        self._name_filters()

    def _filter(self) -> None:
        self._name_filters()
        self.narrowed.emit()

    def _name_filters(self) -> None:
        """Say on the button how many filters are at work, as they may be folded away."""
        n = self.filters.active
        words = trn("{n} filter", "{n} filters", n) if n else tr("Filters")
        self.filter_button.setText(f"{words} {'▾' if self.filters.isHidden() else '▴'}")
        self.filter_button.setAccessibleName(words)

    def _lay_out(self) -> None:
        self.search.setPlaceholderText(tr("Search cases"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(tr("Search cases"))
        self.search.setToolTip(tr("Patient, date, file or status"))
        self.filter_button.setToolTip(tr("Narrow the list by status, side, date and pathology"))
        set_role(self.filter_button, "flat")
        set_role(self.count, "muted")
        self.filters.hide()
        self.view.setModel(self._model)
        self.view.setItemDelegate(CaseDelegate(self.view))
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName(tr("Cases"))
        self.view.setAccessibleDescription(tr("Up and down choose a case."))
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self._empty.setContentsMargins(16, 32, 16, 16)
        set_role(self._empty, "muted")
        self._pages.addWidget(self.view)
        self._pages.addWidget(self._empty)
        under = QHBoxLayout()
        under.addWidget(self.filter_button)
        under.addStretch(1)
        under.addWidget(self.count)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addLayout(under)
        layout.addWidget(self.filters)
        layout.addWidget(self._pages, 1)

    def _choose(self, index: QModelIndex) -> None:
        case: ListedCase | None = index.data(CASE)
        if self._is_ours or case is None:
            return
        self._selected = case.case_id
        self.case_selected.emit(case.case_id)

    def _show_selected(self) -> None:
        row = self._model.row_of(self._selected) if self._selected is not None else None
        index = self._model.index(row) if row is not None else QModelIndex()
        self._is_ours = True
        self.view.setCurrentIndex(index)
        self._is_ours = False
        if index.isValid():
            self.view.scrollTo(index)


def _count_text(shown: int, total: int) -> str:
    if shown == total:
        return trn("{n} case", "{n} cases", total) if total else ""
    return tr("{shown:,} of {total:,}").format(shown=shown, total=total)
