"""How a case with a call may fail, as the pack's own errors tell it (V16). numpy only.

The test of a pattern is the builder's; here its patients are counted again at the threshold and
prevalence on screen. Both are of the out-of-fold patients, whichever the confusion table counts.
"""

import math

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.counts import Call, Proportion
from her2desk.domain.failure import (
    DECLARED,
    ERRORS_PER_COEFFICIENT,
    FEWEST_ERRORS,
    SMALLEST_SUBSET,
    ErrorEstimate,
    FailurePattern,
    FailureReading,
    FailureSign,
    NoErrorModel,
    Silence,
)
from her2desk.domain.log_odds import sigmoid
from her2desk.domain.traits import Traits
from her2desk.domain.validation import OperatingPoint
from her2desk.inference.evidence import Evidence, Flags
from her2desk.packs.manifest import LinearPart
from her2desk.packs.readout_part import ErrorModelPart, FailurePart, ReadoutPart
from her2desk.stats.proportions import Z_95, wilson


def failure_reading(
    traits: Traits,
    call: Call,
    evidence: Evidence,
    part: ReadoutPart,
    operating_point: OperatingPoint,
    *,
    submodel: str,
    shift: float,
) -> FailureReading | None:
    """What the pack's errors say of a case with these ``traits``; None without a call.

    ``evidence`` are the out-of-fold patients of ``submodel``, ``shift`` what the local prevalence adds
    to the log-odds.
    """
    if call is Call.INDETERMINATE:
        return None
    called = evidence.called(operating_point, shift)
    of_call = called if call is Call.POSITIVE else ~called
    wrong = of_call & (called != evidence.positive)
    signs = tuple(
        _sign(
            pattern,
            traits[pattern.trait],
            evidence,
            (of_call, wrong),
            _tested(pattern, part, operating_point, submodel),
            operating_point.is_own,
        )
        for pattern in DECLARED
        if pattern.call is call
    )
    errors = wilson(int(wrong.sum()), int(of_call.sum())) if len(evidence) else None
    model = _modelled(call, part, operating_point, submodel)
    error = _error(traits, model, errors, operating_point, shift)
    return FailureReading(signs, error, errors)


def _tested(
    pattern: FailurePattern, part: ReadoutPart, point: OperatingPoint, submodel: str
) -> FailurePart | None:
    asked = (submodel, point.name, pattern.name)
    found = (f for f in part.failures if (f.submodel, f.operating_point, f.name) == asked)
    return next(found, None)


def _modelled(
    call: Call, part: ReadoutPart, point: OperatingPoint, submodel: str
) -> ErrorModelPart | None:
    asked = (submodel, point.name, call.value)
    found = (m for m in part.error_models if (m.submodel, m.operating_point, m.call) == asked)
    return next(found, None)


def _sign(
    pattern: FailurePattern,
    value: float | None,
    patients: Evidence,
    calls: tuple[Flags, Flags],
    tested: FailurePart | None,
    is_own: bool,
) -> FailureSign:
    """``calls`` are those of the patients with the same call, and the wrong ones of them."""
    values = patients.traits[pattern.trait]
    limit = tested.limit if tested is not None else patients.limit_of_a_new_case(pattern)
    if limit is None or not len(values):
        none = Silence.UNKNOWN if value is None else Silence.NO_VALIDATION
        return FailureSign(pattern, value, None, None, None, none)
    of_call, wrong = calls
    looks = patients.looks[pattern.name]
    alike = _wrong_of(of_call & looks, wrong)
    others = _wrong_of(of_call & ~looks & np.isfinite(values), wrong)
    silence = _silence(pattern, value, limit, (alike, others), int(wrong.sum()), tested, is_own)
    return FailureSign(pattern, value, limit, alike, others, silence)


def _wrong_of(group: Flags, wrong: Flags) -> Proportion:
    return wilson(int((group & wrong).sum()), int(group.sum()))


def _silence(
    pattern: FailurePattern,
    value: float | None,
    limit: float,
    counts: tuple[Proportion, Proportion],
    errors: int,
    tested: FailurePart | None,
    is_own: bool,
) -> Silence | None:
    """Why the pattern does not warn; None where it does.

    It warns where the builder's test was positive and the counts on screen, which the prevalence may
    have moved, still bear it out.
    """
    alike, others = counts
    if value is None:
        return Silence.UNKNOWN
    if not pattern.holds(value, limit):
        return Silence.ABSENT
    if alike.total < SMALLEST_SUBSET:
        return Silence.FEW_ALIKE
    if errors < FEWEST_ERRORS:
        return Silence.FEW_ERRORS
    if is_own:
        return Silence.OWN_THRESHOLD
    if tested is None:
        return Silence.UNTESTED
    is_borne_out = others.total > 0 and alike.value > others.value
    return None if tested.warns and is_borne_out else Silence.NO_DIFFERENCE


def _error(
    traits: Traits,
    model: ErrorModelPart | None,
    errors: Proportion | None,
    point: OperatingPoint,
    shift: float,
) -> ErrorEstimate | NoErrorModel:
    if errors is None:
        return NoErrorModel.NO_VALIDATION
    if point.is_own:
        return NoErrorModel.OWN_THRESHOLD
    if model is None:
        is_few = errors.count < ERRORS_PER_COEFFICIENT
        return NoErrorModel.FEW_ERRORS if is_few else NoErrorModel.UNTESTED
    if model.model is None:
        return NoErrorModel.NOT_BETTER_THAN_CHANCE
    if not math.isclose(shift, 0.0, abs_tol=1e-9):
        return NoErrorModel.OTHER_PREVALENCE
    values = [traits[trait] for trait in model.traits]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return NoErrorModel.UNKNOWN_TRAIT
    return _estimate(model, model.model, np.array(known))


def _estimate(
    part: ErrorModelPart, model: LinearPart, values: NDArray[np.float64]
) -> ErrorEstimate:
    """The model's answer; a trait beyond what it was fitted on counts as the limit."""
    x = np.array([1.0, *np.clip(values, model.lower, model.upper)])
    centre = float(x @ np.array([model.intercept, *model.coefficients]))
    reach = Z_95 * math.sqrt(max(0.0, float(x @ np.array(model.covariance) @ x)))
    return ErrorEstimate(
        value=sigmoid(centre),
        lower=sigmoid(centre - reach),
        upper=sigmoid(centre + reach),
        traits=part.traits,
        errors=part.errors,
        patients=part.patients,
        auc=(part.auc.value, part.auc.lower, part.auc.upper),
    )
