"""The statement of one case at an operating point and a prevalence: numpy arithmetic, no torch.

Rules V10–V15 and V20 of the project's validity rules: the interval is for the average of patients with
the same scores; the local prevalence moves the log-odds, and with them the call and the confusion table;
no call in the indeterminate zone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from her2desk.domain.counts import Call, Confusion, Proportion
from her2desk.domain.familiarity import Familiarity
from her2desk.domain.log_odds import logit, sigmoid
from her2desk.domain.prediction import COMBINED, Prediction
from her2desk.domain.readout import (
    CONFORMAL_LEVEL,
    BranchRanks,
    Doubt,
    Estimate,
    IndeterminateRule,
    Readout,
    prevalence_shift,
)
from her2desk.domain.traits import UNKNOWN_TRAITS, Traits
from her2desk.domain.validation import OperatingPoint, ValidationRow, ValidationSource
from her2desk.inference.conformal import class_p_values
from her2desk.inference.evidence import (
    RANKED_BRANCHES,
    Evidence,
    Flags,
    Grounds,
    gathered,
    grounds_of,
)
from her2desk.inference.failures import failure_reading
from her2desk.packs.pack import Pack
from her2desk.stats.proportions import Z_95, predictive_values, wilson

NEAREST = 20


@dataclass(frozen=True)
class CaseFacts:
    """What of a case may forbid a call, or make it fail: its branches' log-odds, traits and range."""

    signatures: Mapping[str, float | None] = field(default_factory=dict)
    traits: Traits = field(default_factory=lambda: UNKNOWN_TRAITS)
    is_outside: bool = False


def read(
    estimate: Estimate,
    grounds: Grounds,
    operating_point: OperatingPoint,
    prevalence: float | None = None,
    facts: CaseFacts | None = None,
) -> Readout:
    """The readout of an estimate against the pack's validation patients.

    ``grounds`` are those of the estimate's own pattern of known inputs (V9). ``prevalence`` is a share
    in (0, 1), or None for the training cohort's.
    """
    facts = facts or CaseFacts()
    shift = prevalence_shift(estimate, prevalence)
    world = estimate.training_prevalence if prevalence is None else prevalence
    answer = _answer(estimate, operating_point, shift)
    zone = _zone(answer, estimate, grounds, operating_point, shift, facts)
    call = Call.INDETERMINATE if zone.doubts else answer.side
    called = grounds.counted.called(operating_point, shift)
    table = _confusion(grounds.counted, called)
    ppv, npv = (None, None) if table is None else predictive_values(table, world)
    return Readout(
        probability=answer.probability,
        lower=answer.lower,
        upper=answer.upper,
        prevalence=world,
        operating_point=operating_point,
        call=call,
        confusion=table,
        sensitivity=None if table is None else _share(table.tp, table.fn),
        specificity=None if table is None else _share(table.tn, table.fp),
        ppv=ppv,
        npv=npv,
        neighbours=_nearest(grounds.counted, estimate.logit),
        rule=zone.rule,
        doubts=zone.doubts,
        miscalled=zone.miscalled,
        alike=_alike(table, call),
        failure=failure_reading(
            facts.traits,
            call,
            grounds.judged,
            grounds.part,
            operating_point,
            submodel=estimate.pattern,
            shift=shift,
        ),
        class_p=zone.class_p,
        falls_back=zone.rule is not grounds.rule,
        ranks=zone.ranks,
    )


def confusion_at(
    rows: Sequence[ValidationRow], operating_point: OperatingPoint, shift: float
) -> Confusion:
    """The table of these rows, each judged by its own fold's threshold (V14).

    Raises ``ValueError`` without rows.
    """
    evidence = gathered(rows)
    table = _confusion(evidence, evidence.called(operating_point, shift))
    if table is None:
        raise ValueError("there is no table of nobody")
    return table


def restate(
    prediction: Prediction,
    pack: Pack,
    operating_point: OperatingPoint,
    prevalence: float | None,
    source: ValidationSource = ValidationSource.OUT_OF_FOLD,
) -> Prediction:
    """The same prediction at another operating point or prevalence; arithmetic only.

    Table and neighbours count the pack's patients of ``source``, held-out ones at the deployed
    threshold.
    """
    estimate = prediction.estimate
    return replace(
        prediction,
        readout=read(
            estimate,
            grounds_of(pack, estimate.pattern, source),
            operating_point,
            prevalence,
            facts_of(prediction),
        ),
        branches=branch_probabilities(prediction.signatures, estimate, pack, prevalence),
    )


def facts_of(prediction: Prediction) -> CaseFacts:
    """What of a prediction may forbid a call."""
    return case_facts(prediction.signatures, prediction.traits, prediction.familiarity)


def case_facts(
    signatures: Mapping[str, float | None], traits: Traits, familiarity: Familiarity | None
) -> CaseFacts:
    """What of a case may forbid a call; a pack without a range finds no case outside it."""
    distance = None if familiarity is None else familiarity.distance
    return CaseFacts(signatures, traits, distance is not None and distance.is_outside)


def branch_probabilities(
    signatures: Mapping[str, float | None],
    estimate: Estimate,
    pack: Pack,
    prevalence: float | None,
) -> dict[str, float | None]:
    """Each branch's probability in one world (V11); None for a branch without an answer.

    Recalibration moves the combined model only: the branches below it still speak in the prevalence
    that they were trained in, and have further to go.
    """
    world = estimate.training_prevalence if prevalence is None else prevalence
    below = logit(world) - logit(pack.manifest.training.prevalence)
    shifts = dict.fromkeys(signatures, below) | {COMBINED: prevalence_shift(estimate, prevalence)}
    return {
        name: None if score is None else sigmoid(score + shifts[name])
        for name, score in signatures.items()
    }


@dataclass(frozen=True)
class _Answer:
    """The probability with its interval, and the side of the threshold that it lies on."""

    probability: float
    lower: float
    upper: float
    side: Call


@dataclass(frozen=True)
class _Zone:
    """Why no call is made, if none is, and by which rule (V20)."""

    doubts: tuple[Doubt, ...]
    rule: IndeterminateRule
    class_p: tuple[float, float] | None
    miscalled: tuple[Proportion, Proportion] | None
    ranks: BranchRanks | None


def _answer(estimate: Estimate, point: OperatingPoint, shift: float) -> _Answer:
    centre = estimate.logit + shift
    reach = Z_95 * math.sqrt(estimate.variance)
    probability = sigmoid(centre)
    side = Call.POSITIVE if probability >= point.threshold else Call.NEGATIVE
    return _Answer(probability, sigmoid(centre - reach), sigmoid(centre + reach), side)


def _zone(
    answer: _Answer,
    estimate: Estimate,
    grounds: Grounds,
    point: OperatingPoint,
    shift: float,
    facts: CaseFacts,
) -> _Zone:
    judged = grounds.judged
    ranks = _branch_ranks(judged, facts.signatures)
    doubts = [Doubt.OUT_OF_RANGE] if facts.is_outside else []
    if ranks is not None and ranks.disagree:
        doubts.append(Doubt.BRANCHES)
    if grounds.rule is IndeterminateRule.CONFORMAL and judged.supports_conformal:
        class_p = _class_p(judged, estimate.logit)
        left = tuple(p > CONFORMAL_LEVEL for p in class_p)
        if left != (answer.side is Call.NEGATIVE, answer.side is Call.POSITIVE):
            doubts.append(Doubt.CONFORMAL)
        miscalled = _miscalled(judged, judged.called(point, shift))
        return _Zone(tuple(doubts), IndeterminateRule.CONFORMAL, class_p, miscalled, ranks)
    if answer.lower < point.threshold <= answer.upper:
        doubts.append(Doubt.INTERVAL)
    return _Zone(tuple(doubts), IndeterminateRule.INTERVAL, None, None, ranks)


def _class_p(judged: Evidence, log_odds: float) -> tuple[float, float]:
    negative, positive = class_p_values(judged.logits, judged.positive, np.array([log_odds]))[0]
    return float(negative), float(positive)


def _miscalled(judged: Evidence, called: Flags) -> tuple[Proportion, Proportion]:
    """Whom the conformal rule calls wrongly, negatives first, each fold judged by the others."""
    left = judged.left_out_of_fold
    called_positive = called & left[:, 1] & ~left[:, 0]
    called_negative = ~called & left[:, 0] & ~left[:, 1]
    positive = judged.positive
    return (
        wilson(int((called_positive & ~positive).sum()), int((~positive).sum())),
        wilson(int((called_negative & positive).sum()), int(positive.sum())),
    )


def _branch_ranks(judged: Evidence, signatures: Mapping[str, float | None]) -> BranchRanks | None:
    """The case's branches among the validation patients'; None where they cannot be compared."""
    scores = [signatures.get(name) for name in RANKED_BRANCHES]
    limit = judged.rank_limit
    if limit is None or any(score is None for score in scores):
        return None
    radiomics, cnn = (
        float(judged.rank(name, np.array([score], dtype=np.float64))[0])
        for name, score in zip(RANKED_BRANCHES, scores, strict=True)
    )
    return BranchRanks(radiomics, cnn, limit, judged.ranked)


def _confusion(evidence: Evidence, called: Flags) -> Confusion | None:
    """The table of these patients; None of nobody."""
    if evidence.source is None:
        return None
    positive = evidence.positive
    return Confusion(
        tp=int((called & positive).sum()),
        fp=int((called & ~positive).sum()),
        tn=int((~called & ~positive).sum()),
        fn=int((~called & positive).sum()),
        source=evidence.source,
    )


def _share(hits: int, misses: int) -> Proportion | None:
    return wilson(hits, hits + misses) if hits + misses else None


def _alike(table: Confusion | None, call: Call) -> Proportion | None:
    """The positives among the patients with the same call; None without a call or such patients."""
    if table is None or call is Call.INDETERMINATE:
        return None
    if call is Call.POSITIVE:
        return _share(table.tp, table.fp)
    return _share(table.fn, table.tn)


def _nearest(evidence: Evidence, log_odds: float) -> Proportion | None:
    """The positives among the 20 nearest scores; of equally near ones those whose name comes first."""
    if not len(evidence):
        return None
    order = np.argsort(np.abs(evidence.logits - log_odds), kind="stable")[:NEAREST]
    return wilson(int(evidence.positive[order].sum()), len(order))
