"""Has the window follow the settings: its keys, the engine's threads, the heatmap."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from her2desk.domain.progress import Progress
from her2desk.errors import InputRefused
from her2desk.packs.trust import shipped_digest
from her2desk.policy import Policy
from her2desk.settings import Settings
from her2desk.store.choosing import place_for_library
from her2desk.texts import Message, msg, phrase, tr
from her2desk.ui.between_windows import BetweenWindows
from her2desk.ui.keys import KeyBook
from her2desk.ui.settings_pages.surroundings import Places, Surroundings

if TYPE_CHECKING:
    from her2desk.ui.main_window import MainWindow


class Following(QObject):
    """Holds the keys of ``window``; made once all its widgets and ``actions`` stand."""

    def __init__(
        self, window: "MainWindow", actions: Sequence[QAction], policy: Policy, places: Places
    ) -> None:
        super().__init__(window)
        self._window = window
        self._policy = policy
        self._places = places
        image = [*window.workspace.toolbar.actions(), *window.workspace.cine.actions()]
        self.keys = KeyBook([(tr("Window"), actions), (tr("Image"), image)], self)
        self.keys.changed.connect(self._name_keys)
        self._chosen = dict(window.session.settings.shortcuts)
        self._notes = self.keys.apply(self._chosen)
        self._threads = window.session.settings.threads
        window.preferences.applied.connect(self._follow)
        window.preferences.library_requested.connect(self._reopen)

    def surroundings(self) -> Surroundings:
        """What the settings dialog is to know."""
        packs = tuple(
            (f"{pack.name} {pack.version}", str(pack.path))
            for pack in self._window.session.shelf.kept()
            if pack.digest != shipped_digest()
        )
        return Surroundings(self._policy, self.keys.actions, packs, self._places)

    def tell(self, notes: Sequence[Message] = ()) -> None:
        """Once the window stands: what of the policy, the settings and the keys cannot be used."""
        for note in (*notes, *self._notes):
            self._window.problems.show_error(
                InputRefused(
                    note,
                    msg("What stood there before, or the standard, holds. See Settings."),
                    code="settings-value",
                )
            )
        for problem in self._policy.problems:
            self._window.problems.show_error(
                InputRefused(
                    problem,
                    msg(
                        "Until it is corrected, the network, training, packs of others and diagnostic "
                        "bundles are off. {ask}",
                        ask=phrase(self._policy.remedy),
                    ),
                    code="policy-malformed",
                )
            )

    def _follow(self, settings: Settings) -> None:
        if settings.shortcuts != self._chosen:
            self._chosen = dict(settings.shortcuts)
            self.keys.apply(self._chosen)
        if settings.threads != self._threads:
            self._threads = settings.threads
            self._window.runner.use_threads(settings.threads)
        self._window.workspace.set_heatmap_opacity(settings.heatmap_opacity)

    def _name_keys(self) -> None:
        self._window.header.name_keys(self.keys.key)
        self._window.right.name_keys(self.keys.key)
        self._window.dialogs.forget_shortcuts()

    def _reopen(self, library: Path) -> None:
        self._window.do_between_windows(moving_to(library))


def moving_to(library: Path) -> BetweenWindows:
    """Another library: the window closes, and opens again there."""

    def look(_progress: Progress) -> Message:
        place_for_library(library)  # it may have changed since it was chosen
        return msg("The library is {folder} now.", folder=library)

    return BetweenWindows(tr("Opening another library"), look, library)
