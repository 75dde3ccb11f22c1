"""How an answer is put on screen, and taken from it, wherever in the window it shows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from her2desk.domain.clinical import Pathology
from her2desk.domain.counts import Call
from her2desk.domain.prediction import Heatmap, Prediction
from her2desk.domain.roi import Box, Roi
from her2desk.domain.stability import Stability
from her2desk.domain.validation import ValidationSource
from her2desk.stats.case_words import concerns
from her2desk.stats.statements import heatmap_sentence
from her2desk.ui.accessible import announce
from her2desk.ui.afterthoughts import Afterthoughts
from her2desk.ui.canvas.workspace import Workspace
from her2desk.ui.panels.result_context import context_of
from her2desk.ui.readings import nomogram_shift, thumbnails_of, validation_aucs
from her2desk.ui.right_column import RightColumn
from her2desk.ui.session import Session
from her2desk.ui.status_line import StatusLine

if TYPE_CHECKING:
    from her2desk.inference.nomograms import CaseNomogram
    from her2desk.packs.pack import Pack

NOWHERE = Box(0, 0, 0, 0)
COUNTED = (ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT)


class AnswerDisplay(QObject):
    """Result, heatmap, nomogram and reasons show one answer together, or none of them does.

    ``came_in_sight`` carries the ``Prediction`` each time that it is shown to a reader who may see it.
    """

    came_in_sight = Signal(object)

    def __init__(
        self,
        session: Session,
        afterthoughts: Afterthoughts,
        right: RightColumn,
        workspace: Workspace,
        status: StatusLine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._right = right
        self._workspace = workspace
        self._status = status
        self._stability: Stability | None = None
        self._heatmap: Heatmap | None = None
        self._laid: Heatmap | None = None
        self._unexplained: tuple[Prediction, Pack] | None = None  # not yet in the Why panel
        self._said: tuple[str, Call] | None = None  # which answer, and its call
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._explain)
        self._scores: Mapping[str, float | None] | None = None  # of the answer on the nomograms
        self._nomograms: tuple[tuple[CaseNomogram, ...], float] = ((), 0.0)
        session.running.connect(lambda fraction, text: right.result.show_running(text, fraction))
        session.answered.connect(self.show)
        session.went_stale.connect(self.mark_stale)
        session.was_cancelled.connect(self._show_cancelled)
        session.pathology_changed.connect(self._show_pathology)
        afterthoughts.stability_changed.connect(self._show_stability)
        afterthoughts.heatmap_changed.connect(self._show_explanation)
        afterthoughts.explaining.connect(right.why.set_explaining)
        right.tabs.currentChanged.connect(self._explain)
        right.clinical.validity_changed.connect(self._on_validity)
        right.result.revealed_changed.connect(self._on_revealed)

    @property
    def stability(self) -> Stability | None:
        """How the answer on screen moves with its outline, as far as that is known."""
        return self._stability

    def show(self, prediction: Prediction) -> None:
        """Show the answer to what is on screen."""
        opened, right = self._session.pack, self._right
        if opened is None:
            return
        self._status.show_analysis(prediction.timings_ms["total"], prediction.device)
        if not right.result.is_revealed:  # hidden widgets are still read by assistive technology
            right.result.show_locked()
            self._reveal(False)
            return
        pack, shift = opened.pack, nomogram_shift(prediction)
        right.result.show_result(
            prediction.readout, context_of(prediction, _sources(pack, prediction))
        )
        self._say_how_it_moves(prediction)
        self._show_nomograms(prediction, pack, shift)
        self._unexplained = (prediction, pack)
        if right.tabs.currentWidget() is right.why:
            self._explain()
        else:
            self._soon.start()  # what nobody sees yet must not hold up what they do
        self._reveal(True)
        self._announce(prediction)

    def show_again(self) -> bool:
        """Show the answer there is, if it still belongs to what is on screen; whether it does."""
        prediction = self._session.prediction
        if prediction is None or not self._session.is_current:
            return False
        self.show(prediction)
        return True

    def mark_stale(self) -> None:
        """Grey the answer: it belongs to something else than what is on screen."""
        self._right.result.mark_stale()
        self._forget()
        self._right.why.mark_stale()

    def hide(self) -> None:
        """Show no answer."""
        self._right.result.show_empty()
        self._forget()
        self._right.why.clear()

    def apply_read_first(self) -> None:
        """Ask for the reader's own impression first, unless the pack is a demo."""
        self._right.result.set_read_first(self._session.reads_first)

    def _explain(self) -> None:
        """Fill the Why panel with the answer on screen."""
        if self._unexplained is None:
            return
        prediction, pack = self._unexplained
        self._unexplained = None
        pictures = thumbnails_of(prediction, pack)
        shift = nomogram_shift(prediction)
        self._right.why.show_prediction(prediction, validation_aucs(pack), shift, pictures)

    def _forget(self) -> None:
        self._unexplained = self._said = None
        self._stability = self._heatmap = None
        self._lay_heatmap(None, None)
        self._scores = None
        self._right.nomogram.clear()
        self._right.decision.set_prediction(None)

    def _announce(self, prediction: Prediction) -> None:
        """Have a new answer, or another call, read out; a threshold on its way says nothing."""
        said = prediction.inputs.sha256, prediction.readout.call
        if said != self._said:
            self._said = said
            announce(self._right.result, self._right.result.estimate.spoken())

    def _show_stability(self, stability: Stability | None) -> None:
        self._stability = stability
        prediction = self._session.prediction
        is_current = prediction is not None and self._session.is_current
        if prediction is not None and is_current and self._right.result.is_revealed:
            self._say_how_it_moves(prediction)
        elif stability is None:  # nothing computes a band for the greyed answer any more
            self._right.result.set_stability(None, 0.0)

    def _say_how_it_moves(self, prediction: Prediction) -> None:
        stability = self._stability
        if stability is not None and stability.inputs_sha256 != prediction.inputs.sha256:
            stability = None
        self._right.result.set_stability(stability, nomogram_shift(prediction))
        self._right.result.set_concerns(concerns(prediction, stability))

    def _show_nomograms(self, prediction: Prediction, pack: "Pack", shift: float) -> None:
        """Laid out once an answer: a threshold moves nothing on them, a prevalence only the last axis."""
        nomograms, shown = self._nomograms
        if prediction.signatures is not self._scores:
            from her2desk.inference.nomograms import nomograms_of

            nomograms = nomograms_of(prediction, pack, self._session.clinical)
        elif shift == shown:
            return
        self._scores, self._nomograms = prediction.signatures, (nomograms, shift)
        self._right.nomogram.set_nomograms(nomograms, shift)

    def _show_explanation(self, heatmap: Heatmap | None) -> None:
        self._heatmap = heatmap
        if self._right.result.is_revealed:
            self._explain()
            self._right.why.show_heatmap(self._shown_heatmap())
        self._reveal(self._right.result.is_revealed)

    def _show_cancelled(self) -> None:
        if self._session.prediction is None:
            self._right.result.show_empty()
        elif not self.show_again():
            self._right.result.mark_stale()
        self._status.show_cancelled()

    def _show_pathology(self, pathology: Pathology) -> None:
        self._right.clinical.pathology.set_pathology(pathology)
        self._right.result.set_pathology(pathology.her2_positive)

    def _shown_heatmap(self) -> Heatmap | None:
        """The map that was asked for, else the answer's own."""
        prediction = self._session.prediction
        return self._heatmap or (prediction.heatmap if prediction is not None else None)

    def _on_revealed(self, revealed: bool) -> None:
        """Only now are the panels told what the answer is."""
        if not (revealed and self.show_again()):
            self._reveal(revealed)

    def _reveal(self, revealed: bool) -> None:
        """Show what explains the answer, or nothing of it before the reader's own impression."""
        self._right.set_revealed(revealed)
        prediction, heatmap = self._session.prediction, self._shown_heatmap()
        if prediction is None or not (revealed and self._session.is_current):
            self._lay_heatmap(None, None)
            self._right.decision.set_prediction(None)
            return
        self._lay_heatmap(heatmap, prediction.inputs.roi)
        self._right.decision.set_prediction(prediction)
        self.came_in_sight.emit(prediction)

    def _lay_heatmap(self, heatmap: Heatmap | None, roi: Roi | None) -> None:
        """Over the image, unless it is there: colouring it anew would slow a dragged threshold."""
        if heatmap is self._laid and heatmap is not None:
            return
        self._laid = heatmap
        if heatmap is None:
            self._workspace.set_heatmap(None, NOWHERE)
        else:
            words = heatmap_sentence(heatmap).text()
            self._workspace.set_heatmap(heatmap.values, heatmap.crop, roi, words)

    def _on_validity(self, is_valid: bool) -> None:
        if not is_valid:
            self.mark_stale()
        else:
            self.show_again()


def _sources(pack: "Pack", prediction: Prediction) -> tuple[ValidationSource, ...]:
    """The kinds of validation patients that the submodel which answered has a table of."""
    from her2desk.inference.evidence import evidence_of

    pattern = prediction.estimate.pattern
    return tuple(source for source in COUNTED if len(evidence_of(pack, pattern, source)))
