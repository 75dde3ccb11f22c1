"""How near the generator is to the true pictures while it learns, beside what interpolation reaches."""

from collections.abc import Iterable
from math import ceil, floor

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.accessible import tell_value
from her2desk.ui.theme import GRID, colours, set_role
from her2desk.ui.training.enhancer_documents import ADVERSARIAL, LANCZOS, CurvePoint
from her2desk.ui.widgets.labels import wrapped

_LEFT, _TOP, _BOTTOM = 13 * GRID, 5 * GRID, 10 * GRID
_NAMES = 44 * GRID
_LINE_HEIGHT = 5 * GRID
_DOT = 2.5
_LEAST_SPAN_DB = 0.5


class CurveView(QWidget):
    """The chart with its heading, and the latest point in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel(tr("PSNR on held-out patients"))
        set_role(title, "heading")
        self.chart = CurveChart()
        self.words = wrapped(role="muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(title)
        column.addWidget(self.chart, 1)
        column.addWidget(self.words)
        self.begin()

    def begin(self) -> None:
        """Nothing was measured yet."""
        self.chart.set_points([])
        self.words.setText(tr("The first point comes before the first step."))

    def add_points(self, points: Iterable[CurvePoint]) -> None:
        """What was measured since; a point told again, as after a resume, replaces the one before."""
        self.chart.set_points([*self.chart.points(), *points])
        self.words.setText(self.chart.accessible_value())


class CurveChart(QWidget):
    """Steps from left to right, PSNR in dB upwards; told apart by line and by name."""

    accessible_role = QAccessible.Role.Chart

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: tuple[CurvePoint, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(100 * GRID, 36 * GRID)
        self.setAccessibleName(tr("PSNR on held-out patients"))

    def points(self) -> tuple[CurvePoint, ...]:
        """What is shown: Lanczos' point first, then the generator's in the order of their steps."""
        return self._points

    def set_points(self, points: Iterable[CurvePoint]) -> None:
        """Show these; of two at one step of one phase the later."""
        known = {(p.phase != LANCZOS, p.step): p for p in points}
        self._points = tuple(known[key] for key in sorted(known))
        words = self.accessible_value()
        self.setAccessibleDescription(words)
        tell_value(self, words)
        self.update()

    def accessible_value(self) -> str:
        """The latest point in words; empty where there is none."""
        own, lanczos = self._own(), self._lanczos()
        if not own:
            return ""
        last = own[-1]
        if lanczos is None:
            return tr("After {step:,} steps: generator {own:.2f} dB.").format(
                step=last.step, own=last.psnr_db
            )
        words = tr("After {step:,} steps: generator {own:.2f} dB, Lanczos {other:.2f} dB.")
        if last.phase == ADVERSARIAL:
            words = tr(
                "After {step:,} steps: generator {own:.2f} dB, Lanczos {other:.2f} dB. PSNR may fall "
                "now: it does not count the texture that is learnt too."
            )
        return words.format(step=last.step, own=last.psnr_db, other=lanczos)

    def sizeHint(self) -> QSize:
        return QSize(180 * GRID, 48 * GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axes(painter)
        if self._own():
            self._paint_scales(painter)
            self._paint_phases(painter)
            self._paint_lines(painter)
        painter.end()

    def _own(self) -> list[CurvePoint]:
        return [point for point in self._points if point.phase != LANCZOS]

    def _lanczos(self) -> float | None:
        return next((p.psnr_db for p in self._points if p.phase == LANCZOS), None)

    def _range(self) -> tuple[float, float]:
        values = [point.psnr_db for point in self._points]
        lowest, highest = min(values), max(values)
        pad = max(0.1 * (highest - lowest), (_LEAST_SPAN_DB - (highest - lowest)) / 2)
        return lowest - pad, highest + pad

    def _at(self, step: float, value: float) -> QPointF:
        lowest, highest = self._range()
        last = max(self._points[-1].step, 1)
        width = self.width() - _LEFT - _NAMES
        height = self.height() - _TOP - _BOTTOM
        share = (value - lowest) / (highest - lowest)
        return QPointF(_LEFT + width * step / last, _TOP + height * (1 - share))

    def _paint_axes(self, painter: QPainter) -> None:
        foot, right = self.height() - _BOTTOM, self.width() - _NAMES
        painter.setPen(QPen(QColor(colours().border), 1))
        painter.drawLine(QPointF(_LEFT, _TOP), QPointF(_LEFT, foot))
        painter.drawLine(QPointF(_LEFT, foot), QPointF(right, foot))
        painter.setPen(QColor(colours().text_muted))
        middle = QRectF(_LEFT, foot + _LINE_HEIGHT, right - _LEFT, _LINE_HEIGHT)
        painter.drawText(middle, Qt.AlignmentFlag.AlignCenter, tr("Steps of training"))

    def _paint_scales(self, painter: QPainter) -> None:
        foot = self.height() - _BOTTOM
        for value in _round_values(*self._range()):
            box = QRectF(0, self._at(0, value).y() - 8, _LEFT - 2 * GRID, 16)
            end = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, end, f"{value:g}")
        lowest = self._range()[0]
        for step in {0, self._points[-1].step}:
            box = QRectF(self._at(step, lowest).x() - 40, foot + 2, 80, _LINE_HEIGHT)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{step:,}")

    def _paint_phases(self, painter: QPainter) -> None:
        """Where the second phase began."""
        own = self._own()
        later = next((n for n, point in enumerate(own) if point.phase == ADVERSARIAL), 0)
        if not later:
            return
        x = self._at(own[later - 1].step, own[0].psnr_db).x()
        painter.setPen(QPen(QColor(colours().border), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, 0), QPointF(x, self.height() - _BOTTOM))
        painter.setPen(QColor(colours().text_muted))
        box = QRectF(x + GRID, 0, self.width() - x - GRID, _TOP)
        painter.drawText(box, Qt.AlignmentFlag.AlignTop, tr("adversarial"))

    def _paint_lines(self, painter: QPainter) -> None:
        own, lanczos = self._own(), self._lanczos()
        pen = QPen(QColor(colours().accent), 2)
        ends = [(own[-1].psnr_db, tr("Generator"), pen)]
        if lanczos is not None:
            dashed = QPen(QColor(colours().what_if), 2, Qt.PenStyle.DashLine)
            painter.setPen(dashed)
            painter.drawLine(self._at(0, lanczos), self._at(own[-1].step, lanczos))
            ends.append((lanczos, tr("Lanczos"), dashed))
        places = [self._at(point.step, point.psnr_db) for point in own]
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(places))
        painter.setBrush(pen.color())
        for place in places:
            painter.drawEllipse(place, _DOT, _DOT)
        self._paint_names(painter, ends)

    def _paint_names(self, painter: QPainter, ends: list[tuple[float, str, QPen]]) -> None:
        """Beside each line's end, the higher above the other, moved apart where they lie close."""
        y = 0.0
        for value, name, pen in sorted(ends, key=lambda end: -end[0]):
            y = max(self._at(0, value).y(), y)
            x = self.width() - _NAMES + 2 * GRID
            painter.setPen(pen)
            painter.drawLine(QPointF(x, y), QPointF(x + 5 * GRID, y))
            painter.setPen(QColor(colours().text))
            box = QRectF(x + 7 * GRID, y - 10, _NAMES - 9 * GRID, 20)
            said = tr("{name} {value:.2f} dB").format(name=name, value=value)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, said)
            y += _LINE_HEIGHT


def _round_values(lowest: float, highest: float) -> list[float]:
    """About four round numbers between the two."""
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 1e9) if (highest - lowest) / s <= 5)
    return [round(n * step, 6) for n in range(ceil(lowest / step), floor(highest / step) + 1)]
