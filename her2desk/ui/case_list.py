"""The list of cases at the left: search, and one row of two lines a case."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from her2desk.texts import tr, trn
from her2desk.ui.theme import SIZE_BODY, SIZE_SMALL, colours, set_role

ROW_HEIGHT = 52
_LEFT, _RIGHT = 34, 12
_Index = QModelIndex | QPersistentModelIndex
_CASE = Qt.ItemDataRole.UserRole


class ListedCase(Protocol):
    """What the list shows of a case; the library's ``CaseSummary`` has it."""

    @property
    def case_id(self) -> int:
        """The library's number."""

    @property
    def patient_id(self) -> str:
        """As in the file."""

    @property
    def patient_name(self) -> str:
        """As in the file."""

    @property
    def laterality(self) -> str | None:
        """``"L"``, ``"R"`` or None."""

    @property
    def age_years(self) -> float | None:
        """Age at the study."""

    @property
    def study_date(self) -> str:
        """YYYYMMDD, or empty."""

    @property
    def file_name(self) -> str:
        """Name of the imported file."""

    @property
    def status(self) -> str:
        """``"imported"``, ``"drawn"``, ``"read"`` or ``"reported"``."""

    @property
    def frames(self) -> int:
        """Number of frames."""


def status_text(status: str) -> str:
    """A status in words."""
    words = {
        "imported": tr("imported"),
        "drawn": tr("drawn"),
        "read": tr("read"),
        "reported": tr("reported"),
    }
    return words.get(status, status)


def date_text(study_date: str) -> str:
    """YYYYMMDD as YYYY-MM-DD; anything else as it is."""
    if len(study_date) == 8 and study_date.isdigit():
        return f"{study_date[:4]}-{study_date[4:6]}-{study_date[6:]}"
    return study_date


def title_text(case: ListedCase) -> str:
    """Who: patient, or the case's number and file where the file names nobody."""
    return case.patient_id or case.file_name or f"{case.case_id:04d}"


def detail_text(case: ListedCase) -> str:
    """How far the case has come, and when the study was."""
    parts = (status_text(str(case.status)), date_text(case.study_date))
    return " · ".join(part for part in parts if part)


def side_text(case: ListedCase) -> str:
    """Laterality and age."""
    age = tr("{age:.0f} y").format(age=case.age_years) if case.age_years is not None else ""
    return "  ".join(part for part in (case.laterality or "", age) if part)


class CaseModel(QAbstractListModel):
    """The cases as rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases: tuple[ListedCase, ...] = ()

    def set_cases(self, cases: Sequence[ListedCase]) -> None:
        """Show these cases, in this order."""
        self.beginResetModel()
        self._cases = tuple(cases)
        self.endResetModel()

    def row_of(self, case_id: int) -> int | None:
        """The row of a case, or None."""
        return next((i for i, case in enumerate(self._cases) if case.case_id == case_id), None)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        """Number of cases."""
        return 0 if parent.isValid() else len(self._cases)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The case itself, or words about it."""
        if not index.isValid():
            return None
        case = self._cases[index.row()]
        if role == _CASE:
            return case
        if role == Qt.ItemDataRole.DisplayRole:
            return title_text(case)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            frames = trn("{n} frame", "{n} frames", case.frames)
            parts = (title_text(case), case.patient_name, side_text(case), detail_text(case))
            return ", ".join(part for part in (*parts, frames, case.file_name) if part)
        return None


class CaseDelegate(QStyledItemDelegate):
    """Paints a case: status by shape, patient and side, and a second line of words."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Two lines."""
        return QSize(160, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint one row."""
        case: ListedCase = index.data(_CASE)
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        palette = colours()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, box, state)
        _paint_status(painter, QPointF(box.left() + 19, box.top() + 18), str(case.status))
        font: QFont = option.font
        font.setPixelSize(SIZE_BODY)
        font.setWeight(QFont.Weight.DemiBold)
        side = side_text(case)
        first = QRect(box.left() + _LEFT, box.top() + 8, box.width() - _LEFT - _RIGHT, 20)
        painter.setPen(QColor(palette.text))
        painter.setFont(font)
        title_room = first.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(side) - 8, 0)
        _paint_line(painter, title_room, title_text(case))
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        _paint_line(painter, first, side, Qt.AlignmentFlag.AlignRight)
        font.setPixelSize(SIZE_SMALL)
        painter.setFont(font)
        painter.setPen(QColor(palette.text_muted))
        _paint_line(painter, first.translated(0, 20).adjusted(0, 0, 0, -2), detail_text(case))
        painter.restore()


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
    """Searches and lists; ``case_selected`` carries the id of the case that the user chose."""

    case_selected = Signal(int)
    search_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selected: int | None = None
        self._is_ours = False
        self._model = CaseModel(self)
        self.search = QLineEdit(self)
        self.view = _CaseView(self)
        self._empty = QLabel(self)
        self._pages = QStackedWidget(self)
        self._lay_out()
        self.search.textChanged.connect(self.search_changed)
        self.view.returned.connect(self._choose)
        self.view.selectionModel().currentChanged.connect(self._choose)
        self.set_cases(())

    def set_cases(self, cases: Sequence[ListedCase]) -> None:
        """List these cases; the selected one stays selected where it is among them."""
        self._is_ours = True
        self._model.set_cases(cases)
        self._is_ours = False
        if self._selected is not None:
            self._show_selected()
        self._empty.setText(
            tr("No case matches “{search}”.").format(search=self.search.text())
            if self.search.text()
            else tr("No cases yet. Drop files on the window, or press Import.")
        )
        self._pages.setCurrentWidget(self.view if cases else self._empty)

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

    def _lay_out(self) -> None:
        self.search.setPlaceholderText(tr("Search cases"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(tr("Search cases"))
        self.search.setToolTip(tr("Patient, date, file or status"))
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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self._pages, 1)

    def _choose(self, index: QModelIndex) -> None:
        case: ListedCase | None = index.data(_CASE)
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


def _paint_ground(painter: QPainter, box: QRect, state: QStyle.StateFlag) -> None:
    palette = colours()
    is_selected = bool(state & QStyle.StateFlag.State_Selected)
    if is_selected or state & QStyle.StateFlag.State_MouseOver:
        painter.fillRect(box, QColor(palette.surface_raised))
    if is_selected:
        painter.fillRect(QRect(box.left(), box.top(), 3, box.height()), QColor(palette.accent))
    if is_selected and state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(palette.focus), 1.5))
        painter.drawRect(QRectF(box).adjusted(1, 1, -1, -1))
    painter.setPen(QPen(QColor(palette.border), 0.5))
    painter.drawLine(box.bottomLeft(), box.bottomRight())


def _paint_status(painter: QPainter, at: QPointF, status: str) -> None:
    """Ring, disc, ticked ring, ticked disc: shapes that do not need their colour."""
    palette = colours()
    if status == "imported":
        painter.setPen(QPen(QColor(palette.text_muted), 1.75))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, 5, 5)
        return
    if status == "drawn":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.accent))
        painter.drawEllipse(at, 5.5, 5.5)
        return
    painter.setPen(QPen(QColor(palette.accent), 1.5))
    painter.setBrush(QColor(palette.accent) if status == "reported" else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(at, 7.5, 7.5)
    pen = QPen(QColor(palette.on_accent if status == "reported" else palette.accent), 2)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline([at + QPointF(-3.6, 0.2), at + QPointF(-1, 2.8), at + QPointF(4, -2.8)])


def _paint_line(
    painter: QPainter,
    box: QRect,
    words: str,
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    fitting = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, fitting)
