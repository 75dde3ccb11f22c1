"""Inputs that leave the mouse wheel to the panel they stand in."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QValidator, QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QWidget

from her2desk.ui.theme import GRID, colours


class QuietComboBox(QComboBox):
    """A chooser that scrolling past does not change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("chevron", True)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A style sheet without image files has no arrow of its own: paint one."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tone = colours().text_muted if self.isEnabled() else colours().border
        painter.setPen(QPen(QColor(tone), 1.6))
        x, y = self.width() - 16, self.height() / 2 - 2
        painter.drawPolyline([QPointF(x, y), QPointF(x + 4, y + 4), QPointF(x + 8, y)])
        painter.end()


class QuietDoubleSpinBox(QDoubleSpinBox):
    """A number that scrolling past does not change; it reports when editing is finished."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)
        self.lineEdit().setTextMargins(GRID, 0, 0, 0)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Nothing with a comma in it, as what is pasted may have: Qt would read "1,234" as 1234."""
        if "," in text:
            return QValidator.State.Invalid, text, position
        found: tuple[QValidator.State, str, int] = super().validate(text, position)
        return found

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A comma is the decimal point: left out, "2,5" would become 25."""
        if event.text() == "," and self.decimals():
            self.lineEdit().insert(self.locale().decimalPoint())
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
