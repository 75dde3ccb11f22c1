"""Why no call is made, by which rule, and what became of the patients with the same call."""

from her2desk.domain.counts import Call
from her2desk.domain.familiarity import Familiarity
from her2desk.domain.readout import CONFORMAL_LEVEL, Doubt, IndeterminateRule, Readout
from her2desk.stats.case_words.familiarity import distance_sentence
from her2desk.stats.counts import INTERVAL_FROM, probability, with_interval
from her2desk.texts import Message, msg, msgn, phrase


def doubt_sentence(doubt: Doubt, readout: Readout, familiarity: Familiarity | None) -> Message:
    """Why no call is made, with the figures of this case."""
    match doubt:
        case Doubt.INTERVAL:
            return msg(
                "The interval {lower}–{upper} lies on both sides of the threshold {threshold}.",
                lower=probability(readout.lower),
                upper=probability(readout.upper),
                threshold=probability(readout.operating_point.threshold),
            )
        case Doubt.CONFORMAL:
            return _conformal(readout)
        case Doubt.BRANCHES:
            return _branches(readout)
        case Doubt.OUT_OF_RANGE:
            return distance_sentence(None if familiarity is None else familiarity.distance)


def rule_sentence(readout: Readout) -> Message:
    """By which rule of the pack no call is made (V20), and what it did in validation."""
    if readout.rule is IndeterminateRule.CONFORMAL and readout.miscalled is not None:
        negative, positive = readout.miscalled
        return msg(
            "No call unless the score is unusual for exactly one class (conformal, α = 0.10), which "
            "miscalls at most about 10 % of each class. In validation it miscalled {negative} HER-2 "
            "negative and {positive} positive patients.",
            negative=phrase(with_interval(negative)),
            positive=phrase(with_interval(positive)),
        )
    if readout.falls_back:
        return msg(
            "No call where the 95 % interval lies on both sides of the threshold. The pack's own rule "
            "needs 40 validation patients of each class, and there are fewer here."
        )
    return msg("No call where the 95 % interval lies on both sides of the threshold.")


def call_counts_sentence(readout: Readout) -> Message | None:
    """What became of the validation patients with the same call; None where there is none to count."""
    if readout.call is Call.INDETERMINATE or readout.confusion is None:
        return None
    if readout.alike is None:
        if readout.call is Call.POSITIVE:
            return msg("No validation patient was called positive at this threshold.")
        return msg("No validation patient was called negative at this threshold.")
    alike = readout.alike
    group = phrase(_called(readout.call, alike.total))
    if alike.total < INTERVAL_FROM:
        return msgn(
            "Of {group}, {n} was HER-2 positive.",
            "Of {group}, {n} were HER-2 positive.",
            alike.count,
            group=group,
        )
    return msgn(
        "Of {group}, {n} was HER-2 positive ({lower}–{upper} %).",
        "Of {group}, {n} were HER-2 positive ({lower}–{upper} %).",
        alike.count,
        group=group,
        lower=f"{100 * alike.lower:.0f}",
        upper=f"{100 * alike.upper:.0f}",
    )


def no_table_sentence(readout: Readout) -> Message | None:
    """Why counts are missing; None where they are not."""
    if readout.confusion is None:
        return msg(
            "The pack has no validation patients to count here, so it cannot say how such answers "
            "turned out."
        )
    total = readout.confusion.cohort_size
    if readout.sensitivity is None:
        return msgn(
            "The only validation patient was not HER-2 positive, so there is no sensitivity and no "
            "predictive value.",
            "None of the {n} validation patients was HER-2 positive, so there is no sensitivity and "
            "no predictive value.",
            total,
        )
    if readout.specificity is None:
        return msgn(
            "The only validation patient was HER-2 positive, so there is no specificity and no "
            "predictive value.",
            "All {n} validation patients were HER-2 positive, so there is no specificity and no "
            "predictive value.",
            total,
        )
    return None


def _conformal(readout: Readout) -> Message:
    if readout.class_p is None:
        raise ValueError("the conformal rule gives p-values")
    negative, positive = readout.class_p
    figures: dict[str, object] = {"negative": f"{negative:.2f}", "positive": f"{positive:.2f}"}
    is_left = (negative > CONFORMAL_LEVEL, positive > CONFORMAL_LEVEL)
    if all(is_left):
        return msg(
            "The score is usual for both classes, so neither is ruled out (p {negative} for HER-2 "
            "negative, {positive} for positive).",
            **figures,
        )
    if not any(is_left):
        return msg(
            "The score is unusual for both classes (p {negative} for HER-2 negative, {positive} for "
            "positive).",
            **figures,
        )
    return msg(
        "The score is usual only for the class on the other side of the threshold (p {negative} for "
        "HER-2 negative, {positive} for positive).",
        **figures,
    )


def _branches(readout: Readout) -> Message:
    if readout.ranks is None:
        raise ValueError("branches disagree as judged among validation patients")
    ranks = readout.ranks
    return msg(
        "Radiomics and the network disagree: radiomics puts this case above {radiomics} % of {n} "
        "validation patients, the network above {cnn} %. For 95 % of them the two lie at most "
        "{limit} points apart.",
        radiomics=f"{100 * ranks.radiomics:.0f}",
        cnn=f"{100 * ranks.cnn:.0f}",
        limit=f"{100 * ranks.limit:.0f}",
        n=ranks.patients,
    )


def _called(call: Call, n: int) -> Message:
    if call is Call.POSITIVE:
        return msgn(
            "{n} validation patient called positive", "{n} validation patients called positive", n
        )
    return msgn(
        "{n} validation patient called negative", "{n} validation patients called negative", n
    )
