"""How the analysis is getting on, and what to do when it did not."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import ElidedLabel, wrapped

_LINE_STEPS = 1000


class RunStrip(QWidget):
    """A thin progress line, the stage's name and Cancel; ``idle`` stands in the same place else.

    Its height never changes, so that a quick analysis does not make the panel jump.
    """

    cancel_requested = Signal()

    def __init__(self, idle: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QProgressBar()
        self.line.setRange(0, _LINE_STEPS)
        self.line.setTextVisible(False)
        self.line.setAccessibleName(tr("Progress of the analysis"))
        policy = self.line.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.line.setSizePolicy(policy)
        self.stage = ElidedLabel()
        set_role(self.stage, "muted")
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setToolTip(
            tr("Stop the analysis (Esc); the earlier result stays, marked stale.")
        )
        self.cancel.setShortcut("Esc")  # only while the button is in sight
        set_role(self.cancel, "link")
        self._running = QWidget()
        row = QHBoxLayout(self._running)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID * 2)
        row.addWidget(self.stage, 1)
        row.addWidget(self.cancel)
        self._stack = QStackedLayout()
        self._stack.addWidget(idle)
        self._stack.addWidget(self._running)
        self._idle = idle
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(self._stack)
        column.addWidget(self.line)
        self.cancel.clicked.connect(self.cancel_requested)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_running(False)

    def set_running(self, is_running: bool) -> None:
        """Show progress, or what stands here while nothing runs."""
        self.line.setVisible(is_running)
        self._stack.setCurrentWidget(self._running if is_running else self._idle)

    def is_running(self) -> bool:
        """Whether progress is in sight."""
        return self._stack.currentWidget() is self._running

    def show_stage(self, stage: str, fraction: float) -> None:
        """Show how far the analysis is (0–1) and at what."""
        self.line.setValue(round(min(max(fraction, 0), 1) * _LINE_STEPS))
        self.stage.set_full_text(stage)
        self.line.setAccessibleDescription(stage)


class ErrorNotice(QFrame):
    """What went wrong in one sentence, what to do in another, and a button to try again."""

    retry_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_role(self, "notice")
        self.message = wrapped(role="heading")
        self.remedy = wrapped()
        self.retry = QPushButton(tr("Try again"))
        self.retry.setToolTip(tr("Run the analysis once more (F5)."))
        self.retry.setShortcut("F5")
        text = QVBoxLayout()
        text.setSpacing(GRID)
        text.addWidget(self.message)
        text.addWidget(self.remedy)
        buttons = QHBoxLayout()
        buttons.addWidget(self.retry)
        buttons.addStretch()
        text.addLayout(buttons)
        mark = QVBoxLayout()
        mark.addWidget(Glyph("warning"))
        mark.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID * 3, GRID * 2, GRID * 3, GRID * 2)
        row.setSpacing(GRID * 2)
        row.addLayout(mark)
        row.addLayout(text, 1)
        self.retry.clicked.connect(self.retry_requested)

    def show_error(self, message: str, remedy: str) -> None:
        """Show what is wrong and what to do."""
        self.message.setText(message)
        self.remedy.setText(remedy)
        self.remedy.setVisible(bool(remedy))
        self.setAccessibleName(message)
        self.setAccessibleDescription(remedy)
        self.show()
