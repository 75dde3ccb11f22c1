"""Odds ratios of single columns and of a stepwise model, always with an intercept, 95 % (trap 2)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from her2desk.errors import InputRefused
from her2desk.stats.checks import labels_and_scores
from her2desk.stats.likelihood import log_likelihood
from her2desk.stats.logistic import LogisticFit, fit_logistic
from her2desk.stats.penalised import firth, firth_test
from her2desk.stats.proportions import Z_95
from her2desk.texts import Message, msg

FloatArray = NDArray[np.float64]
Labels = NDArray[np.bool_]

ENTRY = 0.05
REMOVAL = 0.10
LEVEL = 0.05


@dataclass(frozen=True)
class OddsRatio:
    """Per unit of the column, with its 95 % interval and two-sided p.

    Maximum likelihood: Wald interval and test. Firth (where the classes are separated): profile
    likelihood. "not estimable": a column that does not vary among the patients who have it, or
    whose profile has no end that can be found; the figures are NaN.
    """

    value: float
    lower: float
    upper: float
    p: float
    method: Literal["maximum likelihood", "Firth", "not estimable"]

    @property
    def is_estimable(self) -> bool:
        return self.method != "not estimable"


@dataclass(frozen=True)
class AssociationRow:
    """One column: patients who have it and who lack it, alone and in the stepwise model.

    ``multivariable`` is None for a column that the model does not hold.
    """

    name: str
    n: int
    missing: int
    univariable: OddsRatio
    multivariable: OddsRatio | None


@dataclass(frozen=True)
class AssociationTable:
    """All columns tried; ``tests`` counts the univariable ones, none of them adjusted.

    ``multivariable_n`` and ``multivariable_missing`` count patients with and without every
    candidate's value.
    """

    rows: tuple[AssociationRow, ...]
    n: int
    events: int
    tests: int
    multivariable_n: int
    multivariable_missing: int
    entry: float
    removal: float

    def tests_sentence(self) -> Message:
        """How many tests there were, and what chance alone makes of them."""
        return msg(
            "{tests} univariable tests, not adjusted for their number: without any association "
            "about {chance:.1f} of them would have p < 0.05.",
            tests=self.tests,
            chance=LEVEL * self.tests,
        )

    def stepwise_sentence(self) -> Message:
        """The rule of the multivariable column."""
        return msg(
            "Stepwise by likelihood-ratio tests, forwards and backwards (in at p < {entry:.2f}, "
            "out at p > {removal:.2f}), on the {n} patients with every value ({missing} left out). "
            "Intervals and p-values after such a selection are too optimistic.",
            entry=self.entry,
            removal=self.removal,
            n=self.multivariable_n,
            missing=self.multivariable_missing,
        )


def associate(
    columns: Mapping[str, ArrayLike],
    labels: ArrayLike,
    *,
    entry: float = ENTRY,
    removal: float = REMOVAL,
) -> AssociationTable:
    """Univariable and stepwise multivariable logistic regression of ``labels`` (n,) on the columns.

    Each column has shape (n,), NaN where missing; a univariable fit takes the patients who have it.
    The stepwise model takes the patients who have every estimable column: the column of least p
    enters while p < ``entry``, then the one of largest p leaves while p > ``removal``, p by
    likelihood-ratio tests (penalised ones where the classes are separated). Raises ``InputRefused``
    with ``"one-class"``, and ``ValueError`` unless 0 < entry ≤ removal < 1.
    """
    if not 0 < entry <= removal < 1:
        raise ValueError("a stepwise rule needs 0 < entry ≤ removal < 1")
    if not columns:
        raise ValueError("an association table needs a column")
    positive, _ = labels_and_scores(labels, np.zeros(np.shape(labels)))
    table = {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}
    alone = {name: _alone(column, positive) for name, column in table.items()}
    candidates = {name: table[name] for name in table if alone[name].is_estimable}
    together, complete = _multivariable(candidates, positive, entry, removal)
    return AssociationTable(
        rows=tuple(
            AssociationRow(
                name,
                int(np.isfinite(column).sum()),
                int((~np.isfinite(column)).sum()),
                alone[name],
                together.get(name),
            )
            for name, column in table.items()
        ),
        n=len(positive),
        events=int(positive.sum()),
        tests=len(candidates),
        multivariable_n=complete,
        multivariable_missing=len(positive) - complete,
        entry=entry,
        removal=removal,
    )


def _alone(column: FloatArray, positive: Labels) -> OddsRatio:
    known = np.isfinite(column)
    if len(np.unique(positive[known])) < 2:
        return _not_estimable()
    return _odds_ratios(column[known, None], positive[known])[0]


def _multivariable(
    candidates: dict[str, FloatArray], positive: Labels, entry: float, removal: float
) -> tuple[dict[str, OddsRatio], int]:
    """Odds ratios of the chosen columns by name, and how many patients have every candidate."""
    names = list(candidates)
    matrix = np.column_stack([*candidates.values(), np.zeros((len(positive), 0))])
    known = np.isfinite(matrix).all(axis=1)
    x, y = matrix[known], positive[known]
    if len(np.unique(y)) < 2:
        return {}, int(known.sum())
    chosen = _stepwise(x, y, entry, removal)
    ratios = _odds_ratios(x[:, chosen], y) if chosen else []
    return {names[j]: ratio for j, ratio in zip(chosen, ratios, strict=True)}, len(y)


def _stepwise(x: FloatArray, y: Labels, entry: float, removal: float) -> list[int]:
    """The chosen columns of ``x`` in their order."""
    chosen: list[int] = []
    seen: set[tuple[int, ...]] = set()
    while tuple(chosen) not in seen:
        seen.add(tuple(chosen))
        outside = [j for j in range(x.shape[1]) if j not in chosen]
        p = {j: _test(x[:, [*chosen, j]], y, len(chosen)) for j in outside}
        best = min(p, key=lambda j: (p[j], j), default=None)
        if best is not None and p[best] < entry:
            chosen = sorted([*chosen, best])
        p = {j: _test(x[:, chosen], y, place) for place, j in enumerate(chosen)}
        worst = max(p, key=lambda j: (p[j], -j), default=None)
        if worst is not None and p[worst] > removal:
            chosen = [j for j in chosen if j != worst]
    return chosen


def _test(x: FloatArray, y: Labels, place: int) -> float:
    """Likelihood-ratio p of one column of ``x`` (n, k) beside the others; 1 if it repeats them."""
    from scipy.stats import chi2

    try:
        full = _log_likelihood(x, y)
    except InputRefused as refusal:
        return firth_test(x, y, place) if refusal.code == "separation" else 1.0
    less = _log_likelihood(np.delete(x, place, axis=1), y)
    return float(chi2.sf(max(0.0, 2 * (full - less)), 1))


def _log_likelihood(x: FloatArray, y: Labels) -> float:
    matrix = np.column_stack([np.ones(len(y)), x])
    return log_likelihood(matrix, y.astype(np.float64), fit_logistic(x, y).coefficients)


def _odds_ratios(x: FloatArray, y: Labels) -> list[OddsRatio]:
    """One for each column of ``x`` (n, k)."""
    try:
        return _wald(fit_logistic(x, y))
    except InputRefused as refusal:
        if refusal.code != "separation":
            return [_not_estimable()] * x.shape[1]
    try:
        return _profile(x, y)
    except InputRefused:
        return [_not_estimable()] * x.shape[1]


def _wald(fit: LogisticFit) -> list[OddsRatio]:
    ratios = []
    for beta, error in zip(fit.coefficients[1:], fit.standard_errors[1:], strict=True):
        p = math.erfc(abs(beta / error) / math.sqrt(2))
        low, high = _exp(beta - Z_95 * error), _exp(beta + Z_95 * error)
        ratios.append(OddsRatio(_exp(beta), low, high, p, "maximum likelihood"))
    return ratios


def _profile(x: FloatArray, y: Labels) -> list[OddsRatio]:
    fit = firth(x, y)
    figures = zip(fit.coefficients[1:], fit.lower, fit.upper, fit.p, strict=True)
    return [
        OddsRatio(_exp(beta), _exp(lower), _exp(upper), float(p), "Firth")
        for beta, lower, upper, p in figures
    ]


def _exp(x: float) -> float:
    # A column in tiny units has a huge odds ratio per unit; infinity says so without a warning.
    with np.errstate(over="ignore"):
        return float(np.exp(x))


def _not_estimable() -> OddsRatio:
    return OddsRatio(math.nan, math.nan, math.nan, math.nan, "not estimable")
