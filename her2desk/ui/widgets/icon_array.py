"""Patients as dots: so many of so many."""

import math

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import colours

_PER_ROW = 20
_ROW_HEIGHT = 18
_DOT = 6.0  # largest radius


class IconArray(QWidget):
    """``count`` filled dots (HER-2 positive), the rest hollow rings; shape tells them apart."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = 0
        self._total = 0
        self._is_stale = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_counts(0, 0)

    def set_counts(self, count: int, total: int) -> None:
        """Show ``count`` positives out of ``total``."""
        self._count, self._total = count, total
        text = tr("{count} of {total} were HER-2 positive").format(count=count, total=total)
        self.setAccessibleName(tr("Icon array"))
        self.setAccessibleDescription(text)
        self.setToolTip(tr("Filled: HER-2 positive. Ring: HER-2 negative."))
        self.setFixedHeight(max(1, math.ceil(total / _PER_ROW)) * _ROW_HEIGHT)
        self.update()

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
        step = min(self.width() / _PER_ROW, 2 * _DOT + 6)
        radius = min(_DOT, step / 2 - 1)
        muted = QColor(palette.text_muted)
        filled = muted if self._is_stale else QColor(palette.positive)
        ring = muted if self._is_stale else QColor(palette.negative)
        for index in range(self._total):
            row, column = divmod(index, _PER_ROW)
            centre = QPointF((column + 0.5) * step, (row + 0.5) * _ROW_HEIGHT)
            if index < self._count:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(filled)
                painter.drawEllipse(centre, radius, radius)
            else:
                painter.setPen(QPen(ring, 1.6))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(centre, radius - 0.8, radius - 0.8)
        painter.end()
