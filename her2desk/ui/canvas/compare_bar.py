"""The bar of a comparison: how far the enhanced picture is, how it is shown, and what it is worth."""

from enum import StrEnum

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.ui.canvas.comparison import Compared, CompareMode
from her2desk.ui.canvas.elided_label import ElidedLabel
from her2desk.ui.canvas.ground import paint_ground
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.segmented_control import SegmentedControl

PROGRESS_WIDTH = 96
STEPS = 1000


class Saved(StrEnum):
    """What of a comparison is saved as a picture."""

    AS_SHOWN = "as-shown"
    ENHANCED = "enhanced"


class CompareBar(QWidget):
    """Stands above the picture while a comparison is asked for.

    ``mode_chosen`` carries a ``CompareMode``, ``save_requested`` what to save (``Saved``).
    """

    mode_chosen = Signal(object)
    save_requested = Signal(object)
    end_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        modes = ((CompareMode.SPLIT, tr("Divide")), (CompareMode.LENS, tr("Lens")))
        self.mode = SegmentedControl(modes, tr("How to compare"), self)
        self.mode.set_value(CompareMode.SPLIT)
        self.words = ElidedLabel(self)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(PROGRESS_WIDTH)
        self.progress.setRange(0, STEPS)
        self.progress.setAccessibleName(tr("How far the enhanced picture is"))
        self.save_button = self._save_menu()
        self.end_button = QPushButton(tr("Close"), self)
        self.problem = QLabel(self)
        self.problem.setWordWrap(True)
        set_role(self.problem, "warning")
        self._lay_out()
        self.mode.value_changed.connect(self.mode_chosen)
        self.end_button.clicked.connect(self.end_requested)
        self.hide()

    def show_waiting(self) -> None:
        """Say that the film has to stand still first."""
        self._show(tr("The comparison waits until the film stands still."))

    def show_progress(self, fraction: float | None, words: str) -> None:
        """Say how far the enhanced picture is; None where that is not known yet."""
        if fraction is not None:
            self.progress.setValue(round(STEPS * fraction))
        self.progress.setRange(0, 0 if fraction is None else STEPS)
        self._show(words, is_busy=True)

    def show_compared(self, compared: Compared) -> None:
        """Say what is shown, and whether it gives the image back."""
        self._show(compared.consistency(), is_shown=True)

    def show_problem(self, error: Her2DeskError) -> None:
        """Say why there is no enhanced picture of this frame."""
        self._show("", problem=str(error))

    def text(self) -> str:
        """What the bar says."""
        return self.words.text() or self.problem.text()

    def stops(self) -> list[QWidget]:
        """What the Tab key stops at, from the left."""
        return [*self.mode.buttons(), self.save_button, self.end_button]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground."""
        paint_ground(self)

    def _show(
        self, words: str, *, is_busy: bool = False, is_shown: bool = False, problem: str = ""
    ) -> None:
        self.words.set_words(words)
        self.problem.setText(problem)
        self.words.setVisible(not problem)
        self.problem.setVisible(bool(problem))
        self.progress.setVisible(is_busy)
        self.mode.setVisible(is_shown)
        self.save_button.setVisible(is_shown)
        self.end_button.setText(tr("Cancel") if is_busy else tr("Close"))
        self.end_button.setToolTip(
            tr("Do not enhance this frame") if is_busy else tr("Show the original alone")
        )
        self.show()

    def _save_menu(self) -> QPushButton:
        button = QPushButton(tr("Save picture…"), self)
        button.setToolTip(
            tr("Save it as PNG, without patient data; words within the image itself stay in it")
        )
        menu = QMenu(button)
        for saved, words in (
            (Saved.AS_SHOWN, tr("The comparison as it is shown…")),
            (Saved.ENHANCED, tr("The whole enhanced frame…")),
        ):
            action = QAction(words, menu)
            action.triggered.connect(lambda _=False, what=saved: self.save_requested.emit(what))
            menu.addAction(action)
        button.setMenu(menu)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * GRID, GRID, 3 * GRID, GRID + 1)
        row.setSpacing(2 * GRID)
        row.addWidget(self.mode)
        row.addWidget(self.words, 1)
        row.addWidget(self.problem, 1)
        row.addWidget(self.progress)
        row.addWidget(self.save_button)
        row.addWidget(self.end_button)
