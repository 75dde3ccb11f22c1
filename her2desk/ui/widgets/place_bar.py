"""Where a value stands on a scale: beside a shaded stretch of it, and a limit."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from her2desk.ui.theme import Palette, colours

_HEIGHT = 18
_MARGIN = 7
_QUIET = 0.6  # opacity of a stretch without a tone of its own: less than the dot
_REACH = 1.25  # of the larger figure, so that neither stands at the very end


@dataclass(frozen=True)
class Place:
    """A value on a scale from ``lower`` to ``upper``; ``stretch`` is shaded, ``tick`` a limit."""

    lower: float
    upper: float
    value: float | None
    stretch: tuple[float, float] | None = None
    tick: float | None = None


def against_limit(value: float | None, limit: float, is_high: bool) -> Place:
    """``value`` on a scale from 0, with all at or above ``limit`` shaded (below, if not high)."""
    upper = max(limit, limit if value is None else value, 0.0) * _REACH or 1.0
    return Place(0, upper, value, (limit, upper) if is_high else (0, limit), limit)


def among(value: float, lowest: float, highest: float) -> Place:
    """``value`` beside the shaded stretch in which all others lie."""
    ends = min(value, lowest), max(value, highest)
    room = (ends[1] - ends[0]) * 0.06 or 1.0
    return Place(ends[0] - room, ends[1] + room, value, (lowest, highest))


class PlaceBar(QWidget):
    """A line with a shaded stretch in the theme's colour ``tone``, a limit's tick and a dot.

    What it shows stands in words beside it: it has no accessible text of its own.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place: Place | None = None
        self._tone = "text_muted"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def place(self) -> Place | None:
        """What is shown."""
        return self._place

    def tone(self) -> str:
        """The stretch's colour, by its name in the theme."""
        return self._tone

    def set_place(self, place: Place | None, tone: str = "text_muted") -> None:
        """Show ``place``; None shows the empty line."""
        if (place, tone) != (self._place, self._tone):
            self._place, self._tone = place, tone
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, _HEIGHT)

    def x_of(self, value: float) -> float:
        """Horizontal position of a value, in the widget's pixels."""
        assert self._place is not None
        share = (value - self._place.lower) / (self._place.upper - self._place.lower)
        return _MARGIN + min(max(share, 0), 1) * (self.width() - 2 * _MARGIN)

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = _HEIGHT / 2
        painter.setPen(QPen(QColor(palette.border), 3, c=Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(_MARGIN, middle), QPointF(self.width() - _MARGIN, middle))
        if self._place is not None:
            self._paint_place(painter, palette, self._place)
        painter.end()

    def _paint_place(self, painter: QPainter, palette: Palette, place: Place) -> None:
        middle = _HEIGHT / 2
        if place.stretch is not None:
            tone = QColor(getattr(palette, self._tone))
            tone.setAlphaF(_QUIET if self._tone == "text_muted" else 1)
            painter.setPen(QPen(tone, 5, c=Qt.PenCapStyle.FlatCap))
            start, end = self.x_of(place.stretch[0]), self.x_of(place.stretch[1])
            if end - start < 2:
                start, end = start - 1, end + 1  # one and the same answer is still seen
            painter.drawLine(QPointF(start, middle), QPointF(end, middle))
        if place.tick is not None:
            x = self.x_of(place.tick)
            painter.setPen(QPen(QColor(palette.text), 2, c=Qt.PenCapStyle.FlatCap))
            painter.drawLine(QPointF(x, 1), QPointF(x, _HEIGHT - 1))
        if place.value is not None:
            painter.setPen(QPen(QColor(palette.surface), 2))
            painter.setBrush(QColor(palette.accent))
            painter.drawEllipse(QPointF(self.x_of(place.value), middle), 6, 6)
