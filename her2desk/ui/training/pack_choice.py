"""What the pack is called, whom it was trained on in words, and where it is saved."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.training.choice_widgets import ChoiceForm
from her2desk.ui.training.save_choice import SaveChoice, SaveWords

SUFFIX = ".h2pack"


class PackChoice(QWidget):
    """The file is named after the pack, beside the cohort's folder, until a person says otherwise."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.save = SaveChoice(_words())
        self.name, self.out = self.save.name, self.save.out
        self.population = QLineEdit()
        self.population.setAccessibleName(tr("Who the patients are"))
        self.population.setPlaceholderText(tr("Counted from the cohort"))
        form = ChoiceForm()
        form.add(tr("&Name"), self.name)
        form.add(tr("Save &to"), self.save)
        form.add(
            tr("&Patients"),
            self.population,
            tr("Who they are, in a sentence that everybody who opens the pack reads."),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(form)
        self.save.changed.connect(self.changed)

    def set_cohort(self, cohort: Path) -> None:
        """Put everything back to what fits this cohort."""
        self.population.clear()
        self.save.set_defaults(cohort.parent, cohort.name)

    def name_value(self) -> str:
        """The pack's name."""
        return self.save.name_value()

    def population_value(self) -> str | None:
        """Who the patients are, None for what the builder says itself."""
        return self.population.text().strip() or None

    def out_value(self) -> Path:
        """The file to write."""
        return self.save.out_value()

    def problem(self) -> str:
        """What keeps the pack from being written, in a sentence; empty where nothing does."""
        return self.save.problem()


def _words() -> SaveWords:
    return SaveWords(
        suffix=SUFFIX,
        stem="pack",
        name=tr("Name of the pack"),
        place=tr("Where to save the pack"),
        choose_tip=tr("Choose where the pack is saved"),
        kinds=tr("Model packs"),
        title=tr("Save the pack"),
        beside=tr("The report and the figures are written beside it."),
        no_name=tr("Give the pack a name."),
        no_file=tr("Choose where to save the pack, as a file that ends in .h2pack."),
    )
