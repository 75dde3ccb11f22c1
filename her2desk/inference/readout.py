"""The statement of one case at an operating point and a prevalence: numpy arithmetic, no torch.

Rules V10–V15 and V20 of the project's validity rules: the interval is for the average of patients with
the same scores; the local prevalence moves the log-odds, and with them the call and the confusion table;
no call where the interval crosses the threshold.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from her2desk.domain.log_odds import logit, sigmoid
from her2desk.domain.prediction import Prediction
from her2desk.domain.readout import Call, Confusion, Estimate, Proportion, Readout
from her2desk.domain.validation import OperatingPoint, ValidationRow
from her2desk.stats.proportions import Z_95, predictive_values, wilson

NEAREST = 20


def prevalence_shift(estimate: Estimate, prevalence: float | None) -> float:
    """What the local prevalence adds to the log-odds (V11); nothing where none is given."""
    if prevalence is None:
        return 0.0
    return logit(prevalence) - logit(estimate.training_prevalence)


def read(
    estimate: Estimate,
    validation: Sequence[ValidationRow],
    operating_point: OperatingPoint,
    prevalence: float | None = None,
) -> Readout:
    """The readout of an estimate against the pack's validation patients.

    ``validation`` may hold several patterns of known inputs; the estimate's own are used (V9).
    ``prevalence`` is a share in (0, 1), or None for the training cohort's.
    """
    rows = [row for row in validation if row.pattern == estimate.pattern]
    shift = prevalence_shift(estimate, prevalence)
    world = estimate.training_prevalence if prevalence is None else prevalence
    centre = estimate.logit + shift
    reach = Z_95 * math.sqrt(estimate.variance)
    lower, upper = sigmoid(centre - reach), sigmoid(centre + reach)
    table = confusion_at(rows, operating_point, shift)
    ppv, npv = predictive_values(table, world)
    return Readout(
        probability=sigmoid(centre),
        lower=lower,
        upper=upper,
        prevalence=world,
        operating_point=operating_point,
        call=_call(sigmoid(centre), lower, upper, operating_point.threshold),
        confusion=table,
        sensitivity=wilson(table.tp, table.tp + table.fn),
        specificity=wilson(table.tn, table.tn + table.fp),
        ppv=ppv,
        npv=npv,
        neighbours=_nearest(rows, estimate.logit),
    )


def confusion_at(
    rows: Sequence[ValidationRow], operating_point: OperatingPoint, shift: float
) -> Confusion:
    """The table of these rows, each judged by its own fold's threshold (V14)."""
    positive = np.array([row.positive for row in rows])
    logits = np.array([row.logit for row in rows]) + shift
    cut = np.array([logit(operating_point.threshold_for(row.fold)) for row in rows])
    called = logits >= cut
    return Confusion(
        tp=int(np.sum(called & positive)),
        fp=int(np.sum(called & ~positive)),
        tn=int(np.sum(~called & ~positive)),
        fn=int(np.sum(~called & positive)),
        source=rows[0].source,
    )


def restate(
    prediction: Prediction,
    validation: Sequence[ValidationRow],
    operating_point: OperatingPoint,
    prevalence: float | None,
) -> Prediction:
    """The same prediction at another operating point or prevalence; arithmetic only."""
    shift = prevalence_shift(prediction.estimate, prevalence)
    return replace(
        prediction,
        readout=read(prediction.estimate, validation, operating_point, prevalence),
        branches=branch_probabilities(prediction.signatures, shift),
    )


def branch_probabilities(
    signatures: Mapping[str, float | None], shift: float
) -> dict[str, float | None]:
    """Each branch's probability in one world (V11); None for a branch without an answer."""
    return {
        name: None if score is None else sigmoid(score + shift)
        for name, score in signatures.items()
    }


def _call(probability: float, lower: float, upper: float, threshold: float) -> Call:
    if lower < threshold <= upper:
        return Call.INDETERMINATE
    return Call.POSITIVE if probability >= threshold else Call.NEGATIVE


def _nearest(rows: Sequence[ValidationRow], log_odds: float) -> Proportion:
    ordered = sorted(rows, key=lambda row: (abs(row.logit - log_odds), row.patient))[:NEAREST]
    return wilson(sum(row.positive for row in ordered), len(ordered))
