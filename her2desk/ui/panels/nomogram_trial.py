"""A patient's values on a nomogram, and what is tried instead of them: no Qt."""

from collections.abc import Mapping

from her2desk.domain.nomogram import NomogramAxis


class Trial:
    """Values tried, each step with a way back.

    A step is whatever happens between ``begin`` and ``end``, or one ``put`` outside them, so that a
    whole drag is taken back at once.
    """

    def __init__(self) -> None:
        self.patient: dict[str, float] = {}
        self._tried: dict[str, float] = {}
        self._past: list[dict[str, float]] = []
        self._future: list[dict[str, float]] = []
        self._open: dict[str, float] | None = None

    def start(self, patient: Mapping[str, float]) -> None:
        """A patient, with nothing tried and nothing to take back."""
        self.patient = dict(patient)
        self._tried = {}
        self._past, self._future, self._open = [], [], None

    def values(self) -> dict[str, float] | None:
        """All values with the tried ones in place, or None while nothing is tried."""
        return {**self.patient, **self._tried} if self._tried else None

    def current(self, name: str) -> float | None:
        """A variable's value as it stands now; None where neither known nor tried."""
        return self._tried.get(name, self.patient.get(name))

    def begin(self) -> None:
        """The beginning of a step of many small ones."""
        self.end()
        self._open = dict(self._tried)

    def end(self) -> None:
        """The end of the step that ``begin`` began."""
        before, self._open = self._open, None
        if before is not None:
            self._keep(before)

    def put(self, axis: NomogramAxis, value: float) -> None:
        """Try a value; where the patient's own marker stands, nothing is tried."""
        before = dict(self._tried)
        name = axis.term.name
        own = self.patient.get(name)
        if own is not None and axis.clipped(own)[0] == value:
            self._tried.pop(name, None)
        else:
            self._tried[name] = value
        if self._open is None:
            self._keep(before)

    def reset(self) -> None:
        """Back to the patient, as a step."""
        self.end()
        before, self._tried = self._tried, {}
        self._keep(before)

    def undo(self) -> bool:
        """Take the last step back; False where there is none."""
        return self._turn(self._past, self._future)

    def redo(self) -> bool:
        """Take the last undo back; False where there is none."""
        return self._turn(self._future, self._past)

    def _turn(self, source: list[dict[str, float]], target: list[dict[str, float]]) -> bool:
        self.end()
        if not source:
            return False
        target.append(dict(self._tried))
        self._tried = source.pop()
        return True

    def _keep(self, before: dict[str, float]) -> None:
        if before != self._tried:
            self._past.append(before)
            self._future = []
