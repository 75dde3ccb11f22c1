"""The training window: four steps in a row, and the child process that does the work."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.texts import tr, trn
from her2desk.training.request import TrainRequest
from her2desk.ui.help.pages import set_page
from her2desk.ui.jobs import Background
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.training.choices_page import ChoicesPage
from her2desk.ui.training.cohort_page import CohortPage
from her2desk.ui.training.documents import CohortCheck, Step, TrainedPack
from her2desk.ui.training.result_page import ResultPage
from her2desk.ui.training.running_page import RunningPage, percent
from her2desk.ui.training.step_rail import RailStep, StepRail
from her2desk.ui.training.training_process import TrainingProcess
from her2desk.ui.widgets.labels import wrapped

COHORT, CHOICES, RUNNING, RESULT = range(4)
_GEOMETRY = "training/geometry"
_FIRST_SIZE = (1040, 680)


class TrainingWindow(QWidget):
    """Non-modal; closed while it trains, it is only put away.

    Parameters
    ----------
    command : how the command line is started.
    state_file : where the window's place on the screen is kept.
    open_url : what opens reports and folders.
    grace_ms : how long a child that was asked to stop may take before it is killed.
    """

    pack_chosen = Signal(Path)
    state_told = Signal(str)

    def __init__(
        self,
        command: Sequence[str],
        state_file: Path,
        open_url: Callable[[QUrl], object],
        grace_ms: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Train a model pack"))
        set_page(self, "researcher")
        self._kept = QSettings(str(state_file), QSettings.Format.IniFormat)
        self._check: CohortCheck | None = None
        self._request: TrainRequest | None = None
        self._is_result_known = False
        self._has_pack = False
        self.process = TrainingProcess(command, self, grace_ms)
        self.background = Background(self)
        self.cohort = CohortPage(open_url)
        self.choices = ChoicesPage()
        self.running = RunningPage()
        self.result = ResultPage(self.background, open_url)
        self.rail = StepRail(_steps(), tr("Steps"))
        self._pages = QStackedWidget()
        self.note = wrapped(role="warning")
        self.back = QPushButton(tr("&Back"))
        self.back.setToolTip(tr("To the step before"))
        self.forward = QPushButton(tr("Co&ntinue"))
        set_role(self.forward, "primary")
        self._arrange()
        self._connect()
        self._restore()
        self.go_to(COHORT)
        self.cohort.start.choose.setFocus()

    @property
    def step(self) -> int:
        """Which step is shown."""
        return self._pages.currentIndex()

    @property
    def is_training(self) -> bool:
        """Whether the child is at work on a pack."""
        return self.process.is_training

    def go_to(self, step: int) -> None:
        """Show a step."""
        self._pages.setCurrentIndex(step)
        self._refresh()

    def end(self) -> None:
        """End the child, wait for it, and close."""
        self.process.close()
        self.background.close()
        self.result.figures.close_figure()
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._kept.setValue(_GEOMETRY, self.saveGeometry())
        super().closeEvent(event)

    # What the person asks

    def _start(self) -> None:
        if self.process.is_training:
            return
        self._request = self.choices.request()
        self._run(self._request)

    def _resume(self) -> None:
        if self._request is not None and not self.process.is_training:
            self._run(self._request)

    def _run(self, request: TrainRequest) -> None:
        self._is_result_known = self._has_pack = False
        self.running.begin()
        self.go_to(RUNNING)
        self.running.stop.setFocus()
        self.state_told.emit(tr("Training"))
        self.process.train(request)
        self._refresh()

    def _go_forward(self) -> None:
        if self.step == CHOICES:
            self._start()
        else:
            self.go_to(self.step + 1)

    def _show_log(self) -> None:
        self.go_to(RUNNING)
        self.running.log.setFocus()

    # What the child says

    def _on_check(self, check: CohortCheck) -> None:
        self._check = check
        self.cohort.show_check(check)
        if check.is_usable and self.cohort.cohort is not None:
            self.choices.set_cohort(self.cohort.cohort, check)
        self._refresh()

    def _on_check_failed(self, error: Her2DeskError) -> None:
        self._check = None
        self.cohort.show_error(error)
        self._refresh()

    def _on_cohort(self, cohort: Path) -> None:
        self._check = None
        self._refresh()
        self.process.check(cohort)

    def _on_step(self, step: Step) -> None:
        self.running.show_step(step)
        done = percent(step.fraction)
        self.rail.buttons[RUNNING].set_state(is_done=False, detail=done)
        self.state_told.emit(tr("Training {percent}").format(percent=done))

    def _on_finished(self, trained: TrainedPack) -> None:
        self._has_pack = True
        self.running.end(tr("Finished"))
        name = self._request.name if self._request is not None else None
        self.result.show_trained(trained, name or trained.pack.stem)
        self._conclude(tr("Trained"))

    def _on_failed(self, error: Her2DeskError) -> None:
        self.running.end(tr("Ended without a pack"))
        self.running.add_log(str(error))
        self.result.show_error(error)
        self._conclude(tr("Training failed"))

    def _on_stopped(self) -> None:
        self.running.show_stopped()
        self.state_told.emit("")
        self._refresh()

    def _conclude(self, words: str) -> None:
        self._is_result_known = True
        was_watched = self.isVisible() and self.step == RUNNING
        self.state_told.emit("" if was_watched else words)
        self.go_to(RESULT)

    # How it stands

    def _refresh(self) -> None:
        """Which steps can be gone to, what they say of themselves, and where the buttons lead."""
        check, step, trains = self._check, self.step, self.process.is_training
        usable = check is not None and check.is_usable
        said = trn("{n} patient", "{n} patients", check.patients) if check is not None else ""
        has_run = self._request is not None
        self.rail.show_step(step)
        self.rail.set_state(COHORT, is_open=True, is_done=usable, detail=said)
        self.rail.set_state(CHOICES, is_open=usable, is_done=has_run)
        doing = self.rail.buttons[RUNNING].detail() if trains else ""
        self.rail.set_state(RUNNING, is_open=has_run, is_done=self._has_pack, detail=doing)
        self.rail.set_state(RESULT, is_open=self._is_result_known, is_done=False)
        problem = self.choices.problem() if step == CHOICES else ""
        if step == CHOICES and trains:
            problem = tr("A training runs already; it can be stopped in step 3.")
        self.note.setText(problem)
        self.back.setVisible(step > COHORT)
        self.forward.setVisible(step < RUNNING)
        self.forward.setText(tr("&Start training") if step == CHOICES else tr("Co&ntinue"))
        self.forward.setToolTip(
            tr("Train with these choices") if step == CHOICES else tr("To the choices")
        )
        self.forward.setEnabled(usable and not problem)

    def _restore(self) -> None:
        kept = self._kept.value(_GEOMETRY)
        if kept is None or not self.restoreGeometry(kept):
            self.resize(*_FIRST_SIZE)

    def _connect(self) -> None:
        process = self.process
        process.check_progressed.connect(self.cohort.show_step)
        process.check_finished.connect(self._on_check)
        process.check_failed.connect(self._on_check_failed)
        process.progressed.connect(self._on_step)
        process.log_added.connect(self.running.add_log)
        process.finished.connect(self._on_finished)
        process.failed.connect(self._on_failed)
        process.stopped.connect(self._on_stopped)
        self.rail.step_chosen.connect(self.go_to)
        self.back.clicked.connect(lambda: self.go_to(self.step - 1))
        self.forward.clicked.connect(self._go_forward)
        self.cohort.cohort_chosen.connect(self._on_cohort)
        self.cohort.check_cancelled.connect(process.cancel_check)
        self.choices.changed.connect(self._refresh)
        self.running.stop_confirmed.connect(process.stop)
        self.running.resume_requested.connect(self._resume)
        self.result.resume_requested.connect(self._resume)
        self.result.again_requested.connect(lambda: self.go_to(CHOICES))
        self.result.log_requested.connect(self._show_log)
        self.result.pack_chosen.connect(self.pack_chosen)
        QShortcut(QKeySequence("Ctrl+W"), self).activated.connect(self.close)

    def _arrange(self) -> None:
        for page in (self.cohort, self.choices, self.running, self.result):
            self._pages.addWidget(page)
        foot = QHBoxLayout()
        foot.setSpacing(2 * GRID)
        foot.addWidget(self.note, 1)
        foot.addWidget(self.back)
        foot.addWidget(self.forward)
        body = QVBoxLayout()
        body.setContentsMargins(5 * GRID, 5 * GRID, 5 * GRID, 4 * GRID)
        body.setSpacing(4 * GRID)
        body.addWidget(self._pages, 1)
        body.addLayout(foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(body, 1)
        self.setMinimumSize(760, 520)


def _steps() -> list[RailStep]:
    return [
        RailStep(tr("Cohort"), tr("Whom the pack learns from (Alt+1)"), "Alt+1"),
        RailStep(tr("Choices"), tr("What is built (Alt+2)"), "Alt+2"),
        RailStep(tr("Training"), tr("How far it is (Alt+3)"), "Alt+3"),
        RailStep(tr("Result"), tr("What came of it (Alt+4)"), "Alt+4"),
    ]
