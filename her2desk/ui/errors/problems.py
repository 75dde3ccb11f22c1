"""All that the window says of what went wrong: the last run's end, errors, and the bundle to send."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from her2desk.errors import Her2DeskError
from her2desk.last_run import EndedRun
from her2desk.store.library import Library
from her2desk.texts import Message, msg, tr
from her2desk.ui.errors.bundle_saving import BundleSaving
from her2desk.ui.errors.last_run_notice import LastRunNotice, recovery
from her2desk.ui.errors.note_bar import NoteBar
from her2desk.ui.errors.surface import ErrorSurface
from her2desk.ui.jobs import Background

BUNDLE_NAME = "her2desk-diagnostics.zip"


class Problems(QWidget):
    """The bars stand one above the other and take no room while there is nothing to say."""

    case_requested = Signal(int)
    bundle_began = Signal()
    bundle_written = Signal(object)

    def __init__(
        self,
        library: Library,
        library_dir: Path,
        settings_file: Path,
        background: Background,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._library = library
        self.standing, self.note = NoteBar(stays=True), NoteBar()
        self.last_run = LastRunNotice()
        self.errors = ErrorSurface()
        self.saving = BundleSaving(
            library_dir, settings_file, self._place_of_bundle, background, self
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.standing)
        layout.addWidget(self.note)
        layout.addWidget(self.last_run)
        layout.addWidget(self.errors)
        if library.is_read_only:
            self.standing.say(_read_only(library))
        self.last_run.case_requested.connect(self.case_requested)
        self.last_run.bundle_requested.connect(self.saving.save)
        self.errors.bundle_requested.connect(self.saving.save)
        self.saving.began.connect(self.bundle_began)
        self.saving.written.connect(self.bundle_written)
        self.saving.refused.connect(self.show_error)

    def show_error(self, error: Her2DeskError) -> None:
        """Show ``error`` until it is closed."""
        self.errors.show_error(error)

    def show_note(self, note: Message) -> None:
        """Say what came of something, until it is closed."""
        self.note.say(note)

    def show_last_run(self, run: EndedRun) -> None:
        """Say that ``run`` ended unexpectedly, and what of it is here."""
        self.last_run.show_recovery(recovery(self._library, run))

    def take_focus(self) -> None:
        """Go to what is shown, by key."""
        if self.errors.isVisible():
            self.errors.take_focus()
        elif self.last_run.isVisible():
            self.last_run.close_button.setFocus()
        elif self.note.isVisible():
            self.note.close_button.setFocus()

    def _place_of_bundle(self) -> Path | None:
        name, _ = QFileDialog.getSaveFileName(
            self, tr("Save a diagnostic bundle"), BUNDLE_NAME, "ZIP (*.zip)"
        )
        return Path(name) if name else None


def _read_only(library: Library) -> Message:
    nothing_kept = msg("Read only: nothing that you draw or enter here is kept.")
    who = None if library.held_by is None else library.held_by.sentence()
    if who is None:
        return msg("{what} The library's folder cannot be written.", what=nothing_kept.text())
    return msg("{what} {who}", what=nothing_kept.text(), who=who.text())
