"""Whether every picture is enlarged before it is measured, and by what."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.training.request import NO_ENHANCEMENT
from her2desk.ui.jobs import Background
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.training.choice_widgets import Chooser
from her2desk.ui.training.dropped import dropped_path
from her2desk.ui.training.enhancer_file import EnhancerFile, is_enhancer
from her2desk.ui.training.words import CALIBRATED_PROFILE, enhancements
from her2desk.ui.widgets.labels import wrapped

_FROM_FILE = "file"


class EnhancementChoice(QWidget):
    """``value()`` is what the builder is asked for: a name that it knows, or the path of a file."""

    changed = Signal()
    help_requested = Signal()
    train_requested = Signal()

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._default: Path | None = None
        self.chooser = Chooser(enhancements(), tr("Enhancement"))
        self.file = EnhancerFile(background)
        self.resampled = wrapped(
            tr(
                "us-2d brings every picture to one pixel size again, which undoes most of it; "
                "us-2d-px measures the enlarged pixels."
            ),
            "muted",
        )
        self.measured = _link(
            tr("Off by default: see what was measured"), tr("Open the figures in the help")
        )
        self.train = _link(
            tr("Train an enhancer…"), tr("Train one on images of your own, in another window")
        )
        row = QHBoxLayout()
        row.setSpacing(4 * GRID)
        row.addWidget(self.measured)
        row.addWidget(self.train)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for widget in (self.chooser, self.file, self.resampled):
            column.addWidget(widget)
        column.addLayout(row)
        self.setFocusProxy(self.chooser)
        self.chooser.changed.connect(self._on_choice)
        self.file.changed.connect(self.changed)
        self.measured.clicked.connect(self.help_requested)
        self.train.clicked.connect(self.train_requested)
        self.set_profile(CALIBRATED_PROFILE)
        self.set_defaults()

    def set_default(self, enhancer: Path) -> None:
        """Choose this enhancer's file, now and whenever the choices are put back."""
        self._default = enhancer
        self.set_defaults()

    def set_defaults(self) -> None:
        """Put the choice back."""
        self.file.set_path(self._default)
        self.chooser.set_value(NO_ENHANCEMENT if self._default is None else _FROM_FILE)
        self._on_choice()

    def set_profile(self, profile: str) -> None:
        """Say what this profile makes of an enlarged picture."""
        self._is_resampled = profile == CALIBRATED_PROFILE
        self._show_note()

    def value(self) -> str:
        """The word or path that ``--enhance`` takes."""
        chosen = self.chooser.value()
        return self.file.path.text().strip() if chosen == _FROM_FILE else chosen

    def problem(self) -> str:
        """What is missing, in a sentence; empty where nothing is."""
        return self.file.problem() if self.chooser.value() == _FROM_FILE else ""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_path(event, is_enhancer) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_path(event, is_enhancer)
        if path is not None:
            event.acceptProposedAction()
            self.chooser.set_value(_FROM_FILE)
            self.file.set_path(path)

    def _on_choice(self) -> None:
        self.file.setVisible(self.chooser.value() == _FROM_FILE)
        self._show_note()
        self.changed.emit()

    def _show_note(self) -> None:
        is_enhanced = self.chooser.value() != NO_ENHANCEMENT
        self.resampled.setVisible(is_enhanced and self._is_resampled)


def _link(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    set_role(button, "link")
    return button
