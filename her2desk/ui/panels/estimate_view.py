"""The estimate itself: number, interval, call, what speaks against it and what the number means."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from her2desk.domain.concern import Concern, Weight
from her2desk.domain.readout import Readout
from her2desk.domain.stability import Stability
from her2desk.stats import statements
from her2desk.stats.case_words import no_table_sentence
from her2desk.stats.counts import probability
from her2desk.stats.meanings import Figure
from her2desk.texts import tr
from her2desk.ui.panels.call_card import CallCard
from her2desk.ui.panels.concerns_view import ConcernsView
from her2desk.ui.panels.operating_controls import OperatingControls
from her2desk.ui.panels.result_context import ResultContext
from her2desk.ui.panels.stability_line import StabilityLine
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.interval_bar import IntervalBar
from her2desk.ui.widgets.labels import Badge, wrapped
from her2desk.ui.widgets.meaning_mark import MeaningMark
from her2desk.ui.widgets.notices import NoticeList


class EstimateView(QWidget):
    """Number with interval, bar, call, concerns, sentences and the reader's choices, in this order."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = QLabel()
        self.interval = QLabel()
        self.interval_mark = MeaningMark(Figure.INTERVAL)
        self.interval_caption = QLabel(tr("95 % interval"))
        set_role(self.interval_caption, "muted")
        self.stale_badge = Badge(tr("Stale"))
        self.stale_badge.setToolTip(
            tr("Computed from an earlier outline, frame, clinical record or pack.")
        )
        self.stale_note = wrapped(
            tr("An earlier answer; it does not belong to what is on screen now.")
        )
        self.bar = IntervalBar()
        self.call_card = CallCard()
        self.concerns = ConcernsView()
        self.remarks = NoticeList("note")
        self.sentence = wrapped()
        self.scope = wrapped(role="muted")
        self.stability = StabilityLine()
        self.controls = OperatingControls()
        self._concerns: tuple[Concern, ...] = ()
        self._stability: tuple[Stability | None, float] = (None, 0.0)
        self._shown: tuple[Readout, ResultContext] | None = None
        self._arrange()
        self.set_stale(False)

    def show_readout(self, readout: Readout, context: ResultContext) -> None:
        """Show a readout; cheap enough to follow a dragged threshold."""
        self._shown = (readout, context)
        point = readout.operating_point
        self.number.setText(probability(readout.probability))
        lower, upper = probability(readout.lower), probability(readout.upper)
        self.interval.setText(f"({lower}–{upper})")
        self.number.setAccessibleName(
            tr("Predicted probability {value}, 95 % interval {lower} to {upper}").format(
                value=self.number.text(), lower=lower, upper=upper
            )
        )
        self.bar.set_estimate(readout.probability, readout.lower, readout.upper)
        self.bar.set_threshold(point.threshold)
        self.controls.show_choice(point, readout.prevalence, context.training_prevalence)
        self.call_card.show_readout(readout, context.familiarity)
        self.sentence.setText(statements.probability_sentence(readout).text())
        scope = (statements.interval_scope(), statements.prevalence_sentence(readout))
        self.scope.setText(" ".join(message.text() for message in scope))
        self._show_concerns()
        self._show_stability()
        self.set_stale(False)

    def spoken(self) -> str:
        """The number with its interval and the call, for a screen reader."""
        return f"{self.number.accessibleName()}. {self.call_card.call.text()}"

    def set_concerns(self, concerns: Sequence[Concern]) -> None:
        """What speaks against believing the answer."""
        if tuple(concerns) != self._concerns:
            self._concerns = tuple(concerns)
            self._show_concerns()

    def set_stability(self, stability: Stability | None, shift: float) -> None:
        """How the answer moves with the outline; ``shift`` moves it to the local prevalence (V11)."""
        if stability is not self._stability[0] or shift != self._stability[1]:
            self._stability = (stability, shift)
            self._show_stability()

    def set_stale(self, is_stale: bool) -> None:
        """Say and show that the numbers belong to earlier inputs."""
        for label, role in ((self.number, "figure"), (self.interval, "headline")):
            set_role(label, f"{role}-stale" if is_stale else role)
        self.stale_badge.setVisible(is_stale)
        for widget in (self.interval_caption, self.interval_mark):
            widget.setVisible(not is_stale)
        self._meaning.setCurrentWidget(self.stale_note if is_stale else self.sentence)
        for part in (self.bar, self.call_card, self.concerns, self.stability):
            part.set_stale(is_stale)
        self.bar.setEnabled(not is_stale)
        self.controls.setEnabled(not is_stale)

    def _show_concerns(self) -> None:
        """The reason beside the call is not said again, nor a warning that is among the concerns."""
        if self._shown is None:
            return
        readout, context = self._shown
        reason = self.call_card.reason_shown()
        concerns = (*self._concerns, *_unchecked(readout))
        rest = [concern for concern in concerns if concern.message != reason]
        self.concerns.set_concerns(rest, _calm(is_else=reason is not None))
        said = [concern.message for concern in concerns]
        self.remarks.set_messages([note for note in context.warnings if note not in said])

    def _show_stability(self) -> None:
        if self._shown is None:
            return
        stability, shift = self._stability
        self.bar.set_band(stability.band(shift) if stability is not None else None)
        self.stability.show_stability(stability, shift, self._shown[0].operating_point.threshold)

    def _arrange(self) -> None:
        figures = QHBoxLayout()
        figures.setSpacing(GRID * 3)
        figures.addWidget(self.number)
        figures.addWidget(self.interval, 0, Qt.AlignmentFlag.AlignVCenter)
        caption = QHBoxLayout()
        caption.setSpacing(GRID // 2)
        caption.addWidget(self.interval_caption)
        caption.addWidget(self.interval_mark)
        figures.addLayout(caption)
        figures.addStretch()
        figures.addWidget(self.stale_badge, 0, Qt.AlignmentFlag.AlignVCenter)
        # One in the other's place, so that a quick analysis does not make the panel jump.
        self._meaning = QStackedLayout()
        self._meaning.addWidget(self.sentence)
        self._meaning.addWidget(self.stale_note)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 2)
        column.addLayout(figures)
        column.addWidget(self.bar)
        column.addWidget(self.call_card)
        column.addSpacing(GRID)
        column.addWidget(self.concerns)
        column.addWidget(self.remarks)
        column.addSpacing(GRID)
        column.addLayout(self._meaning)
        column.addWidget(self.scope)
        column.addWidget(self.stability)
        column.addWidget(self.controls)


def _unchecked(readout: Readout) -> tuple[Concern, ...]:
    """That nothing could be checked speaks against an answer too."""
    missing = no_table_sentence(readout) if readout.confusion is None else None
    return () if missing is None else (Concern("no-validation", Weight.CAUTION, missing),)


def _calm(*, is_else: bool) -> str:
    """What stands where no concern does; ``is_else`` where the call card has named one."""
    if is_else:
        return tr("Nothing else in this pack's validation speaks against it.")
    return tr("Nothing in this pack's validation speaks against it.")
