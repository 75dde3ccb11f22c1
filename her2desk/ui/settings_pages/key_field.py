"""A field that takes the key that is pressed in it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QKeySequenceEdit, QWidget


class KeyField(QKeySequenceEdit):
    """One key; Tab and Shift+Tab lead on and back, as everywhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaximumSequenceLength(1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Shift+Tab goes back: Qt would take it for the key that is wanted."""
        if event.key() == Qt.Key.Key_Backtab:
            self._go_back()
        else:
            super().keyPressEvent(event)

    def _go_back(self) -> None:
        """To the nearest stop before this field, past the field's own line."""
        before = self.previousInFocusChain()
        while before is not None and before is not self and not self._can_stop_at(before):
            before = before.previousInFocusChain()
        if before is not None:
            before.setFocus(Qt.FocusReason.BacktabFocusReason)

    def _can_stop_at(self, widget: QWidget) -> bool:
        return (
            not self.isAncestorOf(widget)
            and bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
            and widget.isEnabled()
            and widget.isVisibleTo(self.window())
            and widget.focusProxy() is None
        )
