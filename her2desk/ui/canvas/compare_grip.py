"""The grip of a comparison: dragged with the mouse along the picture, or moved with the arrow keys."""

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QWidget

from her2desk.texts import tr
from her2desk.ui.accessible import tell_value
from her2desk.ui.canvas.comparison import CompareMode
from her2desk.ui.canvas.comparison_paint import GRIP
from her2desk.ui.canvas.overlay import HALO, INK, PLATE, line_pen
from her2desk.ui.theme import colours

STEP_PX, LEAP_PX = 1.0, 10.0  # image pixels for an arrow key, and with Shift
RING = 3

_Key = Qt.Key
_TOWARDS = {
    _Key.Key_Left: (-1.0, 0.0),
    _Key.Key_Right: (1.0, 0.0),
    _Key.Key_Up: (0.0, -1.0),
    _Key.Key_Down: (0.0, 1.0),
}
_OTHER = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


class CompareGrip(QWidget):
    """Lies on the divider, or on the lens's rim.

    ``moved`` carries steps in image pixels (across, down), ``dragged`` the pointer's position in the
    parent, and Escape asks to end the comparison.
    """

    moved = Signal(float, float)
    dragged = Signal(QPointF)
    end_requested = Signal()
    accessible_role = QAccessible.Role.Slider

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._mode = CompareMode.SPLIT
        self._value = ""
        self._held: QPointF | None = None  # how far from its middle the mouse took hold
        side = 2 * (GRIP + RING)
        self.setFixedSize(side, side)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_mode(CompareMode.SPLIT)
        self.hide()

    def set_mode(self, mode: CompareMode) -> None:
        """Be the divider's, or the lens's, which the pointer moves by itself."""
        self._mode = mode
        is_split = mode is CompareMode.SPLIT
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not is_split)
        self.setCursor(Qt.CursorShape.SplitHCursor if is_split else Qt.CursorShape.ArrowCursor)
        self.setAccessibleName(
            tr("Divider between original and enhanced")
            if is_split
            else tr("Lens that shows the enhanced picture")
        )
        self.setToolTip(tr("Drag, or move it with the arrow keys; Shift makes larger steps"))
        self.update()

    def set_value(self, words: str) -> None:
        """Where it is, in words."""
        if words != self._value:
            self._value = words
            tell_value(self, words)

    def accessible_value(self) -> str:
        """Where it is, in words."""
        return self._value

    def sizeHint(self) -> QSize:
        """Its own size."""
        return self.size()

    def event(self, event: QEvent) -> bool:
        """Keep its keys from window-wide shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            is_ours = event.key() in (*_TOWARDS, _Key.Key_Escape)
            if is_ours and not event.modifiers() & _OTHER:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move it, Escape ends the comparison."""
        key, held = Qt.Key(event.key()), event.modifiers()
        if key in _TOWARDS and not held & _OTHER:
            by = LEAP_PX if held & Qt.KeyboardModifier.ShiftModifier else STEP_PX
            across, down = _TOWARDS[key]
            self.moved.emit(by * across, by * down)
        elif key == _Key.Key_Escape:
            self.end_requested.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = event.position() - QPointF(self.width() / 2, self.height() / 2)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell where it is dragged."""
        if self._held is not None:
            self.dragged.emit(self.mapToParent(event.position()) - self._held)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._held = None

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys are for it."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keys are for something else."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a disc with an arrow to each side that it moves to."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(self.width() / 2, self.height() / 2)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours().focus), 3))
            painter.drawEllipse(middle, GRIP + 1, GRIP + 1)
        painter.setBrush(PLATE)
        for pen in (line_pen(HALO, 3.0), line_pen(INK, 1.5)):
            painter.setPen(pen)
            painter.drawEllipse(middle, GRIP - 2, GRIP - 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(INK)
        for across, down in self._directions():
            painter.drawPolygon(_arrow(middle, across, down))
        painter.end()

    def _directions(self) -> list[tuple[float, float]]:
        ways = list(_TOWARDS.values())
        return ways[:2] if self._mode is CompareMode.SPLIT else ways


def _arrow(middle: QPointF, across: float, down: float) -> QPolygonF:
    tip = middle + QPointF(across, down) * 8
    foot = middle + QPointF(across, down) * 3.5
    aside = QPointF(down, across) * 3.5
    return QPolygonF([tip, foot + aside, foot - aside])
