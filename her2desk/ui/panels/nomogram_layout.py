"""Where everything of a nomogram stands in pixels; arithmetic only."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from her2desk.domain.nomogram import NomogramAxis, NomogramGeometry
from her2desk.stats.nomogram import probability_ticks

_NARROW = 560
_MARGIN = 28
_LABEL_COLUMN = 216
_ROW_NARROW = 54
_ROW_WIDE = 46
_BELOW = 12
_BARS_NARROW = 16  # room for the intervals' bars between the probability's label and its axis
EDGE = 2.0  # no label comes nearer to the picture's edge
GAP = 4.0  # nor two labels to each other
_FINENESS = 200
LANE = 14  # height of one more line of labels under an axis


@dataclass(frozen=True)
class NomogramLayout:
    """Rows from the top: Points, one for each variable, Total points, Probability.

    In a narrow window each label stands above its axis, else in a column on the left. ``lanes`` is how
    many lines of labels each variable's axis has under it, 1 where not said.
    """

    geometry: NomogramGeometry
    width: float
    shift: float = 0.0
    lanes: tuple[int, ...] = ()

    @property
    def is_narrow(self) -> bool:
        return self.width < _NARROW

    @property
    def left(self) -> float:
        """Where the axes begin."""
        return _MARGIN if self.is_narrow else _LABEL_COLUMN

    @property
    def right(self) -> float:
        """Where the axes end."""
        return max(self.width - _MARGIN, self.left + 1)

    @property
    def height(self) -> int:
        """Height of the whole picture."""
        return int(self._tops[-1] + _BELOW)

    def row_y(self, row: int) -> float:
        """Height of the axis line of a row (0 is Points)."""
        is_last = row == len(self.geometry.axes) + 2
        bars = _BARS_NARROW if is_last and self.is_narrow else 0
        return self.heading_y(row) + (17 if self.is_narrow else 0) + bars

    def heading_y(self, row: int) -> float:
        """The middle of a row's label: above its axis, or beside it."""
        return self._tops[row] + (11 if self.is_narrow else 18)

    def points_x(self, points: float) -> float:
        """Position on the Points axis and on each variable's axis."""
        first, last = self.geometry.points_ticks[0], self.geometry.points_ticks[-1]
        return self._scale((points - first) / (last - first))

    def total_x(self, total: float) -> float:
        """Position on the Total points and Probability axes, kept inside them."""
        first, last = self.geometry.total_ticks[0], self.geometry.total_ticks[-1]
        return self._scale(min(max((total - first) / (last - first), 0), 1))

    def value_x(self, axis: NomogramAxis, value: float) -> float:
        """Position of a value on its axis, clipped to the axis."""
        return self.points_x(axis.points_at(axis.clipped(value)[0]))

    def value_at(self, axis: NomogramAxis, x: float) -> float:
        """The value under a position, clipped to the axis; the nearest level of a discrete variable."""
        first, last = self.geometry.points_ticks[0], self.geometry.points_ticks[-1]
        share = (x - self.left) / (self.right - self.left)
        return axis.clipped(axis.value_at(first + share * (last - first)))[0]

    def probability_x(self, probability: float) -> float:
        """Position of a probability at the present shift, kept inside the axis."""
        if not 0 < probability < 1:
            return self._scale(float(probability >= 1))
        return self.total_x(self.geometry.total_at(probability, self.shift))

    @cached_property
    def chances(self) -> tuple[tuple[float, float], ...]:
        """(probability, position) of the ticks at the present shift, from the left."""
        ticks = probability_ticks(self.geometry, self.shift)
        return tuple((p, self.total_x(total)) for p, total in ticks)

    @cached_property
    def _tops(self) -> tuple[float, ...]:
        """Where each row begins, and where the last one ends."""
        plain = _ROW_NARROW if self.is_narrow else _ROW_WIDE
        extra = [LANE * (n - 1) for n in self.lanes] or [0] * len(self.geometry.axes)
        last = plain + (_BARS_NARROW if self.is_narrow else 0)
        return tuple(accumulate((plain, *(plain + e for e in extra), plain, last), initial=0.0))

    def _scale(self, share: float) -> float:
        return self.left + share * (self.right - self.left)


def rounded(axis: NomogramAxis, value: float) -> float:
    """A value as finely as a pixel tells it: an age of 52.4 years, not of 52.3718."""
    if axis.term.is_discrete:
        return value
    first, last = axis.ticks[0][0], axis.ticks[-1][0]
    digits = math.ceil(-math.log10((last - first) / _FINENESS))
    return axis.clipped(round(value, digits))[0]
