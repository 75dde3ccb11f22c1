"""Work timed by turns, so that whatever else the machine does falls on all sides alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Told = Callable[[int, int], None]


def _nothing(_round: int) -> None:
    """What most work needs before it."""


@dataclass(frozen=True)
class Side:
    """One way of doing something: ``work`` is called with the number of its round, from 0, and timed.

    ``prepare`` is called with the same number just before, and ``warm`` once before everything;
    neither is timed. There are never more than ``most_rounds``. A time that is told is ``scale``
    times the measured one and ``offset_ms`` more, where a part stands for a whole. With ``tells_s`` the
    work returns its seconds itself, because it knows better when they began or ended.
    """

    work: Callable[[int], Any]
    most_rounds: int = 1000
    warm: Callable[[], object] | None = None
    prepare: Callable[[int], object] = _nothing
    scale: float = 1.0
    offset_ms: float = 0.0
    tells_s: bool = False

    def warmed(self) -> None:
        """Have everything loaded; the first round itself where nothing smaller is known."""
        if self.warm is not None:
            self.warm()
            return
        self.prepare(0)
        self.work(0)


@dataclass(frozen=True)
class Times:
    """Milliseconds of every round, in their order, and what the first round gave."""

    all_ms: tuple[float, ...]
    first: Any = None

    @property
    def median_ms(self) -> float:
        """Half of the rounds took longer."""
        return statistics.median(self.all_ms)

    @property
    def p95_ms(self) -> float:
        """One round in twenty took longer; between two rounds, in proportion."""
        return float(np.percentile(self.all_ms, 95))

    @property
    def rounds(self) -> int:
        """How many were timed."""
        return len(self.all_ms)


def turns(rounds: Mapping[str, int]) -> list[str]:
    """Whose turn it is, from the first to the last; each name's rounds are spread evenly over all."""
    places = [
        ((k + 0.5) / n, position, name)
        for position, (name, n) in enumerate(rounds.items())
        for k in range(n)
    ]
    return [name for _, _, name in sorted(places)]


def by_turns(
    sides: Mapping[str, Side],
    rounds: int,
    told: Told,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Times]:
    """Warm all sides, then time them by turns; ``told`` hears of rounds done and rounds in all."""
    order = turns({name: min(rounds, side.most_rounds) for name, side in sides.items()})
    taken: dict[str, list[float]] = {name: [] for name in sides}
    first: dict[str, Any] = {}
    told(0, len(order))
    for side in sides.values():
        side.warmed()
    for done, name in enumerate(order, start=1):
        side, index = sides[name], len(taken[name])
        side.prepare(index)
        began = clock()
        given = side.work(index)
        seconds = given if side.tells_s else clock() - began
        taken[name].append(1000 * seconds * side.scale + side.offset_ms)
        first.setdefault(name, given)
        told(done, len(order))
    return {name: Times(tuple(ms), first[name]) for name, ms in taken.items()}
