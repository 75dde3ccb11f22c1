"""The clinical record as a form; "not known" is an answer everywhere."""

from collections.abc import Collection
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from her2desk.domain.clinical import CLINICAL_FIELDS, ClinicalRecord
from her2desk.texts import tr
from her2desk.ui.panels.clinical_field_row import ChoiceRow, FieldRow, NumberRow
from her2desk.ui.panels.pathology_form import PathologyForm
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.collapsible_section import CollapsibleSection
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.scroll_page import ScrollPage

LATERALITY = "laterality"


class ClinicalForm(QScrollArea):
    """Every clinical field; those the pack computes with come first.

    ``record_changed`` carries a ``ClinicalRecord`` and is sent only while every value can be right.
    ``validity_changed`` tells when a value that cannot be right appears or goes: a result shown
    meanwhile belongs to the earlier record.
    """

    record_changed = Signal(object)
    validity_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, FieldRow] = {row.name: row for row in _make_rows()}
        self._used: tuple[str, ...] = ()
        self._was_valid = True
        self._first = QVBoxLayout()
        self._first.setSpacing(GRID * 3)
        self._others = QVBoxLayout()
        self._others.setContentsMargins(0, 0, 0, 0)
        self._others.setSpacing(GRID * 3)
        folded = QWidget()
        folded.setLayout(self._others)
        self.also_recorded = CollapsibleSection(tr("Also recorded"), folded, is_open=False)
        self.pathology = PathologyForm()
        self.result = CollapsibleSection(tr("Pathology result"), self.pathology, is_open=False)
        self._hint = wrapped(
            tr("Leave out what is not known; the pack then answers without it."), "muted"
        )
        self._arrange()
        self.set_used_fields(())
        for row in self.rows.values():
            row.edited.connect(self._tell)

    def record(self) -> ClinicalRecord | None:
        """What the form says; None while a value cannot be right."""
        if not all(row.is_valid() for row in self.rows.values()):
            return None
        values = {name: row.value() for name, row in self.rows.items()}
        return ClinicalRecord(**values)  # type: ignore[arg-type]

    def set_record(self, record: ClinicalRecord) -> None:
        """Show a record, without a signal."""
        for name, row in self.rows.items():
            row.set_value(getattr(record, name))
        self._was_valid = self.record() is not None

    def set_used_fields(self, names: Collection[str]) -> None:
        """List the fields that the pack computes with first, and mark them; fold the others."""
        self._used = tuple(name for name in self.rows if name in names)
        for name, row in self.rows.items():
            is_used = name in self._used
            (self._first if is_used or not self._used else self._others).addWidget(row)
            row.set_used(is_used)
            row.show()  # a new parent hides it until the next turn of the event loop
        self.also_recorded.setVisible(bool(self._used))
        self._set_tab_order()

    def ask_for(self, name: str) -> None:
        """Bring a field into sight and give it the keyboard."""
        row = self.rows[name]
        if name not in self._used:
            self.also_recorded.set_open(True)
        self.ensureWidgetVisible(row)
        row.stops()[0].setFocus()

    def used_fields(self) -> tuple[str, ...]:
        """The fields marked as used by the pack, in the form's order."""
        return self._used

    def _tell(self) -> None:
        record = self.record()
        if (record is not None) != self._was_valid:
            self._was_valid = record is not None
            self.validity_changed.emit(self._was_valid)
        if record is not None:
            self.record_changed.emit(record)

    def _set_tab_order(self) -> None:
        first = [stop for name in self._used for stop in self.rows[name].stops()]
        others = [
            stop
            for name, row in self.rows.items()
            if name not in self._used
            for stop in row.stops()
        ]
        result = [self.result.toggle, *self.pathology.ihc.stops(), *self.pathology.fish.stops()]
        for before, after in pairwise([*first, self.also_recorded.toggle, *others, *result]):
            QWidget.setTabOrder(before, after)

    def _arrange(self) -> None:
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Clinical record"))
        content = ScrollPage()
        column = QVBoxLayout(content)
        column.setContentsMargins(GRID * 4, GRID * 3, GRID * 4, GRID * 3)
        column.setSpacing(GRID * 3)
        column.addWidget(self._hint)
        column.addLayout(self._first)
        column.addWidget(self.also_recorded)
        column.addWidget(self.result)
        column.addStretch()
        self.setWidget(content)


def _make_rows() -> list[FieldRow]:
    yes_no: list[tuple[object, str]] = [(True, tr("Yes")), (False, tr("No"))]
    receptor: list[tuple[object, str]] = [(True, tr("Positive")), (False, tr("Negative"))]
    sides: list[tuple[object, str]] = [("L", tr("Left")), ("R", tr("Right"))]
    rows: list[FieldRow] = []
    for spec in CLINICAL_FIELDS:
        if spec.is_number:
            rows.append(NumberRow(spec))
        else:
            choices = receptor if spec.name in ("er", "pr") else yes_no
            rows.append(ChoiceRow(spec.name, spec.label.text(), choices))
    rows.append(ChoiceRow(LATERALITY, tr("Side"), sides))
    return rows
