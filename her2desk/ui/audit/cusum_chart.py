"""The CUSUM charts in one picture: each in units of its own limit, told apart by line and by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import GRID, colours

_LEFT, _TOP, _BOTTOM = 12 * GRID, 4 * GRID, 9 * GRID
_NAMES = 56 * GRID
_LINE_HEIGHT = 5 * GRID
_STYLES = (
    ("accent", Qt.PenStyle.SolidLine),
    ("what_if", Qt.PenStyle.DashLine),
    ("text", Qt.PenStyle.DotLine),
)
_HEADROOM = 1.25
_DIAMOND = 6


@dataclass(frozen=True)
class Line:
    """A chart's values in units of its limit, and the first beyond it (from 0) or None."""

    name: str
    values: tuple[float, ...]
    signal: int | None


class CusumChart(QWidget):
    """Results from left to right; the limit of all charts is the line at 1."""

    accessible_role = QAccessible.Role.Chart

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[Line, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120 * GRID, 60 * GRID)
        self.setAccessibleName(tr("CUSUM charts"))

    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def set_lines(self, lines: Sequence[Line], description: str) -> None:
        """Show these; ``description`` says the same in words."""
        self._lines = tuple(lines)
        self.setAccessibleDescription(description)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(220 * GRID, 90 * GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._lines:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self.rect())
        self._paint_axes(painter)
        for line, (tone, style) in zip(self._lines, _STYLES, strict=False):
            self._paint_line(painter, line, QPen(QColor(getattr(colours(), tone)), 2, style))
        self._paint_names(painter)
        painter.end()

    @property
    def _top_value(self) -> float:
        return _HEADROOM * max(1.0, *(max(line.values) for line in self._lines))

    def _at(self, index: float, value: float) -> QPointF:
        count = max(len(self._lines[0].values), 1)
        width = self.width() - _LEFT - _NAMES
        height = self.height() - _TOP - _BOTTOM
        return QPointF(_LEFT + width * index / count, _TOP + height * (1 - value / self._top_value))

    def _paint_axes(self, painter: QPainter) -> None:
        palette = colours()
        count = len(self._lines[0].values)
        painter.setPen(QPen(QColor(palette.border), 1))
        painter.drawLine(self._at(0, 0), self._at(count, 0))
        painter.drawLine(self._at(0, 0), self._at(0, self._top_value))
        painter.setPen(QPen(QColor(palette.warning), 1.5, Qt.PenStyle.DashDotLine))
        painter.drawLine(self._at(0, 1), self._at(count, 1))
        painter.setPen(QColor(palette.warning))
        at = self._at(0, 1)
        corner = QRectF(_LEFT + GRID, at.y() - _LINE_HEIGHT, 60 * GRID, _LINE_HEIGHT)
        painter.drawText(corner, Qt.AlignmentFlag.AlignVCenter, tr("limit"))
        painter.setPen(QColor(palette.text_muted))
        for value in (0, 1):
            box = QRectF(0, self._at(0, value).y() - 8, _LEFT - 2 * GRID, 16)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, right, str(value))
        for index in _ticks(count):
            x = self._at(index, 0)
            painter.drawLine(x, x + QPointF(0, GRID))
            box = QRectF(x.x() - 30, x.y() + GRID, 60, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(index))
        middle = self._at(count / 2, 0)
        box = QRectF(middle.x() - 200, self.height() - _LINE_HEIGHT, 400, _LINE_HEIGHT)
        text = tr("Results, in the order in which they came")
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_line(self, painter: QPainter, line: Line, pen: QPen) -> None:
        points = [self._at(0, 0), *(self._at(i + 1, v) for i, v in enumerate(line.values))]
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        if line.signal is not None:
            at = points[line.signal + 1]
            corners = ((0, -1), (1, 0), (0, 1), (-1, 0))
            painter.setPen(QPen(QColor(colours().window), 1))
            painter.setBrush(pen.color())
            painter.drawPolygon(
                QPolygonF([at + QPointF(_DIAMOND * x, _DIAMOND * y) for x, y in corners])
            )

    def _paint_names(self, painter: QPainter) -> None:
        """Beside each line's end, moved apart where ends lie close."""
        ends = sorted(
            (self._at(len(line.values), line.values[-1]).y(), place)
            for place, line in enumerate(self._lines)
        )
        lowest = self.height() - _BOTTOM - _LINE_HEIGHT * (len(ends) - 1)
        y = 0.0
        for step, (wanted, place) in enumerate(ends):
            y = min(max(wanted, y), lowest + step * _LINE_HEIGHT)
            tone, style = _STYLES[place]
            x = self.width() - _NAMES + 2 * GRID
            painter.setPen(QPen(QColor(getattr(colours(), tone)), 2, style))
            painter.drawLine(QPointF(x, y), QPointF(x + 6 * GRID, y))
            painter.setPen(QColor(colours().text))
            box = QRectF(x + 8 * GRID, y - 10, _NAMES - 10 * GRID, 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._lines[place].name)
            y += _LINE_HEIGHT


def _ticks(count: int) -> range:
    """About six round numbers from 0 to ``count``."""
    step = next(s for s in (5, 10, 20, 50, 100, 200, 500, 1000, 10_000) if count / s <= 8)
    return range(0, count + 1, step)
