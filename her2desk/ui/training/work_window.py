"""Four steps to something trained (look, choose, train, judge) and the child that does the work."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QSettings, Signal, SignalInstance
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QWidget

from her2desk.errors import Her2DeskError
from her2desk.texts import msg, tr, trn
from her2desk.ui.jobs import Background
from her2desk.ui.training.documents import Step
from her2desk.ui.training.outcome_page import OutcomePage
from her2desk.ui.training.running_page import RunningPage, percent
from her2desk.ui.training.source_page import SourcePage
from her2desk.ui.training.step_rail import RailStep
from her2desk.ui.training.step_window import StepWindow
from her2desk.ui.training.training_process import TrainingProcess

SOURCE, CHOICES, RUNNING, RESULT = range(4)
_FIRST_SIZE = (1040, 680)
_OTHER = msg("Something else is being trained; it can be stopped in its own window.")


class Check(Protocol):
    """What was found in a folder."""

    @property
    def patients(self) -> int:
        """How many there are."""

    @property
    def is_usable(self) -> bool:
        """Whether something can be trained on it."""


class Choices(Protocol):
    """The page of the second step."""

    changed: SignalInstance

    def set_source(self, folder: Path, check: Any) -> None:
        """Offer what this folder allows."""

    def request(self) -> Any:
        """Everything as it is chosen now."""

    def problem(self) -> str:
        """What keeps it from being started, in a sentence; empty where nothing does."""


class WorkWindow(StepWindow):
    """Closed while it trains, it is only put away.

    Parameters
    ----------
    name : under which the window's place on the screen is kept.
    process : the child that looks and trains.
    state_file : where the window's place is kept.
    """

    state_told = Signal(str)
    source: SourcePage
    choices: Choices
    running: RunningPage
    result: OutcomePage

    def __init__(
        self,
        name: str,
        steps: Sequence[RailStep],
        process: TrainingProcess,
        state_file: Path,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("researcher", steps, parent)
        self._kept = QSettings(str(state_file), QSettings.Format.IniFormat)
        self._geometry_key = f"{name}/geometry"
        self._check: Check | None = None
        self._request: Any = None
        self._is_result_known = False
        self._is_made = False
        self._waits_for: Callable[[], bool] = lambda: False
        self.process = process
        process.setParent(self)
        self.background = Background(self)

    @property
    def is_training(self) -> bool:
        """Whether the child is at work on something."""
        return self.process.is_training

    def wait_for(self, is_other_training: Callable[[], bool]) -> None:
        """Start nothing while another window trains: both would take twice as long."""
        self._waits_for = is_other_training

    def go_to(self, step: int) -> None:
        """Show a step."""
        self._pages.setCurrentIndex(step)
        self.refresh()

    def end(self) -> None:
        """End the child, wait for it, and close."""
        self.process.close()
        self.background.close()
        self.result.figures.close_figure()
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._kept.setValue(self._geometry_key, self.saveGeometry())
        super().closeEvent(event)

    def refresh(self) -> None:
        """Which steps can be gone to, what they say of themselves, and where the buttons lead."""
        check, step, trains = self._check, self.step, self.process.is_training
        usable = check is not None and check.is_usable
        said = trn("{n} patient", "{n} patients", check.patients) if check is not None else ""
        has_run = self._request is not None
        self.rail.show_step(step)
        self.rail.set_state(SOURCE, is_open=True, is_done=usable, detail=said)
        self.rail.set_state(CHOICES, is_open=usable, is_done=has_run)
        doing = self.rail.buttons[RUNNING].detail() if trains else ""
        self.rail.set_state(RUNNING, is_open=has_run, is_done=self._is_made, detail=doing)
        self.rail.set_state(RESULT, is_open=self._is_result_known, is_done=False)
        problem = self._problem() if step == CHOICES else ""
        self.note.setText(problem)
        self.back.setVisible(step > SOURCE)
        self.forward.setVisible(step < RUNNING)
        self.forward.setText(tr("&Start training") if step == CHOICES else tr("Co&ntinue"))
        self.forward.setToolTip(
            tr("Train with these choices") if step == CHOICES else tr("To the choices")
        )
        self.forward.setEnabled(usable and not problem)

    def _problem(self) -> str:
        if self.process.is_training:
            return tr("A training runs already; it can be stopped in step 3.")
        return _OTHER.text() if self._waits_for() else self.choices.problem()

    # What the person asks

    def _start(self) -> None:
        if self.process.is_training:
            return
        self._request = self.choices.request()
        self._run(self._request)

    def _resume(self) -> None:
        if self._waits_for():
            self.note.setText(_OTHER.text())
        elif self._request is not None and not self.process.is_training:
            self._run(self._request)

    def _run(self, request: object) -> None:
        self._is_result_known = self._is_made = False
        self.running.begin()
        self.go_to(RUNNING)
        self.running.stop.setFocus()
        self.state_told.emit(tr("Training"))
        self.process.train(request)
        self.refresh()

    def _go_forward(self) -> None:
        if self.step == CHOICES:
            self._start()
        else:
            self.go_to(self.step + 1)

    def _show_log(self) -> None:
        self.go_to(RUNNING)
        self.running.log.setFocus()

    # What the child says

    def _on_check(self, check: Check) -> None:
        self._check = check
        self.source.show_check(check)
        if check.is_usable and self.source.folder is not None:
            self.choices.set_source(self.source.folder, check)
        self.refresh()

    def _on_check_failed(self, error: Her2DeskError) -> None:
        self._check = None
        self.source.show_error(error)
        self.refresh()

    def _on_folder(self, folder: Path) -> None:
        self._check = None
        self.refresh()
        self.process.check(folder)

    def _on_step(self, step: Step) -> None:
        self.running.show_step(step)
        done = percent(step.fraction)
        self.rail.buttons[RUNNING].set_state(is_done=False, detail=done)
        self.state_told.emit(tr("Training {percent}").format(percent=done))

    def _on_finished(self, made: object) -> None:
        self._is_made = True
        self.running.end(tr("Finished"))
        self.result.show_made(made, self._request)
        self._conclude(tr("Trained"))

    def _on_failed(self, error: Her2DeskError) -> None:
        self.running.end(tr("Ended without a result"))
        self.running.add_log(str(error))
        self.result.show_error(error)
        self._conclude(tr("Training failed"))

    def _on_stopped(self) -> None:
        self.running.show_stopped()
        self.state_told.emit("")
        self.refresh()

    def _conclude(self, words: str) -> None:
        self._is_result_known = True
        was_watched = self.isVisible() and self.step == RUNNING
        self.state_told.emit("" if was_watched else words)
        self.go_to(RESULT)

    def _take_pages(
        self, source: SourcePage, choices: Choices, running: RunningPage, result: OutcomePage
    ) -> None:
        """Put the four pages in, begin with the first, and take the window's place."""
        self.source, self.choices, self.running, self.result = source, choices, running, result
        assert isinstance(choices, QWidget)  # a protocol cannot say so
        self._add_pages(source, choices, running, result)
        self._connect()
        self.setMinimumSize(760, 520)
        kept = self._kept.value(self._geometry_key)
        if kept is None or not self.restoreGeometry(kept):
            self.resize(*_FIRST_SIZE)
        self.go_to(SOURCE)

    def _connect(self) -> None:
        process = self.process
        process.check_progressed.connect(self.source.show_step)
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
        self.source.folder_chosen.connect(self._on_folder)
        self.source.check_cancelled.connect(process.cancel_check)
        self.choices.changed.connect(self.refresh)
        self.running.stop_confirmed.connect(process.stop)
        self.running.resume_requested.connect(self._resume)
        self.result.resume_requested.connect(self._resume)
        self.result.again_requested.connect(lambda: self.go_to(CHOICES))
        self.result.log_requested.connect(self._show_log)
