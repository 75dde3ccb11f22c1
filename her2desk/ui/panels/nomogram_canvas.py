"""The nomogram's markers, moved by mouse, by keys and by typing."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from her2desk.domain.nomogram import NomogramAxis
from her2desk.ui.panels.nomogram_editor import MarkerEditor
from her2desk.ui.panels.nomogram_keys import Deed, KeyDeed, deed_of
from her2desk.ui.panels.nomogram_layout import rounded
from her2desk.ui.panels.nomogram_picture import NEAR_PX, NomogramPicture
from her2desk.ui.panels.nomogram_words import number, value_label

_TYPED_DIGITS = 6


class NomogramCanvas(NomogramPicture):
    """A nomogram to try values on.

    Tab goes from marker to marker. Arrow keys move the one in focus; digits, letters, Enter and a
    double click type its value. Ctrl+Z takes the last step back, Escape all of them. ``copy_asked`` is
    sent on Ctrl+C.
    """

    copy_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grab: float | None = None
        self.editor = MarkerEditor(self)
        self.editor.entered.connect(self._enter)
        self.editor.left.connect(self._changed)
        self.editor.went_on.connect(self._go_on)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.editor.is_open():
            self.editor.place(self._marker_spot())

    def event(self, event: QEvent) -> bool:
        """Keep keys that mean something here from window-wide shortcuts."""
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and self._deed_of(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._axis_under(event.position().y())
        if event.button() != Qt.MouseButton.LeftButton or found is None or self._layout is None:
            return
        self._active = found
        axis = self._layout.geometry.axes[found]
        marker = self._marker_x(axis)
        x = event.position().x()
        self._trial.begin()
        if marker is not None and abs(x - marker) <= NEAR_PX and not axis.term.is_discrete:
            self._grab = x - marker  # taken off its centre, it does not jump
            self._changed()
        else:
            self._grab = 0.0
            self._move_to(axis, rounded(axis, self._layout.value_at(axis, x)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._axis_under(event.position().y()) is not None
        self.setCursor(Qt.CursorShape.SizeHorCursor if over else Qt.CursorShape.ArrowCursor)
        axis = self._axis_in_focus()
        if self._grab is not None and self._layout is not None and axis is not None:
            x = event.position().x() - self._grab
            self._move_to(axis, rounded(axis, self._layout.value_at(axis, x)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grab = None
        self._trial.end()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self._axis_under(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            self._active = found
            self._type()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        found, axis = self._deed_of(event), self._axis_in_focus()
        if found is None or axis is None:
            super().keyPressEvent(event)
            return
        match found.deed:
            case Deed.MOVE:
                self._move_to(axis, found.value)
            case Deed.TYPE:
                self._type(found.typed)
            case Deed.COPY:
                self.copy_asked.emit()
            case Deed.RESET:
                self.reset()
            case Deed.UNDO | Deed.REDO:
                turned = self._trial.undo() if found.deed is Deed.UNDO else self._trial.redo()
                if turned:
                    self._changed()

    def focusNextPrevChild(self, forward: bool) -> bool:
        after = self._active + (1 if forward else -1)
        if self.hasFocus() and 0 <= after < self._count():
            self._active = after
            self._changed()
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() == Qt.FocusReason.TabFocusReason:
            self._active = 0
        elif event.reason() == Qt.FocusReason.BacktabFocusReason:
            self._active = max(self._count() - 1, 0)
        super().focusInEvent(event)
        self._changed()

    def _start(self, values: Mapping[str, float]) -> None:
        self.editor.put_away()
        super()._start(values)

    def _shows_focus(self) -> bool:
        return self.hasFocus() or self.editor.is_open()

    def _deed_of(self, event: QKeyEvent) -> KeyDeed | None:
        axis = self._axis_in_focus()
        if axis is None:
            return None
        current = self._trial.current(axis.term.name)
        return deed_of(event, axis, current, is_trying=self.what_if() is not None)

    def _type(self, begun: str = "") -> None:
        """Open the editor at the marker in focus, with what was typed already or its value."""
        axis = self._axis_in_focus()
        if axis is None:
            return
        current = self._trial.current(axis.term.name)
        shown = "" if current is None else number(axis.clipped(current)[0], _TYPED_DIGITS)
        if current is not None and axis.term.is_discrete:
            shown = value_label(axis.term, current)
        self.editor.open_at(axis, self._marker_spot(), begun or shown, is_begun=bool(begun))
        self._changed()

    def _marker_spot(self) -> QPoint:
        """Where the marker in focus stands, or would."""
        axis = self._axis_in_focus()
        if axis is None or self._layout is None:
            return QPoint()
        current = self._trial.current(axis.term.name)
        x = self._layout.left if current is None else self._layout.value_x(axis, current)
        return QPointF(x, self._layout.row_y(self._active + 1)).toPoint()

    def _enter(self, value: float) -> None:
        axis = self._axis_in_focus()
        if axis is not None:
            self._move_to(axis, value)

    def _go_on(self, forward: bool) -> None:
        """The next marker after one that was typed; from the last one it stays."""
        after = self._active + (1 if forward else -1)
        self._active = min(max(after, 0), self._count() - 1)
        self._changed()

    def _move_to(self, axis: NomogramAxis, value: float) -> None:
        self._trial.put(axis, value)
        self._changed()

    def _axis_under(self, y: float) -> int | None:
        row = self._row_under(y)
        return row - 1 if row is not None and 0 < row <= self._count() else None

    def _marker_x(self, axis: NomogramAxis) -> float | None:
        value = self._trial.current(axis.term.name)
        if value is None or self._layout is None:
            return None
        return self._layout.value_x(axis, value)
