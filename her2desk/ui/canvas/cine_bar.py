"""Frames: a slider with the ROI's frame marked, single steps, and play at the file's own rate."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from her2desk.texts import tr
from her2desk.ui.canvas.ground import paint_ground
from her2desk.ui.canvas.icon_button import IconButton, described
from her2desk.ui.theme import colours, set_role

USUAL_FRAME_TIME_MS = 50.0  # for files that do not say
_KNOB = 7.0


class FrameSlider(QSlider):
    """A slider over frames that jumps to where it is clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._mark: int | None = None
        self.setMinimumHeight(28)
        self.setPageStep(10)
        self.setAccessibleName(tr("Frame"))

    def set_mark(self, frame_index: int | None) -> None:
        """Mark the frame that carries the ROI."""
        self._mark = frame_index
        self.update()

    def mark(self) -> int | None:
        """The marked frame."""
        return self._mark

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

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint groove, mark and knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, middle = colours(), self.height() / 2
        at = self.position_of(self.sliderPosition())
        painter.setPen(Qt.PenStyle.NoPen)
        for right, colour in ((self.width() - _KNOB, palette.border), (at, palette.accent)):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(_KNOB, middle - 2, right - _KNOB, 4), 2, 2)
        if self._mark is not None:
            self._paint_mark(painter, self.position_of(self._mark))
        painter.setBrush(QColor(palette.text))
        painter.setPen(QPen(QColor(palette.focus if self.hasFocus() else palette.window), 2))
        painter.drawEllipse(QPointF(at, middle), _KNOB - 1, _KNOB - 1)
        painter.end()

    def _paint_mark(self, painter: QPainter, x: float) -> None:
        painter.setBrush(QColor(colours().roi))
        painter.setPen(QPen(QColor("#3a3500"), 1))
        painter.drawPolygon(QPolygonF([QPointF(x - 4.5, 1), QPointF(x + 4.5, 1), QPointF(x, 8)]))

    def _follow(self, event: QMouseEvent) -> None:
        share = (event.position().x() - _KNOB) / max(1.0, self.width() - 2 * _KNOB)
        share = min(max(share, 0.0), 1.0)
        self.setValue(self.minimum() + round(share * (self.maximum() - self.minimum())))


class CineBar(QWidget):
    """Chooses the frame; ``frame_selected`` carries its index, from 0. Hidden for single frames."""

    frame_selected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_waiting = False
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._play_on)
        self.previous_action = self._action(tr("Previous frame"), tr("Previous frame (←)"))
        self.next_action = self._action(tr("Next frame"), tr("Next frame (→)"))
        self.play_action = described(
            QAction(self), tr("Play"), tr("Play or pause at the file’s own rate"), "K"
        )
        self.play_action.setCheckable(True)
        self.slider = FrameSlider(self)
        self._label = QLabel(self)
        self._label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        set_role(self._label, "small")
        self._lay_out()
        self.addAction(self.play_action)
        self.previous_action.triggered.connect(lambda: self._step(-1))
        self.next_action.triggered.connect(lambda: self._step(1))
        self.play_action.toggled.connect(self._play)
        self.slider.valueChanged.connect(self._choose)
        self.set_frames(1)

    @property
    def is_playing(self) -> bool:
        return self.timer.isActive()

    @property
    def frame_index(self) -> int:
        return self.slider.value()

    def set_frames(self, count: int, frame_time_ms: float | None = None) -> None:
        """Offer ``count`` frames, to be played one every ``frame_time_ms``; back to the first."""
        self.pause()
        self._is_waiting = False
        self.timer.setInterval(max(10, round(frame_time_ms or USUAL_FRAME_TIME_MS)))
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, count - 1))
        self.slider.setValue(0)
        self.slider.blockSignals(False)
        self.slider.set_mark(None)
        self.setVisible(count > 1)
        self.play_action.setEnabled(count > 1)
        self._label.setMinimumWidth(
            self._label.fontMetrics().horizontalAdvance(_count(count, count))
        )
        self._say()

    def set_frame(self, frame_index: int) -> None:
        """Show that this frame is the present one, without asking for it."""
        self.slider.blockSignals(True)
        self.slider.setValue(frame_index)
        self.slider.blockSignals(False)
        self.slider.update()
        self._say()

    def set_mark(self, frame_index: int | None) -> None:
        """Mark the frame that carries the ROI."""
        self.slider.set_mark(frame_index)
        self._say()

    def frame_arrived(self) -> None:
        """Say that the frame asked for is on screen, so that playing may ask for the next."""
        self._is_waiting = False

    def pause(self) -> None:
        """Stop playing."""
        self.play_action.setChecked(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground."""
        paint_ground(self, is_below=True)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 12, 2)
        layout.setSpacing(4)
        self._play_button = IconButton(self.play_action, "play", self)
        layout.addWidget(IconButton(self.previous_action, "previous", self))
        layout.addWidget(self._play_button)
        layout.addWidget(IconButton(self.next_action, "next", self))
        layout.addWidget(self.slider, 1)
        layout.addSpacing(4)
        layout.addWidget(self._label)

    def _action(self, text: str, tip: str) -> QAction:
        return described(QAction(self), text, tip)

    def _step(self, by: int) -> None:
        self.pause()
        self.slider.setValue(self.slider.value() + by)

    def _play(self, is_on: bool) -> None:
        self._play_button.set_icon_name("pause" if is_on else "play")
        if is_on:
            self.timer.start()
        else:
            self.timer.stop()

    def _play_on(self) -> None:
        if self._is_waiting:
            return  # a frame that takes long to decode slows the film; none is asked for in vain
        at, last = self.slider.value(), self.slider.maximum()
        self.slider.setValue(0 if at >= last else at + 1)

    def _choose(self, frame_index: int) -> None:
        self._is_waiting = True
        self._say()
        self.frame_selected.emit(frame_index)

    def _say(self) -> None:
        at, count = self.slider.value(), self.slider.maximum() + 1
        self._label.setText(_count(at + 1, count))
        self.previous_action.setEnabled(at > 0)
        self.next_action.setEnabled(at < count - 1)
        mark = self.slider.mark()
        where = "" if mark is None else " " + tr("ROI on frame {n}").format(n=mark + 1)
        self.slider.setAccessibleDescription(_count(at + 1, count) + where)
        self.slider.setToolTip(where.strip() or _count(at + 1, count))


def _count(number: int, count: int) -> str:
    return tr("frame {number} / {count}").format(number=number, count=count)
