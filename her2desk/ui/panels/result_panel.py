"""The right column's top: the estimate of the case on screen, or why there is none."""

from collections.abc import Sequence
from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from her2desk.domain.concern import Concern
from her2desk.domain.prediction import PackIdentity
from her2desk.domain.reading import Impression
from her2desk.domain.readout import Readout
from her2desk.domain.research_use import RESEARCH_USE
from her2desk.domain.stability import Stability
from her2desk.stats.meanings import Figure
from her2desk.texts import tr
from her2desk.ui.panels.cohort_view import CohortView
from her2desk.ui.panels.estimate_view import EstimateView
from her2desk.ui.panels.read_first import ReadFirstGate, impression_text
from her2desk.ui.panels.result_context import ResultContext
from her2desk.ui.panels.run_notice import ErrorNotice, RunStrip
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.collapsible_section import CollapsibleSection
from her2desk.ui.widgets.labels import Badge, ElidedLabel, wrapped
from her2desk.ui.widgets.meaning_mark import Titled
from her2desk.ui.widgets.scroll_page import ScrollPage


class ResultState(StrEnum):
    """What the panel shows."""

    EMPTY = "empty"
    RUNNING = "running"
    SHOWN = "shown"
    STALE = "stale"
    ERROR = "error"


class ResultPanel(QWidget):
    """Estimate, what speaks against it and validation record of one case, over a footer in sight.

    With read first on, nothing of the result is in sight, nor in the accessibility tree, before the
    reader's impression is recorded; ``revealed_changed`` tells the other panels to do the same.
    """

    threshold_dragged = Signal(float)
    operating_point_chosen = Signal(str)
    prevalence_changed = Signal(object)
    cancel_requested = Signal()
    retry_requested = Signal()
    impression_recorded = Signal(object)
    revealed_changed = Signal(bool)
    source_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = ResultState.EMPTY
        self._has_result = False
        self._read_first = False
        self._impression: Impression | None = None
        self.scroll_area = QScrollArea()
        self.pack_name = ElidedLabel()
        self.demo_badge = Badge(tr("DEMO"))
        self.demo_badge.setToolTip(tr("This pack was trained on simulated phantoms."))
        self.run_strip = RunStrip(self.pack_name)
        self.error = ErrorNotice()
        self.empty = wrapped(tr("Draw an outline to get an estimate."), "title")
        self.gate = ReadFirstGate()
        self.impression = wrapped(role="muted")
        self.estimate = EstimateView()
        self.cohort = CohortView()
        self.validation = CollapsibleSection(tr("Like this in validation"), self.cohort)
        self.research_use = wrapped(RESEARCH_USE.text(), "muted")
        self._result = QWidget()
        self._footer = QWidget()
        self._arrange()
        self._connect()
        self.set_pack(None)
        self._refresh()

    @property
    def is_revealed(self) -> bool:
        """Whether the result may be seen: read first is off, or the impression is recorded."""
        return not self._read_first or self._impression is not None

    def set_read_first(self, wanted: bool) -> None:
        """Ask for the reader's impression before showing a result, or not."""
        self._change_gate(wanted, self._impression)

    def set_impression(self, impression: Impression | None) -> None:
        """The impression recorded earlier for this case; None asks anew."""
        if impression is None:
            self.gate.reset()
        self._change_gate(self._read_first, impression)

    def set_pack(self, pack: PackIdentity | None) -> None:
        """Which pack will answer, or None while none is open."""
        name = tr("No pack open")
        if pack is not None:
            name = f"{pack.name} {pack.version}"
            if pack.demo:
                name = tr("{pack} · simulated phantoms").format(pack=name)
        self.pack_name.set_full_text(name)
        self.demo_badge.setVisible(pack is not None and pack.demo)

    def show_empty(self) -> None:
        """No outline yet; what was said of an earlier answer is forgotten."""
        self._has_result = False
        self.set_concerns(())
        self.set_stability(None, 0.0)
        self._enter(ResultState.EMPTY)

    def show_running(self, stage: str, fraction: float) -> None:
        """An analysis is at ``stage``, ``fraction`` (0–1) done; an old result turns stale."""
        self.run_strip.show_stage(stage, fraction)
        if self.state is not ResultState.RUNNING:
            self._set_stale(True)
            self._enter(ResultState.RUNNING)

    def show_result(self, readout: Readout, context: ResultContext) -> None:
        """Show a readout and what stands around it."""
        self._has_result = True
        self.set_pack(context.pack)
        self.estimate.show_readout(readout, context)
        self.cohort.show_readout(readout, context.sources)
        self._set_stale(False)
        self._enter(ResultState.SHOWN)

    def show_locked(self) -> None:
        """There is an answer, of which this panel is told nothing before the reader's impression."""
        self._has_result = False
        self._enter(ResultState.SHOWN)

    def mark_stale(self) -> None:
        """What is shown no longer belongs to the inputs on screen."""
        if self._has_result:
            self._set_stale(True)
            self._enter(ResultState.STALE)

    def show_error(self, message: str, remedy: str) -> None:
        """The analysis failed; an earlier result stays, marked stale."""
        self.error.show_error(message, remedy)
        self._set_stale(True)
        self._enter(ResultState.ERROR)

    def set_concerns(self, concerns: Sequence[Concern]) -> None:
        """What speaks against believing the answer that is shown."""
        self.estimate.set_concerns(concerns)

    def set_stability(self, stability: Stability | None, shift: float) -> None:
        """How the answer moves with the outline, as far as it is known; None without.

        ``shift`` moves the log-odds to the prevalence of the readout on screen (V11).
        """
        self.estimate.set_stability(stability, shift)

    def set_pathology(self, positive: bool | None) -> None:
        """The HER-2 status that pathology has told; None while it is not known."""
        self.cohort.set_pathology(positive)

    def set_footer(self, widget: QWidget) -> None:
        """Keep ``widget`` in sight under the result while one is shown that is not stale."""
        layout = self._footer.layout()
        assert layout is not None
        layout.addWidget(widget)

    def _record(self, impression: Impression) -> None:
        self.impression_recorded.emit(impression)
        self._change_gate(self._read_first, impression)
        self.estimate.bar.setFocus()

    def _keep_threshold(self) -> None:
        self.threshold_dragged.emit(self.estimate.bar.threshold())

    def _change_gate(self, read_first: bool, impression: Impression | None) -> None:
        before = self.is_revealed
        self._read_first, self._impression = read_first, impression
        self._refresh()
        if self.is_revealed != before:
            self.revealed_changed.emit(self.is_revealed)

    def _enter(self, state: ResultState) -> None:
        self.state = state
        self._refresh()

    def _set_stale(self, is_stale: bool) -> None:
        self.estimate.set_stale(is_stale)
        self.cohort.set_stale(is_stale)

    def _refresh(self) -> None:
        is_empty = self.state is ResultState.EMPTY
        self.run_strip.set_running(self.state is ResultState.RUNNING)
        self.error.setVisible(self.state is ResultState.ERROR)
        self.empty.setVisible(is_empty)
        self.gate.setVisible(not is_empty and not self.is_revealed)
        self._result.setVisible(self._has_result and self.is_revealed)
        self.research_use.setVisible(self._has_result and self.is_revealed)
        is_shown = self.state is ResultState.SHOWN
        self._footer.setVisible(is_shown and self.is_revealed)
        self.impression.setVisible(self._impression is not None)
        if self._impression is not None:
            self.impression.setText(impression_text(self._impression))

    def _connect(self) -> None:
        self.estimate.bar.threshold_dragged.connect(self.threshold_dragged)
        self.estimate.controls.operating_point_chosen.connect(self.operating_point_chosen)
        self.estimate.controls.own_threshold_chosen.connect(self._keep_threshold)
        self.estimate.controls.prevalence_changed.connect(self.prevalence_changed)
        self.cohort.source_chosen.connect(self.source_chosen)
        self.run_strip.cancel_requested.connect(self.cancel_requested)
        self.error.retry_requested.connect(self.retry_requested)
        self.gate.recorded.connect(self._record)

    def _arrange(self) -> None:
        self.setAccessibleName(tr("Result"))
        set_role(self.pack_name, "muted")
        head = QHBoxLayout()
        head.setSpacing(GRID * 2)
        title = Titled(tr("Predicted probability of HER-2 positive"), Figure.PROBABILITY)
        head.addWidget(title, 1)
        head.addWidget(self.demo_badge, 0, Qt.AlignmentFlag.AlignVCenter)
        result = QVBoxLayout(self._result)
        result.setContentsMargins(0, 0, 0, 0)
        result.setSpacing(GRID * 3)
        for widget in (self.estimate, self.impression, self.validation):
            result.addWidget(widget)
        content = ScrollPage()
        column = QVBoxLayout(content)
        column.setContentsMargins(GRID * 4, GRID * 2, GRID * 4, GRID * 3)
        column.setSpacing(GRID)
        column.addLayout(head)
        for item in (self.run_strip, self.error, self.empty, self.gate, self._result):
            column.addWidget(item)
        column.addStretch(1)  # all spare height: parts of the result could grow too
        column.addWidget(self.research_use)
        self.scroll_area.setWidget(content)
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setAccessibleName(tr("Result"))
        self.scroll_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        footer = QVBoxLayout(self._footer)
        footer.setContentsMargins(0, 0, 0, 0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.scroll_area, 1)
        whole.addWidget(self._footer)
