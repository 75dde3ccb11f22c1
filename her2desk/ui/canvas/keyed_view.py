"""The keys of drawing: what the mouse does, done or taken back from the keyboard."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent

from her2desk.ui.canvas.pens.edit import delete_chosen
from her2desk.ui.canvas.pens.outline import close
from her2desk.ui.canvas.proposing_view import ProposingView
from her2desk.ui.canvas.tools import BRUSH_TOOLS

BRUSH_STEP = 1.2

_Key = Qt.Key
_ENTER = (_Key.Key_Return, _Key.Key_Enter)
_DELETE = (_Key.Key_Backspace, _Key.Key_Delete)
_HELD = (_Key.Key_Shift, _Key.Key_Control, _Key.Key_Alt)


class KeyedView(ProposingView):
    """A view whose drawing listens to Space, Enter, Backspace, Delete and Escape."""

    def event(self, event: QEvent) -> bool:
        """Keep Escape from window-wide shortcuts while it would give up something drawn."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            is_open = self.drawing.is_in_progress or self.proposal is not None
            if event.key() == _Key.Key_Escape and (self._is_drawing or is_open):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space pans, Enter closes or keeps, Backspace and Delete remove, Escape gives up."""
        key = event.key()
        if key == _Key.Key_Space:
            self._is_space_held = True
            self._update_cursor()
        elif key in _HELD:
            self._hold(key, is_down=True)
        elif not (
            (key == _Key.Key_Escape and self._give_up())
            or (key in _ENTER and self._finish())
            or (key in _DELETE and self._remove(key))
        ):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Give the left button back to the tool when Space is let go."""
        if event.key() == _Key.Key_Space and not event.isAutoRepeat():
            self._is_space_held = False
            self._update_cursor()
        elif event.key() in _HELD:
            self._hold(event.key(), is_down=False)
        else:
            super().keyReleaseEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom, or change the brush with Ctrl."""
        is_sizing = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if is_sizing and self.tool in BRUSH_TOOLS:
            self.step_brush(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

    def step_brush(self, by: int) -> None:
        """A larger brush, or a smaller one: by a fifth, by a pixel at least."""
        radius = self.brush_radius
        if by > 0:
            self.set_brush_radius(round(max(radius * BRUSH_STEP, radius + 1)))
        else:
            self.set_brush_radius(round(min(radius / BRUSH_STEP, radius - 1)))

    def _give_up(self) -> bool:
        if self._is_drawing:
            self._end_stroke()
        elif self.proposal is not None:
            self.drop_proposal()
        elif self.drawing.is_in_progress:
            self.record(self.drawing.without_pending())
        else:
            return False
        return True

    def _finish(self) -> bool:
        before = self.drawing
        if self._is_drawing:
            return False
        if self.proposal is not None:
            self.keep_proposal()
        elif self._board.pending_here:
            close(self._board)
            self._settle(before)
        else:
            return False
        return True

    def _remove(self, key: int) -> bool:
        before = self.drawing
        if self._is_drawing:
            return False
        if key == _Key.Key_Backspace and self._board.pending_here:
            self.record(self.drawing.without_last_point())
            return True
        delete_chosen(self._board)
        self._settle(before)
        return True

    def _hold(self, key: int, is_down: bool) -> None:
        """Let a stroke follow a key that is pressed or let go while the pointer rests."""
        if key == _Key.Key_Shift:
            self._board.is_even = is_down
        else:
            self._board.is_centred = is_down
        if self._is_drawing:
            self._go_on()
