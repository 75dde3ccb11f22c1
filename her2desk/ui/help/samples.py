"""Sample cases: the demo case and a few simulated patients, written by a child process and imported."""

import tempfile
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from her2desk.own_command import own_command
from her2desk.paths import demo_case_dir
from her2desk.private_files import temporary_folder
from her2desk.ui.training.child_command import ChildCommand

PATIENTS, SEED = 3, 7


class SampleCases(QObject):
    """Every picture says of itself that it is a phantom; the patients are called so too.

    ``made`` carries the files, the demo case first; they are there until ``forget``.
    """

    made = Signal(object)
    refused = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child = ChildCommand(own_command(), self)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._child.answered.connect(lambda _code, _document: self._hand_over())
        self._child.failed.connect(self._fail)

    @property
    def is_busy(self) -> bool:
        """Whether they are being made, or were handed over and are not yet forgotten."""
        return self._folder is not None

    def make(self) -> None:
        """Make them, unless that is being done."""
        if self.is_busy:
            return
        self._folder = temporary_folder("samples")
        place = str(Path(self._folder.name) / "cohort")
        self._child.start(
            ["phantom", place, "--patients", str(PATIENTS), "--seed", str(SEED), "--json"]
        )

    def forget(self) -> None:
        """Remove the files; the library has its own by now."""
        if self._folder is not None and not self._child.is_running:
            self._folder.cleanup()
            self._folder = None

    def close(self) -> None:
        """End what is being made."""
        self._child.abandon()
        self.forget()

    def _hand_over(self) -> None:
        assert self._folder is not None
        simulated = sorted((Path(self._folder.name) / "cohort" / "images").glob("*.dcm"))
        self.made.emit([demo_case_dir() / "demo.dcm", *simulated])

    def _fail(self, error: object) -> None:
        self.forget()
        self.refused.emit(error)
