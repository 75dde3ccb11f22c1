"""The window in which images become an enhancer."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtWidgets import QWidget

from her2desk.texts import tr
from her2desk.ui.help.pages import set_page
from her2desk.ui.training.curve_view import CurveView
from her2desk.ui.training.enhancer_choices import EnhancerChoices
from her2desk.ui.training.enhancer_command import ENHANCER
from her2desk.ui.training.enhancer_result_page import EnhancerResultPage
from her2desk.ui.training.images_page import ImagesPage
from her2desk.ui.training.running_page import RunningPage
from her2desk.ui.training.step_rail import RailStep
from her2desk.ui.training.training_process import TrainingProcess
from her2desk.ui.training.training_window import MEASURED
from her2desk.ui.training.work_window import WorkWindow


class EnhancerWindow(WorkWindow):
    """Images, choices, training, enhancer.

    Parameters
    ----------
    command : how the command line is started.
    state_file : where the window's place on the screen is kept.
    open_url : what opens folders.
    grace_ms : how long a child that was asked to stop may take before it is killed.
    """

    enhancer_chosen = Signal(Path)
    help_requested = Signal(str)
    result: EnhancerResultPage

    def __init__(
        self,
        command: Sequence[str],
        state_file: Path,
        open_url: Callable[[QUrl], object],
        grace_ms: int,
        parent: QWidget | None = None,
    ) -> None:
        process = TrainingProcess(command, grace_ms=grace_ms, errand=ENHANCER)
        super().__init__("enhancer", _steps(), process, state_file, parent)
        self.setWindowTitle(tr("Train an enhancer"))
        set_page(self, "researcher#training-an-enhancer")
        self.images = ImagesPage()
        self.choices = EnhancerChoices()
        self.curves = CurveView()
        self.result = EnhancerResultPage(self.background, open_url)
        self._take_pages(self.images, self.choices, RunningPage(self.curves), self.result)
        process.points_told.connect(self.curves.add_points)
        self.images.start.help_requested.connect(lambda: self.help_requested.emit(MEASURED))
        self.result.enhancer_chosen.connect(self.enhancer_chosen)
        self.images.start.choose.setFocus()

    def _start(self) -> None:
        """What is resumed keeps its curves; what is started has none."""
        self.curves.begin()
        super()._start()


def _steps() -> list[RailStep]:
    return [
        RailStep(tr("Images"), tr("What the enhancer learns from (Alt+1)"), "Alt+1"),
        RailStep(tr("Choices"), tr("How it learns (Alt+2)"), "Alt+2"),
        RailStep(tr("Training"), tr("How far it is (Alt+3)"), "Alt+3"),
        RailStep(tr("Result"), tr("What came of it (Alt+4)"), "Alt+4"),
    ]
