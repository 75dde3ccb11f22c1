"""Which ticks of a nomogram are labelled, and where the labels stand: the same on screen and paper.

Labels are given as ``spots``, (position, width) from the left, in any unit of length; ``edges`` are what
no label leaves, ``gap`` the least distance of two.
"""

from collections.abc import Sequence
from itertools import pairwise

MOST_LANES = 4
PROBABILITY_TIERS = (
    (0.5,), (0.1, 0.9), (0.01, 0.99), (0.2, 0.8), (0.05, 0.95), (0.3, 0.7), (0.4, 0.6),
)  # fmt: skip

Spots = Sequence[tuple[float, float]]
Placed = list[tuple[float, int | None]]


def lanes_of(spots: Spots, edges: tuple[float, float], gap: float) -> Placed:
    """Each label's left edge and its line under the axis, the first with room; None where none has."""
    ends = [float("-inf")] * MOST_LANES
    placed: Placed = []
    for x, width in spots:
        left = _left(x, width, edges)
        lane = next((k for k, end in enumerate(ends) if left >= end), None)
        if lane is not None:
            ends[lane] = left + width + gap
        placed.append((left, lane))
    return placed


def thinned(spots: Spots, edges: tuple[float, float], gap: float, tiers: Sequence[int]) -> Placed:
    """As ``lanes_of`` in one line, with labels left out evenly where they would touch.

    The labels of a tier, lowest first, are shown together or not at all, and none after those.
    """
    shown: list[int] = []
    for tier in sorted(set(tiers)):
        wished = [i for i, t in enumerate(tiers) if t <= tier]
        ends = [(_left(*spots[i], edges), spots[i][1]) for i in wished]
        if any(left + width + gap > after for (left, width), (after, _) in pairwise(ends)):
            break
        shown = wished
    return [(_left(x, w, edges), 0 if i in shown else None) for i, (x, w) in enumerate(spots)]


def even_tiers(values: Sequence[float]) -> list[int]:
    """Tiers of an even scale's ticks: every 2ᵏ-th from the 0 on it, else from its first."""
    start = next((i for i, value in enumerate(values) if value == 0), 0)
    most = len(values).bit_length()
    places = (abs(i - start) for i in range(len(values)))
    return [0 if n == 0 else most - (n & -n).bit_length() for n in places]


def probability_tiers(values: Sequence[float]) -> list[int]:
    """Tiers of probabilities: 0.5 first, then those that people look for."""
    by_value = {p: tier for tier, group in enumerate(PROBABILITY_TIERS) for p in group}
    if not set(values) & set(by_value):
        return even_tiers(values)
    return [by_value.get(p, len(PROBABILITY_TIERS)) for p in values]


def _left(x: float, width: float, edges: tuple[float, float]) -> float:
    low, high = edges
    return min(max(x - width / 2, low), max(high - width, low))
