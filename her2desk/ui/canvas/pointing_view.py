"""A cross that keys move over the picture and that every tool follows, in place of a mouse."""

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Point
from her2desk.texts import tr, trn
from her2desk.ui.accessible import announce
from her2desk.ui.canvas.keyed_view import KeyedView

STEP_PX, LEAP_PX = 1.0, 10.0  # image pixels for an arrow key, and with Shift
IN_SIGHT = 24  # device-independent pixels that the cross keeps from the view's border

_Key = Qt.Key
_TOWARDS = {
    _Key.Key_Left: (-1.0, 0.0),
    _Key.Key_Right: (1.0, 0.0),
    _Key.Key_Up: (0.0, -1.0),
    _Key.Key_Down: (0.0, 1.0),
}
_HELD = (_Key.Key_Shift, _Key.Key_Control, _Key.Key_Alt)
_OTHER = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


class PointingView(KeyedView):
    """A view whose tools work without a mouse.

    Q brings the cross and takes it away. Arrows move it by a pixel of the image, with Shift by ten;
    Space sets a point, or takes hold and lets go with the tools that are dragged. Escape gives up what
    is drawn, then takes the cross away; so does the mouse.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cross: Point | None = None

    @property
    def cross(self) -> Point | None:
        """Where the cross stands on the image, (column, row); None while there is none."""
        return self._cross

    def event(self, event: QEvent) -> bool:
        """Keep the cross's keys from window-wide shortcuts."""
        is_override = event.type() == QEvent.Type.ShortcutOverride and self.cross is not None
        if is_override and isinstance(event, QKeyEvent) and not event.modifiers() & _OTHER:
            keys = (*_TOWARDS, _Key.Key_Space, _Key.Key_Escape)
            event.setAccepted(event.key() in keys)
            if event.isAccepted():
                return True
        return super().event(event)

    def set_image(self, image: UltrasoundImage | None) -> None:
        """Get ready for another image, without a cross."""
        self._cross = None
        super().set_image(image)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The mouse takes over."""
        self._cross = None
        super().mouseMoveEvent(event)

    def _point_by_key(self, event: QKeyEvent) -> bool:
        """Whether the key was for the cross."""
        key, held = Qt.Key(event.key()), event.modifiers()
        if self.image is None or not self.has_frame or held & _OTHER:
            return False
        if key == _Key.Key_Q and not held:
            self._show_cross(None if self._cross is not None else self._first_place())
        elif self._cross is None:
            return False
        elif key in _TOWARDS:
            self._move_cross(key, LEAP_PX if held & Qt.KeyboardModifier.ShiftModifier else STEP_PX)
        elif key == _Key.Key_Space:
            self._press_or_let_go(self._cross)
        elif key == _Key.Key_Escape and not self._give_up():
            self._show_cross(None)
        else:
            return key in _HELD or key == _Key.Key_Escape  # Shift is for the step, not the shape
        return True

    def _first_place(self) -> Point:
        """Where the mouse was last, else the middle of what is in sight."""
        middle = self._transform.to_image(QPointF(self.width() / 2, self.height() / 2))
        return self._board.on_image(self._pointer or middle)

    def _show_cross(self, at: Point | None) -> None:
        if at is None and self._is_drawing:
            self._end_stroke()
        self._cross = at
        if at is None:
            self._pointer = None
            self._board.hot = None
            self.hover_ended.emit()
            self._say(tr("No cross."))
            self.update()
        else:
            self._follow(at)
            self._say(tr("Cross. Arrow keys move it, Space sets a point, Escape takes it away."))

    def _move_cross(self, key: Qt.Key, by: float) -> None:
        assert self._cross is not None
        across, down = _TOWARDS[key]
        at = (self._cross[0] + by * across, self._cross[1] + by * down)
        self._cross = self._board.on_image(at)
        self._follow(self._cross)
        self._say(_place(self._cross))

    def _follow(self, at: Point) -> None:
        """Let the tool, and what is in sight, go with the cross."""
        self._keep_in_sight(at)
        self._point_at(at)
        self._go_on()

    def _keep_in_sight(self, at: Point) -> None:
        place = self._transform.to_view(at)
        x = min(max(place.x(), IN_SIGHT), self.width() - IN_SIGHT)
        y = min(max(place.y(), IN_SIGHT), self.height() - IN_SIGHT)
        if (x, y) != (place.x(), place.y()):
            self._move_to(self._transform.shifted(x - place.x(), y - place.y()))

    def _press_or_let_go(self, at: Point) -> None:
        points, had = len(self._board.pending_here), self.drawing.on(self.frame_index)
        self._point_at(at)
        if self._is_drawing:
            self._let_go(at)
        else:
            self._take(at)
        now, closed = len(self._board.pending_here), self.drawing.on(self.frame_index)
        if closed is not None and closed != had:
            n = len(closed.polygon)
            self._say(trn("Outline of {n} point.", "Outline of {n} points.", n))
        elif now != points:
            self._say(tr("Point {n}. {place}").format(n=now, place=_place(at)))
        elif self._is_drawing:
            self._say(tr("Taken hold of. Arrow keys drag, Space lets go."))

    def _say(self, words: str) -> None:
        announce(self, words)


def _place(at: Point) -> str:
    return tr("Column {x:.0f}, row {y:.0f}").format(x=at[0], y=at[1])
