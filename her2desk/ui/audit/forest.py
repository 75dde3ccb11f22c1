"""Figures here beside what was promised, as intervals on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import GRID, colours

_ROW = 11 * GRID
_HEAD = 7 * GRID
_LABEL = 53 * GRID
_WORDS = 72 * GRID
_LEAST_PLOT = 40 * GRID
_LINE = 17
_MARK = 5
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class ForestRow:
    """A figure (value, lower, upper) here and as promised, each 0–1, with its words."""

    label: str
    here: Triple
    here_words: str
    promised: Triple | None
    promised_words: str
    is_worse: bool


class Forest(QWidget):
    """A row a figure: a dot with its interval here, a hollow diamond below it as promised."""

    accessible_role = QAccessible.Role.Chart

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ForestRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Figures here and as promised"))

    def rows(self) -> tuple[ForestRow, ...]:
        """What is shown."""
        return self._rows

    def set_rows(self, rows: Sequence[ForestRow]) -> None:
        """Show these."""
        self._rows = tuple(rows)
        said = tr("{label}: here {here}; promised {promised}")
        self.setAccessibleDescription(
            "\n".join(
                said.format(label=r.label, here=r.here_words, promised=r.promised_words)
                + (" " + tr("Worse here.") if r.is_worse else "")
                for r in self._rows
            )
        )
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_LABEL + _WORDS + 2 * _LEAST_PLOT, _HEAD + _ROW * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(_LABEL + _WORDS + _LEAST_PLOT, _HEAD + _ROW * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_scale(painter)
        for place, row in enumerate(self._rows):
            self._paint_row(painter, _HEAD + place * _ROW, row)
        painter.end()

    def _x(self, value: float) -> float:
        left = _LABEL + _MARK
        right = self.width() - _WORDS - 7 * GRID
        return left + min(max(value, 0.0), 1.0) * (right - left)

    def _paint_scale(self, painter: QPainter) -> None:
        palette = colours()
        bottom = _HEAD + _ROW * len(self._rows)
        for tick in _TICKS:
            x = self._x(tick)
            painter.setPen(QPen(QColor(palette.border), 1))
            painter.drawLine(QPointF(x, _HEAD - 4), QPointF(x, bottom))
            painter.setPen(QColor(palette.text_muted))
            box = QRectF(x - 30, 0, 60, _HEAD - 6)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{tick:.2f}")
        key = QRectF(self.width() - _WORDS, 0, _WORDS, _HEAD - 6)
        painter.drawText(key, Qt.AlignmentFlag.AlignVCenter, tr("●  here     ◇  as promised"))

    def _paint_row(self, painter: QPainter, top: float, row: ForestRow) -> None:
        palette = colours()
        middle = top + _ROW / 2
        text, muted = QColor(palette.text), QColor(palette.text_muted)
        tone = QColor(palette.warning if row.is_worse else palette.accent)
        painter.setPen(text)
        label = QRectF(0, top, _LABEL - 2 * GRID, _ROW)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(label, left, self._fitted(row.label, label.width()))
        upper, lower = middle - 7, middle + 7
        painter.setPen(QPen(tone, 2))
        painter.drawLine(QPointF(self._x(row.here[1]), upper), QPointF(self._x(row.here[2]), upper))
        painter.setBrush(tone)
        at = QPointF(self._x(row.here[0]), upper)
        if row.is_worse:
            painter.drawRect(QRectF(at.x() - _MARK, at.y() - _MARK, 2 * _MARK, 2 * _MARK))
        else:
            painter.drawEllipse(at, _MARK - 1, _MARK - 1)
        if row.promised is not None:
            painter.setPen(QPen(muted, 1.5))
            ends = (QPointF(self._x(v), lower) for v in row.promised[1:])
            painter.drawLine(*ends)
            painter.setBrush(QColor(palette.window))
            painter.drawPolygon(_diamond(QPointF(self._x(row.promised[0]), lower)))
        words = QRectF(self.width() - _WORDS, middle - _LINE, _WORDS, _LINE)
        painter.setPen(tone if row.is_worse else text)
        here = tr("{figure} – worse").format(figure=row.here_words)
        painter.drawText(
            words, left, self._fitted(here if row.is_worse else row.here_words, _WORDS)
        )
        painter.setPen(muted)
        words.moveTop(middle)
        painter.drawText(words, left, self._fitted(row.promised_words, _WORDS))

    def _fitted(self, text: str, width: float) -> str:
        metrics = QFontMetrics(self.font())
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(width))


def _diamond(at: QPointF) -> QPolygonF:
    return QPolygonF(
        [
            at + QPointF(0, -_MARK),
            at + QPointF(_MARK, 0),
            at + QPointF(0, _MARK),
            at - QPointF(_MARK, 0),
        ]
    )
