"""The way from the main window into the training windows, which are made when they are first asked for."""

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
    from her2desk.ui.training.enhancer_window import EnhancerWindow
    from her2desk.ui.training.training_window import TrainingWindow
    from her2desk.ui.training.work_window import WorkWindow


class TrainingEntrance(QObject):
    """Opens the windows, passes on what they say, and ends what runs when the main window closes.

    One trains at a time. ``state_told`` has a few words for the main window while a training runs or
    has just ended, and is empty else; ``help_requested`` names a page of the help.
    """

    pack_chosen = Signal(Path)
    help_requested = Signal(str)
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
        self.enhancers: EnhancerWindow | None = None

    @property
    def is_training(self) -> bool:
        """Whether one of the windows trains."""
        return any(window.is_training for window in self._windows())

    def open(self) -> "WorkWindow | None":
        """Show the window that trains, else that of packs; None where no training is allowed."""
        if self.enhancers is not None and self.enhancers.is_training:
            return self.open_enhancers()
        return self.open_packs()

    def open_packs(self) -> "TrainingWindow | None":
        """Show the window of packs as it was left; None where the administrator allows no training."""
        if self._is_refused():
            return None
        from her2desk.ui.training.training_window import TrainingWindow

        if self.window is None:
            self.window = TrainingWindow(
                self._command, self._state_file, self._open_url, self._grace_ms
            )
            self._serve(self.window)
            self.window.pack_chosen.connect(self._choose)
            self.window.help_requested.connect(self.help_requested)
            self.window.enhancer_requested.connect(self.open_enhancers)
        self._show(self.window)
        return self.window

    def open_enhancers(self) -> "EnhancerWindow | None":
        """Show the window of enhancers as it was left; None as above."""
        if self._is_refused():
            return None
        from her2desk.ui.training.enhancer_window import EnhancerWindow

        if self.enhancers is None:
            self.enhancers = EnhancerWindow(
                self._command, self._state_file, self._open_url, self._grace_ms
            )
            self._serve(self.enhancers)
            self.enhancers.help_requested.connect(self.help_requested)
            self.enhancers.enhancer_chosen.connect(self._use_enhancer)
        self._show(self.enhancers)
        return self.enhancers

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
        """End a training that runs, wait until it is gone, and close the windows."""
        for window in self._windows():
            window.end()

    def _choose(self, pack: Path) -> None:
        self._awaited = pack
        self.pack_chosen.emit(pack)

    def _use_enhancer(self, enhancer: Path) -> None:
        window = self.open_packs()
        if window is not None:
            window.use_enhancer(enhancer)

    def _is_refused(self) -> bool:
        refusal = policy_in_force().refusal(Allowance.TRAINING)
        if refusal is not None:
            self.refused.emit(refusal)
        return refusal is not None

    def _windows(self) -> "list[WorkWindow]":
        return [window for window in (self.window, self.enhancers) if window is not None]

    def _serve(self, window: "WorkWindow") -> None:
        fit_on_screen(window)
        window.wait_for(lambda: any(w.is_training for w in self._windows() if w is not window))
        window.state_told.connect(self.state_told)
        window.state_told.connect(self._refresh)

    def _refresh(self) -> None:
        """What one window does decides what the other may start."""
        for window in self._windows():
            window.refresh()

    def _show(self, window: "WorkWindow") -> None:
        if not self.is_training:
            self.state_told.emit("")  # what was to be told is in sight now
        window.refresh()
        window.show()
        window.activateWindow()
