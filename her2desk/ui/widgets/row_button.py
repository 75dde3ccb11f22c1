"""A row of words and figures that is pressed as a whole."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from her2desk.ui.theme import GRID, colours


class RowButton(QAbstractButton):
    """A card with a layout of its own; the mouse, Space and Enter press it.

    One that leads nowhere takes the keyboard all the same, so that it can be read.
    """

    MARGIN = GRID * 2

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.set_leads(False)

    def leads(self) -> bool:
        """Whether pressing it does something."""
        return self._leads

    def set_leads(self, leads: bool) -> None:
        """Say whether pressing it does something."""
        self._leads = leads
        shape = Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it too, as Space does on any button."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_hot = self._leads and (self.underMouse() or self.isDown())
        if self.hasFocus():
            painter.setPen(QPen(QColor(palette.focus), 2))
        else:
            painter.setPen(QPen(QColor(palette.accent if is_hot else palette.border), 1))
        painter.setBrush(QColor(palette.surface_raised if is_hot else palette.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()
