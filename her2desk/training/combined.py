"""The combined model: logistic, on clinical inputs and out-of-fold signatures; one a pattern (V9)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import expit

from her2desk.packs.manifest import LinearPart, Submodel
from her2desk.packs.pack import CLINICAL_SIGNATURE, DLR_SIGNATURE, SIGNATURES, pattern_name
from her2desk.stats.robust_logistic import RobustFit, fit_logistic_or_fallback
from her2desk.stats.thresholds import sensitivity_at_least, specificity_at_least, youden
from her2desk.texts import Message, msg, phrase
from her2desk.training.folds import FEWEST_OF_A_CLASS, FEWEST_PATIENTS, Scope
from her2desk.training.request import CombinedKind
from her2desk.training.table import Labels, Matrix, Rows, Table

NEVER_CERTAIN = 1e-9  # an outlier that no fold was fitted on must not use up all thresholds
ALL_SUBSETS_UP_TO = 3  # inputs; with more, only the patterns that occur
POINTS: Mapping[str, Callable[[Labels, Matrix], float]] = {
    "youden": youden,
    "sensitivity95": lambda labels, p: sensitivity_at_least(labels, p, 0.95),
    "specificity95": lambda labels, p: specificity_at_least(labels, p, 0.95),
}


@dataclass(frozen=True)
class CombinedFit:
    """The submodels of one scope, ``thresholds[pattern][name]``, and what had to give way."""

    submodels: tuple[Submodel, ...]
    thresholds: Mapping[str, Mapping[str, float]]
    notes: tuple[Message, ...]


def patterns_of(table: Table, rows: Rows) -> tuple[tuple[str, ...], ...]:
    """The patterns of known inputs to have a submodel for, the fullest first.

    Those that occur among ``rows``, all inputs, none, and, for few inputs, every subset: a clinician
    may leave out what the cohort always has.
    """
    names = table.clinical_names
    known = ~np.isnan(table.clinical[rows])
    found = {tuple(n for n, k in zip(names, row, strict=True) if k) for row in known}
    found |= {names, ()}
    if len(names) <= ALL_SUBSETS_UP_TO:
        found |= {s for k in range(len(names)) for s in combinations(names, k)}
    return tuple(sorted(found, key=lambda s: (-len(s), s)))


def supported_patterns(table: Table, rows: Rows) -> tuple[tuple[str, ...], ...]:
    """Those of ``patterns_of`` that enough patients of both classes stand behind."""
    return tuple(p for p in patterns_of(table, rows) if is_supported(table, rows, p))


def refused_patterns(table: Table, rows: Rows) -> tuple[str, ...]:
    """Names of the patterns with too few patients for a submodel."""
    return tuple(
        pattern_name(table.clinical_names, frozenset(p))
        for p in patterns_of(table, rows)
        if not is_supported(table, rows, p)
    )


def is_supported(table: Table, rows: Rows, inputs: tuple[str, ...]) -> bool:
    """Whether enough patients of both classes among ``rows`` have these inputs known."""
    labels = table.labels[rows][table.knows(inputs)[rows]]
    smallest = min(labels.sum(), (~labels).sum())
    return len(labels) >= FEWEST_PATIENTS and smallest >= FEWEST_OF_A_CLASS


def fit_combined(
    table: Table, scope: Scope, signatures: Mapping[str, Matrix], kind: CombinedKind
) -> CombinedFit:
    """Fit a submodel for each supported pattern on signatures (repeats, rows) predicted out of fold.

    Coefficients and thresholds come from the first repeat; the variance over repeats is V10's.
    """
    submodels, thresholds, notes = [], {}, []
    for inputs in supported_patterns(table, scope.rows):
        pattern = pattern_name(table.clinical_names, frozenset(inputs))
        terms = combined_terms(table, inputs, kind)
        x = design(table, scope, signatures, terms)
        rows = known_rows(x)
        fit = fit_logistic_or_fallback(x[rows], table.labels[scope.rows][rows])
        if fit.note is not None:
            notes.append(msg("{pattern}: {note}", pattern=pattern, note=phrase(fit.note)))
        submodels.append(
            Submodel(
                pattern=pattern,
                model=linear_part(terms, fit, x[rows]),
                method=fit.method,
                refit_variance=refit_variance(signatures, terms),
            )
        )
        probability = _cross_predicted(table, scope, x, rows)
        labels = table.labels[scope.rows][rows]
        thresholds[pattern] = {name: rule(labels, probability) for name, rule in POINTS.items()}
    return CombinedFit(tuple(submodels), thresholds, tuple(notes))


def combined_terms(table: Table, inputs: tuple[str, ...], kind: CombinedKind) -> tuple[str, ...]:
    """What the combined model of a pattern looks at; the clinical signature needs every input."""
    if kind == "clinical-signature" and inputs and inputs == table.clinical_names:
        return (CLINICAL_SIGNATURE, DLR_SIGNATURE)
    return (*inputs, DLR_SIGNATURE)


def design(
    table: Table, scope: Scope, signatures: Mapping[str, Matrix], terms: tuple[str, ...]
) -> Matrix:
    """Values (rows, terms) of the scope's rows, signatures out of fold; NaN where not known."""
    return np.column_stack(
        [signatures[t][0] if t in SIGNATURES else table.columns([t])[scope.rows, 0] for t in terms]
    )


def known_rows(x: Matrix) -> Labels:
    """Rows of a design without a missing value."""
    return np.asarray(np.isfinite(x).all(axis=1), dtype=np.bool_)


def linear_part(terms: tuple[str, ...], fit: RobustFit, x: Matrix) -> LinearPart:
    """A fit as the pack states it, with the limits of the values it was fitted on."""
    beta = [float(v) for v in fit.coefficients]
    return LinearPart(
        terms=terms,
        intercept=beta[0],
        coefficients=tuple(beta[1:]),
        covariance=tuple(tuple(float(v) for v in row) for row in fit.covariance),
        lower=tuple(float(v) for v in x.min(axis=0)),
        upper=tuple(float(v) for v in x.max(axis=0)),
    )


def combined_scores(submodel: Submodel, values: Mapping[str, Matrix]) -> Matrix:
    """log-odds of a submodel; ``values`` by term, (patients,) each; NaN where one is not known."""
    model = submodel.model
    total = np.full(len(next(iter(values.values()))), model.intercept)
    for term, coefficient in zip(model.terms, model.coefficients, strict=True):
        total = total + coefficient * values[term]
    return total


def refit_variance(signatures: Mapping[str, Matrix], terms: tuple[str, ...]) -> dict[str, float]:
    """Mean over patients of the variance over repeats (V10); nothing from a single repeat."""
    return {
        t: float(np.nanmean(signatures[t].var(axis=0, ddof=1)))
        for t in terms
        if t in SIGNATURES and len(signatures[t]) > 1
    }


def _cross_predicted(table: Table, scope: Scope, x: Matrix, rows: Labels) -> Matrix:
    """Probability of each row of ``rows`` by the combined model of the other inner folds."""
    labels = table.labels[scope.rows]
    out = np.full(len(labels), np.nan)
    for place in scope.places[0]:
        test = np.zeros(len(labels), dtype=bool)
        test[place] = True
        fit = fit_logistic_or_fallback(x[rows & ~test], labels[rows & ~test])
        asked = rows & test
        out[asked] = expit(fit.coefficients[0] + x[asked] @ fit.coefficients[1:])
    return np.asarray(np.clip(out[rows], NEVER_CERTAIN, 1 - NEVER_CERTAIN))
