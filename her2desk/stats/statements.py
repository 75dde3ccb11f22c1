"""The sentences said of one case, the same in the window and in the report (V10, V14, V15)."""

from her2desk.domain.readout import Call, Confusion, PredictiveValue, Readout
from her2desk.domain.validation import ValidationSource
from her2desk.stats.counts import observed, percent, phrase, probability, with_interval
from her2desk.texts import Message, msg


def research_use() -> Message:
    """The line that every result carries."""
    return msg("Research use: an adjunct to, never a replacement for, IHC and FISH.")


def probability_figure(readout: Readout) -> Message:
    """The probability and its interval: 0.49 (0.34–0.64)."""
    return msg(
        "{value} ({lower}–{upper})",
        value=probability(readout.probability),
        lower=probability(readout.lower),
        upper=probability(readout.upper),
    )


def probability_sentence(readout: Readout) -> Message:
    """What the probability and its interval are of (V10)."""
    return msg(
        "Among patients with the same scores, an estimated {value} % are HER-2 positive "
        "(95 % interval {lower}–{upper} %).",
        value=percent(readout.probability),
        lower=percent(readout.lower),
        upper=percent(readout.upper),
    )


def interval_scope() -> Message:
    """What the interval does and does not include (V10)."""
    return msg(
        "The interval is for the average of such patients; it does not include another scanner or "
        "hospital."
    )


def prevalence_sentence(readout: Readout) -> Message:
    """The one world that all figures of the readout live in (V11)."""
    return msg(
        "All figures are for a place where {prevalence} % of such patients are HER-2 positive.",
        prevalence=percent(readout.prevalence),
    )


def call_sentence(readout: Readout) -> Message:
    """The call and the plain next step; in the indeterminate zone only the advice (V20)."""
    match readout.call:
        case Call.POSITIVE:
            return msg("Positive at this operating point; IHC, and FISH if 2+, decide")
        case Call.NEGATIVE:
            return msg("Negative at this operating point; IHC, and FISH if 2+, decide")
        case Call.INDETERMINATE:
            return msg("Indeterminate: IHC, and FISH if 2+")


def operating_point_name(name: str) -> Message:
    """A person's word for an operating point's name."""
    names = {
        "youden": msg("Youden index"),
        "sensitivity95": msg("Sensitivity 95 %"),
        "specificity95": msg("Specificity 95 %"),
    }
    return names.get(name, msg("Own threshold"))


def operating_point_sentence(readout: Readout) -> Message:
    """What the threshold was tuned for and what it reached in validation (V14)."""
    point = readout.operating_point
    threshold = probability(point.threshold)
    sensitivity = phrase(observed(readout.sensitivity))
    specificity = phrase(observed(readout.specificity))
    if point.is_own:
        return msg(
            "Threshold {threshold}, chosen after looking; optimistic: sensitivity {sensitivity}; "
            "specificity {specificity}.",
            threshold=threshold,
            sensitivity=sensitivity,
            specificity=specificity,
        )
    if point.name == "sensitivity95":
        return msg(
            "Threshold {threshold}, tuned for 95 % sensitivity; observed {sensitivity}.",
            threshold=threshold,
            sensitivity=sensitivity,
        )
    if point.name == "specificity95":
        return msg(
            "Threshold {threshold}, tuned for 95 % specificity; observed {specificity}.",
            threshold=threshold,
            specificity=specificity,
        )
    return msg(
        "Threshold {threshold}, tuned for the largest sensitivity + specificity; observed "
        "sensitivity {sensitivity}; specificity {specificity}.",
        threshold=threshold,
        sensitivity=sensitivity,
        specificity=specificity,
    )


def neighbours_sentence(readout: Readout) -> Message:
    """What became of the validation patients with the nearest scores (V15)."""
    return msg(
        "Of the validation patients with the nearest scores, {counts} were HER-2 positive.",
        counts=phrase(with_interval(readout.neighbours)),
    )


def confusion_title(confusion: Confusion) -> Message:
    """Whose answers the confusion table counts."""
    if confusion.source is ValidationSource.HELD_OUT:
        return msg("{n} held-out validation patients", n=confusion.cohort_size)
    return msg("{n} validation patients, each predicted out of fold", n=confusion.cohort_size)


def predictive_value_figure(value: PredictiveValue | None) -> Message:
    """A predictive value and its interval, 0.52 (0.37–0.67), or that there is none."""
    if value is None:
        return msg("not available")
    return msg(
        "{value} ({lower}–{upper})",
        value=f"{value.value:.2f}",
        lower=f"{value.lower:.2f}",
        upper=f"{value.upper:.2f}",
    )


def heat_share_sentence(share_in_roi: float | None) -> Message:
    """What share of the heatmap lies inside the outline; None for a map without heat."""
    if share_in_roi is None:
        return msg("The heatmap is empty: no place speaks for HER-2 positive.")
    return msg("{share:.0f} % of the heat lies inside the outline.", share=100 * share_in_roi)
