"""What the pack's own errors say of a case (V16)."""

from collections.abc import Mapping

from her2desk.domain.counts import Call, Proportion
from her2desk.domain.failure import (
    ERRORS_PER_COEFFICIENT,
    ErrorEstimate,
    FailurePattern,
    FailureReading,
    FailureSign,
    NoErrorModel,
    Silence,
)
from her2desk.domain.readout import Readout
from her2desk.domain.validation import ValidationSource
from her2desk.stats.counts import probability
from her2desk.texts import Message, msg, msgn, phrase


def pattern_label(pattern: FailurePattern) -> Message:
    """A declared pattern as a person reads it."""
    return _PATTERNS[pattern.name]


def sign_sentence(sign: FailureSign, readout: Readout) -> Message:
    """What the pack's validation says of a pattern for this case."""
    pattern = phrase(pattern_label(sign.pattern))
    if sign.silence in _NOTHING_TO_COUNT:
        return msg(
            "{pattern}: {reason}", pattern=pattern, reason=phrase(_NOTHING_TO_COUNT[sign.silence])
        )
    if sign.alike is None or sign.others is None:
        raise ValueError("a pattern that is set against validation patients counts them")
    if sign.silence is Silence.FEW_ALIKE:
        return _few_alike(pattern, sign.alike.total)
    counts = phrase(_alike_and_others(sign, sign.alike, sign.others, readout))
    if sign.silence is None:
        return msg("{pattern}: {counts}", pattern=pattern, counts=counts)
    return msg(
        "{pattern}: {counts} {reason}",
        pattern=pattern,
        counts=counts,
        reason=phrase(_NO_WARNING[sign.silence]),
    )


def error_sentence(reading: FailureReading) -> Message:
    """How likely this call is wrong by the pack's own errors, or why that is not said."""
    error = reading.error
    if isinstance(error, NoErrorModel):
        return _no_model(error, reading)
    return msg(
        "By a model of the pack's own errors, such a call is wrong with probability {value} "
        "({lower}–{upper}); {fitted}; cross-validated AUC {auc} ({auc_lower}–{auc_upper}).",
        value=probability(error.value),
        lower=probability(error.lower),
        upper=probability(error.upper),
        fitted=phrase(_fitted_on(error)),
        auc=f"{error.auc[0]:.2f}",
        auc_lower=f"{error.auc[1]:.2f}",
        auc_upper=f"{error.auc[2]:.2f}",
    )


_PATTERNS: Mapping[str, Message] = {
    "bright-attention": msg("Attention on bright (hyperechoic) pixels"),
    "calcification": msg("Calcification"),
    "nodes": msg("Lymph-node metastasis"),
    "irregular-margin": msg("Irregular margin"),
    "dispersed-attention": msg("Dispersed attention"),
    "attention-outside": msg("Attention outside the outline"),
    "small-lesion": msg("Small lesion"),
}
_NOTHING_TO_COUNT: Mapping[Silence | None, Message] = {
    Silence.UNKNOWN: msg("not known for this case."),
    Silence.ABSENT: msg("this case does not look like this."),
    Silence.NO_VALIDATION: msg("not known of any validation patient."),
}
_NO_WARNING: Mapping[Silence, Message] = {
    Silence.FEW_ERRORS: msg("Too few errors to say."),
    Silence.OWN_THRESHOLD: msg("Not tested at a threshold chosen by hand."),
    Silence.UNTESTED: msg("The pack does not say whether that is more than chance."),
    Silence.NO_DIFFERENCE: msg("No more than chance would give."),
}
_NO_MODEL: Mapping[NoErrorModel, Message] = {
    NoErrorModel.NO_VALIDATION: msg(
        "No model of the errors: the pack has no validation patients to fit one on."
    ),
    NoErrorModel.OWN_THRESHOLD: msg(
        "No model of the errors at a threshold chosen by hand; the named operating points may have one."
    ),
    NoErrorModel.OTHER_PREVALENCE: msg(
        "No model of the errors at a local prevalence: the pack's is of calls made in its own."
    ),
    NoErrorModel.UNTESTED: msg("No model of the errors: the pack states none."),
    NoErrorModel.NOT_BETTER_THAN_CHANCE: msg(
        "No model of the errors: the one tried could not tell wrong calls from right ones better "
        "than chance."
    ),
    NoErrorModel.UNKNOWN_TRAIT: msg(
        "No model of the errors: it needs something that is not known for this case."
    ),
}


def _no_model(reason: NoErrorModel, reading: FailureReading) -> Message:
    if reason is not NoErrorModel.FEW_ERRORS:
        return _NO_MODEL[reason]
    errors = reading.errors
    return msgn(
        "No model of the errors: {n} wrong call, and one needs at least {needed} for each trait.",
        "No model of the errors: {n} wrong calls, and one needs at least {needed} for each trait.",
        errors.count if errors is not None else 0,
        needed=ERRORS_PER_COEFFICIENT,
    )


def _fitted_on(error: ErrorEstimate) -> Message:
    return msgn(
        "fitted on {n} patient with this call, {errors} of them wrong",
        "fitted on {n} patients with this call, {errors} of them wrong",
        error.patients,
        errors=error.errors,
    )


def _few_alike(pattern: Message, n: int) -> Message:
    if n == 0:
        return msg(
            "{pattern}: no validation patient of this call looked like this.", pattern=pattern
        )
    return msgn(
        "{pattern}: {n} validation patient looked like this; too few to say.",
        "{pattern}: {n} validation patients looked like this; too few to say.",
        n,
        pattern=pattern,
    )


def _alike_and_others(
    sign: FailureSign, alike: Proportion, others: Proportion, readout: Readout
) -> Message:
    group = phrase(_group(sign.pattern.call, alike.total, _is_of_another_table(readout)))
    if not others.total:
        return msgn(
            "of {group} who looked like this, {n} was wrong; there are no others.",
            "of {group} who looked like this, {n} were wrong; there are no others.",
            alike.count,
            group=group,
        )
    return msgn(
        "of {group} who looked like this, {n} was wrong; of the other {others}, {wrong}.",
        "of {group} who looked like this, {n} were wrong; of the other {others}, {wrong}.",
        alike.count,
        group=group,
        others=others.total,
        wrong=others.count,
    )


def _is_of_another_table(readout: Readout) -> bool:
    """Whether the table beside counts other patients than those the patterns were tested on."""
    table = readout.confusion
    return table is not None and table.source is not ValidationSource.OUT_OF_FOLD


def _group(call: Call, n: int, is_named: bool) -> Message:
    if is_named and call is Call.POSITIVE:
        return msgn(
            "{n} out-of-fold patient called positive", "{n} out-of-fold patients called positive", n
        )
    if is_named:
        return msgn(
            "{n} out-of-fold patient called negative", "{n} out-of-fold patients called negative", n
        )
    if call is Call.POSITIVE:
        return msgn(
            "{n} validation patient called positive", "{n} validation patients called positive", n
        )
    return msgn(
        "{n} validation patient called negative", "{n} validation patients called negative", n
    )
