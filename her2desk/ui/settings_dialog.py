"""The settings in pages, with OK, Cancel and Apply."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import InputRefused
from her2desk.settings import Settings
from her2desk.settings_file import export_settings, import_settings
from her2desk.texts import listed, tr
from her2desk.ui.help.pages import set_page
from her2desk.ui.settings_pages.analysis_page import AnalysisPage
from her2desk.ui.settings_pages.general_page import GeneralPage
from her2desk.ui.settings_pages.keys_page import KeysPage
from her2desk.ui.settings_pages.place_page import PlacePage
from her2desk.ui.settings_pages.questions import SettingsQuestions
from her2desk.ui.settings_pages.surroundings import Surroundings
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.scroll_page import ScrollPage

WIDTH, HEIGHT = 800, 600  # within 1280 × 720, with the system's own bars
_BUTTON = QDialogButtonBox.StandardButton


class SettingsDialog(QDialog):
    """Shows settings and gives back changed ones; it stores nothing itself.

    ``settings_applied`` carries them; what is locked stays as it was. ``library_requested`` follows
    with the folder of another library, and the dialog closes then: the window has to.
    """

    settings_applied = Signal(object)
    library_requested = Signal(object)

    def __init__(
        self,
        settings: Settings,
        parent: QWidget | None = None,
        around: Surroundings | None = None,
        questions: SettingsQuestions | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._around = around or Surroundings()
        self._questions = questions or SettingsQuestions(self)
        self.setWindowTitle(tr("Settings"))
        set_page(self, "guide/settings")
        self.general = GeneralPage(self._around)
        self.analysis = AnalysisPage(self._around, self._questions)
        self.keys = KeysPage(self._around)
        self.place = PlacePage(self._around, self._questions)
        self.pages = QListWidget()
        self.stack = QStackedWidget()
        self.buttons = QDialogButtonBox(_BUTTON.Ok | _BUTTON.Cancel | _BUTTON.Apply)
        self._name_buttons()
        self._arrange()
        self._show(settings)
        self._connect()
        self._check()

    def settings(self) -> Settings:
        """The settings as the dialog shows them; what is locked as it was."""
        shown = self._settings
        for page in (self.general, self.analysis, self.keys):
            shown = page.over(shown)
        locked = {name: getattr(self._settings, name) for name in self._around.policy.locked}
        return replace(shown, **locked)

    def show_page(self, number: int) -> None:
        """Turn to a page, from 0."""
        self.pages.setCurrentRow(number)

    def _show(self, settings: Settings) -> None:
        for page in (self.general, self.analysis, self.keys):
            page.show_settings(settings)

    def _connect(self) -> None:
        self.pages.currentRowChanged.connect(self.stack.setCurrentIndex)
        self.general.changed.connect(self._check)
        self.place.export_asked.connect(self._export)
        self.place.import_asked.connect(self._import)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(_BUTTON.Apply).clicked.connect(self._apply)

    def _check(self) -> None:
        for button in (_BUTTON.Ok, _BUTTON.Apply):
            self.buttons.button(button).setEnabled(self.general.is_complete)

    def _apply(self) -> None:
        self._settings = self.settings()
        self.settings_applied.emit(self._settings)
        wanted = self.place.wanted
        if wanted is not None:
            self.accept()
            self.library_requested.emit(wanted)

    def _accept(self) -> None:
        self._apply()
        self.accept()

    def _export(self, with_personal: bool) -> None:
        path = self._questions.file_to_write()
        if path is None:
            return
        try:
            export_settings(path, self.settings(), with_personal=with_personal)
        except InputRefused as error:
            self.place.say(str(error), is_refusal=True)
        else:
            self.place.say(tr("Written: {path}").format(path=path))

    def _import(self, with_personal: bool) -> None:
        """Show what a file says; it counts with OK or Apply, as if it had been typed."""
        path = self._questions.file_to_read()
        if path is None:
            return
        try:
            found = import_settings(path)
        except InputRefused as error:
            self.place.say(str(error), is_refusal=True)
            return
        locked = self._around.policy.locked
        taken = found.taken(with_personal=with_personal, locked=locked)
        self._show(replace(self.settings(), **{n: v for n, v in taken.items() if n != "library"}))
        if taken.get("library") and self._around.why_library_stays() is None:
            self.place.show_library(Path(taken["library"]))
        left = tuple(name for name in found.values if name not in taken)
        said = [tr("Read: {name}. It counts once you press OK or Apply.").format(name=path.name)]
        if left:
            said.append(tr("Left as they are: {names}.").format(names=listed(left)))
        self.place.say(" ".join(said))

    def _name_buttons(self) -> None:
        names = {
            _BUTTON.Ok: (tr("OK"), tr("Use these settings and close.")),
            _BUTTON.Cancel: (tr("Cancel"), tr("Close without these changes.")),
            _BUTTON.Apply: (tr("Apply"), tr("Use these settings and stay here.")),
        }
        for which, (text, hint) in names.items():
            button = self.buttons.button(which)
            button.setText(text)
            button.setToolTip(hint)

    def _arrange(self) -> None:
        self.pages.setAccessibleName(tr("Pages of the settings"))
        self.pages.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for title, page in (
            (tr("General"), self.general),
            (tr("Analysis"), self.analysis),
            (tr("Keys"), self.keys),
            (tr("Place"), self.place),
        ):
            self.pages.addItem(title)
            self.stack.addWidget(page if page is self.keys else _scrolled(page, title))
        self.pages.setCurrentRow(0)
        width = self.pages.sizeHintForColumn(0) + GRID * 10
        self.pages.setFixedWidth(max(width, GRID * 32))
        body = QHBoxLayout()
        body.setSpacing(GRID * 5)
        body.addWidget(self.pages)
        body.addWidget(self.stack, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID * 5, GRID * 5, GRID * 5, GRID * 5)
        column.setSpacing(GRID * 4)
        column.addLayout(body, 1)
        column.addWidget(self.buttons)
        self.resize(WIDTH, HEIGHT)


def _scrolled(page: QWidget, title: str) -> QScrollArea:
    holder = ScrollPage()
    column = QVBoxLayout(holder)
    column.setContentsMargins(GRID, GRID, GRID * 3, GRID)
    column.addWidget(page)
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setAccessibleName(title)
    area.setWidget(holder)
    return area
