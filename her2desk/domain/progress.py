"""How long work tells how far it is, and how it is asked to stop."""

from dataclasses import dataclass
from typing import Protocol

from her2desk.texts import Message


@dataclass(frozen=True)
class Staged(Message):
    """A sentence of a long run with the stable word for its stage, such as ``"networks"``."""

    stage: str = ""


def staged(stage: str, text: Message) -> Staged:
    """``text`` as a sentence of this stage; what shows it needs to know nothing of stages."""
    return Staged(text.msgid, text.params, text.plural, stage)


def stage_of(text: Message) -> str | None:
    """The stage's word, None where the work named none."""
    return text.stage if isinstance(text, Staged) else None


class Progress(Protocol):
    """Reports steps; raises ``errors.Cancelled`` from ``step`` when the work is to stop."""

    def step(self, fraction: float, text: Message) -> None:
        """Report that ``fraction`` (0–1) is done and ``text`` comes next."""


class SilentProgress:
    """For callers who neither watch nor cancel."""

    def step(self, fraction: float, text: Message) -> None:
        """Do nothing."""


class Standstill:
    """For a part of a work that is told of as one step: it is asked to stop, and moves nothing on."""

    def __init__(self, whole: Progress, fraction: float, text: Message) -> None:
        self._whole = whole
        self._fraction = fraction
        self._text = text

    def step(self, _fraction: float, _text: Message) -> None:
        """Report the one step again; raises what the whole raises."""
        self._whole.step(self._fraction, self._text)


class Portion:
    """A part of a longer work: its 0–1 is ``start``–``end`` of the whole.

    ``stage`` names it (as ``staged``) where its own sentences name no stage.
    """

    def __init__(self, whole: Progress, start: float, end: float, stage: str | None = None) -> None:
        self._whole = whole
        self._start = start
        self._end = end
        self._stage = stage

    def step(self, fraction: float, text: Message) -> None:
        """Report to the whole; raises what the whole raises."""
        if self._stage is not None and stage_of(text) is None:
            text = staged(self._stage, text)
        self._whole.step(self._start + fraction * (self._end - self._start), text)
