"""A nomogram's model and geometry: arithmetic only, so that dragging stays on the GUI thread."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from her2desk.domain.log_odds import logit, sigmoid
from her2desk.texts import Message, msg

YES_NO = (msg("no"), msg("yes"))


@dataclass(frozen=True)
class NomogramTerm:
    """One variable of a logistic model: continuous, binary or categorical.

    ``name`` is a clinical field's name or a signature's ("dlr"); ``label`` is as people read it, with
    its unit. ``lower`` and ``upper`` are the training limits; a patient outside is clipped and marked.
    A binary term has the values 0 and 1, and ``levels`` names them where "no" and "yes" will not do.
    A categorical one is made by ``categorical``.
    """

    name: str
    label: Message
    coefficient: float
    lower: float
    upper: float
    is_binary: bool = False
    levels: tuple[Message, ...] = ()
    effects: tuple[float, ...] = ()

    @classmethod
    def categorical(
        cls, name: str, label: Message, levels: tuple[Message, ...], effects: tuple[float, ...]
    ) -> "NomogramTerm":
        """A variable with named levels; its value is a level's number, from 0.

        ``effects`` are the levels' log-odds against the first level, the reference, whose own is 0:
        one coefficient for each other level.
        """
        return cls(name, label, 1.0, 0.0, len(levels) - 1.0, levels=levels, effects=effects)

    @property
    def is_categorical(self) -> bool:
        return bool(self.effects)

    @property
    def is_discrete(self) -> bool:
        """Whether its values are levels: 0 and 1, or a category's numbers."""
        return self.is_binary or self.is_categorical

    @property
    def has_effect(self) -> bool:
        """Whether any two of its values differ in log-odds."""
        return len(set(self.effects)) > 1 if self.is_categorical else self.coefficient != 0

    @property
    def level_names(self) -> tuple[Message, ...]:
        """The levels of a discrete term, by value."""
        return self.levels or (YES_NO if self.is_binary else ())

    def effect(self, value: float) -> float:
        """What a value adds to the log-odds. Raises ``ValueError`` for a level that is not there."""
        if not self.is_categorical:
            return self.coefficient * value
        return self.effects[self._level(value)]

    def columns(self, value: float) -> tuple[float, ...]:
        """The value as the model's design has it; a 0/1 for each level but the reference."""
        if not self.is_categorical:
            return (value,)
        level = self._level(value)
        return tuple(float(k == level) for k in range(1, len(self.effects)))

    def _level(self, value: float) -> int:
        level = int(value)
        if level != value or not 0 <= level < len(self.effects):
            raise ValueError(f"{self.name} has no level {value}")
        return level


@dataclass(frozen=True)
class NomogramModel:
    """logit(p) = intercept + Σ effect of each term's value.

    ``covariance`` is of the intercept and then each term's coefficients, in their order (a categorical
    term has one for each level but the reference); None where it is not known. ``refit_variance`` gives,
    by name, the variance over refits of a term that is another model's output (V10).
    """

    intercept: float
    terms: tuple[NomogramTerm, ...]
    covariance: tuple[tuple[float, ...], ...] | None = None
    refit_variance: Mapping[str, float] = field(default_factory=dict)

    def linear_predictor(self, values: Mapping[str, float]) -> float:
        """log-odds of a patient, from each term's value by name."""
        return self.intercept + sum(t.effect(values[t.name]) for t in self.terms)

    def variance(self, values: Mapping[str, float]) -> float | None:
        """Var(η) = xᵀΣx + Σ β² · v_refit of a patient (V10).

        None without a covariance, and while the value of a term is not known.
        """
        if self.covariance is None or any(t.name not in values for t in self.terms):
            return None
        x = [1.0, *(c for t in self.terms for c in t.columns(values[t.name]))]
        spread = sum(
            a * sum(s * b for s, b in zip(row, x, strict=True))
            for a, row in zip(x, self.covariance, strict=True)
        )
        refit = sum(t.coefficient**2 * self.refit_variance.get(t.name, 0.0) for t in self.terms)
        return max(spread, 0.0) + refit


@dataclass(frozen=True)
class NomogramAxis:
    """One variable's axis: ``ticks`` are (value, points).

    Points are linear in the value of a continuous or binary term; those of a categorical term stand in
    its ticks. ``reference`` is the tick with the least points: 0.
    """

    term: NomogramTerm
    reference: float
    points_per_unit: float
    ticks: tuple[tuple[float, float], ...]

    def points_at(self, value: float) -> float:
        """Points of a value, not clipped."""
        if self.term.is_categorical:
            return (self.term.effect(value) - self.term.effect(self.reference)) * (
                self.points_per_unit
            )
        return (value - self.reference) * self.points_per_unit

    def value_at(self, points: float) -> float:
        """The value that has these points; of a discrete term, the level that is nearest."""
        if self.term.is_discrete:
            return min(self.ticks, key=lambda tick: abs(tick[1] - points))[0]
        return self.reference + points / self.points_per_unit

    def clipped(self, value: float) -> tuple[float, bool]:
        """The value inside the axis and whether it had to be moved."""
        first, last = self.ticks[0][0], self.ticks[-1][0]
        inside = min(max(value, first), last)
        return inside, inside != value

    def levels_by_points(self) -> tuple[float, ...]:
        """The levels of a discrete term from the least points to the most."""
        return tuple(value for value, _ in sorted(self.ticks, key=lambda tick: tick[1]))


@dataclass(frozen=True)
class NomogramGeometry:
    """Axes and ticks of a nomogram; painted by the window with Qt and by ``figures`` with matplotlib.

    ``linear_predictor`` = ``offset`` + ``per_point`` · total points. ``probability_ticks`` are
    (probability, total points). ``model`` is what was laid out; its terms without effect have no axis.
    """

    model: NomogramModel
    axes: tuple[NomogramAxis, ...]
    points_ticks: tuple[float, ...]
    total_ticks: tuple[float, ...]
    probability_ticks: tuple[tuple[float, float], ...]
    offset: float
    per_point: float

    def total_points(self, values: Mapping[str, float]) -> float:
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
