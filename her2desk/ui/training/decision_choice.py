"""For which decision the pack is, and at which probabilities that decision may be taken (V8)."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.training.request import Moment, TrainRequest
from her2desk.ui.theme import GRID
from her2desk.ui.training.choice_widgets import whole_number

_FIRST_RANGE = (0.1, 0.5)


class DecisionChoice(QWidget):
    """The builder's own decision is one after the biopsy; before it, a person must name one."""

    changed = Signal()

    def __init__(self, defaults: TrainRequest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._defaults = defaults
        self.words = QLineEdit()
        self.words.setAccessibleName(tr("For which decision"))
        self.words.setPlaceholderText(tr("Say what the pack helps to decide"))
        self.lowest = whole_number(tr("Lowest probability"), 1, 98, "\u00a0%")
        self.highest = whole_number(tr("Highest probability"), 2, 99, "\u00a0%")
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(QLabel(tr("taken at a probability from")))
        row.addWidget(self.lowest)
        row.addWidget(QLabel(tr("to")))
        row.addWidget(self.highest)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.words)
        column.addLayout(row)
        self.setFocusProxy(self.words)
        self.words.textChanged.connect(self.changed)
        for field in (self.lowest, self.highest):
            field.valueChanged.connect(self.changed)

    def set_defaults(self) -> None:
        """Put the decision and its range back."""
        self.words.setText(self._defaults.decision)
        lower, upper = self._defaults.decision_range or _FIRST_RANGE
        self.lowest.setValue(round(100 * lower))
        self.highest.setValue(round(100 * upper))

    def set_moment(self, moment: Moment) -> None:
        """Take back a decision that does not belong to this moment."""
        is_own = moment == self._defaults.moment
        if is_own and not self.words_value():
            self.words.setText(self._defaults.decision)
        elif not is_own and self.words.text() == self._defaults.decision:
            self.words.clear()

    def words_value(self) -> str:
        """The decision."""
        return self.words.text().strip()

    def range_value(self) -> tuple[float, float]:
        """The probabilities (0–1) at which it may be taken; a number still being typed counts."""
        for field in (self.lowest, self.highest):
            field.interpretText()
        return self.lowest.value() / 100, self.highest.value() / 100

    def problem(self) -> str:
        """What is missing, in a sentence; empty where nothing is."""
        if not self.words_value():
            return tr("Say for which decision the pack is to be used.")
        if self.lowest.value() >= self.highest.value():
            return tr("The lowest probability of the decision must be below the highest.")
        return ""
