"""What something trained is called, and the file it is saved to, which follows the name."""

import re
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped

_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class SaveWords:
    """What is saved, as the page calls it; ``stem`` is a file's where the name has no letter for one."""

    suffix: str
    stem: str
    name: str
    place: str
    choose_tip: str
    kinds: str
    title: str
    beside: str
    no_name: str
    no_file: str


class SaveChoice(QWidget):
    """The file lies in ``folder`` and is named after ``name``, until a person says otherwise.

    ``name`` is a field of its own, to be laid out where it belongs.
    """

    changed = Signal()

    def __init__(self, words: SaveWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self._folder = Path()
        self._out_is_own = False
        self.name = QLineEdit()
        self.name.setAccessibleName(words.name)
        self.out = QLineEdit()
        self.out.setAccessibleName(words.place)
        self.choose = QPushButton(tr("Choose…"))
        self.choose.setToolTip(words.choose_tip)
        self.note = wrapped(role="muted")
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.out, 1)
        row.addWidget(self.choose)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(GRID)
        lines.addLayout(row)
        lines.addWidget(self.note)
        self.setFocusProxy(self.out)
        self.name.textChanged.connect(self._follow_name)
        self.out.textEdited.connect(self._keep_out)
        self.out.textChanged.connect(self._on_out)
        self.choose.clicked.connect(self._ask_where)

    def set_defaults(self, folder: Path, name: str) -> None:
        """Put both back: a file in ``folder``, called ``name``."""
        self._folder, self._out_is_own = folder, False
        self.name.setText(name)
        self._follow_name()

    def name_value(self) -> str:
        """The name."""
        return self.name.text().strip()

    def out_value(self) -> Path:
        """The file to write."""
        return Path(self.out.text().strip()).expanduser()

    def problem(self) -> str:
        """What keeps it from being written, in a sentence; empty where nothing does."""
        out = self.out_value()
        if not self.name_value():
            return self._words.no_name
        if out.suffix != self._words.suffix:
            return self._words.no_file
        if not out.parent.is_dir():
            return tr("The folder to save it in does not exist.")
        return ""

    def _follow_name(self) -> None:
        if not self._out_is_own:
            stem = _UNSAFE.sub("-", self.name_value()).strip("-.") or self._words.stem
            self.out.setText(str(self._folder / f"{stem}{self._words.suffix}"))
        self.changed.emit()

    def _keep_out(self) -> None:
        self._out_is_own = True

    def _on_out(self) -> None:
        self.note.setText(
            tr("A file of this name is there; it is replaced when the new one is finished.")
            if self.out_value().is_file()
            else self._words.beside
        )
        self.changed.emit()

    def _ask_where(self) -> None:
        words = self._words
        kinds = f"{words.kinds} (*{words.suffix})"
        name, _ = QFileDialog.getSaveFileName(self, words.title, self.out.text(), kinds)
        if name:
            path = Path(name)
            self._out_is_own = True
            self.out.setText(str(path if path.suffix == words.suffix else f"{path}{words.suffix}"))
