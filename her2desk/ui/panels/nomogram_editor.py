"""A value typed at a nomogram's marker."""

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from her2desk.domain.nomogram import NomogramAxis
from her2desk.errors import InputRefused
from her2desk.texts import tr
from her2desk.ui.panels.nomogram_entry import parse_entry
from her2desk.ui.panels.nomogram_words import axis_label
from her2desk.ui.theme import set_role

_WIDTH = 96
_EDGE = 4
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_OWN_KEYS = (Qt.Key.Key_Escape, *_ENTER)
_STAYS_FOR = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)


class MarkerEditor(QLineEdit):
    """A small field over the canvas; what it refuses it says underneath.

    Enter takes the value and Tab goes on to the next marker with it, both only when the axis has it
    (``entered``, then ``went_on``). Escape, or a click elsewhere, leaves everything as it was
    (``left``).
    """

    entered = Signal(float)
    went_on = Signal(bool)
    left = Signal()

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._axis: NomogramAxis | None = None
        self.complaint = QLabel(canvas)
        self.complaint.setWordWrap(True)
        self.complaint.setTextFormat(Qt.TextFormat.PlainText)
        self.complaint.setMargin(_EDGE)
        set_role(self.complaint, "notice")
        self.textEdited.connect(self._quieten)
        self.hide()
        self.complaint.hide()

    def open_at(self, axis: NomogramAxis, marker: QPoint, text: str, is_begun: bool) -> None:
        """Appear at a marker with ``text`` in it; all of it chosen, unless it is what was typed."""
        self._axis = axis
        self.setAccessibleName(tr("Value of {label}").format(label=axis_label(axis.term)))
        self._quieten()
        self.setText(text)
        if not is_begun:
            self.selectAll()
        self.place(marker)
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def is_open(self) -> bool:
        """Whether something is being typed."""
        return self._axis is not None

    def place(self, marker: QPoint) -> None:
        """Stand over a marker, inside the canvas."""
        height = self.sizeHint().height()
        room = self._canvas.width()
        x = min(max(marker.x() - _WIDTH // 2, _EDGE), max(room - _WIDTH - _EDGE, _EDGE))
        self.setGeometry(QRect(x, marker.y() - height // 2, _WIDTH, height))
        self._place_complaint()

    def put_away(self) -> None:
        """Disappear; the focus goes back to the canvas where it was here."""
        if self._axis is None:
            return
        self._axis = None
        had_focus = self.hasFocus()
        self.hide()
        self.complaint.hide()
        if had_focus:
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Keep Escape and Enter from window-wide shortcuts."""
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and event.key() in _OWN_KEYS:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._give_up()
        elif event.key() in _ENTER:
            self._take()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        if self._take():
            self.went_on.emit(forward)
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in _STAYS_FOR:
            self._give_up()

    def _take(self) -> bool:
        if self._axis is None:
            return False
        try:
            value = parse_entry(self._axis, self.text())
        except InputRefused as refusal:
            self._complain(refusal.message.text())
            return False
        self.put_away()
        self.entered.emit(value)
        return True

    def _give_up(self) -> None:
        if self._axis is not None:
            self.put_away()
            self.left.emit()

    def _complain(self, text: str) -> None:
        self._mark(is_invalid=True)
        self.setAccessibleDescription(text)
        self.complaint.setText(text)
        self._place_complaint()
        self.complaint.show()
        self.complaint.raise_()

    def _place_complaint(self) -> None:
        """Under the field, or above it where the canvas ends."""
        canvas, label = self._canvas, self.complaint
        wished = label.fontMetrics().horizontalAdvance(label.text()) + 6 * _EDGE
        width = min(wished, canvas.width() - 2 * _EDGE)
        height = label.heightForWidth(width)
        x = max(min(self.x(), canvas.width() - width - _EDGE), _EDGE)
        y = self.geometry().bottom() + _EDGE
        if y + height > canvas.height():
            y = self.y() - height - _EDGE
        label.setGeometry(QRect(x, y, width, height))

    def _quieten(self) -> None:
        self._mark(is_invalid=False)
        self.setAccessibleDescription("")
        self.complaint.hide()

    def _mark(self, is_invalid: bool) -> None:
        self.setProperty("invalid", "true" if is_invalid else "false")
        self.style().unpolish(self)
        self.style().polish(self)
