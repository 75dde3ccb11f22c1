"""A logistic model as a nomogram, laid out as R's ``rms::nomogram`` does.

``pretty`` follows the rule that R documents for its function of that name (help page ``?pretty``).
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from her2desk.domain.log_odds import sigmoid
from her2desk.domain.nomogram import (
    NomogramAxis,
    NomogramGeometry,
    NomogramModel,
    NomogramTerm,
)
from her2desk.errors import InputRefused
from her2desk.stats.proportions import Z_95
from her2desk.texts import msg

INTERVALS = 10
MAX_POINTS = 100.0
HIGH_BIAS = 1.5  # R's defaults: prefer the smaller unit, and a 5 over a 2
FIVE_BIAS = 0.5 + 1.5 * HIGH_BIAS
SHRINK = 0.75
EDGE_SLACK = 1e-10
TINY = 1e-14
NO_SPAN = 3 * (1 + 1 / (1 + HIGH_BIAS)) * 2.0**-52
ROUND_PROBABILITIES = (
    0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999,
)  # fmt: skip
MIN_PROBABILITY_TICKS = 3
NARROW_INTERVALS = 5
SYMMETRY_SLACK = 1e-6  # of a covariance, against its largest entry


def pretty(lower: float, upper: float, n: int = INTERVALS) -> tuple[float, ...]:
    """About ``n`` + 1 equally spaced round values that cover the range (R's ``pretty``)."""
    least = n // 3
    unit = _unit(_cell(lower, upper, n, least))
    first = math.floor(lower / unit + EDGE_SLACK)
    last = math.ceil(upper / unit - EDGE_SLACK)
    while first * unit > lower + EDGE_SLACK * unit:
        first -= 1
    while last * unit < upper - EDGE_SLACK * unit:
        last += 1
    first, last = _at_least(least, first, last)
    start, end = min(first * unit, lower), max(last * unit, upper)
    count = last - first
    step = (end - start) / count if count else 1.0
    ticks = [start + step * k for k in range(count)] + [end]
    return tuple(0.0 if abs(t) < TINY * step else t for t in ticks)


def _cell(lower: float, upper: float, n: int, least: int) -> float:
    """The wished-for distance of ticks."""
    size = max(abs(lower), abs(upper))
    if upper - lower > size * max(1, n) * NO_SPAN:
        return (upper - lower) / max(n, 1)
    # No span to speak of: a few ticks about the value.
    cell = 1.0 if size == 0 else 9 + size / 10 if size > 10 else size
    return cell * SHRINK / max(least, 1)


def _unit(cell: float) -> float:
    """1, 2, 5 or 10 times a power of ten, whichever lies nearest ``cell`` by R's two biases."""
    base = 10.0 ** math.floor(math.log10(cell))
    unit = base
    for factor, bias in ((2, HIGH_BIAS), (5, FIVE_BIAS), (10, HIGH_BIAS)):
        if factor * base - cell >= bias * (cell - unit):
            break
        unit = factor * base
    return unit


def _at_least(least: int, first: int, last: int) -> tuple[int, int]:
    """Widen to ``least`` intervals, evenly on both sides; only a range without span needs it."""
    lack = max(0, least - (last - first))
    small, large = lack // 2, lack // 2 + lack % 2
    return (first - large, last + small) if first >= 0 else (first - small, last + large)


def build_nomogram(model: NomogramModel) -> NomogramGeometry:
    """Axes and ticks of ``model``, as ``rms::nomogram`` places them.

    A variable's ticks are ``pretty`` of its training limits, or its levels; its points are the log-odds
    that a value adds beyond the tick where they are least, in hundredths of the widest axis'. The
    total-point ticks are ``pretty`` of what the axes reach. A term without effect has no axis. Raises
    ``InputRefused`` where no term is left, or a number or a limit makes no sense.
    """
    check_model(model)
    terms = tuple(t for t in model.terms if t.has_effect)
    if not terms:
        raise InputRefused(
            msg("The model has no variable with an effect, so it has no nomogram."),
            msg("Use a model with at least one coefficient that is not 0."),
            code="nomogram-empty",
        )
    values = {t.name: _values(t) for t in terms}
    per_point = max(_span(t, values[t.name]) for t in terms) / MAX_POINTS
    if per_point == 0:
        raise _not_finite()  # so small that rounding leaves nothing to draw
    axes = tuple(_axis(t, values[t.name], per_point) for t in terms)
    geometry = NomogramGeometry(
        model=model,
        axes=axes,
        points_ticks=pretty(0, MAX_POINTS),
        total_ticks=(),
        probability_ticks=(),
        offset=model.intercept + sum(a.term.effect(a.reference) for a in axes),
        per_point=per_point,
    )
    return replace(
        geometry,
        total_ticks=pretty(0, largest_total(geometry)),
        probability_ticks=probability_ticks(geometry),
    )


def interval(
    model: NomogramModel, values: Mapping[str, float], shift: float = 0.0
) -> tuple[float, float] | None:
    """The 95 % interval of a patient's probability (V10), or None where the model has no covariance.

    ``values`` by term's name; while one is missing there is no interval either. ``shift`` moves the
    log-odds to the local prevalence (V11).
    """
    variance = model.variance(values)
    if variance is None:
        return None
    centre = model.linear_predictor(values) + shift
    reach = Z_95 * math.sqrt(variance)
    return sigmoid(centre - reach), sigmoid(centre + reach)


def largest_total(geometry: NomogramGeometry) -> float:
    """The most points that the axes reach together; the least is 0."""
    return sum(max(points for _, points in axis.ticks) for axis in geometry.axes)


def probability_ticks(
    geometry: NomogramGeometry, shift: float = 0.0
) -> tuple[tuple[float, float], ...]:
    """(probability, total points) at the round probabilities that the axes can reach.

    ``shift`` moves the log-odds to the local prevalence (V11). A narrow range gets ``pretty``
    ticks.
    """
    low = geometry.probability(0, shift)
    high = geometry.probability(largest_total(geometry), shift)
    inside = [p for p in ROUND_PROBABILITIES if low <= p <= high]
    if len(inside) < MIN_PROBABILITY_TICKS:
        inside = [p for p in pretty(low, high, NARROW_INTERVALS) if low <= p <= high and 0 < p < 1]
    return tuple((p, geometry.total_at(p, shift)) for p in inside)


def _values(term: NomogramTerm) -> tuple[float, ...]:
    if term.is_discrete:
        return tuple(float(k) for k in range(len(term.level_names)))
    return pretty(term.lower, term.upper)


def _span(term: NomogramTerm, values: tuple[float, ...]) -> float:
    effects = [term.effect(v) for v in values]
    return max(effects) - min(effects)


def _axis(term: NomogramTerm, values: tuple[float, ...], per_point: float) -> NomogramAxis:
    reference = min(values, key=term.effect)
    axis = NomogramAxis(term, reference, term.coefficient / per_point, ())
    return replace(axis, ticks=tuple((value, axis.points_at(value) + 0.0) for value in values))


def check_model(model: NomogramModel) -> None:
    """Raise ``InputRefused`` where a number is not finite or the parts do not fit each other."""
    terms = model.terms
    numbers = [
        model.intercept,
        *(n for t in terms for n in (t.coefficient, t.lower, t.upper, *t.effects)),
        *(n for row in model.covariance or () for n in row),
        *model.refit_variance.values(),
    ]
    if not all(math.isfinite(n) for n in numbers):
        raise _not_finite()
    for term in terms:
        if term.is_categorical and (len(term.levels) != len(term.effects) or len(term.levels) < 2):
            raise InputRefused(
                msg("{name} needs two levels or more, and an effect for each.", name=term.name),
                msg("Leave it out of the nomogram."),
                code="nomogram-levels",
            )
        if term.has_effect and not term.is_discrete and term.lower >= term.upper:
            raise InputRefused(
                msg("{name} has no range in the training data.", name=term.name),
                msg("Leave it out of the nomogram."),
                code="nomogram-limits",
            )
    if model.covariance is not None and not _is_covariance(model):
        raise InputRefused(
            msg("The covariance of the coefficients does not fit the model."),
            msg("Fit the model again."),
            code="nomogram-covariance",
        )


def _is_covariance(model: NomogramModel) -> bool:
    """Whether the matrix is square, as wide as the coefficients, and symmetric."""
    matrix = model.covariance or ()
    size = 1 + sum(max(len(t.effects) - 1, 1) for t in model.terms)
    if len(matrix) != size or any(len(row) != size for row in matrix):
        return False
    slack = SYMMETRY_SLACK * max(abs(n) for row in matrix for n in row)
    pairs = ((i, j) for i in range(size) for j in range(i))
    return all(abs(matrix[i][j] - matrix[j][i]) <= slack for i, j in pairs) and all(
        matrix[i][i] >= 0 for i in range(size)
    )


def _not_finite() -> InputRefused:
    return InputRefused(
        msg("The model has a coefficient or a limit that is not a finite number."),
        msg("Fit the model again."),
        code="nomogram-number",
    )
