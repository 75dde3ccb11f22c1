"""How an answer is put on screen, and taken from it, wherever in the window it shows."""

from PySide6.QtCore import QObject

from her2desk.domain.prediction import Prediction
from her2desk.domain.roi import Box
from her2desk.stats.statements import heat_share_sentence
from her2desk.ui.canvas.workspace import Workspace
from her2desk.ui.panels.result_context import context_of
from her2desk.ui.readings import (
    missing_names,
    missing_note,
    nomogram_of,
    nomogram_shift,
    validation_aucs,
)
from her2desk.ui.right_column import RightColumn
from her2desk.ui.session import Session
from her2desk.ui.status_line import StatusLine

NOWHERE = Box(0, 0, 0, 0)


class AnswerDisplay(QObject):
    """Result, heatmap, nomogram and reasons show one answer together, or none of them does."""

    def __init__(
        self,
        session: Session,
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
        session.running.connect(lambda fraction, text: right.result.show_running(text, fraction))
        session.answered.connect(self.show)
        session.went_stale.connect(self.mark_stale)
        session.was_cancelled.connect(self._show_cancelled)
        right.clinical.validity_changed.connect(self._on_validity)
        right.result.revealed_changed.connect(self._reveal)

    def show(self, prediction: Prediction) -> None:
        """Show the answer to what is on screen."""
        pack, right, clinical = self._session.pack, self._right, self._session.clinical
        if pack is None:
            return
        note = missing_note(prediction, pack.pack, clinical)
        right.result.show_result(prediction.readout, context_of(prediction, missing_inputs=note))
        geometry, values = nomogram_of(prediction, pack.pack, clinical)
        missing = missing_names(pack.pack, clinical)
        right.nomogram.set_geometry(geometry, nomogram_shift(prediction), missing)
        right.nomogram.set_patient(values)
        right.why.show_prediction(prediction, validation_aucs(pack.pack))
        self._status.show_analysis(prediction.timings_ms["total"], prediction.device)
        self._reveal(right.result.is_revealed)

    def mark_stale(self) -> None:
        """Grey the answer: it belongs to something else than what is on screen."""
        self._right.result.mark_stale()
        self._workspace.set_heatmap(None, NOWHERE)
        self._right.nomogram.clear()
        self._right.why.mark_stale()

    def hide(self) -> None:
        """Show no answer."""
        self._right.result.show_empty()
        self._workspace.set_heatmap(None, NOWHERE)
        self._right.nomogram.clear()
        self._right.why.clear()

    def apply_read_first(self) -> None:
        """Ask for the reader's own impression first, unless the pack is a demo."""
        pack = self._session.pack
        demo = pack is not None and pack.pack.manifest.demo
        self._right.result.set_read_first(self._session.settings.read_first and not demo)

    def _show_cancelled(self) -> None:
        if self._session.prediction is None:
            self._right.result.show_empty()
        elif self._session.is_current:
            self.show(self._session.prediction)
        else:
            self._right.result.mark_stale()
        self._status.show_cancelled()

    def _reveal(self, revealed: bool) -> None:
        """Show what explains the answer, or nothing of it before the reader's own impression."""
        self._right.set_revealed(revealed)
        prediction = self._session.prediction
        heatmap = prediction.heatmap if prediction is not None else None
        if heatmap is None or prediction is None or not (revealed and self._session.is_current):
            self._workspace.set_heatmap(None, NOWHERE)
        else:
            words = heat_share_sentence(heatmap.share_in_roi).text()
            roi = prediction.inputs.roi
            self._workspace.set_heatmap(heatmap.values, heatmap.crop, roi, words)

    def _on_validity(self, is_valid: bool) -> None:
        if not is_valid:
            self.mark_stale()
        elif self._session.is_current and self._session.prediction is not None:
            self.show(self._session.prediction)
