"""What the reader prefers, applied to the window and kept."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from her2desk.domain.validation import ValidationSource
from her2desk.languages import language_of_setting
from her2desk.paths import demo_pack_path
from her2desk.policy import NO_POLICY, Policy
from her2desk.settings import Settings
from her2desk.texts import CATALOGUE
from her2desk.ui.opened_case import OpenPack
from her2desk.ui.session import Session
from her2desk.ui.settings_dialog import SettingsDialog
from her2desk.ui.settings_keeper import SettingsKeeper
from her2desk.ui.settings_pages.surroundings import Surroundings
from her2desk.ui.small_screens import fit_on_screen
from her2desk.ui.theme import apply_theme


class Preferences(QObject):
    """Takes each choice wherever it was made, lets the session follow it, and keeps it.

    ``reader_changed`` and ``theme_changed`` come after the change, ``applied`` after every one.
    """

    applied = Signal(object)
    reader_changed = Signal(str)
    theme_changed = Signal()
    language_chosen = Signal()
    """Another language than the one spoken; it comes when the settings dialog is closed."""
    dialog_opened = Signal(object)
    """The settings dialog stands, and nothing else of the program can be reached until it closes."""
    library_requested = Signal(object)
    """Another library's folder (``Path``): the window has to close for it."""
    locked = Signal(object)
    """The sentence (``Message``) for a choice that the administrator has made already."""

    def __init__(
        self,
        session: Session,
        keeper: SettingsKeeper,
        parent: QWidget,
        policy: Policy = NO_POLICY,
        surroundings: Callable[[], Surroundings] = Surroundings,
    ) -> None:
        super().__init__(parent)
        self._policy = policy
        self._surroundings = surroundings
        self._session = session
        self._keeper = keeper
        self._window = parent
        self._chosen: Path | None = None
        session.pack_opened.connect(self._keep_pack)

    def edit(self) -> None:
        """Show the settings dialog and take what was chosen."""
        dialog = SettingsDialog(self._session.settings, self._window, self._surroundings())
        dialog.settings_applied.connect(self.apply)
        wanted: list[Path] = []
        dialog.library_requested.connect(wanted.append)
        fit_on_screen(dialog)
        self.dialog_opened.emit(dialog)
        before = self._session.settings.language
        dialog.exec()
        dialog.deleteLater()
        chosen = self._session.settings.language
        if chosen != before and language_of_setting(chosen) != CATALOGUE.language:
            self.language_chosen.emit()
        if wanted:
            self.library_requested.emit(wanted[-1])

    def toggle_theme(self) -> None:
        """Dark to light and back."""
        self._change(theme="light" if self._session.settings.theme == "dark" else "dark")

    def choose_reader(self, name: str) -> None:
        """Another reader sits down."""
        self._change(reader=name)

    def choose_pack(self, path: Path) -> None:
        """Answer with another pack; it is kept for the next time once it is in use."""
        if self._is_locked("pack_path"):
            return
        self._chosen = path
        self._session.open_pack(path)

    def choose_point(self, name: str) -> None:
        """Call at another named operating point."""
        if "operating_point" not in self._policy.locked:
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

    def keep(self, choice: Mapping[str, Any]) -> None:
        """Keep what changes nothing on screen, by the settings' own names."""
        free = {name: value for name, value in choice.items() if name not in self._policy.locked}
        self._session.settings = replace(self._session.settings, **free)
        self._keeper.keep(self._session.settings)

    def keep_opacity(self, opacity: float) -> None:
        """Remember how strongly a heatmap is laid over the image."""
        self.keep({"heatmap_opacity": opacity})

    def apply(self, settings: Settings) -> None:
        """Use and keep these settings, but for what is locked; the answer follows where they change it.

        Another pack is opened first, and kept once it is in use.
        """
        session = self._session
        before = session.settings
        pack = settings.pack_path
        unchanged = {name: getattr(before, name) for name in (*self._policy.locked, "pack_path")}
        settings = session.settings = replace(settings, **unchanged)
        self._keeper.keep(settings)
        app = QApplication.instance()
        if settings.theme != before.theme and isinstance(app, QApplication):
            apply_theme(app, settings.theme)
            self.theme_changed.emit()
        session.set_reader(settings.reader)
        if settings.reader != before.reader:
            self.reader_changed.emit(settings.reader)
        self.applied.emit(settings)
        if pack != before.pack_path and "pack_path" not in self._policy.locked:
            self.choose_pack(demo_pack_path() if pack is None else Path(pack))
        if (settings.device, settings.threads) != (before.device, before.threads):
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

    def _is_locked(self, name: str) -> bool:
        """Whether the administrator has chosen; says so then."""
        is_locked = name in self._policy.locked
        if is_locked:
            self.locked.emit(self._policy.lock_sentence)
        return is_locked

    def _change(self, **choice: Any) -> None:
        for name in choice:
            self._is_locked(name)
        self.apply(replace(self._session.settings, **choice))
