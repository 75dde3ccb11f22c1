"""A logistic model as a nomogram, laid out as R's ``rms::nomogram`` does. No numpy.

``pretty`` follows the rule that R documents for its function of that name (help page ``?pretty``).
"""

import math
from dataclasses import replace

from her2desk.domain.nomogram import (
    NomogramAxis,
    NomogramGeometry,
    NomogramModel,
    NomogramTerm,
)
from her2desk.errors import InputRefused
from her2desk.texts import msg

INTERVALS = 10
MAX_POINTS = 100.0
POINTS_STEP = 10
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
YES_NO = (0.0, 1.0)


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

    A variable's ticks are ``pretty`` of its training limits (0 and 1 when binary); its points are
    100·|β·(x − x_ref)| over the largest |β|·(last − first tick), x_ref being the tick where βx is
    least. The total-point ticks are ``pretty`` of what the axes reach. A term with coefficient 0
    has no axis. Raises ``InputRefused`` where no term is left, or a number or a limit makes no
    sense.
    """
    terms = tuple(t for t in model.terms if t.coefficient != 0)
    _check(model, terms)
    values = {t.name: _values(t) for t in terms}
    widest = max(abs(t.coefficient) * (values[t.name][-1] - values[t.name][0]) for t in terms)
    per_point = widest / MAX_POINTS
    axes = tuple(_axis(t, values[t.name], per_point) for t in terms)
    offset = model.intercept + sum(a.term.coefficient * a.reference for a in axes)
    geometry = NomogramGeometry(
        axes=axes,
        points_ticks=pretty(0, MAX_POINTS),
        total_ticks=(),
        probability_ticks=(),
        offset=offset,
        per_point=per_point,
    )
    return replace(
        geometry,
        total_ticks=pretty(0, largest_total(geometry)),
        probability_ticks=probability_ticks(geometry),
    )


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
    return YES_NO if term.is_binary else pretty(term.lower, term.upper)


def _axis(term: NomogramTerm, values: tuple[float, ...], per_point: float) -> NomogramAxis:
    reference = values[0] if term.coefficient > 0 else values[-1]
    slope = term.coefficient / per_point
    ticks = tuple((value, (value - reference) * slope + 0.0) for value in values)
    return NomogramAxis(term, reference, slope, ticks)


def _check(model: NomogramModel, terms: tuple[NomogramTerm, ...]) -> None:
    if not terms:
        raise InputRefused(
            msg("The model has no variable with an effect, so it has no nomogram."),
            msg("Use a model with at least one coefficient that is not 0."),
            code="nomogram-empty",
        )
    numbers = [model.intercept, *(n for t in terms for n in (t.coefficient, t.lower, t.upper))]
    if not all(math.isfinite(n) for n in numbers):
        raise InputRefused(
            msg("The model has a coefficient or a limit that is not a finite number."),
            msg("Fit the model again."),
            code="nomogram-number",
        )
    for term in terms:
        if not term.is_binary and term.lower >= term.upper:
            raise InputRefused(
                msg("{name} has no range in the training data.", name=term.name),
                msg("Leave it out of the nomogram."),
                code="nomogram-limits",
            )
