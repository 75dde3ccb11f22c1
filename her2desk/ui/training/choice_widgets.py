"""Rows of the second step: a control, and under it in one line what the choice means."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from her2desk.ui.theme import GRID, set_role
from her2desk.ui.training.words import Choice
from her2desk.ui.widgets.inputs import QuietComboBox, QuietDoubleSpinBox
from her2desk.ui.widgets.labels import wrapped

_LABEL_WIDTH = 40 * GRID
_FIELD_WIDTH = 80 * GRID


class Chooser(QWidget):
    """One of a few, with the chosen one's explanation under it."""

    changed = Signal()

    def __init__(self, choices: Sequence[Choice], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hints = {choice.value: choice.hint for choice in choices}
        self._note = ""
        self.box = QuietComboBox()
        self.box.setAccessibleName(name)
        self.box.setFixedWidth(_FIELD_WIDTH)
        for choice in choices:
            self.box.addItem(choice.name, choice.value)
        self.hint = wrapped(role="muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        row = QHBoxLayout()  # the hint may be wider than the box
        row.addWidget(self.box)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.hint)
        self.setFocusProxy(self.box)
        self.box.currentIndexChanged.connect(self._on_index)
        self._explain()

    def value(self) -> str:
        """The chosen value."""
        return str(self.box.currentData())

    def set_value(self, value: str, note: str = "") -> None:
        """Choose ``value``; ``note`` says why, until a person chooses."""
        self.box.setCurrentIndex(max(self.box.findData(value), 0))
        self._note = note
        self._explain()

    def set_offered(self, value: str, is_offered: bool) -> None:
        """Grey out a choice that this cohort does not allow."""
        model = self.box.model()
        assert isinstance(model, QStandardItemModel)  # a combo box's own
        model.item(self.box.findData(value)).setEnabled(is_offered)

    def _on_index(self) -> None:
        self._note = ""
        self._explain()
        self.changed.emit()

    def _explain(self) -> None:
        words = " ".join(part for part in (self._hints[self.value()], self._note) if part)
        self.hint.setText(words)
        self.box.setAccessibleDescription(words)


class TickList(QWidget):
    """Any of a few, each with a short explanation at its right; in two columns without any."""

    changed = Signal()

    def __init__(self, choices: Sequence[Choice], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.boxes = {choice.value: QCheckBox(choice.name) for choice in choices}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnMinimumWidth(0, 44 * GRID)
        grid.setColumnStretch(1, 1)
        has_hints = any(choice.hint for choice in choices)
        for index, choice in enumerate(choices):
            box = self.boxes[choice.value]
            box.setAccessibleDescription(choice.hint)
            row, column = (index, 0) if has_hints else divmod(index, 2)
            grid.addWidget(box, row, column)
            if has_hints:
                hint = wrapped(choice.hint, "muted")
                hint.setAlignment(Qt.AlignmentFlag.AlignVCenter)
                grid.addWidget(hint, index, 1)
            box.toggled.connect(self.changed)

    def values(self) -> tuple[str, ...]:
        """The ticked values in order."""
        return tuple(value for value, box in self.boxes.items() if box.isChecked())

    def set_values(self, values: Iterable[str]) -> None:
        """Tick these and no others."""
        wanted = set(values)
        for value, box in self.boxes.items():
            box.setChecked(value in wanted)


class ChoiceForm(QWidget):
    """Names at the left, controls at the right, one row a choice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4 * GRID)
        self._grid.setVerticalSpacing(4 * GRID)
        self._grid.setColumnMinimumWidth(0, _LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)

    def add(self, name: str, control: QWidget, hint: str = "") -> None:
        """Add a row; Alt and the letter after & in ``name`` goes to the control."""
        row = self._grid.rowCount()
        label = QLabel(name)
        label.setBuddy(control)
        label.setContentsMargins(0, GRID + 2, 0, 0)
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        if not hint:
            self._grid.addWidget(control, row, 1)
            return
        cell = QVBoxLayout()
        cell.setSpacing(GRID)
        cell.addWidget(control)
        cell.addWidget(wrapped(hint, "muted"))
        control.setAccessibleDescription(hint)
        self._grid.addLayout(cell, row, 1)


def group_title(text: str) -> QLabel:
    """The heading over a part of the form."""
    label = QLabel(text)
    set_role(label, "title")
    return label


def whole_number(name: str, lower: int, upper: int, suffix: str = "") -> QuietDoubleSpinBox:
    """A field for a whole number."""
    field = QuietDoubleSpinBox()
    field.setDecimals(0)
    field.setRange(lower, upper)
    field.setSuffix(suffix)
    field.setAccessibleName(name)
    field.setFixedWidth(28 * GRID)
    return field
