"""Patients as small marks, the wrong calls among them filled."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from her2desk.ui.theme import colours

_STEP = 9
_ROW = 10
_MOST_ROWS = 4  # more patients than these hold are drawn as a bar


class Tally(QWidget):
    """``count`` filled squares and rings for the rest of ``total``; a bar where they are too many.

    The figures stand in words beside it: it has no accessible text of its own.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = self._total = self._most = 0
        self._tone = "text_muted"
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)

    def set_counts(self, count: int, total: int, tone: str, most: int) -> None:
        """Show ``count`` of ``total`` in the theme's colour ``tone``, in the form that ``most`` take.

        Two tallies that are to be compared have the same ``most``.
        """
        self._count, self._total, self._tone, self._most = count, total, tone, most
        self._fit()
        self.update()

    def counts(self) -> tuple[int, int]:
        """What is shown."""
        return self._count, self._total

    def is_bar(self) -> bool:
        """Whether there are too many patients to draw each."""
        return self._most > self._per_row() * _MOST_ROWS

    def sizeHint(self) -> QSize:
        return QSize(160, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(90, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tone = QColor(getattr(palette, self._tone))
        if self.is_bar():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.border))
            painter.drawRoundedRect(QRectF(0, 2, self.width(), _ROW - 4), 3, 3)
            painter.setBrush(tone)
            share = self._count / self._total if self._total else 0
            painter.drawRect(QRectF(0, 2, self.width() * share, _ROW - 4))
        else:
            self._paint_marks(painter, tone, QColor(palette.text_muted))
        painter.end()

    def _paint_marks(self, painter: QPainter, tone: QColor, muted: QColor) -> None:
        for index in range(self._total):
            row, column = divmod(index, self._per_row())
            centre = QPointF((column + 0.5) * _STEP, (row + 0.5) * _ROW)
            if index < self._count:
                painter.fillRect(QRectF(centre.x() - 3, centre.y() - 3, 6, 6), tone)
            else:
                painter.setPen(QPen(muted, 1))
                painter.drawEllipse(centre, 2.5, 2.5)

    def _per_row(self) -> int:
        return max(1, self.width() // _STEP)

    def _fit(self) -> None:
        rows = 1 if self.is_bar() else max(1, math.ceil(self._total / self._per_row()))
        self.setFixedHeight(rows * _ROW + 2)
