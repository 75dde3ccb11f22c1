"""A nomogram's model and geometry: arithmetic only, so that dragging stays on the GUI thread."""

from dataclasses import dataclass

from her2desk.domain.log_odds import logit, sigmoid
from her2desk.texts import Message


@dataclass(frozen=True)
class NomogramTerm:
    """One variable of a logistic model.

    ``name`` is a clinical field's name or a signature's ("dlr"). For a binary term the limits are 0 and 1.
    ``lower`` and ``upper`` are the training limits; a patient outside is clipped and marked.
    """

    name: str
    label: Message
    coefficient: float
    lower: float
    upper: float
    is_binary: bool = False


@dataclass(frozen=True)
class NomogramModel:
    """logit(p) = intercept + Σ coefficient · value."""

    intercept: float
    terms: tuple[NomogramTerm, ...]


@dataclass(frozen=True)
class NomogramAxis:
    """One variable's axis: ``ticks`` are (value, points); points are linear in the value."""

    term: NomogramTerm
    reference: float
    points_per_unit: float
    ticks: tuple[tuple[float, float], ...]

    def points_at(self, value: float) -> float:
        """Points of a value, not clipped."""
        return (value - self.reference) * self.points_per_unit

    def value_at(self, points: float) -> float:
        """The value that has these points."""
        return self.reference + points / self.points_per_unit

    def clipped(self, value: float) -> tuple[float, bool]:
        """The value inside the axis and whether it had to be moved."""
        first, last = self.ticks[0][0], self.ticks[-1][0]
        inside = min(max(value, first), last)
        return inside, inside != value


@dataclass(frozen=True)
class NomogramGeometry:
    """Axes and ticks of a nomogram; painted by the window with Qt and by ``figures`` with matplotlib.

    ``linear_predictor`` = ``offset`` + ``per_point`` · total points. ``probability_ticks`` are
    (probability, total points).
    """

    axes: tuple[NomogramAxis, ...]
    points_ticks: tuple[float, ...]
    total_ticks: tuple[float, ...]
    probability_ticks: tuple[tuple[float, float], ...]
    offset: float
    per_point: float

    def total_points(self, values: dict[str, float]) -> float:
        """Sum of the points of all variables, each at its value in ``values``."""
        return sum(axis.points_at(values[axis.term.name]) for axis in self.axes)

    def linear_predictor(self, total: float) -> float:
        """log-odds at a total."""
        return self.offset + self.per_point * total

    def probability(self, total: float, shift: float = 0.0) -> float:
        """Probability at a total; ``shift`` moves the log-odds to the local prevalence."""
        return sigmoid(self.linear_predictor(total) + shift)

    def total_at(self, probability: float, shift: float = 0.0) -> float:
        """The total that has this probability (the exact inverse)."""
        return (logit(probability) - shift - self.offset) / self.per_point
