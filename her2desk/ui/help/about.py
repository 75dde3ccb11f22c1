"""What this program is: version, licence, what it is for, and where its files lie."""

import platform
from pathlib import Path

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk import __version__
from her2desk.domain.research_use import RESEARCH_USE
from her2desk.paths import assets_dir
from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped

WIDTH = 760  # a path stands on one line


class AboutDialog(QDialog):
    """Paths can be selected and copied. Esc closes it; it does not block the window."""

    def __init__(
        self, library_dir: Path, settings_file: Path, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About Her2Desk"))
        self.setModal(False)
        name = QLabel(tr("Her2Desk {version}").format(version=__version__))
        set_role(name, "title")
        form = QFormLayout()
        form.setHorizontalSpacing(GRID * 4)
        form.setVerticalSpacing(GRID * 2)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        rows = (
            (tr("Licence"), tr("Apache 2.0; of what it is built from: the files in “Licences”")),
            (tr("Library"), str(library_dir)),
            (tr("Settings"), str(settings_file)),
            (tr("Licences"), str(_licences())),
            (tr("Built with"), f"Python {platform.python_version()}, Qt {qVersion()}"),
        )
        for title, words in rows:
            form.addRow(_muted(title), _selectable(words, title))
        close = QPushButton(tr("Close"))
        close.setToolTip(tr("Close this window (Esc)"))
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID * 5, GRID * 4, GRID * 5, GRID * 4)
        column.setSpacing(GRID * 3)
        column.addWidget(name)
        column.addWidget(wrapped(RESEARCH_USE.text()))
        column.addLayout(form)
        column.addStretch(1)
        column.addLayout(foot)
        self.resize(WIDTH, column.totalHeightForWidth(WIDTH))


def _licences() -> Path:
    """The folder of third-party licences in a bundle; the program's own licence elsewhere."""
    folder = assets_dir()
    return next((p for p in (folder / "licences", folder.parent / "LICENSE") if p.exists()), folder)


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    set_role(label, "muted")
    return label


def _selectable(text: str, name: str) -> QLabel:
    label = wrapped(text)
    if " " not in text:  # a path, which cannot go on in the next line
        label.setMinimumWidth(label.fontMetrics().horizontalAdvance(text) + GRID)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setAccessibleName(f"{name}: {text}")
    return label
