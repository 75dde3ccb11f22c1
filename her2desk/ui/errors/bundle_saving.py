"""Saving a diagnostic bundle from the window."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from her2desk.errors import Her2DeskError
from her2desk.own_command import own_command
from her2desk.ui.jobs import Background

CHECKS_LIMIT_S = 300.0  # loading every library anew, on a busy computer


class BundleSaving(QObject):
    """Asks for a place and has the bundle written there; the window goes on meanwhile.

    The command line's doctor writes it, in a process of its own, which loads what the window must
    not; where it cannot, the window writes one without its checks.
    """

    began = Signal()
    written = Signal(object)
    refused = Signal(object)

    def __init__(
        self,
        library_dir: Path,
        settings_file: Path,
        place: Callable[[], Path | None],
        background: Background,
        parent: QObject | None = None,
        *,
        command: Sequence[str] | None = None,
    ) -> None:
        super().__init__(parent)
        self._library_dir = library_dir
        self._settings_file = settings_file
        self._place = place
        self._background = background
        self._command = list(command) if command is not None else own_command()

    def save(self) -> None:
        """Ask where, then write; ``written`` or ``refused`` follows unless the user thinks better."""
        path = self._place()
        if path is None:
            return
        self.began.emit()
        self._background.run(lambda: self._write(path), self.written.emit, self._refuse)

    def _write(self, path: Path) -> Path:
        from her2desk.diagnostics.bundle import write_bundle

        path.unlink(missing_ok=True)
        doctor = ["doctor", "--bundle", str(path), "--library", str(self._library_dir), "--json"]
        try:
            subprocess.run(
                [*self._command, *doctor],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=CHECKS_LIMIT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            path.unlink(missing_ok=True)
        if not path.is_file():
            write_bundle(path, self._library_dir, self._settings_file)
        return path

    def _refuse(self, error: Her2DeskError) -> None:
        self.refused.emit(error)
