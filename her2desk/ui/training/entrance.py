"""The way from the main window into the training window, which is made when it is first asked for."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from her2desk.errors import Her2DeskError
from her2desk.in_force import policy_in_force
from her2desk.own_command import own_command
from her2desk.policy import Allowance
from her2desk.ui.small_screens import fit_on_screen
from her2desk.ui.training.child_command import GRACE_MS

if TYPE_CHECKING:
    from her2desk.ui.training.training_window import TrainingWindow


class TrainingEntrance(QObject):
    """Opens the window, passes on what it says, and ends what runs when the main window closes.

    ``state_told`` has a few words for the main window while a training runs or has just ended, and is
    empty else.
    """

    pack_chosen = Signal(Path)
    state_told = Signal(str)
    refused = Signal(object)

    def __init__(
        self,
        state_file: Path,
        parent: QObject | None = None,
        *,
        command: Sequence[str] | None = None,
        open_url: Callable[[QUrl], object] = QDesktopServices.openUrl,
        grace_ms: int = GRACE_MS,
    ) -> None:
        super().__init__(parent)
        self._state_file = state_file
        self._command = list(command) if command is not None else own_command()
        self._open_url = open_url
        self._grace_ms = grace_ms
        self._awaited: Path | None = None
        self.window: TrainingWindow | None = None

    def open(self) -> "TrainingWindow | None":
        """Show the window as it was left; None where the administrator allows no training."""
        refusal = policy_in_force().refusal(Allowance.TRAINING)
        if refusal is not None:
            self.refused.emit(refusal)
            return None
        from her2desk.ui.training.training_window import TrainingWindow

        if self.window is None:
            self.window = TrainingWindow(
                self._command, self._state_file, self._open_url, self._grace_ms
            )
            fit_on_screen(self.window)
            self.window.pack_chosen.connect(self._choose)
            self.window.state_told.connect(self.state_told)
        if not self.window.is_training:
            self.state_told.emit("")  # what was to be told is in sight now
        self.window.show()
        self.window.activateWindow()
        return self.window

    def show_used(self, pack: Path) -> None:
        """The main window answers with this pack now."""
        self._awaited = None
        if self.window is not None:
            self.window.result.show_used(pack)

    def show_refused(self, error: Her2DeskError) -> None:
        """Something was refused; if it was the pack chosen here, say so here."""
        if self._awaited is not None and self.window is not None:
            self.window.result.show_not_used(error)
        self._awaited = None

    def close(self) -> None:
        """End a training that runs, wait until it is gone, and close the window."""
        if self.window is not None:
            self.window.end()

    def _choose(self, pack: Path) -> None:
        self._awaited = pack
        self.pack_chosen.emit(pack)
