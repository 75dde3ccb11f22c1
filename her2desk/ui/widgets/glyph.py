"""Small shapes that carry a meaning beside their colour."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from her2desk.ui.theme import colours

_SIZE = 16
_TONES = {
    "positive": "positive",
    "negative": "negative",
    "indeterminate": "text",
    "grave": "warning",
    "warning": "warning",
    "note": "text_muted",
    "calm": "text_muted",
    "band": "text_muted",
    "done": "text_muted",
    "none": "text_muted",
}


class Glyph(QWidget):
    """One 16-px shape for each kind.

    Filled square: positive. Ring: negative. Half-filled diamond: indeterminate. Triangle with a
    bar: warning, filled where it is grave. Ring with an i: note. Dash: calm. Thick line: band. Tick:
    done.
    """

    def __init__(self, kind: str = "none", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self._is_stale = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def kind(self) -> str:
        """Which shape is shown."""
        return self._kind

    def set_kind(self, kind: str) -> None:
        """Show another shape."""
        self._kind = kind
        self.update()

    def set_stale(self, is_stale: bool) -> None:
        """Paint without colour."""
        self._is_stale = is_stale
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_SIZE, _SIZE)

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        tone = QColor(
            palette.text_muted if self._is_stale else getattr(palette, _TONES[self._kind])
        )
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tone, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        box = QRectF(2, 2, _SIZE - 4, _SIZE - 4)
        if self._kind == "positive":
            painter.fillRect(box, tone)
        elif self._kind == "negative":
            painter.drawEllipse(box)
        elif self._kind == "indeterminate":
            _paint_diamond(painter, tone)
        elif self._kind == "warning":
            _paint_warning(painter, tone, tone, Qt.BrushStyle.NoBrush)
        elif self._kind == "grave":
            _paint_warning(painter, tone, QColor(palette.surface), Qt.BrushStyle.SolidPattern)
        elif self._kind == "note":
            _paint_note(painter, tone)
        elif self._kind == "calm":
            painter.drawLine(QPointF(4, _SIZE / 2), QPointF(_SIZE - 4, _SIZE / 2))
        elif self._kind == "done":
            painter.drawPolyline(QPolygonF([QPointF(3, 8.5), QPointF(6.5, 12), QPointF(13, 4)]))
        elif self._kind == "band":
            painter.setPen(QPen(tone, 3, c=Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(2, _SIZE / 2), QPointF(_SIZE - 2, _SIZE / 2))
        painter.end()


def _paint_diamond(painter: QPainter, tone: QColor) -> None:
    middle, far = _SIZE / 2, _SIZE - 1
    top, right = QPointF(middle, 1), QPointF(far, middle)
    bottom, left = QPointF(middle, far), QPointF(1, middle)
    painter.drawPolygon(QPolygonF([top, right, bottom, left]))
    painter.setBrush(tone)
    painter.drawPolygon(QPolygonF([top, bottom, left]))


def _paint_warning(painter: QPainter, tone: QColor, bar: QColor, brush: Qt.BrushStyle) -> None:
    middle = _SIZE / 2
    painter.setPen(QPen(tone, 1.5, j=Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(QBrush(tone, brush))
    painter.drawPolygon(QPolygonF([QPointF(middle, 2), QPointF(15, 14), QPointF(1, 14)]))
    painter.setPen(QPen(bar, 1.6))
    painter.drawLine(QPointF(middle, 6), QPointF(middle, 9.5))
    painter.drawPoint(QPointF(middle, 11.8))


def _paint_note(painter: QPainter, tone: QColor) -> None:
    middle = _SIZE / 2
    painter.setPen(QPen(tone, 1.4))
    painter.drawEllipse(QPointF(middle, middle), 6, 6)
    painter.setPen(QPen(tone, 1.6))
    painter.drawPoint(QPointF(middle, middle - 3))
    painter.drawLine(QPointF(middle, middle - 0.5), QPointF(middle, middle + 3))
