"""What the program is to reach: the table "Speed" of the project's quality goals, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from her2desk.texts import Message, msg

PER_SECOND_60_MS = 1000 / 60


@dataclass(frozen=True)
class Bound:
    """One figure of a row's document, and what it may be at most or must be at least."""

    figure: str
    at_most: float | None = None
    at_least: float | None = None

    def is_met(self, row: Mapping[str, Any]) -> bool | None:
        """Whether it is; None where the figure was not measured."""
        value = row.get(self.figure)
        if value is None:
            return None
        if self.at_most is not None:
            return bool(value <= self.at_most)
        return bool(value >= (self.at_least or 0))

    def factor(self, row: Mapping[str, Any]) -> float | None:
        """How many times off the mark a figure is, above 1 where the bound is not met."""
        value = row.get(self.figure)
        if value is None:
            return None
        if self.at_most is not None:
            return float(value / self.at_most) if self.at_most else float(value > 0)
        return (self.at_least or 0) / float(value)


@dataclass(frozen=True)
class Goal:
    """What a row is to reach, in words and as bounds that all hold."""

    words: Message
    bounds: tuple[Bound, ...]

    def is_met(self, row: Mapping[str, Any]) -> bool | None:
        """Whether all bounds hold; None where one could not be measured and none fails."""
        found = [bound.is_met(row) for bound in self.bounds]
        if False in found:
            return False
        return None if None in found else True


_READOUT = Goal(
    msg("≤ 200 ms at the 95th percentile, ≥ 80×"),
    (Bound("product_p95_ms", at_most=200), Bound("ratio", at_least=80)),
)
_ON_A_CARD = Goal(msg("≤ 60 ms"), (Bound("product_p95_ms", at_most=60),))
_PAINTED = Goal(
    msg("60 per second: ≤ 16.7 ms"), (Bound("product_p95_ms", at_most=PER_SECOND_60_MS),)
)

GOALS: Mapping[str, Goal] = {
    "full_feature_set": Goal(
        msg("the same numbers: relative difference ≤ 1e-9"), (Bound("difference", at_most=1e-9),)
    ),
    "readout_resnet101": _READOUT,
    "readout_vertex_moved": _READOUT,
    "readout_form_changed": _READOUT,
    "readout_first": _READOUT,
    "readout_resnet101_cuda": _ON_A_CARD,
    "readout_vertex_moved_cuda": _ON_A_CARD,
    "readout_form_changed_cuda": _ON_A_CARD,
    "enhance_500x400": Goal(msg("≤ 1.5 s"), (Bound("product_ms", at_most=1500),)),
    "cohort_features_15k": Goal(
        msg("≤ 60 s, ≥ 6×"),
        (Bound("product_ms", at_most=60_000), Bound("ratio", at_least=6)),
    ),
    "cohort_features_56k": Goal(msg("≥ 40×"), (Bound("ratio", at_least=40),)),
    "start_to_window": Goal(msg("< 1.2 s"), (Bound("product_ms", at_most=1200),)),
    "memory_cine_300": Goal(
        msg("< 600 MB above idle"), (Bound("product_above_warm_mb", at_most=600),)
    ),
}
