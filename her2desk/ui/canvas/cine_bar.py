"""Frames: a slider with marks, single steps, a number to type, and play at the file's own rate."""

import math
import time
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QWidget

from her2desk.texts import tr
from her2desk.ui.canvas.film import Film
from her2desk.ui.canvas.frame_slider import FrameSlider, Marks
from her2desk.ui.canvas.ground import paint_ground
from her2desk.ui.canvas.icon_button import IconButton, described
from her2desk.ui.canvas.speed_control import SpeedControl
from her2desk.ui.theme import set_role

WHEEL_STEP = 120  # what one notch of a wheel turns by
PATIENCE_S = 1.0  # a frame that takes longer no longer holds up the next request
NARROW = 700  # below this width, first and last are left to Home and End


class FrameField(QSpinBox):
    """The frame's number, from 1, to read and to type; the wheel is left to the bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setKeyboardTracking(False)  # while typing "120", frames 1 and 12 are not meant
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedHeight(28)
        self.setAccessibleName(tr("Frame number"))
        self.setToolTip(tr("Type a frame’s number and press Enter"))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the bar."""
        event.ignore()


class CineBar(QWidget):
    """Chooses the frame; ``frame_selected`` carries its index, from 0. Hidden for single frames.

    The owner says ``frame_arrived`` when the frame is on screen; until then the next is not asked
    for, so that what is on screen keeps up with the hand, however long decoding takes.
    """

    frame_selected = Signal(int)
    key_frame_toggled = Signal()

    def __init__(
        self, parent: QWidget | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._film: Film | None = None
        self._asked_at: float | None = None
        self._is_behind = False
        self._turned = 0
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._make_actions()
        self.slider = FrameSlider(self)
        self.field = FrameField(self)
        self.speed = SpeedControl(self)
        self._count = QLabel(self)
        self._lay_out()
        self._connect()
        self.set_frames(1)

    @property
    def is_playing(self) -> bool:
        return self._film is not None

    @property
    def frame_index(self) -> int:
        return self.slider.value()

    def set_frames(self, count: int, frame_time_ms: float | None = None) -> None:
        """Offer ``count`` frames, one every ``frame_time_ms`` when played; back to the first."""
        self.pause()
        self._asked_at, self._is_behind, self._turned = None, False, 0
        for control, first in ((self.slider, 0), (self.field, 1)):
            control.blockSignals(True)
            control.setRange(first, max(first, count - 1 + first))
            control.setValue(first)
            control.blockSignals(False)
        self.slider.set_marks(Marks())
        self.field.setFixedWidth(self.fontMetrics().horizontalAdvance("0" * len(str(count))) + 28)
        self._count.setText(tr("/ {count}").format(count=count))
        self.speed.set_frame_time(frame_time_ms)
        self.setVisible(count > 1)
        for action in self.actions():
            action.setEnabled(count > 1)
        self._say()

    def set_frame(self, frame_index: int) -> None:
        """Show that this frame is the present one, without asking for it."""
        is_elsewhere = frame_index != self.slider.value()
        self._is_behind = False
        self.slider.blockSignals(True)
        self.slider.setValue(frame_index)
        self.slider.blockSignals(False)
        self.slider.update()
        if self._film is not None and is_elsewhere:
            self._roll(frame_index)
        self._say()

    def set_marks(
        self,
        outlined: tuple[int, ...] = (),
        answering: int | None = None,
        key_frames: tuple[int, ...] = (),
    ) -> None:
        """Mark the outlined frames, the one the estimate is made from, and the key frames."""
        self.slider.set_marks(Marks(outlined, answering, key_frames))
        self._say()

    def go_to(self, frame_index: int) -> None:
        """Ask for a frame, from 0, as a hand on the slider does; playing stops."""
        self.pause()
        self.slider.setValue(frame_index)

    def frame_arrived(self) -> None:
        """Say that the frame asked for is on screen, so that the next may be asked for."""
        self._asked_at = None
        if self._is_behind:
            self._ask()
        if self._film is not None:
            self._wait_for_next(self._film)

    def pause(self) -> None:
        """Stop playing."""
        self.play_action.setChecked(False)

    def stops(self) -> list[QWidget]:
        """What the Tab key stops at, from the left."""
        return [*self._stops, self.speed.button]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space on the bar plays and pauses; on the picture it moves the image."""
        if event.key() == Qt.Key.Key_Space and self.play_action.isEnabled():
            self.play_action.toggle()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """One frame a notch: down and right are onward."""
        turned = event.angleDelta()
        self._turned -= turned.y() or turned.x()
        notches = int(self._turned / WHEEL_STEP)
        self._turned -= notches * WHEEL_STEP
        if notches:
            self.go_to(self.slider.value() + notches)
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground."""
        paint_ground(self, is_below=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the slider room where there is little."""
        is_wide = self.width() >= NARROW
        for button in self._spared:
            button.setVisible(is_wide)
        self.speed.set_narrow(not is_wide)

    def _make_actions(self) -> None:
        def action(text: str, tip: str, *keys: str) -> QAction:
            return described(QAction(self), text, tip, *keys)

        self.first_action = action(tr("First frame"), tr("First frame (Home)"))
        self.previous_action = action(tr("Previous frame"), tr("Previous frame (←)"))
        self.play_action = action(
            tr("Play"), tr("Play or pause; Space does too on the slider"), "C"
        )
        self.next_action = action(tr("Next frame"), tr("Next frame (→)"))
        self.last_action = action(tr("Last frame"), tr("Last frame (End)"))
        self.previous_mark_action = action(
            tr("Previous marked frame"),
            tr("Back to the last frame that is outlined or a key frame"),
            *("Ctrl+Left", ","),
        )
        self.next_mark_action = action(
            tr("Next marked frame"),
            tr("On to the next frame that is outlined or a key frame"),
            *("Ctrl+Right", "."),
        )
        self.key_frame_action = action(tr("Key frame"), tr("Keep this frame as a key frame (K)"))
        self.bounce_action = action(
            tr("Back and forth"), tr("Play back and forth instead of starting over")
        )
        for checkable in (self.play_action, self.key_frame_action, self.bounce_action):
            checkable.setCheckable(True)
        self.play_action.setObjectName("play")
        self.previous_mark_action.setObjectName("previous_marked_frame")
        self.next_mark_action.setObjectName("next_marked_frame")
        self.addActions([self.play_action, self.previous_mark_action, self.next_mark_action])

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.setSpacing(2)
        self._play_button = IconButton(self.play_action, "play", self)
        first = IconButton(self.first_action, "first", self)
        last = IconButton(self.last_action, "last", self)
        self._spared = (first, last)
        before = (
            first,
            IconButton(self.previous_action, "previous", self),
            self._play_button,
            IconButton(self.next_action, "next", self),
            last,
        )
        after = tuple(
            IconButton(action, icon, self)
            for action, icon in (
                (self.previous_mark_action, "mark-previous"),
                (self.key_frame_action, "key-frame"),
                (self.next_mark_action, "mark-next"),
                (self.bounce_action, "bounce"),
            )
        )
        self._stops = (*before, self.slider, self.field, *after)
        for widget in before:
            layout.addWidget(widget)
        layout.addWidget(self.slider, 1)
        layout.addSpacing(4)
        layout.addWidget(self.field)
        layout.addWidget(self._count)
        layout.addSpacing(4)
        for widget in after:
            layout.addWidget(widget)
        layout.addWidget(self.speed)
        set_role(self._count, "small")

    def _connect(self) -> None:
        self.timer.timeout.connect(self._play_on)
        self.slider.valueChanged.connect(self._choose)
        self.slider.sliderPressed.connect(self.pause)
        self.field.valueChanged.connect(lambda number: self.go_to(number - 1))
        self.first_action.triggered.connect(lambda: self.go_to(0))
        self.previous_action.triggered.connect(lambda: self.go_to(self.frame_index - 1))
        self.next_action.triggered.connect(lambda: self.go_to(self.frame_index + 1))
        self.last_action.triggered.connect(lambda: self.go_to(self.slider.maximum()))
        self.previous_mark_action.triggered.connect(self._to_previous_mark)
        self.next_mark_action.triggered.connect(self._to_next_mark)
        self.key_frame_action.triggered.connect(self._toggle_key_frame)
        self.play_action.toggled.connect(self._play)
        self.bounce_action.toggled.connect(self._change_film)
        self.speed.changed.connect(self._change_film)

    def _to_previous_mark(self) -> None:
        before = [frame for frame in self.slider.marks().all() if frame < self.frame_index]
        if before:
            self.go_to(before[-1])

    def _to_next_mark(self) -> None:
        after = [frame for frame in self.slider.marks().all() if frame > self.frame_index]
        if after:
            self.go_to(after[0])

    def _toggle_key_frame(self) -> None:
        self._say()  # whether it is one, the owner decides, by set_marks
        self.key_frame_toggled.emit()

    def _play(self, is_on: bool) -> None:
        self._play_button.set_icon_name("pause" if is_on else "play")
        if is_on:
            self._roll(self.frame_index)
        else:
            self._film = None
            self.timer.stop()

    def _change_film(self) -> None:
        """Go on from where the film is, at another speed or turning elsewhere."""
        if self._film is not None:
            self._roll(self._film.position_at(self._clock()))

    def _roll(self, position: int) -> None:
        self._film = Film(
            self.slider.maximum() + 1,
            self.speed.frames_per_s,
            self.bounce_action.isChecked(),
            position,
            self._clock(),
        )
        self._wait_for_next(self._film)

    def _play_on(self) -> None:
        film = self._film
        if film is None:
            return
        self.slider.setValue(film.frame_at(self._clock()))
        self._wait_for_next(film)

    def _wait_for_next(self, film: Film) -> None:
        now = self._clock()
        if self._is_waiting(now):
            wait_s = PATIENCE_S  # unless the frame arrives before
        elif film.frame_at(now) != self.slider.value():
            wait_s = 0.0
        else:
            wait_s = film.due_in(now)
        self.timer.start(max(0, math.ceil(1000 * wait_s)))

    def _choose(self, frame_index: int) -> None:
        film = self._film
        if film is not None and frame_index != film.frame_at(self._clock()):
            self.pause()  # by keys on the slider
        self._say()
        if self._is_waiting(self._clock()):
            self._is_behind = True
        else:
            self._ask()

    def _is_waiting(self, now: float) -> bool:
        return self._asked_at is not None and now - self._asked_at < PATIENCE_S

    def _ask(self) -> None:
        self._asked_at, self._is_behind = self._clock(), False
        self.frame_selected.emit(self.slider.value())

    def _say(self) -> None:
        at, count, marks = self.frame_index, self.slider.maximum() + 1, self.slider.marks()
        self.field.blockSignals(True)
        self.field.setValue(at + 1)
        self.field.blockSignals(False)
        for action in (self.first_action, self.previous_action):
            action.setEnabled(at > 0)
        for action in (self.next_action, self.last_action):
            action.setEnabled(at < count - 1)
        marked = marks.all()
        self.previous_mark_action.setEnabled(bool(marked) and marked[0] < at)
        self.next_mark_action.setEnabled(bool(marked) and marked[-1] > at)
        self.key_frame_action.setChecked(at in marks.key_frames)
        here = tr("frame {number} / {count}").format(number=at + 1, count=count)
        words = marks.words()
        self.slider.setAccessibleDescription(f"{here}; {words}" if words else here)
        self.slider.setToolTip(words or here)
