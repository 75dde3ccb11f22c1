"""Patterns of failure and models of errors, worked out from the patients not seen (V16).

Only out-of-fold rows enter: held-out patients judge a pack, they do not shape what it says.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from her2desk.domain.counts import Call
from her2desk.domain.failure import (
    DECLARED,
    ERRORS_PER_COEFFICIENT,
    FEWEST_ERRORS,
    SMALLEST_SUBSET,
    FailurePattern,
)
from her2desk.domain.traits import Trait
from her2desk.domain.validation import OperatingPoint, ValidationRow, ValidationSource
from her2desk.errors import InputRefused
from her2desk.inference.evidence import Evidence, Flags, Floats, gathered
from her2desk.packs.manifest import AucPart, OperatingPointPart
from her2desk.packs.readout_part import ErrorModelPart, FailurePart
from her2desk.stats.multiple_tests import holm
from her2desk.stats.robust_logistic import fit_logistic_or_fallback
from her2desk.training.combined import linear_part
from her2desk.training.performance import auc_figure

LARGEST_SHARE = 0.5  # a quarter that ties have swollen beyond this tells nobody apart
CHANCE = 0.5  # an AUC
ERROR_TRAITS: Mapping[Call, tuple[Trait, ...]] = {
    Call.POSITIVE: (Trait.BRIGHT_ATTENTION, Trait.CALCIFICATION, Trait.NODES, Trait.SOLIDITY),
    Call.NEGATIVE: (Trait.DISPERSION, Trait.ROI_ATTENTION, Trait.SIZE),
}


def failure_parts(
    rows: Sequence[ValidationRow], points: Sequence[OperatingPointPart]
) -> tuple[FailurePart, ...]:
    """Every declared pattern of every submodel and operating point that has the trait's value.

    The quarter is of all out-of-fold patients of the submodel, whatever their call and status; for
    attention of those of one fold, whom one network read. ``limit`` is the edge for a new case. p is
    Fisher's one-sided test of errors among those of the call who look like the pattern against the
    others of the call; Holm over the patterns tested at one operating point. Those that could not warn
    are not tested and have an adjusted p of 1: with too few patients or errors, or with a quarter that
    ties swell to more than half, as of a trait that all share.
    """
    return tuple(part for judged in _each(rows, points) for part in _failures(judged))


def error_model_parts(
    rows: Sequence[ValidationRow], points: Sequence[OperatingPointPart]
) -> tuple[ErrorModelPart, ...]:
    """A model of each call's errors where there are 20 of them per coefficient.

    Traits enter in the order of ``ERROR_TRAITS``, whatever the labels say; patients of whom one is
    not known are left out. The AUC is the mean within outer folds, each predicted by the model of
    the others, its interval by Nadeau and Bengio (V13). A model whose interval reaches 0.5 is None.
    """
    return tuple(
        part
        for judged in _each(rows, points)
        for call in ERROR_TRAITS
        if (part := _error_model(judged, call)) is not None
    )


@dataclass(frozen=True)
class _Judged:
    """A submodel's out-of-fold patients at an operating point; ``called`` and ``wrong`` (patients,)."""

    point: OperatingPointPart
    patients: Evidence
    held_out: Evidence
    called: Flags
    wrong: Flags

    def of(self, call: Call) -> Flags:
        """Who has this call."""
        return self.called if call is Call.POSITIVE else ~self.called

    def values(self, trait: Trait) -> Floats:
        """The patients' values (patients,), NaN where not known."""
        return self.patients.traits[trait]


def _each(rows: Sequence[ValidationRow], points: Sequence[OperatingPointPart]) -> Iterator[_Judged]:
    for point in points:
        own = [row for row in rows if row.pattern == point.pattern]
        patients, held_out = (
            gathered([row for row in own if row.source is source])
            for source in (ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT)
        )
        judge = OperatingPoint(point.name, point.threshold, point.fold_thresholds)
        called = patients.called(judge, 0.0)
        yield _Judged(point, patients, held_out, called, called != patients.positive)


def _failures(judged: _Judged) -> list[FailurePart]:
    found = [
        (pattern, _counted(judged, pattern, limit))
        for pattern in DECLARED
        if (limit := judged.patients.limit_of_a_new_case(pattern, judged.held_out)) is not None
    ]
    tested = [i for i, (pattern, part) in enumerate(found) if _is_tested(judged, pattern, part)]
    adjusted = np.ones(len(found))
    adjusted[tested] = holm([found[i][1].p for i in tested])
    return [
        part.model_copy(update={"adjusted_p": float(p)})
        for (_, part), p in zip(found, adjusted, strict=True)
    ]


def _counted(judged: _Judged, pattern: FailurePattern, limit: float) -> FailurePart:
    """The pattern's counts and Fisher's p, not yet adjusted."""
    values = judged.values(pattern.trait)
    own = judged.of(pattern.call)
    known = own & np.isfinite(values)
    alike = known & judged.patients.looks[pattern.name]
    others = known & ~alike
    counts = [int(side.sum()) for side in (alike, alike & judged.wrong)]
    counts += [int(side.sum()) for side in (others, others & judged.wrong)]
    n, wrong, n_others, others_wrong = counts
    table = [[wrong, n - wrong], [others_wrong, n_others - others_wrong]]
    return FailurePart(
        submodel=judged.point.pattern,
        operating_point=judged.point.name,
        name=pattern.name,
        limit=limit,
        alike=n,
        alike_wrong=wrong,
        others=n_others,
        others_wrong=others_wrong,
        errors=int((own & judged.wrong).sum()),
        p=float(fisher_exact(table, alternative="greater").pvalue),
        adjusted_p=1.0,
    )


def _is_tested(judged: _Judged, pattern: FailurePattern, part: FailurePart) -> bool:
    """Whether the pattern could warn at all (V16); asks nothing of who among them was wrong."""
    if part.alike < SMALLEST_SUBSET or not part.others or part.errors < FEWEST_ERRORS:
        return False
    known = np.isfinite(judged.values(pattern.trait))
    share = judged.patients.looks[pattern.name][known].mean()
    return pattern.trait.is_yes_no or bool(share <= LARGEST_SHARE)


def _error_model(judged: _Judged, call: Call) -> ErrorModelPart | None:
    own = judged.of(call)
    candidates = [t for t in ERROR_TRAITS[call] if _is_useful(judged.values(t)[own])]
    allowed = int((own & judged.wrong).sum()) // ERRORS_PER_COEFFICIENT
    for n in range(min(allowed, len(candidates)), 0, -1):
        traits = tuple(candidates[:n])
        x = np.column_stack([judged.values(t) for t in traits])
        known = own & np.isfinite(x).all(axis=1)
        if int((known & judged.wrong).sum()) >= n * ERRORS_PER_COEFFICIENT:
            return _fitted(judged, call, traits, x, known)
    return None


def _is_useful(values: Floats) -> bool:
    """Whether a trait tells anybody from anybody."""
    return len(np.unique(values[np.isfinite(values)])) > 1


def _fitted(
    judged: _Judged, call: Call, traits: tuple[Trait, ...], x: Floats, known: Flags
) -> ErrorModelPart | None:
    x, wrong, folds = x[known], judged.wrong[known], judged.patients.folds[known]
    try:
        area = auc_figure(wrong, _cross_predicted(x, wrong, folds), folds)
        fit = fit_logistic_or_fallback(x, wrong)
    except InputRefused:  # nothing to fit: outside one of the folds all were wrong, or none
        return None
    if area is None:
        return None
    return ErrorModelPart(
        submodel=judged.point.pattern,
        operating_point=judged.point.name,
        call="positive" if call is Call.POSITIVE else "negative",
        traits=traits,
        errors=int(wrong.sum()),
        patients=len(wrong),
        auc=AucPart(value=area.value, lower=area.lower, upper=area.upper, method=area.method),
        model=linear_part(traits, fit, x) if area.lower > CHANCE else None,
    )


def _cross_predicted(x: Floats, wrong: Flags, folds: NDArray[np.intp]) -> Floats:
    """Log-odds of an error, of each fold's patients by the model of the other folds."""
    out = np.full(len(wrong), np.nan)
    for fold in np.unique(folds):
        asked = folds == fold
        fit = fit_logistic_or_fallback(x[~asked], wrong[~asked])
        out[asked] = fit.coefficients[0] + x[asked] @ fit.coefficients[1:]
    return out
