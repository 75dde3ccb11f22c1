"""The ground of the bars above and below the picture."""

from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from her2desk.ui.theme import colours


def paint_ground(widget: QWidget, is_below: bool = False) -> None:
    """Fill a bar above or below the picture, with a rule along the edge towards it."""
    palette, painter = colours(), QPainter(widget)
    painter.fillRect(widget.rect(), QColor(palette.surface))
    y = 0 if is_below else widget.height() - 1
    painter.fillRect(0, y, widget.width(), 1, QColor(palette.border))
    painter.end()
