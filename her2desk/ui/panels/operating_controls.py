"""The reader's two choices that change the readout: operating point and local prevalence."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from her2desk.domain.validation import OperatingPoint
from her2desk.stats.meanings import Figure
from her2desk.stats.statements import operating_point_name
from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.inputs import QuietComboBox, QuietDoubleSpinBox
from her2desk.ui.widgets.labels import FittedLabel
from her2desk.ui.widgets.meaning_mark import MeaningMark

OWN = "own"
STANDARD_POINTS = ("youden", "sensitivity95", "specificity95")
_PERCENT_DECIMALS = 1


class OperatingControls(QWidget):
    """A chooser and a percentage.

    ``operating_point_chosen`` carries a name of the pack's; ``own_threshold_chosen`` says that the
    threshold where it stands shall be the reader's own. ``prevalence_changed`` carries a share
    (0–1), or None for the pack's own cohort.
    """

    operating_point_chosen = Signal(str)
    own_threshold_chosen = Signal()
    prevalence_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._training_prevalence: float | None = None
        self.points = QuietComboBox()
        self.points.setAccessibleName(tr("Operating point"))
        self.points.setToolTip(tr("Which threshold makes the call."))
        self.prevalence = QuietDoubleSpinBox()
        self.prevalence.setRange(0.1, 99.9)
        self.prevalence.setDecimals(_PERCENT_DECIMALS)
        self.prevalence.setSuffix("\u00a0%")
        self.prevalence.setAccessibleName(tr("Local prevalence of HER-2 positive"))
        self.prevalence.setToolTip(
            tr("Share of HER-2 positive tumours among your own patients; it moves the estimate.")
        )
        self.reset = QPushButton(tr("Reset"))
        self._arrange()
        self.set_points(STANDARD_POINTS)
        self.points.activated.connect(self._choose)
        self.prevalence.valueChanged.connect(self._change)
        self.reset.clicked.connect(self._reset)

    def set_points(self, names: Sequence[str]) -> None:
        """Offer the operating points of a pack, and the reader's own threshold."""
        with QSignalBlocker(self.points):
            self.points.clear()
            for name in (*names, OWN):
                self.points.addItem(operating_point_name(name).text(), name)

    def show_choice(
        self, point: OperatingPoint, prevalence: float, training_prevalence: float
    ) -> None:
        """Show what the readout was made with, without signals."""
        self._training_prevalence = training_prevalence
        with QSignalBlocker(self.points):
            self.points.setCurrentIndex(self.points.findData(OWN if point.is_own else point.name))
        percent = round(100 * prevalence, _PERCENT_DECIMALS)
        if self.prevalence.value() != percent:  # else a half-typed number would be wiped
            with QSignalBlocker(self.prevalence):
                self.prevalence.setValue(percent)
        self.reset.setToolTip(
            tr("Back to the prevalence among the pack's patients ({percent:.0f} %).").format(
                percent=100 * training_prevalence
            )
        )
        self.reset.setEnabled(abs(prevalence - training_prevalence) > 1e-9)

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID * 2)
        grid.setVerticalSpacing(GRID * 2)
        for row, (text, widget) in enumerate(
            [(tr("&Operating point"), self.points), (tr("&Prevalence here"), self.prevalence)]
        ):
            label = FittedLabel(text)
            label.setBuddy(widget)
            grid.addWidget(label, row, 0)
        grid.addWidget(self.points, 0, 1, 1, 2)
        grid.addWidget(MeaningMark(Figure.OPERATING_POINT), 0, 3)
        grid.addWidget(self.prevalence, 1, 1)
        grid.addWidget(self.reset, 1, 2)
        grid.addWidget(MeaningMark(Figure.PREVALENCE), 1, 3)
        grid.setColumnStretch(1, 1)

    def _choose(self, index: int) -> None:
        name = str(self.points.itemData(index))
        if name == OWN:
            self.own_threshold_chosen.emit()
        else:
            self.operating_point_chosen.emit(name)

    def _change(self, percent: float) -> None:
        self.prevalence_changed.emit(percent / 100)

    def _reset(self) -> None:
        if self._training_prevalence is not None:
            with QSignalBlocker(self.prevalence):
                self.prevalence.setValue(100 * self._training_prevalence)
        self.prevalence_changed.emit(None)
