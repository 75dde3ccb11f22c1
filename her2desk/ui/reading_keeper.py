"""Keeps how a case was read: the impression, the reveal, what was looked at, and the decision (V22)."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject

from her2desk.domain.prediction import Prediction
from her2desk.domain.reading import Decision, Impression
from her2desk.store.history import Action
from her2desk.ui.opened_case import OpenCase
from her2desk.ui.session import Session

Clock = Callable[[], float]


class ReadingKeeper(QObject):
    """Writes each step once a case is opened, in the order in which it happened.

    The reveal is written before the look or the decision that follows it, because all go through the
    session's one queue.
    """

    def __init__(
        self, session: Session, parent: QObject | None = None, clock: Clock = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._clock = clock
        self._opened_at = clock()
        self._seconds_to_impression: float | None = None
        self._revealed: str | None = None  # the pack whose answer came in sight, by its digest
        self._looked: set[str] = set()
        session.case_opened.connect(self._begin)

    def keep_impression(self, impression: Impression) -> None:
        """What the reader thought, before the answer is in sight."""
        self._seconds_to_impression = round(self._clock() - self._opened_at, 1)
        self._session.record(Action.IMPRESSION, impression.to_json())

    def keep_reveal(self, prediction: Prediction) -> None:
        """The answer of a pack has come in sight."""
        readout, pack = prediction.readout, prediction.pack
        if self._revealed == pack.sha256:
            return
        self._revealed = pack.sha256
        content = {
            "pack": f"{pack.name} {pack.version}",
            "pack_sha256": pack.sha256,
            "inputs_sha256": prediction.inputs.sha256,
            "call": str(readout.call),
            "probability": readout.probability,
            "threshold": readout.operating_point.threshold,
            "prevalence": readout.prevalence,
            "seconds_to_impression": self._seconds_to_impression,
        }
        self._session.record(Action.REVEALED, content)

    def keep_look(self, what: str) -> None:
        """An explanation was opened: "heatmap", "nomogram" or "why"."""
        if self._revealed is not None and what not in self._looked:
            self._looked.add(what)
            self._session.record(Action.LOOKED, {"what": what})

    def keep_decision(self, decision: Decision) -> None:
        """The reader accepted or overruled."""
        self._session.record(Action.DECISION, decision.to_json())

    def _begin(self, _case: OpenCase) -> None:
        self._opened_at = self._clock()
        self._seconds_to_impression = None
        self._revealed = None
        self._looked = set()
