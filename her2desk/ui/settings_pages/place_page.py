"""Where the library is, and where everything else lies; the settings as a file."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.in_force import library_without_choice
from her2desk.store.choosing import place_for_library
from her2desk.texts import tr
from her2desk.ui.settings_pages.questions import SettingsQuestions
from her2desk.ui.settings_pages.surroundings import Surroundings, free_bytes
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import ElidedLabel, wrapped


class PlacePage(QWidget):
    """``export_asked`` and ``import_asked`` say whether personal things go along."""

    export_asked = Signal(bool)
    import_asked = Signal(bool)

    def __init__(
        self, around: Surroundings, questions: SettingsQuestions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._around = around
        self._questions = questions
        self._library = around.places.library
        self.where = ElidedLabel()
        self.free, self.what_happens = wrapped("", "muted"), wrapped()
        self.choose = _button(tr("Choose another folder…"), tr("Use a library in another folder"))
        self.usual = _button(tr("Usual folder"), tr("Use the folder that Her2Desk chooses itself"))
        self.open_library = _button(tr("Open folder"), tr("Show the library's folder"))
        self.personal = QCheckBox(tr("With the reader's name and the folders"))
        self.personal.setToolTip(tr("Also carry what tells of a person or of this computer"))
        self.write = _button(tr("Export settings…"), tr("Write the settings to one file"))
        self.read = _button(tr("Import settings…"), tr("Take the settings from a file"))
        self.said = wrapped()
        self._arrange()
        self.choose.clicked.connect(self._choose)
        self.usual.clicked.connect(lambda: self._show(library_without_choice()))
        self.open_library.clicked.connect(lambda: questions.open_folder(self._library))
        self.write.clicked.connect(lambda: self.export_asked.emit(self.personal.isChecked()))
        self.read.clicked.connect(lambda: self.import_asked.emit(self.personal.isChecked()))
        self._show(self._library)

    @property
    def wanted(self) -> Path | None:
        """The folder of another library than the open one; None where that stays."""
        return None if self._library == self._around.places.library else self._library

    def show_library(self, folder: Path) -> None:
        """Show that this folder is wanted, as from an imported file."""
        self._show(folder)

    def say(self, text: str, *, is_refusal: bool = False) -> None:
        """What came of an export or an import."""
        set_role(self.said, "warning" if is_refusal else "")
        self.said.setText(text)

    def _choose(self) -> None:
        folder = self._questions.library(self._library)
        if folder is not None:
            self._show(folder)

    def _show(self, folder: Path) -> None:
        """Show a folder where a library can be; a refusal leaves the one before."""
        is_other = folder != self._around.places.library
        if is_other:
            try:
                place = place_for_library(folder)
            except Her2DeskError as error:
                self._tell(str(error), "warning")
                return
            reopens = tr("Nothing is moved or copied. The window closes and opens again there.")
            self._tell(f"{place.sentence.text()} {reopens}", "accent")
        else:
            self._tell("", "")
        self._library = folder
        self.where.set_full_text(str(folder))
        free = free_bytes(folder)
        self.free.setText("" if free is None else tr("Free: {size}").format(size=_size(free)))

    def _tell(self, text: str, role: str) -> None:
        set_role(self.what_happens, role)
        self.what_happens.setText(text)
        self.what_happens.setVisible(bool(text))

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 2)
        column.addWidget(_heading(tr("Library")))
        column.addWidget(self.where)
        column.addWidget(self.free)
        column.addLayout(_row(self.choose, self.usual, self.open_library))
        column.addWidget(self.what_happens)
        why = self._around.why_library_stays()
        if why is not None:
            column.addWidget(wrapped(why.text(), "muted"))
            for button in (self.choose, self.usual):
                button.setEnabled(False)
                button.setToolTip(why.text())
        column.addSpacing(GRID * 2)
        column.addWidget(_heading(tr("Other folders")))
        column.addLayout(self._others())
        column.addSpacing(GRID * 2)
        column.addWidget(_heading(tr("Settings as a file")))
        column.addWidget(self.personal)
        column.addLayout(_row(self.write, self.read))
        column.addWidget(self.said)
        column.addStretch()

    def _others(self) -> QGridLayout:
        places = self._around.places
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID * 3)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(1, 1)
        for number, (name, folder) in enumerate(
            (
                (tr("Settings"), places.settings_file.parent),
                (tr("Logs"), places.logs),
                (tr("Cache"), places.cache),
            )
        ):
            button = _button(tr("Open folder"), tr("Show this folder: {name}").format(name=name))
            button.setAccessibleName(tr("Open folder: {name}").format(name=name))
            button.clicked.connect(
                lambda _checked=False, place=folder: self._questions.open_folder(place)
            )
            grid.addWidget(QLabel(name), number, 0)
            grid.addWidget(ElidedLabel(str(folder)), number, 1)
            grid.addWidget(button, number, 2, Qt.AlignmentFlag.AlignRight)
        return grid


def _size(number: int) -> str:
    """In units of a thousand, as disks are sold."""
    for unit, each in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if number >= each:
            return f"{number / each:.1f}\u00a0{unit}"
    return f"{number / 1e3:.0f}\u00a0kB"


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    set_role(label, "heading")
    return label


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button


def _row(*buttons: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GRID * 2)
    for button in buttons:
        row.addWidget(button)
    row.addStretch()
    return row
