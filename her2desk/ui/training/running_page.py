"""The third step: how far the training is, what it says, and a way to stop it."""

from PySide6.QtCore import QElapsedTimer, QTimer, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.texts import tr
from her2desk.ui.theme import GRID, SIZE_SMALL, set_role
from her2desk.ui.training.documents import Step
from her2desk.ui.training.words import duration, rough_duration
from her2desk.ui.widgets.labels import wrapped

_STEPS = 1000
_MOST_LINES = 5000
_TICK_MS = 1000


class RunningPage(QWidget):
    """Idle, running, asking whether to stop, stopping, or stopped.

    ``view`` shows more of how it goes, between the bar and what it says.
    """

    stop_confirmed = Signal()
    resume_requested = Signal()

    def __init__(self, view: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._clock = QElapsedTimer()
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._show_time)
        self._eta_s: float | None = None
        self._eta_at_ms = 0
        self.stage = wrapped(role="title")
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the training"))
        self.percent = QLabel()
        self.time = QLabel()
        set_role(self.time, "muted")
        self.stop = QPushButton(tr("&Stop…"))
        self.stop.setToolTip(tr("Stop the training; it can be resumed"))
        self.confirm = QPushButton(tr("Stop training"))
        self.confirm.setToolTip(tr("End it now; what is finished is kept"))
        self.go_on = QPushButton(tr("&Go on training"))
        self.go_on.setToolTip(tr("Do not stop (Esc)"))
        self.go_on.setShortcut("Esc")
        self.resume = QPushButton(tr("&Resume"))
        self.resume.setToolTip(
            tr("Start the same training again; it goes on from what is finished")
        )
        set_role(self.resume, "primary")
        self.log = _log_view()
        self.copy = QPushButton(tr("&Copy log"))
        self.copy.setToolTip(tr("Copy everything the training said"))
        self._foot = QStackedWidget()
        self._arrange()
        self.stop.clicked.connect(self._ask)
        self.go_on.clicked.connect(self._do_not_stop)
        self.confirm.clicked.connect(self._confirm)
        self.resume.clicked.connect(self.resume_requested)
        self.copy.clicked.connect(self._copy)

    def begin(self) -> None:
        """A training has been started."""
        self.log.clear()
        self.bar.setValue(0)
        self.percent.clear()
        self._eta_s = None
        self.stage.setText(tr("Starting"))
        self._clock.start()
        self._tick.start()
        self._show_time()
        self._foot.setCurrentWidget(self._running)

    def show_step(self, step: Step) -> None:
        """How far it is."""
        self.bar.setValue(round(_STEPS * step.fraction))
        self.percent.setText(percent(step.fraction))
        if step.text:
            self.stage.setText(step.text)
        self.bar.setAccessibleDescription(f"{self.percent.text()} {self.stage.text()}")
        self._eta_s, self._eta_at_ms = step.eta_s, self._clock.elapsed()
        self._show_time()

    def add_log(self, words: str) -> None:
        """What it said since."""
        self.log.appendPlainText(words)

    def show_stopped(self) -> None:
        """It has ended because it was asked to."""
        self.end(tr("Stopped"))
        self._foot.setCurrentWidget(self._stopped)
        self.resume.setFocus()

    def end(self, words: str) -> None:
        """It has ended; ``words`` say how."""
        self._tick.stop()
        self._eta_s = None
        self._show_time()
        self.stage.setText(words)
        self._foot.setCurrentWidget(self._idle)

    def _ask(self) -> None:
        self._foot.setCurrentWidget(self._asking)
        self.go_on.setFocus()

    def _do_not_stop(self) -> None:
        self._foot.setCurrentWidget(self._running)
        self.stop.setFocus()

    def _confirm(self) -> None:
        self.stage.setText(tr("Stopping; what is finished is being kept"))
        self._foot.setCurrentWidget(self._idle)
        self.stop_confirmed.emit()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.log.toPlainText())

    def _show_time(self) -> None:
        elapsed_ms = self._clock.elapsed() if self._clock.isValid() else 0
        parts = [tr("{time} so far").format(time=duration(elapsed_ms / 1000))]
        if self._eta_s is not None:
            left = max(self._eta_s - (elapsed_ms - self._eta_at_ms) / 1000, 0)
            parts.append(tr("{time} left").format(time=rough_duration(left)))
        elif self._tick.isActive():
            parts.append(tr("time left not known yet"))
        self.time.setText(" · ".join(parts))

    def _arrange(self) -> None:
        self._running = _foot_of(
            tr("This window may be closed: training goes on as long as Her2Desk is open."),
            [self.stop],
        )
        self._asking = _foot_of(
            tr(
                "Stop training? What is being worked out now is lost; what is finished is kept, and "
                "the same training can be resumed."
            ),
            [self.go_on, self.confirm],
            is_question=True,
        )
        self._stopped = _foot_of(
            tr("What is finished is kept; the same training goes on from there."), [self.resume]
        )
        self._idle = _foot_of("", [])  # as high as the others, so that the log stays as it is
        for foot in (self._idle, self._running, self._asking, self._stopped):
            self._foot.addWidget(foot)
        line = QHBoxLayout()
        line.setSpacing(3 * GRID)
        line.addWidget(self.percent)
        line.addWidget(self.time)
        line.addStretch(1)
        head = QHBoxLayout()
        title = QLabel(tr("What it says"))
        set_role(title, "heading")
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.stage)
        column.addWidget(self.bar)
        column.addLayout(line)
        column.addSpacing(2 * GRID)
        if self._view is not None:
            column.addWidget(self._view, 2)
            column.addSpacing(2 * GRID)
        column.addLayout(head)
        column.addWidget(self.log, 1)
        column.addWidget(self._foot)


def percent(fraction: float) -> str:
    """A share as whole per cent, 100 only when all is done."""
    return tr("{n} %").format(n=int(100 * fraction)).replace(" %", "\u00a0%")


def _log_view() -> QPlainTextEdit:
    view = QPlainTextEdit()
    view.setReadOnly(True)
    view.setMaximumBlockCount(_MOST_LINES)
    view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    view.setTabChangesFocus(True)
    view.setAccessibleName(tr("Log of the training"))
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(SIZE_SMALL)
    view.setFont(font)
    return view


def _foot_of(words: str, buttons: list[QPushButton], is_question: bool = False) -> QFrame:
    foot = QFrame()
    if is_question:
        set_role(foot, "notice")
    row = QHBoxLayout(foot)
    side = 3 * GRID if is_question else 0
    row.setContentsMargins(side, GRID * 2, side, GRID * 2)
    row.setSpacing(2 * GRID)
    row.addWidget(wrapped(words, "" if is_question else "muted"), 1)
    for button in buttons:
        row.addWidget(button)
    return foot
