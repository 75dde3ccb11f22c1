"""How long work tells how far it is, and how it is asked to stop."""

from typing import Protocol

from her2desk.texts import Message


class Progress(Protocol):
    """Reports steps; raises ``errors.Cancelled`` from ``step`` when the work is to stop."""

    def step(self, fraction: float, text: Message) -> None:
        """Report that ``fraction`` (0–1) is done and ``text`` comes next."""


class SilentProgress:
    """For callers who neither watch nor cancel."""

    def step(self, fraction: float, text: Message) -> None:
        """Do nothing."""
