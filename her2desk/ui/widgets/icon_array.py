"""Patients as dots: so many of so many (natural frequencies, V15)."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from her2desk.texts import tr, trn
from her2desk.ui.theme import colours

MOST_DOTS = 100
_PER_ROW = 20
_STEP = 17.0
_DOT = 6.0  # largest radius
_FULL_TURN = 16 * 360  # Qt's unit of angles


class IconArray(QWidget):
    """Filled dots for HER-2 positive, rings for the rest; shape tells them apart.

    A dot is one patient. Above a hundred patients it is the fewest that keep the dots below that
    many; a dot shared by both kinds is filled by its share, and a last dot that stands for fewer
    patients is smaller in area.
    """

    accessible_role = QAccessible.Role.Chart

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = 0
        self._total = 0
        self._is_stale = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Icon array"))
        self.set_counts(0, 0)

    def set_counts(self, count: int, total: int) -> None:
        """Show ``count`` positives out of ``total``; the same again costs nothing."""
        if (count, total) == (self._count, self._total) and self.accessibleDescription():
            return
        self._count, self._total = count, total
        text = tr("{count} of {total} were HER-2 positive").format(count=count, total=total)
        self.setAccessibleDescription(text)
        self.setToolTip(f"{text}. {self.key()}")
        self.setFixedHeight(round(max(1, math.ceil(self.dots() / _PER_ROW)) * _STEP))
        self.update()

    def patients_per_dot(self) -> int:
        """For how many patients a dot stands."""
        return max(1, math.ceil(self._total / MOST_DOTS))

    def dots(self) -> int:
        """How many dots are painted."""
        return math.ceil(self._total / self.patients_per_dot())

    def key(self) -> str:
        """What dots and rings stand for."""
        shapes = tr("Filled: HER-2 positive. Ring: HER-2 negative.")
        each = self.patients_per_dot()
        if each == 1:
            return shapes
        scale = trn("Each dot is {n} patient.", "Each dot is {n} patients.", each)
        return f"{shapes} {scale}"

    def set_stale(self, is_stale: bool) -> None:
        """Paint without colour: what is shown belongs to earlier inputs."""
        self._is_stale = is_stale
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        step = min(self.width() / _PER_ROW, _STEP)
        muted = QColor(palette.text_muted)
        filled = muted if self._is_stale else QColor(palette.positive)
        ring = muted if self._is_stale else QColor(palette.negative)
        each = self.patients_per_dot()
        for index in range(self.dots()):
            row, column = divmod(index, _PER_ROW)
            centre = QPointF((column + 0.5) * step, (row + 0.5) * _STEP)
            here = min(each, self._total - index * each)
            positive = min(max(self._count - index * each, 0), here)
            radius = min(_DOT, step / 2 - 1) * math.sqrt(here / each)
            _paint_dot(painter, centre, radius, positive / here, filled, ring)
        painter.end()


def _paint_dot(
    painter: QPainter, centre: QPointF, radius: float, share: float, filled: QColor, ring: QColor
) -> None:
    """A dot of which ``share`` is HER-2 positive."""
    if share < 1:
        painter.setPen(QPen(ring, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, radius - 0.8, radius - 0.8)
    if share > 0:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(filled)
        box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
        painter.drawPie(box, _FULL_TURN // 4, round(share * _FULL_TURN))
