"""One line of the clinical form: a label, an input, and what is wrong with the value."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QWidget

from her2desk.domain.clinical import ClinicalField
from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.segmented_control import SegmentedControl
from her2desk.ui.widgets.typed_numbers import plain_number


class FieldRow(QWidget):
    """What every line shares: label, mark of the pack's own fields, value and validity."""

    edited = Signal()

    def __init__(self, name: str, label: str, editor: QWidget) -> None:
        super().__init__()
        self.name = name
        self.label = QLabel(label)
        self.label.setBuddy(editor)
        self.used = QLabel(tr("used by this pack"))
        set_role(self.used, "muted")
        self.used.hide()
        heading = QHBoxLayout()
        heading.setSpacing(GRID * 2)
        heading.addWidget(self.label)
        heading.addStretch()
        heading.addWidget(self.used)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(GRID)
        self._grid.addLayout(heading, 0, 0)
        self._grid.addWidget(editor, 1, 0)

    def is_valid(self) -> bool:
        """Whether the value may be used."""
        return True

    def value(self) -> object:
        """The value, or None when not known."""
        raise NotImplementedError

    def set_value(self, value: object) -> None:
        """Show ``value`` without a signal."""
        raise NotImplementedError

    def stops(self) -> list[QWidget]:
        """What Tab stops at, in order."""
        raise NotImplementedError

    def set_used(self, is_used: bool) -> None:
        """Mark the line as one that the pack computes with."""
        self.used.setVisible(is_used)


class ChoiceRow(FieldRow):
    """Yes, no or not known; or left, right or not known."""

    def __init__(self, name: str, label: str, choices: list[tuple[object, str]]) -> None:
        self.control = SegmentedControl([*choices, (None, tr("Not known"))], label)
        super().__init__(name, label, self.control)
        self.control.set_value(None)
        self.control.value_changed.connect(self._tell)

    def value(self) -> object:
        return self.control.value()

    def set_value(self, value: object) -> None:
        self.control.set_value(value)

    def stops(self) -> list[QWidget]:
        return [self.control, *self.control.buttons()]

    def _tell(self, _value: object) -> None:
        self.edited.emit()


class NumberRow(FieldRow):
    """A number with its unit; empty is "not known". Outside its limits it is kept, not used."""

    def __init__(self, spec: ClinicalField) -> None:
        assert spec.lower is not None
        assert spec.upper is not None
        self._spec = spec
        self._lower, self._upper = spec.lower, spec.upper
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(tr("not known"))
        self.edit.setAccessibleName(f"{spec.label.text()}, {spec.unit.text()}")
        unit = QLabel(spec.unit.text())
        set_role(unit, "muted")
        unit.setMinimumWidth(GRID * 12)
        editor = QWidget()
        row = QHBoxLayout(editor)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID * 2)
        row.addWidget(self.edit, 1)
        row.addWidget(unit)
        super().__init__(spec.name, spec.label.text(), editor)
        self.label.setBuddy(self.edit)
        self._add_problem_line()
        self._told = ""
        self.edit.editingFinished.connect(self._finish)

    def is_valid(self) -> bool:
        text = self.edit.text().strip()
        if not text:
            return True
        number = parse_number(text)
        return number is not None and self._lower <= number <= self._upper

    def value(self) -> object:
        return parse_number(self.edit.text().strip()) if self.is_valid() else None

    def set_value(self, value: object) -> None:
        self.edit.setText("" if value is None else f"{value:.15g}")
        self._told = self.edit.text()
        self._show_validity()

    def stops(self) -> list[QWidget]:
        return [self.edit]

    def _add_problem_line(self) -> None:
        self.problem = wrapped(role="warning")
        self._problem_row = QWidget()
        line = QHBoxLayout(self._problem_row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID * 2)
        line.addWidget(Glyph("warning"))
        line.addWidget(self.problem, 1)
        self._grid.addWidget(self._problem_row, 2, 0)
        self._problem_row.hide()

    def _finish(self) -> None:
        self._show_validity()
        if self.edit.text() != self._told:
            self._told = self.edit.text()
            self.edited.emit()

    def _show_validity(self) -> None:
        is_valid = self.is_valid()
        if is_valid:
            self.problem.setText("")
        else:
            self.problem.setText(
                tr(
                    "{label} must be a number between {lower:g} and {upper:g}\u00a0{unit}. "
                    "This value is not used."
                ).format(
                    label=self._spec.label.text(),
                    lower=self._lower,
                    upper=self._upper,
                    unit=self._spec.unit.text(),
                )
            )
        self.edit.setAccessibleDescription(self.problem.text())
        self._problem_row.setVisible(not is_valid)
        if bool(self.edit.property("invalid")) == is_valid:
            self.edit.setProperty("invalid", not is_valid)
            self.edit.style().unpolish(self.edit)
            self.edit.style().polish(self.edit)


def parse_number(text: str) -> float | None:
    """A number as people write it, with a decimal point or comma; None for anything else.

    None too for "1,234", which may mean two numbers.
    """
    plain = plain_number(text)
    if plain is None or not all(sign in "0123456789.-" for sign in plain):
        return None  # float() would also take "1e5", "nan" and "1_0"
    try:
        return float(plain)
    except ValueError:
        return None
