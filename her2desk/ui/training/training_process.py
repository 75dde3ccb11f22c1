"""The two things that are asked of the child: look at a cohort, and train on it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from her2desk.errors import EngineFailed
from her2desk.training.request import TrainRequest
from her2desk.ui.training.child_command import GRACE_MS, ChildCommand
from her2desk.ui.training.command_line import check_arguments, train_arguments
from her2desk.ui.training.documents import check_of, not_understood, trained_of


class TrainingProcess(QObject):
    """A cohort may be looked at while another one is trained on; of each kind one runs at a time."""

    check_progressed = Signal(object)
    check_finished = Signal(object)
    check_failed = Signal(object)
    progressed = Signal(object)
    log_added = Signal(str)
    finished = Signal(object)
    failed = Signal(object)
    stopped = Signal()

    def __init__(
        self, command: Sequence[str], parent: QObject | None = None, grace_ms: int = GRACE_MS
    ) -> None:
        super().__init__(parent)
        self._check = ChildCommand(command, self, grace_ms)
        self._training = ChildCommand(command, self, grace_ms)
        self._check.progressed.connect(self.check_progressed)
        self._check.answered.connect(self._on_check)
        self._check.failed.connect(self.check_failed)
        self._training.progressed.connect(self.progressed)
        self._training.log_added.connect(self.log_added)
        self._training.answered.connect(self._on_trained)
        self._training.failed.connect(self.failed)
        self._training.stopped.connect(self.stopped)

    @property
    def is_checking(self) -> bool:
        """Whether a cohort is being looked at."""
        return self._check.is_running

    @property
    def is_training(self) -> bool:
        """Whether a pack is being made."""
        return self._training.is_running

    @property
    def pid(self) -> int | None:
        """The process id of the training while it runs."""
        return self._training.pid

    def check(self, cohort: Path) -> None:
        """Look at a cohort; ``check_finished`` or ``check_failed`` follows, for the latest one only."""
        self._check.abandon()
        self._check.start(check_arguments(cohort))

    def cancel_check(self) -> None:
        """Stop looking; nothing follows."""
        self._check.abandon()

    def train(self, request: TrainRequest) -> None:
        """Start a training; ``finished``, ``failed`` or ``stopped`` follows."""
        self._training.start(train_arguments(request))

    def stop(self) -> None:
        """Ask the training to end; what it finished stays, and the same request goes on from there."""
        self._training.stop()

    def close(self) -> None:
        """End both and wait until they are gone."""
        self._check.abandon()
        self._training.close()

    def _on_check(self, _code: int, document: dict[str, object]) -> None:
        try:
            check = check_of(document)
        except EngineFailed as error:
            self.check_failed.emit(error)
        else:
            self.check_finished.emit(check)

    def _on_trained(self, code: int, document: dict[str, object]) -> None:
        try:
            trained = trained_of(document)
        except EngineFailed as error:
            self.failed.emit(error)
            return
        if code:
            self.failed.emit(not_understood())
        else:
            self.finished.emit(trained)
