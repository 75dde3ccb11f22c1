"""The way from the main window to the check of this computer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from her2desk.ui.entrance import PassingEntrance
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from her2desk.ui.doctor.doctor_window import DoctorWindow


class DoctorEntrance(PassingEntrance["DoctorWindow"]):
    """Opens the window, which begins to check; anew after it was closed.

    ``command`` starts this program on the command line; None: as this one was started.
    """

    def __init__(
        self,
        library_dir: Path,
        settings_file: Path,
        parent: QObject | None = None,
        *,
        command: Sequence[str] | None = None,
    ) -> None:
        super().__init__(parent)
        self._library_dir = library_dir
        self._settings_file = settings_file
        self._command = command

    def make_window(self, background: Background) -> "DoctorWindow":
        """The window, which begins to check once it is shown."""
        from her2desk.ui.doctor.doctor_window import DoctorWindow

        window = DoctorWindow(
            self._library_dir, self._settings_file, background, command=self._command
        )
        window.closed.connect(self.forget)
        return window
