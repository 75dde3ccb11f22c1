"""What the pack is called, whom it was trained on in words, and where it is saved."""

import re
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.training.choice_widgets import ChoiceForm
from her2desk.ui.widgets.labels import wrapped

SUFFIX = ".h2pack"
_UNSAFE = re.compile(r"[^\w.-]+")


class PackChoice(QWidget):
    """The file is named after the pack, beside the cohort's folder, until a person says otherwise."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cohort = Path()
        self._out_is_own = False
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name of the pack"))
        self.population = QLineEdit()
        self.population.setAccessibleName(tr("Who the patients are"))
        self.population.setPlaceholderText(tr("Counted from the cohort"))
        self.out = QLineEdit()
        self.out.setAccessibleName(tr("Where to save the pack"))
        self.choose = QPushButton(tr("Choose…"))
        self.choose.setToolTip(tr("Choose where the pack is saved"))
        self.note = wrapped(role="muted")
        self._arrange()
        self.name.textChanged.connect(self._follow_name)
        self.out.textEdited.connect(self._keep_out)
        self.out.textChanged.connect(self._on_out)
        self.choose.clicked.connect(self._ask_where)

    def set_cohort(self, cohort: Path) -> None:
        """Put everything back to what fits this cohort."""
        self._cohort, self._out_is_own = cohort, False
        self.name.setText(cohort.name)
        self.population.clear()
        self._follow_name()

    def name_value(self) -> str:
        """The pack's name."""
        return self.name.text().strip()

    def population_value(self) -> str | None:
        """Who the patients are, None for what the builder says itself."""
        return self.population.text().strip() or None

    def out_value(self) -> Path:
        """The file to write."""
        return Path(self.out.text().strip()).expanduser()

    def problem(self) -> str:
        """What keeps the pack from being written, in a sentence; empty where nothing does."""
        out = self.out_value()
        if not self.name_value():
            return tr("Give the pack a name.")
        if out.suffix != SUFFIX:
            return tr("Choose where to save the pack, as a file that ends in .h2pack.")
        if not out.parent.is_dir():
            return tr("The folder to save the pack in does not exist.")
        return ""

    def _follow_name(self) -> None:
        if not self._out_is_own:
            stem = _UNSAFE.sub("-", self.name_value()).strip("-.") or "pack"
            self.out.setText(str(self._cohort.parent / f"{stem}{SUFFIX}"))
        self.changed.emit()

    def _keep_out(self) -> None:
        self._out_is_own = True

    def _on_out(self) -> None:
        self.note.setText(
            tr("A file of this name is there; it is replaced when the new pack is finished.")
            if self.out_value().is_file()
            else tr("The report and the figures are written beside it.")
        )
        self.changed.emit()

    def _ask_where(self) -> None:
        kinds = tr("Model packs") + f" (*{SUFFIX})"
        name, _ = QFileDialog.getSaveFileName(self, tr("Save the pack"), self.out.text(), kinds)
        if name:
            path = Path(name)
            self._out_is_own = True
            self.out.setText(str(path if path.suffix == SUFFIX else f"{path}{SUFFIX}"))

    def _arrange(self) -> None:
        place = QWidget()
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.out, 1)
        row.addWidget(self.choose)
        lines = QVBoxLayout(place)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(GRID)
        lines.addLayout(row)
        lines.addWidget(self.note)
        place.setFocusProxy(self.out)
        form = ChoiceForm()
        form.add(tr("&Name"), self.name)
        form.add(tr("Save &to"), place)
        form.add(
            tr("&Patients"),
            self.population,
            tr("Who they are, in a sentence that everybody who opens the pack reads."),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(form)
