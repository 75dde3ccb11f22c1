"""The keys of drawing: what the mouse does, done or taken back from the keyboard."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

from her2desk.ui.canvas.drawing_view import DrawingView
from her2desk.ui.canvas.tools import delete_vertex

_Key = Qt.Key


class KeyedView(DrawingView):
    """A view whose drawing listens to Space, Enter, Backspace, Delete and Escape."""

    def event(self, event: QEvent) -> bool:
        """Keep Escape from window-wide shortcuts while it would give up an outline."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            is_busy = self._is_drawing or self.drawing.is_in_progress
            if event.key() == _Key.Key_Escape and is_busy:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space pans, Enter closes, Backspace takes a point back, Delete a vertex, Esc gives up."""
        key, board = event.key(), self._board
        if key == _Key.Key_Space:
            self._is_space_held = True
            self._update_cursor()
        elif key == _Key.Key_Escape and self._is_drawing:
            self._end_stroke()
        elif key == _Key.Key_Escape and self.drawing.is_in_progress:
            self._record(self.drawing.without_pending())
        elif key in (_Key.Key_Return, _Key.Key_Enter) and board.pending_here:
            self._record(self.drawing.closed())
        elif key == _Key.Key_Backspace and board.pending_here:
            self._record(self.drawing.without_last_point())
        elif key in (_Key.Key_Backspace, _Key.Key_Delete) and not self._is_drawing:
            before = self.drawing
            delete_vertex(board)
            self._settle(before)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Give the left button back to the tool when Space is let go."""
        if event.key() == _Key.Key_Space and not event.isAutoRepeat():
            self._is_space_held = False
            self._update_cursor()
        else:
            super().keyReleaseEvent(event)
