"""The two things that are asked of the child: look at a folder, and train on what is in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from her2desk.errors import EngineFailed
from her2desk.ui.training.child_command import GRACE_MS, ChildCommand
from her2desk.ui.training.command_line import check_arguments, train_arguments
from her2desk.ui.training.documents import check_of, not_understood, trained_of


@dataclass(frozen=True)
class Errand:
    """What is asked of the child as arguments, and what its answers are as values.

    ``check_of`` and ``made_of`` raise ``EngineFailed`` for a document that is none of theirs.
    """

    check_arguments: Callable[[Path], list[str]]
    train_arguments: Callable[[Any], list[str]]
    check_of: Callable[[Mapping[str, Any]], object]
    made_of: Callable[[Mapping[str, Any]], object]


PACK = Errand(check_arguments, train_arguments, check_of, trained_of)


class TrainingProcess(QObject):
    """A folder may be looked at while another one is trained on; of each kind one runs at a time."""

    check_progressed = Signal(object)
    check_finished = Signal(object)
    check_failed = Signal(object)
    progressed = Signal(object)
    points_told = Signal(object)
    log_added = Signal(str)
    finished = Signal(object)
    failed = Signal(object)
    stopped = Signal()

    def __init__(
        self,
        command: Sequence[str],
        parent: QObject | None = None,
        grace_ms: int = GRACE_MS,
        errand: Errand = PACK,
    ) -> None:
        super().__init__(parent)
        self._errand = errand
        self._check = ChildCommand(command, self, grace_ms)
        self._training = ChildCommand(command, self, grace_ms)
        self._check.progressed.connect(self.check_progressed)
        self._check.answered.connect(self._on_check)
        self._check.failed.connect(self.check_failed)
        self._training.progressed.connect(self.progressed)
        self._training.points_told.connect(self.points_told)
        self._training.log_added.connect(self.log_added)
        self._training.answered.connect(self._on_made)
        self._training.failed.connect(self.failed)
        self._training.stopped.connect(self.stopped)

    @property
    def is_checking(self) -> bool:
        """Whether a folder is being looked at."""
        return self._check.is_running

    @property
    def is_training(self) -> bool:
        """Whether something is being made."""
        return self._training.is_running

    @property
    def pid(self) -> int | None:
        """The process id of the training while it runs."""
        return self._training.pid

    def check(self, folder: Path) -> None:
        """Look at a folder; ``check_finished`` or ``check_failed`` follows, for the latest one only."""
        self._check.abandon()
        self._check.start(self._errand.check_arguments(folder))

    def cancel_check(self) -> None:
        """Stop looking; nothing follows."""
        self._check.abandon()

    def train(self, request: object) -> None:
        """Start a training; ``finished``, ``failed`` or ``stopped`` follows."""
        self._training.start(self._errand.train_arguments(request))

    def stop(self) -> None:
        """Ask the training to end; what it finished stays, and the same request goes on from there."""
        self._training.stop()

    def close(self) -> None:
        """End both and wait until they are gone."""
        self._check.abandon()
        self._training.close()

    def _on_check(self, _code: int, document: dict[str, object]) -> None:
        try:
            check = self._errand.check_of(document)
        except EngineFailed as error:
            self.check_failed.emit(error)
        else:
            self.check_finished.emit(check)

    def _on_made(self, code: int, document: dict[str, object]) -> None:
        try:
            made = self._errand.made_of(document)
        except EngineFailed as error:
            self.failed.emit(error)
            return
        if code:
            self.failed.emit(not_understood())
        else:
            self.finished.emit(made)
