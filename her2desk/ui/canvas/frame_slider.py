"""A slider over frames, with marks where something is drawn or kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QSlider, QWidget

from her2desk.texts import listed, listed_apart, tr
from her2desk.ui.theme import colours

_KNOB = 7.0
_LISTED = 12  # frames that a tooltip names
_MARK_EDGE = "#3a3500"  # the outline's yellow is pale on a light ground


@dataclass(frozen=True)
class Marks:
    """Frames of note: outlined ones, the one the estimate is made from, key frames; from 0."""

    outlined: tuple[int, ...] = ()
    answering: int | None = None
    key_frames: tuple[int, ...] = ()

    def all(self) -> list[int]:
        """Every marked frame once, in order."""
        answering = () if self.answering is None else (self.answering,)
        return sorted({*self.outlined, *answering, *self.key_frames})

    def words(self) -> str:
        """The marks in words; empty without any. Frames count from 1."""
        parts = []
        if self.answering is not None:
            parts.append(tr("estimate from frame {n}").format(n=self.answering + 1))
        others = [frame for frame in self.outlined if frame != self.answering]
        if others:
            parts.append(tr("also outlined: {frames}").format(frames=_listed(others)))
        if self.key_frames:
            parts.append(tr("key frames: {frames}").format(frames=_listed(self.key_frames)))
        return str(listed_apart(parts))


class FrameSlider(QSlider):
    """A slider that jumps to where it is clicked.

    A triangle marks the frame of the estimate, dots the other outlined ones, both above; squares
    below mark key frames.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._marks = Marks()
        self.setMinimumHeight(28)
        self.setPageStep(10)
        self.setAccessibleName(tr("Frame"))

    def set_marks(self, marks: Marks) -> None:
        """Show these marks and no others."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def marks(self) -> Marks:
        """The marks shown."""
        return self._marks

    def minimumSizeHint(self) -> QSize:
        """Enough to aim at."""
        return QSize(80, 28)

    def position_of(self, frame_index: int) -> float:
        """Where a frame lies on the slider, in its own pixels."""
        span = max(1, self.maximum() - self.minimum())
        return _KNOB + (self.width() - 2 * _KNOB) * (frame_index - self.minimum()) / span

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the frame under the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub."""
        if self.isSliderDown():
            self._follow(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Stop scrubbing."""
        self.setSliderDown(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the bar, which turns single frames."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint groove, marks and knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, middle = colours(), self.height() / 2
        at = self.position_of(self.sliderPosition())
        painter.setPen(Qt.PenStyle.NoPen)
        for right, colour in ((self.width() - _KNOB, palette.border), (at, palette.accent)):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(_KNOB, middle - 2, right - _KNOB, 4), 2, 2)
        self._paint_marks(painter)
        painter.setBrush(QColor(palette.text))
        painter.setPen(QPen(QColor(palette.focus if self.hasFocus() else palette.window), 2))
        painter.drawEllipse(QPointF(at, middle), _KNOB - 1, _KNOB - 1)
        painter.end()

    def _paint_marks(self, painter: QPainter) -> None:
        marks, palette = self._marks, colours()
        painter.setPen(QPen(QColor(palette.window), 1))
        painter.setBrush(QColor(palette.text))
        for frame in marks.key_frames:
            x = self.position_of(frame)
            painter.drawRect(QRectF(x - 3, self.height() - 7.5, 6, 6))
        painter.setPen(QPen(QColor(_MARK_EDGE), 1))
        painter.setBrush(QColor(palette.roi))
        for frame in marks.outlined:
            if frame != marks.answering:
                painter.drawEllipse(QPointF(self.position_of(frame), 4.5), 2.75, 2.75)
        if marks.answering is not None:
            x = self.position_of(marks.answering)
            corners = [QPointF(x - 5.5, 0.5), QPointF(x + 5.5, 0.5), QPointF(x, 8.5)]
            painter.drawPolygon(QPolygonF(corners))

    def _follow(self, event: QMouseEvent) -> None:
        share = (event.position().x() - _KNOB) / max(1.0, self.width() - 2 * _KNOB)
        share = min(max(share, 0.0), 1.0)
        self.setValue(self.minimum() + round(share * (self.maximum() - self.minimum())))


def _listed(frames: Sequence[int]) -> str:
    shown = str(listed(str(frame + 1) for frame in frames[:_LISTED]))
    return shown if len(frames) <= _LISTED else tr("{frames} and more").format(frames=shown)
