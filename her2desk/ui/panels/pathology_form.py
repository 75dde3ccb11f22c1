"""The pathologist's result, entered when it arrives: IHC score, and FISH where it was done."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from her2desk.domain.clinical import FISH_RESULTS, IHC_SCORES, Pathology
from her2desk.texts import tr
from her2desk.ui.panels.clinical_field_row import ChoiceRow
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped


class PathologyForm(QWidget):
    """Two choices and what follows from them by ASCO/CAP. ``pathology_changed`` carries a ``Pathology``.

    It is never part of what an estimate is made from.
    """

    pathology_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ihc = ChoiceRow("her2_ihc", tr("IHC"), [(score, score) for score in IHC_SCORES])
        results = (tr("Amplified"), tr("Not amplified"))
        self.fish = ChoiceRow(
            "her2_fish", tr("FISH"), list(zip(FISH_RESULTS, results, strict=True))
        )
        self.status = wrapped(role="muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 3)
        for widget in (self.ihc, self.fish, self.status):
            column.addWidget(widget)
        for row in (self.ihc, self.fish):
            row.edited.connect(self._tell)
        self.set_pathology(Pathology())

    def pathology(self) -> Pathology:
        """What is entered."""
        ihc, fish = self.ihc.value(), self.fish.value()
        return Pathology(None if ihc is None else str(ihc), None if fish is None else str(fish))

    def set_pathology(self, pathology: Pathology) -> None:
        """Show a result, without a signal."""
        self.ihc.set_value(pathology.her2_ihc)
        self.fish.set_value(pathology.her2_fish)
        self._say_status()

    def _tell(self) -> None:
        self._say_status()
        self.pathology_changed.emit(self.pathology())

    def _say_status(self) -> None:
        self.status.setText(status_text(self.pathology()))


def status_text(pathology: Pathology) -> str:
    """HER-2 status by ASCO/CAP in words."""
    if pathology == Pathology():
        return tr("Enter the result when it arrives; it never enters an estimate.")
    positive = pathology.her2_positive
    if positive is None:
        if pathology.her2_ihc is None:
            return tr("FISH alone does not say the status here: enter the IHC score too.")
        return tr("IHC 2+: FISH decides.")
    if positive:
        return tr("HER-2 positive by ASCO/CAP.")
    return tr("HER-2 negative by ASCO/CAP; the score itself is kept (HER2-low is treatable).")
