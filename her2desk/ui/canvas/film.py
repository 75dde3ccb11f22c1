"""Which frame is due when a film plays: from the time that passed, never from counted ticks."""

import math
from dataclasses import dataclass

_SAME_INSTANT = 1e-9  # a clock read at the very moment a frame is due must not come before it


@dataclass(frozen=True)
class Film:
    """Frames that follow each other at a rate, over and over.

    ``first`` is the position at ``started_at`` (seconds of any clock). Where the film turns back
    at its ends, positions from ``frames`` on are those of the way back; see ``position_at``.
    """

    frames: int
    frames_per_s: float
    turns_back: bool
    first: int
    started_at: float

    def position_at(self, now: float) -> int:
        """How far into one round the film is: a frame, or beyond the last one on the way back."""
        return (self.first + self._steps(now)) % self._round

    def frame_at(self, now: float) -> int:
        """The frame that is due; those that nobody had time to show are left out."""
        position = self.position_at(now)
        return position if position < self.frames else self._round - position

    def due_in(self, now: float) -> float:
        """Seconds until the next frame is due."""
        return self.started_at + (self._steps(now) + 1) / self.frames_per_s - now

    @property
    def _round(self) -> int:
        return max(1, 2 * (self.frames - 1)) if self.turns_back else self.frames

    def _steps(self, now: float) -> int:
        return math.floor((now - self.started_at) * self.frames_per_s + _SAME_INSTANT)
