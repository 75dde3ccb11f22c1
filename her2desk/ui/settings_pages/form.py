"""Rows of a settings page: a name, its control, and by whom it is locked."""

from collections.abc import Sequence

from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from her2desk.texts import Message
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.inputs import QuietComboBox
from her2desk.ui.widgets.labels import wrapped


class SettingsForm(QFormLayout):
    """Names at the left, controls at the right, a muted sentence beneath where one is needed."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalSpacing(GRID * 4)
        self.setVerticalSpacing(GRID * 3)
        self.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)

    def add(
        self,
        title: str,
        controls: Sequence[QWidget],
        lock: Message | None = None,
        said: Sequence[QWidget] = (),
    ) -> None:
        """One row; ``lock`` takes its controls out of use and says why."""
        column = QVBoxLayout()
        column.setSpacing(GRID)
        column.addLayout(_beside(controls))
        for sentence in said:
            column.addWidget(sentence)
        if lock is not None:
            column.addWidget(wrapped(lock.text(), "muted"))
            for control in controls:
                control.setEnabled(False)
                control.setToolTip(lock.text())
        self.addRow(title, column)
        label = self.labelForField(column)
        if label is not None and controls:
            label.setBuddy(controls[0])  # type: ignore[attr-defined]  # a row's name is a QLabel


def chooser(items: Sequence[tuple[object, str]], name: str) -> QuietComboBox:
    """Values to choose from, each in words; ``name`` is for those who hear it."""
    made = QuietComboBox()
    made.setAccessibleName(name)
    for value, text in items:
        made.addItem(text, value)
    return made


def choose(made: QuietComboBox, value: object) -> None:
    """Show ``value``, or the first where it is not offered."""
    made.setCurrentIndex(max(made.findData(value), 0))


def _beside(controls: Sequence[QWidget]) -> QLayout:
    row = QHBoxLayout()
    row.setSpacing(GRID * 2)
    for control in controls:
        row.addWidget(control)
    if len(controls) > 1:
        row.addStretch()
    return row
