"""A value as a bar from an origin, on a scale with stated ends."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from her2desk.ui.theme import colours

_HEIGHT = 12
_BAR = 6


class ShareBar(QWidget):
    """A thin bar from ``origin`` to the value; a value beyond the scale ends in a chevron."""

    def __init__(
        self, lower: float, upper: float, origin: float, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._lower, self._upper, self._origin = lower, upper, origin
        self._value: float | None = None
        self._tone = "accent"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_value(self, value: float | None, tone: str = "accent") -> None:
        """Show ``value`` in the theme's colour ``tone``; None shows the empty scale."""
        self._value, self._tone = value, tone
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, _HEIGHT)

    def _x(self, value: float) -> float:
        share = (value - self._lower) / (self._upper - self._lower)
        return min(max(share, 0), 1) * (self.width() - 2) + 1

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top = (_HEIGHT - _BAR) / 2
        painter.setBrush(QColor(palette.surface_raised))
        painter.drawRoundedRect(QRectF(0, top, self.width(), _BAR), 3, 3)
        start = self._x(self._origin)
        if self._value is not None:
            end = self._x(self._value)
            painter.setBrush(QColor(getattr(palette, self._tone)))
            painter.drawRoundedRect(QRectF(min(start, end), top, abs(end - start), _BAR), 3, 3)
            if not self._lower <= self._value <= self._upper:
                self._paint_chevron(painter, end, QColor(palette.text))
        painter.setPen(QPen(QColor(palette.text_muted), 1))
        painter.drawLine(int(start), 0, int(start), _HEIGHT)
        painter.end()

    def _paint_chevron(self, painter: QPainter, end: float, tone: QColor) -> None:
        painter.setPen(QPen(tone, 2))
        inward = -4 if end > self.width() / 2 else 4
        tip = end - 1 if inward < 0 else end + 1
        painter.drawLine(int(tip + inward), 2, int(tip), _HEIGHT // 2)
        painter.drawLine(int(tip + inward), _HEIGHT - 2, int(tip), _HEIGHT // 2)
