"""Where everything of a nomogram stands in pixels; arithmetic only."""

from dataclasses import dataclass

from her2desk.domain.nomogram import NomogramAxis, NomogramGeometry
from her2desk.stats.nomogram import probability_ticks

_NARROW = 560
_MARGIN = 28
_LABEL_COLUMN = 216
_ROW_NARROW = 54
_ROW_WIDE = 46


@dataclass(frozen=True)
class NomogramLayout:
    """Rows from the top: Points, one for each variable, Total points, Probability.

    In a narrow window each label stands above its axis, else in a column on the left.
    """

    geometry: NomogramGeometry
    width: float
    shift: float = 0.0

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
    def row_height(self) -> float:
        return _ROW_NARROW if self.is_narrow else _ROW_WIDE

    @property
    def height(self) -> int:
        """Height of the whole picture."""
        return int(self.row_height * (len(self.geometry.axes) + 3) + 12)

    def row_y(self, row: int) -> float:
        """Height of the axis line of a row (0 is Points)."""
        above = 24 if self.is_narrow else 14
        return row * self.row_height + above + 4

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
        """The value under a position, clipped to the axis; a level for binary variables."""
        first, last = self.geometry.points_ticks[0], self.geometry.points_ticks[-1]
        share = (x - self.left) / (self.right - self.left)
        value = axis.clipped(axis.value_at(first + share * (last - first)))[0]
        return float(round(value)) if axis.term.is_binary else value

    def probability_ticks(self) -> list[tuple[float, float]]:
        """(probability, position) of the ticks at the present shift."""
        return [
            (p, self.total_x(total)) for p, total in probability_ticks(self.geometry, self.shift)
        ]

    def _scale(self, share: float) -> float:
        return self.left + share * (self.right - self.left)
