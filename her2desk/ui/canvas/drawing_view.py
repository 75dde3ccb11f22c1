"""The mouse on a drawing: what the tools make of presses, drags and double clicks."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QInputEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from her2desk.domain.roi import Point
from her2desk.ui.canvas.board_view import BoardView
from her2desk.ui.canvas.pens.edit import hover
from her2desk.ui.canvas.tools import Tool

REACH = 9  # device-independent pixels within which the pointer takes hold of a point or an edge

_Left = Qt.MouseButton.LeftButton
_Modifier = Qt.KeyboardModifier


class DrawingView(BoardView):
    """One frame that is drawn on; what no tool takes pans, zooms and windows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._last_at: Point = (0.0, 0.0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Give the press to the tool, else pan or window."""
        if not self._offer(event, is_double=False):
            super().mousePressEvent(event)
        self._update_cursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Close an outline, or fit the image with the pan tool."""
        if self._offer(event, is_double=True):
            return
        if event.button() == _Left and self._tool is Tool.PAN:
            self.fit()
        else:
            super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the stroke, or show what could be taken hold of."""
        if self._dragging is not None:
            super().mouseMoveEvent(event)
        elif self.has_frame:
            self._locate(event)
            self._go_on()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish the stroke."""
        if self._is_drawing and event.button() == _Left:
            self._let_go(self._locate(event))
        else:
            super().mouseReleaseEvent(event)
        self._update_cursor()

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the pointer."""
        self._pointer = None
        self._board.hot = None
        self.hover_ended.emit()
        self.update()

    def _offer(self, event: QMouseEvent, is_double: bool) -> bool:
        """Whether the tool took the press."""
        is_ours = event.button() == _Left and self._dragging is None and not self._is_space_held
        if not is_ours or not self.has_frame:
            return False
        return self._take(self._locate(event), is_double)

    def _take(self, at: Point, is_double: bool = False) -> bool:
        """Whether the tool begins something at this place."""
        pen, before = self._pens[self._tool], self.drawing
        take = pen.double_click if is_double else pen.press
        is_taken = take(self._board, at)
        if is_taken:
            self._is_drawing = pen.is_dragged
            self.stroke_begun.emit()
        self._settle(before)
        return is_taken

    def _let_go(self, at: Point) -> None:
        """Finish the stroke here."""
        before = self.drawing
        self._is_drawing = False
        self._pens[self._tool].release(self._board, at)
        self._settle(before)

    def _go_on(self) -> None:
        """Let the stroke follow the pointer and the keys held down."""
        board, before = self._board, self._board.preview
        if self._is_drawing:
            self._pens[self._tool].move(board, self._last_at)
            if board.preview is not None and board.preview != before:
                self.roi_changed.emit(board.preview)
        elif self._tool is Tool.EDIT:
            hover(board, self._last_at)
            self._update_cursor()
        self.update()

    def _locate(self, event: QMouseEvent) -> Point:
        """The event's position on the image, told to whoever listens."""
        self._take_modifiers(event)
        return self._point_at(self._transform.to_image(event.position()))

    def _point_at(self, at: Point) -> Point:
        """Take this position on the image as the pointer's."""
        self._last_at = at
        self._board.reach = REACH / self._transform.scale
        self._pointer = at if self._board.on_image(at) == at else None
        if self._pointer is None:
            self.hover_ended.emit()
        else:
            self.position_hovered.emit(*at)
        return at

    def _take_modifiers(self, event: QInputEvent) -> None:
        held = event.modifiers()
        self._board.is_even = bool(held & _Modifier.ShiftModifier)
        centring = _Modifier.AltModifier | _Modifier.ControlModifier
        self._board.is_centred = bool(held & centring)
