"""What the reader prefers, applied to the window and kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from her2desk.domain.validation import ValidationSource
from her2desk.paths import demo_pack_path
from her2desk.settings import Settings
from her2desk.ui.opened_case import OpenPack
from her2desk.ui.session import Session
from her2desk.ui.settings_dialog import SettingsDialog
from her2desk.ui.settings_keeper import SettingsKeeper
from her2desk.ui.theme import apply_theme


class Preferences(QObject):
    """Takes each choice wherever it was made, lets the session follow it, and keeps it.

    ``reader_changed`` and ``theme_changed`` come after the change, ``applied`` after every one.
    """

    applied = Signal(object)
    reader_changed = Signal(str)
    theme_changed = Signal()

    def __init__(self, session: Session, keeper: SettingsKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._keeper = keeper
        self._window = parent
        self._chosen: Path | None = None
        session.pack_opened.connect(self._keep_pack)

    def edit(self) -> None:
        """Show the settings dialog and take what was chosen."""
        dialog = SettingsDialog(self._session.settings, self._window)
        dialog.settings_applied.connect(self.apply)
        dialog.exec()

    def toggle_theme(self) -> None:
        """Dark to light and back."""
        self._change(theme="light" if self._session.settings.theme == "dark" else "dark")

    def choose_reader(self, name: str) -> None:
        """Another reader sits down."""
        self._change(reader=name)

    def choose_pack(self, path: Path) -> None:
        """Answer with another pack; it is kept for the next time once it is in use."""
        self._chosen = path
        self._session.open_pack(path)

    def choose_point(self, name: str) -> None:
        """Call at another named operating point."""
        self._session.operating_point = name
        self._change(operating_point=name)

    def choose_prevalence(self, prevalence: float | None) -> None:
        """State the answer for other patients than the pack's (a share), or for the pack's own (None)."""
        self._change(local_prevalence=prevalence)

    def call_at(self, threshold: float) -> None:
        """Call at the reader's own threshold; it is not kept for other cases."""
        self._session.restate(threshold, self._session.settings.local_prevalence)

    def choose_source(self, source: ValidationSource) -> None:
        """Count other validation patients."""
        self._session.count(source, self._session.settings.local_prevalence)

    def keep_opacity(self, opacity: float) -> None:
        """Remember how strongly a heatmap is laid over the image."""
        self._session.settings = replace(self._session.settings, heatmap_opacity=opacity)
        self._keeper.keep(self._session.settings)

    def apply(self, settings: Settings) -> None:
        """Use and keep these settings; the answer follows where they change it."""
        session = self._session
        before, session.settings = session.settings, settings
        self._keeper.keep(settings)
        app = QApplication.instance()
        if settings.theme != before.theme and isinstance(app, QApplication):
            apply_theme(app, settings.theme)
            self.theme_changed.emit()
        session.set_reader(settings.reader)
        if settings.reader != before.reader:
            self.reader_changed.emit(settings.reader)
        self.applied.emit(settings)
        if settings.device != before.device:
            session.run()
        if settings.operating_point != before.operating_point:
            session.operating_point = settings.operating_point
        session.restate(session.operating_point, settings.local_prevalence)

    def _keep_pack(self, opened: OpenPack) -> None:
        if opened.path == self._chosen:
            self._chosen = None
            is_shipped = opened.path == demo_pack_path()
            path = None if is_shipped else str(opened.path.absolute())
            self._session.settings = replace(self._session.settings, pack_path=path)
            self._keeper.keep(self._session.settings)

    def _change(self, **choice: Any) -> None:
        self.apply(replace(self._session.settings, **choice))
