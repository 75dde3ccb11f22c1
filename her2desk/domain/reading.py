"""What a reader thought before the answer, and decided after it (V22)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from her2desk.domain.counts import Call

ANSWERS = ("positive", "negative", "unsure")
CONFIDENCES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Impression:
    """What the reader thought before the result; ``confidence`` runs from 1 (a guess) to 5."""

    answer: str
    confidence: int

    def __post_init__(self) -> None:
        if self.answer not in ANSWERS or self.confidence not in CONFIDENCES:
            raise ValueError(f"no such impression: {self.answer!r}, {self.confidence!r}")

    def to_json(self) -> dict[str, Any]:
        """The impression as the library holds it."""
        return {"answer": self.answer, "confidence": self.confidence}


@dataclass(frozen=True)
class Decision:
    """The reader's own answer after the result; ``reason`` is asked for where it overrules the call.

    ``call`` and ``probability`` are what was decided on, and ``inputs_sha256`` its fingerprint. Who
    accepts that no call is made answers "unsure".
    """

    answer: str
    reason: str
    call: Call
    probability: float
    inputs_sha256: str

    def __post_init__(self) -> None:
        if self.answer not in ANSWERS or (self.overrules and not self.reason.strip()):
            raise ValueError("a decision needs an answer, and a reason where it overrules")

    @property
    def overrules(self) -> bool:
        """Whether the reader answers otherwise than the pack."""
        return self.answer != answer_of(self.call)

    def to_json(self) -> dict[str, Any]:
        """The decision as the library holds it."""
        return {
            "answer": self.answer,
            "reason": self.reason,
            "call": str(self.call),
            "probability": self.probability,
            "inputs_sha256": self.inputs_sha256,
        }


def impression_from_json(raw: object) -> Impression | None:
    """The impression that ``Impression.to_json`` wrote; None where it is none, as of another version."""
    if not isinstance(raw, Mapping):
        return None
    try:
        return Impression(raw["answer"], raw["confidence"])
    except (KeyError, TypeError, ValueError):
        return None


def decision_from_json(raw: object) -> Decision | None:
    """The decision that ``Decision.to_json`` wrote; None where it is none, as of another version."""
    if not isinstance(raw, Mapping):
        return None
    try:
        return Decision(
            raw["answer"],
            str(raw["reason"]),
            Call(raw["call"]),
            float(raw["probability"]),
            str(raw["inputs_sha256"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def answer_of(call: Call) -> str:
    """A pack's call in the words of a reader's answer."""
    return "unsure" if call is Call.INDETERMINATE else str(call)
