"""A row of the table: baseline and product, their medians, what one round in twenty took, and memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from her2desk.benchmark.machine import NO_LIMIT, Limit, Machine
from her2desk.benchmark.timing import Times


@dataclass(frozen=True)
class Memory:
    """MB that a side's processes had at most, all together, and how much above what they had warm."""

    peak_mb: float | None = None
    above_warm_mb: float | None = None


UNKNOWN_MEMORY = Memory()


@dataclass(frozen=True)
class Row:
    """One thing measured; ``baseline`` says what the other side was, whose times may be None: not run.

    ``difference`` is how far the two results lie apart, relative, where both give the same thing.
    ``about`` are sizes and settings.
    """

    name: str
    baseline: str
    product_times: Times
    baseline_times: Times | None
    difference: float | None = None
    product_memory: Memory = UNKNOWN_MEMORY
    baseline_memory: Memory = UNKNOWN_MEMORY
    limit: Limit = NO_LIMIT
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times longer the baseline takes, by medians."""
        if self.baseline_times is None:
            return None
        return self.baseline_times.median_ms / self.product_times.median_ms

    def document(self, machine: Machine) -> dict[str, Any]:
        """The row as the JSON document has it."""
        ours, theirs = self.product_times, self.baseline_times
        return {
            "name": self.name,
            "baseline": self.baseline,
            "baseline_ms": None if theirs is None else _ms(theirs.median_ms),
            "baseline_p95_ms": None if theirs is None else _ms(theirs.p95_ms),
            "baseline_rounds": 0 if theirs is None else theirs.rounds,
            "baseline_peak_mb": _mb(self.baseline_memory.peak_mb),
            "baseline_above_warm_mb": _mb(self.baseline_memory.above_warm_mb),
            "product_ms": _ms(ours.median_ms),
            "product_p95_ms": _ms(ours.p95_ms),
            "product_rounds": ours.rounds,
            "product_peak_mb": _mb(self.product_memory.peak_mb),
            "product_above_warm_mb": _mb(self.product_memory.above_warm_mb),
            "ratio": None if self.ratio is None else round(self.ratio, 2),
            "difference": self.difference,
            "limit_ms": None if (ms := self.limit.ms(machine)) is None else _ms(ms),
            "limit_gflop": self.limit.flop / 1e9,
            "limit_moved_mb": _mb(self.limit.moved_bytes / 2**20),
            "about": dict(self.about),
        }


def _ms(value: float) -> float:
    return round(value, 3)


def _mb(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
