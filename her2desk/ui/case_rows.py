"""One row of two lines a case: what it says, and how it is painted."""

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
)
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from her2desk.texts import listed, tr, trn
from her2desk.ui.theme import SIZE_BODY, SIZE_SMALL, colours

ROW_HEIGHT = 52
_LEFT, _RIGHT = 34, 12
_Index = QModelIndex | QPersistentModelIndex
CASE = Qt.ItemDataRole.UserRole


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
    side = {"L": tr("L"), "R": tr("R")}.get(case.laterality or "", "")
    return "  ".join(part for part in (side, age) if part)


class CaseModel(QAbstractListModel):
    """The cases as rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases: list[ListedCase] = []

    def set_cases(self, cases: Sequence[ListedCase]) -> None:
        """Show these cases, in this order."""
        self.beginResetModel()
        self._cases = list(cases)
        self.endResetModel()

    def set_case(self, case: ListedCase) -> None:
        """Show what became of a case that is among the rows."""
        row = self.row_of(case.case_id)
        if row is not None:
            self._cases[row] = case
            self.dataChanged.emit(self.index(row), self.index(row))

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
        if role == CASE:
            return case
        if role == Qt.ItemDataRole.DisplayRole:
            return title_text(case)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            frames = trn("{n} frame", "{n} frames", case.frames)
            parts = (title_text(case), case.patient_name, side_text(case), detail_text(case))
            return str(listed(part for part in (*parts, frames, case.file_name) if part))
        return None


class CaseDelegate(QStyledItemDelegate):
    """Paints a case: status by shape, patient and side, and a second line of words."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Two lines."""
        return QSize(160, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint one row."""
        case: ListedCase = index.data(CASE)
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
