"""What is worked out after an answer and never delays it: how stable it is, and other heatmaps."""

import logging
from collections import OrderedDict
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from her2desk.domain.prediction import Heatmap, HeatmapClass, HeatmapMethod, Prediction
from her2desk.domain.stability import Stability
from her2desk.errors import Her2DeskError
from her2desk.inference.engine import ExplainRequest, PredictRequest, StabilityRequest
from her2desk.ui.jobs import JobRunner
from her2desk.ui.session import Session

log = logging.getLogger(__name__)
ANSWERS_KEPT = 8

_Kind = tuple[HeatmapMethod, HeatmapClass]
_OWN: _Kind = (HeatmapMethod.GRAD_CAM, HeatmapClass.POSITIVE)


@dataclass
class _Found:
    """What is known so far besides one answer."""

    stability: Stability | None = None
    heatmaps: dict[_Kind, Heatmap] = field(default_factory=dict)


class Afterthoughts(QObject):
    """Asks the engine, after each new answer of the session, how stable it is; heatmaps when told to.

    Any other question takes the engine from these; what they put off is asked for again when the
    engine is free, as long as the answer on screen is the same. What was found for an answer is kept
    for when it comes back.
    """

    stability_changed = Signal(object)
    """The ``Stability`` of the answer on screen, growing; None while nothing is known of it."""
    heatmap_changed = Signal(object)
    """The ``Heatmap`` to show in the prediction's stead; None for the prediction's own."""
    explaining = Signal(bool)
    """Whether a heatmap is awaited."""
    refused = Signal(object)

    def __init__(self, session: Session, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._found: OrderedDict[str, _Found] = OrderedDict()
        self._shown: str | None = None  # the answer on screen, by its fingerprint
        self._job: int | None = None
        self._wants_stability = False
        self._wanted: _Kind | None = None
        session.answered.connect(self._on_answered)
        session.went_stale.connect(self._forget)
        session.case_opened.connect(self._forget)
        runner.partial.connect(self._on_partial)
        runner.finished.connect(self._on_finished)
        runner.failed.connect(self._on_failed)
        runner.cancelled.connect(self._on_cancelled)
        runner.superseded.connect(self._on_superseded)

    @property
    def is_at_work(self) -> bool:
        """Whether the engine works on one of these, which may be put off."""
        return self._job is not None

    def explain(self, method: HeatmapMethod, speaks_for: HeatmapClass) -> None:
        """Show another heatmap of the answer on screen; ``heatmap_changed`` or ``refused`` follows."""
        if self._shown is None:
            return
        kind = (method, speaks_for)
        known = self._found[self._shown].heatmaps.get(kind)
        if known is not None or kind == _OWN:
            self._take_back()
            self.heatmap_changed.emit(known)
        elif kind != self._wanted:
            if self._wanted is None:
                self.explaining.emit(True)
            self._wanted = kind
            if self._job is not None or not self._runner.is_running:
                self._submit()

    def cancel(self) -> None:
        """Ask for nothing more of the answer on screen."""
        self._give_up_stability()
        is_ours = self._job is not None
        self._job = None
        self._end_explaining()
        if is_ours:
            self._runner.cancel()

    def _on_answered(self, prediction: Prediction) -> None:
        sha256 = prediction.inputs.sha256
        if sha256 == self._shown:
            return  # the same answer at another operating point or prevalence
        self._forget()
        self._shown = sha256
        found = self._found.setdefault(sha256, _Found())
        self._found.move_to_end(sha256)
        while len(self._found) > ANSWERS_KEPT:
            self._found.popitem(last=False)
        if found.stability is not None:
            self.stability_changed.emit(found.stability)
        self._wants_stability = found.stability is None or not found.stability.is_complete
        self._go_on()

    def _forget(self, _case: object = None) -> None:
        """The answer that these belong to is no longer on screen."""
        if self._shown is None:
            return
        self._shown, self._job, self._wants_stability = None, None, False
        self._end_explaining()
        self.stability_changed.emit(None)
        self.heatmap_changed.emit(None)

    def _go_on(self) -> None:
        """Ask for what is still wanted, if the engine is free."""
        is_wanted = self._wants_stability or self._wanted is not None
        if is_wanted and self._session.is_current and not self._runner.is_running:
            self._submit()

    def _submit(self) -> None:
        question = self._question()
        if question is None:
            return
        self._job = None  # an earlier question of ours is superseded by our own will
        if self._wanted is not None:
            self._job = self._runner.submit(ExplainRequest(question, *self._wanted))
        else:
            self._job = self._runner.submit(StabilityRequest(question))

    def _question(self) -> PredictRequest | None:
        session = self._session
        case, roi, pack = session.case, session.roi, session.pack
        if case is None or roi is None or pack is None or not session.is_current:
            return None
        return PredictRequest(
            case.path,
            roi,
            session.clinical,
            pack.path,
            session.settings.device,
            calibration=case.image.user_calibration,
        )

    def _on_partial(self, job: int, found: object) -> None:
        if job == self._job and isinstance(found, Stability):
            self._take_stability(found)

    def _on_finished(self, job: int, result: object) -> None:
        if self._ends(job):
            if isinstance(result, Stability):
                self._wants_stability = False
                self._take_stability(result)
            elif isinstance(result, Heatmap):
                self._take_heatmap(result)
        self._go_on()

    def _on_failed(self, job: int, error: Her2DeskError) -> None:
        if self._ends(job):
            log.warning("an afterthought failed: %s", error)
            if self._wanted is not None:
                self._end_explaining()
            else:
                self._give_up_stability()
            self.refused.emit(error)
        self._go_on()

    def _on_cancelled(self, job: int) -> None:
        if self._ends(job):
            self._give_up_stability()
            self._end_explaining()
        self._go_on()

    def _on_superseded(self, job: int) -> None:
        self._ends(job)  # asked for again when the engine is free

    def _ends(self, job: int) -> bool:
        is_ours = job == self._job
        if is_ours:
            self._job = None
        return is_ours

    def _take_stability(self, found: Stability) -> None:
        if found.inputs_sha256 != self._shown:
            return
        kept = self._found[found.inputs_sha256]
        before = kept.stability
        if before is not None and len(before.logits) > len(found.logits) and not found.is_complete:
            return  # begun anew after another question: what is on screen knows more
        kept.stability = found
        self.stability_changed.emit(found)

    def _give_up_stability(self) -> None:
        """No more outlines are tried; a band of too few is none (V22), and nothing is computing it."""
        self._wants_stability = False
        kept = None if self._shown is None else self._found[self._shown]
        if kept is not None and kept.stability is not None and not kept.stability.is_complete:
            kept.stability = None
            self.stability_changed.emit(None)

    def _take_heatmap(self, found: Heatmap) -> None:
        if self._shown is None or (found.method, found.speaks_for) != self._wanted:
            return
        self._found[self._shown].heatmaps[self._wanted] = found
        self._end_explaining()
        self.heatmap_changed.emit(found)

    def _take_back(self) -> None:
        """No heatmap is wanted any more: another one is there to be shown."""
        is_running = self._wanted is not None and self._job is not None
        self._end_explaining()
        if is_running:
            self._job = None
            self._runner.cancel()

    def _end_explaining(self) -> None:
        if self._wanted is not None:
            self._wanted = None
            self.explaining.emit(False)
