"""How fast a film plays: the file's own rate, or a usual one, times a speed to choose."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import set_role

USUAL_RATE = 15.0  # frames per second, for files that do not say
FASTEST_RATE = 240.0  # a frame time of a millisecond or less is no frame time
SPEEDS = (0.5, 1.0, 2.0)


class SpeedControl(QWidget):
    """A button that goes through the speeds, and the rate that results."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rate, self._is_rate_known = USUAL_RATE, False
        self._speed = 1.0
        self._is_narrow = False
        self.button = QToolButton(self)
        self.label = QLabel(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.button)
        layout.addWidget(self.label)
        self.button.setProperty("role", "flat")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_role(self.label, "muted")
        self.button.clicked.connect(self._next)
        self._say()

    @property
    def frames_per_s(self) -> float:
        """How many frames a second playing shows, or would show."""
        return self._rate * self._speed

    def set_frame_time(self, frame_time_ms: float | None) -> None:
        """Take a file's frame time, and normal speed; None where the file does not say."""
        rate = None if frame_time_ms is None else 1000 / frame_time_ms
        self._is_rate_known = rate is not None and rate <= FASTEST_RATE
        self._rate = rate if rate is not None and self._is_rate_known else USUAL_RATE
        self._set_speed(1.0)

    def set_narrow(self, is_narrow: bool) -> None:
        """Say less, where there is little room."""
        self._is_narrow = is_narrow
        self._say()

    def _next(self) -> None:
        self._set_speed(SPEEDS[(SPEEDS.index(self._speed) + 1) % len(SPEEDS)])

    def _set_speed(self, speed: float) -> None:
        self._speed = speed
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        if self._is_rate_known:
            words = tr("{rate:.3g} frames a second; the file’s own rate is {own:.3g}")
        else:
            words = tr("{rate:.3g} frames a second; the file gives no rate, {own:.3g} is usual")
        told = words.format(rate=self.frames_per_s, own=self._rate)
        self.button.setText(tr("×{speed:g}").format(speed=self._speed))
        self.button.setAccessibleName(tr("Speed ×{speed:g}").format(speed=self._speed))
        self.button.setAccessibleDescription(told)
        self.button.setToolTip(told)
        rate = tr("{rate:.3g}/s").format(rate=self.frames_per_s)
        is_enough = self._is_rate_known or self._is_narrow
        self.label.setText(rate if is_enough else tr("{rate}, not in the file").format(rate=rate))
