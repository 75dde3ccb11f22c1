"""Which clinical inputs enter the model, of those that the moment of prediction knows."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from her2desk.texts import tr
from her2desk.training.moments import allowed_inputs, default_inputs
from her2desk.training.request import Moment
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.training.documents import ClinicalInput
from her2desk.ui.training.words import input_name
from her2desk.ui.widgets.labels import wrapped

MOMENTS: tuple[Moment, ...] = ("before-biopsy", "after-biopsy")
_COLUMNS = 2


class InputChoice(QWidget):
    """A box for each clinical column of the cohort.

    Ticked at first: what the builder would choose itself for the moment. What a person ticked or cleared
    for one moment is there again when the moment comes back.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Clinical inputs"))
        self.boxes: dict[str, QCheckBox] = {}
        self._cells: list[QWidget] = []
        self._wanted: dict[Moment, set[str]] = {moment: set() for moment in MOMENTS}
        self._moment: Moment = "after-biopsy"
        self.none = wrapped(
            tr("The cohort has no clinical column: the image answers alone."), "muted"
        )
        self.meaning = wrapped(tr("Beside each: of how many patients it is known."), "muted")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, GRID, 0, 0)
        self._grid.setHorizontalSpacing(3 * GRID)
        self._grid.setVerticalSpacing(2 * GRID)
        self._grid.addWidget(self.none, 0, 0, 1, 2 * _COLUMNS)
        self._grid.addWidget(self.meaning, 1, 0, 1, 2 * _COLUMNS)
        for column in range(_COLUMNS):
            self._grid.setColumnStretch(2 * column + 1, 1)

    def set_inputs(self, inputs: Sequence[ClinicalInput], patients: int) -> None:
        """Offer the columns of another cohort."""
        for widget in self._cells:
            self._grid.removeWidget(widget)
            widget.deleteLater()
        known = [given for given in inputs if given.known]
        counts = {given.name: given.known for given in known}
        self._wanted = {moment: set(default_inputs(moment, counts, patients)) for moment in MOMENTS}
        self.boxes, self._cells = {}, []
        for index, given in enumerate(known):
            row, column = divmod(index, _COLUMNS)
            words = tr("{known} of {patients}").format(known=given.known, patients=patients)
            self.boxes[given.name] = self._box(given, words)
            label = QLabel(words)
            set_role(label, "muted")
            self._grid.addWidget(self.boxes[given.name], row + 2, 2 * column)
            self._grid.addWidget(label, row + 2, 2 * column + 1)
            self._cells += [self.boxes[given.name], label]
        self.none.setVisible(not known)
        self.meaning.setVisible(bool(known))
        self.set_moment(self._moment)

    def set_moment(self, moment: Moment) -> None:
        """Allow only what is known at this moment (V8)."""
        self._moment = moment
        allowed = allowed_inputs(moment)
        for name, box in self.boxes.items():
            is_allowed = name in allowed
            with QSignalBlocker(box):
                box.setEnabled(is_allowed)
                box.setChecked(name in self._wanted[moment])
            box.setToolTip("" if is_allowed else tr("Not known before the biopsy"))
        self.changed.emit()

    def values(self) -> tuple[str, ...]:
        """The ticked inputs in the cohort's order."""
        return tuple(name for name, box in self.boxes.items() if box.isChecked())

    def _box(self, given: ClinicalInput, known: str) -> QCheckBox:
        box = QCheckBox(input_name(given.name))
        box.setAccessibleDescription(known)
        box.toggled.connect(lambda is_on, own=given.name: self._take(own, is_on))
        return box

    def _take(self, name: str, is_on: bool) -> None:
        wanted = self._wanted[self._moment]
        (wanted.add if is_on else wanted.discard)(name)
        self.changed.emit()
