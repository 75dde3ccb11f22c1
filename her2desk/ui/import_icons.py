"""What became of a file, as a shape that does not need its colour."""

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

from her2desk.ui.import_model import NOTICES
from her2desk.ui.import_rows import DUPLICATE, IMPORTED, REFUSED
from her2desk.ui.theme import Palette

SIZE = 16
RATIO = 2  # sharp on dense screens too


def status_icon(status: str, palette: Palette) -> QIcon:
    """Tick: imported; with a dot, with a notice. Two sheets: already here. Bar: skipped.

    Triangle with a bar: refused. On a selected row all are in the colour of its words.
    """
    icon = QIcon(_pixmap(status, palette))
    on_accent = replace(
        palette,
        negative=palette.on_accent,
        warning=palette.on_accent,
        text_muted=palette.on_accent,
    )
    icon.addPixmap(_pixmap(status, on_accent), QIcon.Mode.Selected)
    return icon


def _pixmap(status: str, palette: Palette) -> QPixmap:
    pixmap = QPixmap(SIZE * RATIO, SIZE * RATIO)
    pixmap.setDevicePixelRatio(RATIO)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if status in (IMPORTED, NOTICES):
        _tick(painter, QColor(palette.negative))
        if status == NOTICES:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.warning))
            painter.drawEllipse(QPointF(13, 3), 2.5, 2.5)
    elif status == DUPLICATE:
        _sheets(painter, QColor(palette.text_muted))
    elif status == REFUSED:
        _triangle(painter, QColor(palette.warning))
    else:
        painter.setPen(_pen(QColor(palette.text_muted), 2))
        painter.drawLine(QPointF(3.5, 8), QPointF(12.5, 8))
    painter.end()
    return pixmap


def _tick(painter: QPainter, colour: QColor) -> None:
    painter.setPen(_pen(colour, 2))
    painter.drawPolyline([QPointF(2.5, 8.5), QPointF(6.5, 12.5), QPointF(13.5, 4)])


def _sheets(painter: QPainter, colour: QColor) -> None:
    painter.setPen(_pen(colour, 1.5))
    painter.drawRect(QRectF(2.5, 5, 8, 8.5))
    painter.drawPolyline([QPointF(5.5, 2.5), QPointF(13.5, 2.5), QPointF(13.5, 11)])


def _triangle(painter: QPainter, colour: QColor) -> None:
    painter.setPen(_pen(colour, 1.5))
    painter.drawPolygon(QPolygonF([QPointF(8, 2), QPointF(15, 14), QPointF(1, 14)]))
    painter.drawLine(QPointF(8, 6), QPointF(8, 9.5))
    painter.drawPoint(QPointF(8, 11.8))


def _pen(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen
