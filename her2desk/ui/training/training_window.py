"""The window in which a cohort becomes a model pack."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from her2desk.texts import tr
from her2desk.ui.training.choices_page import ChoicesPage
from her2desk.ui.training.cohort_page import CohortPage
from her2desk.ui.training.result_page import ResultPage
from her2desk.ui.training.running_page import RunningPage
from her2desk.ui.training.step_rail import RailStep
from her2desk.ui.training.training_process import TrainingProcess
from her2desk.ui.training.work_window import CHOICES, SOURCE, WorkWindow

MEASURED = "validation#enhancement"  # where the help says whether enhancement helps


class TrainingWindow(WorkWindow):
    """Cohort, choices, training, pack.

    Parameters
    ----------
    command : how the command line is started.
    state_file : where the window's place on the screen is kept.
    open_url : what opens reports and folders.
    grace_ms : how long a child that was asked to stop may take before it is killed.
    """

    pack_chosen = Signal(Path)
    help_requested = Signal(str)
    enhancer_requested = Signal()
    choices: ChoicesPage
    result: ResultPage

    def __init__(
        self,
        command: Sequence[str],
        state_file: Path,
        open_url: Callable[[QUrl], object],
        grace_ms: int,
        parent: QWidget | None = None,
    ) -> None:
        process = TrainingProcess(command, grace_ms=grace_ms)
        super().__init__("training", _steps(), process, state_file, parent)
        self.setWindowTitle(tr("Train a model pack"))
        self.cohort = CohortPage(open_url)
        self.choices = ChoicesPage(self.background)
        self.result = ResultPage(self.background, open_url)
        self.enhancer = QPushButton(tr("Train an enhancer…"))
        self.enhancer.setToolTip(tr("Train what enlarges pictures, on images of your own"))
        self.rail.add_link(self.enhancer)
        self._take_pages(self.cohort, self.choices, RunningPage(), self.result)
        self.enhancer.clicked.connect(self.enhancer_requested)
        enhancement = self.choices.enhancement
        enhancement.help_requested.connect(lambda: self.help_requested.emit(MEASURED))
        enhancement.train_requested.connect(self.enhancer_requested)
        self.result.pack_chosen.connect(self.pack_chosen)
        self.cohort.start.choose.setFocus()

    def use_enhancer(self, path: Path) -> None:
        """Build the next pack with this enhancer: the choice, or the cohort that comes before it."""
        self.choices.enhancement.set_default(path)
        usable = self._check is not None and self._check.is_usable
        self.go_to(CHOICES if usable else SOURCE)


def _steps() -> list[RailStep]:
    return [
        RailStep(tr("Cohort"), tr("Whom the pack learns from (Alt+1)"), "Alt+1"),
        RailStep(tr("Choices"), tr("What is built (Alt+2)"), "Alt+2"),
        RailStep(tr("Training"), tr("How far it is (Alt+3)"), "Alt+3"),
        RailStep(tr("Result"), tr("What came of it (Alt+4)"), "Alt+4"),
    ]
