"""Choices that are right as they are for most: seed, repeats, indeterminate zone, weights, pictures."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.texts import tr
from her2desk.training.request import TrainRequest
from her2desk.ui.theme import GRID
from her2desk.ui.training.choice_widgets import ChoiceForm, Chooser, whole_number
from her2desk.ui.training.seed_field import SeedField
from her2desk.ui.training.words import combined_kinds, indeterminate_rules, weight_sources


class AdvancedChoices(QWidget):
    """Fields whose defaults are the builder's own."""

    changed = Signal()

    def __init__(self, defaults: TrainRequest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.combined = Chooser(combined_kinds(), tr("Combined model"))
        self.seed = SeedField(tr("From the cohort"))
        self.repeats = whole_number(tr("Repeats"), 1, 50)
        self.epochs = whole_number(tr("Epochs"), 1, 1000)
        self.jobs = whole_number(tr("Jobs"), 1, 256)
        self.indeterminate = Chooser(indeterminate_rules(), tr("Indeterminate zone"))
        self.thumbnails = QCheckBox(tr("Put a small picture of each lesion into the pack"))
        self.weights = Chooser(weight_sources(), tr("Initial weights"))
        self.weights_file = QLineEdit()
        self.weights_file.setAccessibleName(tr("File of initial weights"))
        self.choose_weights = QPushButton(tr("Choose…"))
        self.choose_weights.setToolTip(tr("Choose a file of initial weights"))
        self.choose_weights.clicked.connect(self._ask_for_weights)
        self._file_row = QWidget()
        self._arrange()
        self.set_defaults(defaults)
        for chooser in (self.combined, self.indeterminate, self.weights):
            chooser.changed.connect(self.changed)
        self.thumbnails.toggled.connect(self.changed)
        self.weights.changed.connect(self._show_file_row)
        self.weights_file.textChanged.connect(self.changed)

    def set_defaults(self, defaults: TrainRequest) -> None:
        """Put every field back."""
        self.combined.set_value(defaults.combined)
        self.seed.set_value(defaults.seed)
        self.repeats.setValue(defaults.repeats)
        self.epochs.setValue(defaults.epochs)
        self.jobs.setValue(defaults.jobs)
        self.indeterminate.set_value(defaults.indeterminate)
        self.thumbnails.setChecked(defaults.thumbnails)
        self.weights.set_value(defaults.weights or "")
        self.weights_file.clear()
        self._show_file_row()

    def weights_value(self) -> str | None:
        """Where the initial weights come from, None for random ones."""
        if self.weights.value() == "file":
            return self.weights_file.text().strip() or None
        return self.weights.value() or None

    def _show_file_row(self) -> None:
        self._file_row.setVisible(self.weights.value() == "file")

    def _ask_for_weights(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("Initial weights"), "")
        if name:
            self.weights_file.setText(str(Path(name)))

    def _arrange(self) -> None:
        form = ChoiceForm()
        form.add(tr("Combined model"), self.combined)
        form.add(
            tr("Seed"),
            self.seed,
            tr("Left empty it comes from the cohort's content, so that nobody can try seeds."),
        )
        form.add(
            tr("Repeats"),
            self.repeats,
            tr("How often the cross-validation is drawn anew; 4 or more."),
        )
        form.add(tr("Epochs"), self.epochs, tr("The most passes of a network over its patients."))
        form.add(tr("Jobs"), self.jobs, tr("How many things are worked out at the same time."))
        line = QHBoxLayout(self._file_row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * GRID)
        line.addWidget(self.weights_file, 1)
        line.addWidget(self.choose_weights)
        start = QWidget()
        lines = QVBoxLayout(start)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(2 * GRID)
        lines.addWidget(self.weights)
        lines.addWidget(self._file_row)
        form.add(tr("Initial weights"), start)
        form.add(tr("Indeterminate zone"), self.indeterminate)
        form.add(
            tr("Pictures"),
            self.thumbnails,
            tr(
                "Beside a case the pack then shows the most similar patients. Whoever gets the pack "
                "sees them, so only with permission of the images' owner."
            ),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.addWidget(form)
