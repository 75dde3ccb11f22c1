"""What the settings ask for in dialogs of the system: files and folders."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from her2desk.texts import tr

SETTINGS_NAME = "her2desk-settings.json"


class SettingsQuestions:
    """Asked over one window; what was not chosen is None."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def pack(self) -> Path | None:
        """A model pack's file."""
        name, _ = QFileDialog.getOpenFileName(
            self._parent, tr("Choose a model pack"), "", tr("Model packs") + " (*.h2pack)"
        )
        return Path(name) if name else None

    def library(self, present: Path) -> Path | None:
        """A folder for the library."""
        name = QFileDialog.getExistingDirectory(
            self._parent, tr("Choose the library's folder"), str(present)
        )
        return Path(name) if name else None

    def file_to_write(self) -> Path | None:
        """Where to export the settings to."""
        name, _ = QFileDialog.getSaveFileName(
            self._parent, tr("Export the settings"), SETTINGS_NAME, "JSON (*.json)"
        )
        return Path(name) if name else None

    def file_to_read(self) -> Path | None:
        """A file of settings."""
        name, _ = QFileDialog.getOpenFileName(
            self._parent, tr("Import settings"), "", "JSON (*.json)"
        )
        return Path(name) if name else None

    def open_folder(self, folder: Path) -> bool:
        """Show a folder, or the nearest above it that is there, in the system's own window."""
        there = next(place for place in (folder, *folder.parents) if place.exists())
        return QDesktopServices.openUrl(QUrl.fromLocalFile(str(there)))
