"""A flat button with one of our icons; it asks the theme for its colours when it paints."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolButton, QWidget

from her2desk.ui.canvas.icons import SIZE, icon_image
from her2desk.ui.theme import colours

FADED = 0.5  # opacity of what cannot be used now, 2.5 : 1 at least in both themes
SIDE = 32
_TIP = "tip"  # what the action does, without its key


class IconButton(QToolButton):
    """Triggers its action; tooltip and accessible name are the action's."""

    def __init__(self, action: QAction, icon_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self.setDefaultAction(action)
        self.setFixedSize(SIDE, SIDE)
        # Tab reaches it; a click leaves the keyboard with the picture.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(action.text())
        self._describe()
        action.changed.connect(self._describe)  # its key may be another

    def _describe(self) -> None:
        self.setAccessibleDescription(self.defaultAction().toolTip())

    def set_icon_name(self, name: str) -> None:
        """Show another icon."""
        self._icon_name = name
        self.update()

    def sizeHint(self) -> QSize:
        """Square."""
        return QSize(SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint background, icon and focus ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = colours()
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        fill = self._fill()
        if fill is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(fill))
            painter.drawRoundedRect(box, 5, 5)
        is_lit = self.isChecked() and self.isEnabled()
        ink = palette.on_accent if is_lit else palette.text
        image = icon_image(self._icon_name, ink, SIZE, self.devicePixelRatioF())
        painter.setOpacity(1.0 if self.isEnabled() else FADED)
        painter.drawImage(QPointF((self.width() - SIZE) / 2, (self.height() - SIZE) / 2), image)
        painter.setOpacity(1.0)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(palette.focus), 2))
            painter.drawRoundedRect(box, 5, 5)
        painter.end()

    def _fill(self) -> str | None:
        palette = colours()
        if not self.isEnabled():
            return None
        if self.isChecked():
            return palette.accent
        if self.isDown():
            return palette.border
        return palette.surface_raised if self.underMouse() else None


def described(action: QAction, text: str, tip: str, *shortcuts: str) -> QAction:
    """``action`` with its name, its shortcuts, and a tooltip that says what it does and the key."""
    action.setText(text)
    action.setShortcuts([QKeySequence(keys) for keys in shortcuts])
    action.setProperty(_TIP, tip)
    tell_key(action)
    return action


def tell_key(action: QAction) -> None:
    """Have the tooltip of a ``described`` action name its present key."""
    tip = action.property(_TIP)
    if tip is not None:
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(with_key(tip, key))


def with_key(words: str, key: str) -> str:
    """Words for a tooltip, and the key that does the same where there is one."""
    return f"{words} ({key})" if key else words
