"""Why the estimate is what it is, and how far it can be believed: one section for each question."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from her2desk import __version__
from her2desk.domain.prediction import Heatmap, Prediction
from her2desk.stats.meanings import Figure
from her2desk.texts import tr
from her2desk.ui.panels.attention_view import AttentionView
from her2desk.ui.panels.branch_rows import AucFigure, BranchRows
from her2desk.ui.panels.failure_view import FailureView
from her2desk.ui.panels.familiarity_view import FamiliarityView
from her2desk.ui.panels.feature_rows import FeatureRows
from her2desk.ui.panels.heatmap_choice import HeatmapChoice
from her2desk.ui.panels.neighbours_view import NeighboursView
from her2desk.ui.panels.small_print import SmallPrint
from her2desk.ui.panels.unknowns_view import UnknownsView
from her2desk.ui.panels.why_words import small_print
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.collapsible_section import CollapsibleSection
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import MeaningMark
from her2desk.ui.widgets.row_pool import column_of
from her2desk.ui.widgets.scroll_page import ScrollPage

NO_PICTURES: Mapping[str, bytes] = {}


class WhyPanel(QScrollArea):
    """What one prediction rests on.

    ``field_requested`` names a clinical field that the reader wants to fill in. ``heatmap_chosen``
    carries a ``HeatmapMethod`` and a ``HeatmapClass``; ``explain_cancelled`` takes the wish back.
    """

    heatmap_requested = Signal()
    heatmap_chosen = Signal(object, object)
    explain_cancelled = Signal()
    field_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.failures = FailureView()
        self.familiarity = FamiliarityView()
        self.neighbours = NeighboursView()
        self.unknowns = UnknownsView()
        self.branches = BranchRows()
        self.features = FeatureRows()
        self.attention = AttentionView()
        self.heatmap = QPushButton(tr("Show the heatmap"))
        self.heatmap.setToolTip(tr("Lay the network's attention over the image (H)."))
        self.choice = HeatmapChoice()
        self.small_print = SmallPrint()
        self.empty = wrapped(tr("Draw an outline to see what the estimate is made of."), "muted")
        self.stale = wrapped(tr("Stale: this explains the earlier answer."), "warning")
        self.sections: dict[str, CollapsibleSection] = {}
        self._heatmap: Heatmap | None = None
        self._content = QWidget()
        self._arrange()
        self.heatmap.clicked.connect(self.heatmap_requested)
        self.choice.chosen.connect(self.heatmap_chosen)
        self.choice.cancelled.connect(self.explain_cancelled)
        self.unknowns.field_requested.connect(self.field_requested)
        self.clear()

    def clear(self) -> None:
        """Nothing to explain."""
        self._content.hide()
        self.stale.hide()
        self._forget_heatmap()
        self.empty.show()

    def show_prediction(
        self,
        prediction: Prediction,
        validation_auc: Mapping[str, float | AucFigure] | None = None,
        shift: float = 0.0,
        thumbnails: Mapping[str, bytes] = NO_PICTURES,
    ) -> None:
        """Explain ``prediction``; what a dragged threshold leaves as it is costs next to nothing.

        Parameters
        ----------
        validation_auc : AUC by branch, with its interval where the pack states one.
        shift : what the local prevalence adds to log-odds (V11).
        thumbnails : PNG by validation patient, for those whom the pack has a picture of.
        """
        readout = prediction.readout
        threshold = readout.operating_point.threshold
        self.failures.show_readout(readout)
        self.familiarity.show_familiarity(prediction.familiarity, prediction.features)
        nearest = prediction.familiarity.nearest if prediction.familiarity else ()
        self.neighbours.show_nearest(nearest, shift, thumbnails)
        self.unknowns.show_unknowns(prediction.unknowns, shift, readout.probability, threshold)
        self.branches.show_branches(prediction.branches, validation_auc or {}, threshold)
        self.features.show_features(prediction.features)
        self.attention.show_attention(prediction.attention)
        self.small_print.setPlainText(small_print(prediction, __version__))
        if prediction.heatmap is None or prediction.heatmap is not self._heatmap:
            self._heatmap = prediction.heatmap
            self.show_heatmap(prediction.heatmap)
        self.choice.setEnabled(True)
        self.stale.hide()
        self.empty.hide()
        self._content.show()

    def show_heatmap(self, heatmap: Heatmap | None) -> None:
        """Say which map lies over the image, and offer others; None where there is no network."""
        self.heatmap.setVisible(heatmap is not None)
        self.choice.setVisible(heatmap is not None)
        self.choice.show_heatmap(heatmap)

    def set_explaining(self, is_explaining: bool) -> None:
        """Say that another heatmap is being computed, or no longer is."""
        self.choice.set_explaining(is_explaining)

    def mark_stale(self) -> None:
        """What is explained no longer belongs to the inputs on screen."""
        self.stale.setVisible(not self._content.isHidden())
        self._forget_heatmap()
        self.choice.setEnabled(False)

    def _forget_heatmap(self) -> None:
        """The next answer shows its own map, even where it is the earlier answer again."""
        self._heatmap = None
        self.choice.set_explaining(False)

    def _arrange(self) -> None:
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Why"))
        column = column_of(self._content, GRID * 4)
        for name, title, figure, parts in self._parts():
            mark = None if figure is None else MeaningMark(figure)
            section = CollapsibleSection(title, _body(parts), mark=mark)
            self.sections[name] = section
            column.addWidget(section)
        page = ScrollPage()
        outer = QVBoxLayout(page)
        outer.setContentsMargins(GRID * 4, GRID * 3, GRID * 4, GRID * 3)
        outer.setSpacing(GRID * 3)
        for widget in (self.empty, self.stale, self._content):
            outer.addWidget(widget)
        outer.addStretch()
        self.setWidget(page)

    def _parts(self) -> tuple[tuple[str, str, Figure | None, Sequence[QWidget]], ...]:
        """Name, title, what its mark explains, and content of each section from the top."""
        return (
            (
                "failures",
                tr("How answers like this fail"),
                Figure.FAILURE_PATTERNS,
                [self.failures],
            ),
            (
                "familiarity",
                tr("Is this case like the pack's patients?"),
                Figure.DISTANCE,
                [self.familiarity],
            ),
            (
                "neighbours",
                tr("Nearest validation patients"),
                Figure.NEIGHBOURS,
                [self.neighbours],
            ),
            ("unknowns", tr("What is not known"), Figure.UNKNOWNS, [self.unknowns]),
            (
                "branches",
                tr("Branches"),
                Figure.BRANCHES,
                [self.branches],
            ),
            (
                "features",
                tr("Features furthest from the mean"),
                Figure.FEATURES_SD,
                [self.features],
            ),
            (
                "attention",
                tr("Where the network looked"),
                Figure.HEATMAP,
                [self.attention, _at_left(self.heatmap), self.choice],
            ),
            ("computed", tr("How it was computed"), None, [self.small_print]),
        )


def _body(parts: Sequence[QWidget]) -> QWidget:
    body = QWidget()
    column = column_of(body, GRID * 2)
    for part in parts:
        column.addWidget(part)
    return body


def _at_left(widget: QWidget) -> QWidget:
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.addWidget(widget)
    line.addStretch()
    return row
