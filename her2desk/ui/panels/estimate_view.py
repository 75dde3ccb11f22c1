"""The estimate itself: number, interval, call and what the number means."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from her2desk.domain.readout import Readout
from her2desk.stats import statements
from her2desk.texts import tr
from her2desk.ui.panels.operating_controls import OperatingControls
from her2desk.ui.panels.result_context import ResultContext
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.interval_bar import IntervalBar
from her2desk.ui.widgets.labels import Badge, wrapped
from her2desk.ui.widgets.notices import NoticeList


class EstimateView(QWidget):
    """Number with interval, bar, the reader's choices, call line and sentences."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = QLabel()
        self.interval = QLabel()
        set_role(self.interval, "headline")
        self.stale_badge = Badge(tr("Stale"))
        self.stale_badge.setToolTip(
            tr("Computed from an earlier outline, frame, clinical record or pack.")
        )
        self.stale_note = wrapped(
            tr("An earlier answer; it does not belong to what is on screen now.")
        )
        self.bar = IntervalBar()
        self.controls = OperatingControls()
        self.call_glyph = Glyph()
        self.call = wrapped(role="title")
        self.notices = NoticeList()
        self.sentence = wrapped()
        self.scope = wrapped(role="muted")
        self.stability = wrapped(role="muted")
        self._arrange()
        self.set_stale(False)

    def show_readout(self, readout: Readout, context: ResultContext) -> None:
        """Show a readout; cheap enough to follow a dragged threshold."""
        point = readout.operating_point
        self.number.setText(f"{readout.probability:.2f}")
        self.interval.setText(f"({readout.lower:.2f}–{readout.upper:.2f})")
        self.number.setAccessibleName(
            tr(
                "Predicted probability {value:.2f}, 95 % interval {lower:.2f} to {upper:.2f}"
            ).format(value=readout.probability, lower=readout.lower, upper=readout.upper)
        )
        self.bar.set_estimate(readout.probability, readout.lower, readout.upper)
        self.bar.set_threshold(point.threshold)
        self.controls.show_choice(point, readout.prevalence, context.training_prevalence)
        self.call_glyph.set_kind(str(readout.call))
        self.call.setText(statements.call_sentence(readout).text())
        self.sentence.setText(statements.probability_sentence(readout).text())
        scope = (statements.interval_scope(), statements.prevalence_sentence(readout))
        self.scope.setText(" ".join(message.text() for message in scope))
        missing = (context.missing_inputs,) if context.missing_inputs is not None else ()
        self.notices.set_messages((*context.warnings, *missing))
        self._show_stability(context.stability)
        self.set_stale(False)

    def set_stale(self, is_stale: bool) -> None:
        """Say and show that the numbers belong to earlier inputs."""
        for label, role in (
            (self.number, "figure"),
            (self.interval, "headline"),
            (self.call, "title"),
        ):
            set_role(label, f"{role}-stale" if is_stale else role)
        self.stale_badge.setVisible(is_stale)
        self._meaning.setCurrentWidget(self.stale_note if is_stale else self.sentence)
        self.bar.set_stale(is_stale)
        self.call_glyph.set_stale(is_stale)
        self.bar.setEnabled(not is_stale)
        self.controls.setEnabled(not is_stale)

    def _show_stability(self, stability: tuple[float, float] | None) -> None:
        self.stability.setVisible(stability is not None)
        if stability is not None:
            self.stability.setText(
                tr(
                    "Stability: {lower:.2f}–{upper:.2f} under small changes of the outline, "
                    "not included in the interval."
                ).format(lower=stability[0], upper=stability[1])
            )

    def _arrange(self) -> None:
        figures = QHBoxLayout()
        figures.setSpacing(GRID * 3)
        figures.addWidget(self.number)
        figures.addWidget(self.interval, 0, Qt.AlignmentFlag.AlignVCenter)
        figures.addStretch()
        figures.addWidget(self.stale_badge, 0, Qt.AlignmentFlag.AlignVCenter)
        # One in the other's place, so that a quick analysis does not make the panel jump.
        self._meaning = QStackedLayout()
        self._meaning.addWidget(self.sentence)
        self._meaning.addWidget(self.stale_note)
        glyph = QVBoxLayout()
        glyph.setContentsMargins(0, 2, 0, 0)
        glyph.addWidget(self.call_glyph)
        glyph.addStretch()
        call = QHBoxLayout()
        call.setSpacing(GRID * 2)
        call.addLayout(glyph)
        call.addWidget(self.call, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 2)
        column.addLayout(figures)
        column.addWidget(self.bar)
        column.addLayout(call)
        column.addWidget(self.notices)
        column.addLayout(self._meaning)
        column.addWidget(self.scope)
        column.addWidget(self.stability)
        column.addWidget(self.controls)
