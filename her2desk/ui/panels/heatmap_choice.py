"""Which heatmap is laid over the image: by which method, for which class."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from her2desk.domain.prediction import Heatmap, HeatmapClass, HeatmapMethod
from her2desk.stats.statements import heat_share_sentence
from her2desk.texts import tr
from her2desk.ui.panels.why_words import maps_note
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.segmented_control import SegmentedControl


class HeatmapChoice(QWidget):
    """Method and class, Cancel while a map is computed, and what share lies inside the outline.

    ``chosen`` carries a ``HeatmapMethod`` and a ``HeatmapClass``.
    """

    chosen = Signal(object, object)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Heatmap | None = None
        self.method = SegmentedControl(
            [
                (HeatmapMethod.GRAD_CAM, tr("Grad-CAM")),
                (HeatmapMethod.GRAD_CAM_PP, tr("Grad-CAM++")),
                (HeatmapMethod.OCCLUSION, tr("Occlusion")),
            ],
            tr("Method of the heatmap"),
        )
        self.speaks_for = SegmentedControl(
            [
                (HeatmapClass.POSITIVE, tr("For positive")),
                (HeatmapClass.NEGATIVE, tr("For negative")),
            ],
            tr("Class of the heatmap"),
        )
        self.share = wrapped()
        self.note = wrapped(maps_note(), "muted")
        self.line = QProgressBar()
        self.line.setRange(0, 0)
        self.line.setTextVisible(False)
        self.line.setAccessibleName(tr("A heatmap is being computed"))
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setToolTip(tr("Keep the heatmap that is shown."))
        set_role(self.cancel, "link")
        self._busy = QWidget()
        self._arrange()
        self.method.value_changed.connect(self._emit)
        self.speaks_for.value_changed.connect(self._emit)
        self.cancel.clicked.connect(self.cancelled)
        self.set_explaining(False)

    def show_heatmap(self, heatmap: Heatmap | None) -> None:
        """Show whose map lies over the image, and its share inside the outline."""
        self._shown = heatmap
        self.share.setVisible(heatmap is not None)
        if heatmap is not None:
            self.share.setText(heat_share_sentence(heatmap.share_in_roi, heatmap.speaks_for).text())
        self._choose_shown()

    def set_explaining(self, is_explaining: bool) -> None:
        """Say that another map is computed; when it no longer is, the choice is what is shown."""
        self._busy.setVisible(is_explaining)
        if not is_explaining:
            self._choose_shown()

    def is_explaining(self) -> bool:
        """Whether another map is being computed."""
        return not self._busy.isHidden()

    def _choose_shown(self) -> None:
        if self._shown is not None:
            self.method.set_value(self._shown.method)
            self.speaks_for.set_value(self._shown.speaks_for)

    def _emit(self) -> None:
        self.chosen.emit(self.method.value(), self.speaks_for.value())

    def _arrange(self) -> None:
        busy = QHBoxLayout(self._busy)
        busy.setContentsMargins(0, 0, 0, 0)
        busy.setSpacing(GRID * 2)
        busy.addWidget(self.line, 1)
        busy.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 2)
        for widget in (self.method, self.speaks_for, self._busy, self.share, self.note):
            column.addWidget(widget)
