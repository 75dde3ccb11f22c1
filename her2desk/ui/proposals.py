"""Outlines that the engine proposes: from a box or a click, or carried to another frame."""

from PySide6.QtCore import QObject, Signal

from her2desk.domain.proposal import Prompt, Proposal
from her2desk.domain.roi import Roi
from her2desk.errors import Her2DeskError
from her2desk.inference.engine import AssistRequest, TrackRequest
from her2desk.store.history import Action
from her2desk.ui.jobs import JobRunner
from her2desk.ui.session import Session


class Proposals(QObject):
    """Asks the engine for an outline of the session's case; one question at a time.

    A question takes the engine from a prediction that runs; it is asked for again afterwards.
    """

    asked = Signal(bool)
    """Whether an outline is awaited."""
    proposed = Signal(object)
    refused = Signal(object)

    def __init__(self, session: Session, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._job: int | None = None
        runner.finished.connect(self._on_finished)
        runner.failed.connect(self._on_failed)
        runner.cancelled.connect(self._on_cancelled)
        runner.superseded.connect(self._on_superseded)

    def ask(self, prompt: Prompt) -> None:
        """An outline from the pixels; ``proposed`` or ``refused`` follows."""
        if self._session.case is not None:
            self._submit(AssistRequest(self._session.case.path, prompt))

    def track(self, roi: Roi, to_frame: int) -> None:
        """The outline where it is on another frame; ``proposed`` or ``refused`` follows."""
        if self._session.case is not None:
            self._submit(TrackRequest(self._session.case.path, roi, to_frame))

    def keep_answer(self, proposal: Proposal, is_accepted: bool) -> None:
        """Note in the history what became of a proposal."""
        content = {
            "origin": str(proposal.origin),
            "roi": proposal.roi.to_json(),
            "accepted": is_accepted,
        }
        self._session.record(Action.PROPOSAL, content)

    def _submit(self, request: AssistRequest | TrackRequest) -> None:
        job = self._runner.submit(request)  # an earlier question of ours is told off by then
        self._job = job
        self.asked.emit(True)

    def _on_finished(self, job: int, result: object) -> None:
        if self._ends(job) and isinstance(result, Proposal):
            self.proposed.emit(result)

    def _on_failed(self, job: int, error: Her2DeskError) -> None:
        if self._ends(job):
            self.refused.emit(error)

    def _on_cancelled(self, job: int) -> None:
        self._ends(job)

    def _on_superseded(self, job: int) -> None:
        if job == self._job:
            self._job = None
            self.asked.emit(False)

    def _ends(self, job: int) -> bool:
        if job != self._job:
            return False
        self._job = None
        self.asked.emit(False)
        self._session.run_if_due()
        return True
