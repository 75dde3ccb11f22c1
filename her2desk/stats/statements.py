"""The sentences said of one case, the same in the window and in the report (V10, V14, V15)."""

from her2desk.domain.counts import Call, Confusion, PredictiveValue, Proportion
from her2desk.domain.prediction import Heatmap, HeatmapClass, HeatmapMethod
from her2desk.domain.readout import Readout
from her2desk.domain.validation import ValidationSource
from her2desk.stats.counts import (
    describe,
    observed,
    percent,
    prevalence,
    probability,
    with_interval,
)
from her2desk.texts import Message, Phrase, msg, phrase


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
    """The one world that all figures of the readout live in (V11); counts are of the pack's patients."""
    table = readout.confusion
    here = prevalence(readout.prevalence)
    theirs = here if table is None else prevalence((table.tp + table.fn) / table.cohort_size)
    if here == theirs:
        return msg(
            "All figures are for a place where {prevalence} % of such patients are HER-2 positive.",
            prevalence=here,
        )
    return msg(
        "Probabilities and predictive values are for a place where {prevalence} % of such patients "
        "are HER-2 positive; counts are of the pack's patients, of whom {theirs} % were.",
        prevalence=here,
        theirs=theirs,
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
    if point.is_own:
        return msg(
            "Threshold {threshold}, chosen after looking; optimistic: sensitivity {sensitivity}; "
            "specificity {specificity}.",
            threshold=threshold,
            sensitivity=_reached(readout.sensitivity),
            specificity=_reached(readout.specificity),
        )
    if point.name == "sensitivity95":
        return msg(
            "Threshold {threshold}, tuned for 95 % sensitivity; observed {sensitivity}.",
            threshold=threshold,
            sensitivity=_reached(readout.sensitivity),
        )
    if point.name == "specificity95":
        return msg(
            "Threshold {threshold}, tuned for 95 % specificity; observed {specificity}.",
            threshold=threshold,
            specificity=_reached(readout.specificity),
        )
    return msg(
        "Threshold {threshold}, tuned for the largest sensitivity + specificity; observed "
        "sensitivity {sensitivity}; specificity {specificity}.",
        threshold=threshold,
        sensitivity=_reached(readout.sensitivity),
        specificity=_reached(readout.specificity),
    )


def neighbours_sentence(readout: Readout) -> Message:
    """What became of the validation patients with the nearest scores (V15)."""
    if readout.neighbours is None:
        return msg("There are no validation patients to compare the score with.")
    return msg(
        "Of the validation patients with the nearest scores, {counts} were HER-2 positive.",
        counts=phrase(with_interval(readout.neighbours)),
    )


def confusion_title(confusion: Confusion) -> Message:
    """Whose answers the confusion table counts."""
    if confusion.source is ValidationSource.HELD_OUT:
        return msg("{n} held-out validation patients", n=confusion.cohort_size)
    return msg("{n} validation patients, each predicted out of fold", n=confusion.cohort_size)


def rate_figure(rate: Proportion | None) -> Message:
    """A sensitivity or specificity in counts (V15), or that there is none."""
    return msg("not available") if rate is None else describe(rate)


def predictive_value_figure(value: PredictiveValue | None) -> Message:
    """A predictive value and its interval, 0.52 (0.37–0.67), or that there is none."""
    if value is None:
        return msg("not available")
    return msg(
        "{value} ({lower}–{upper})",
        value=probability(value.value),
        lower=probability(value.lower),
        upper=probability(value.upper),
    )


def heat_share_sentence(
    share_in_roi: float | None, speaks_for: HeatmapClass = HeatmapClass.POSITIVE
) -> Message:
    """What share of the heatmap lies inside the outline; None for a map without heat."""
    if share_in_roi is None:
        if speaks_for is HeatmapClass.NEGATIVE:
            return msg("The heatmap is empty: no place speaks for HER-2 negative.")
        return msg("The heatmap is empty: no place speaks for HER-2 positive.")
    return msg("{share:.0f} % of the heat lies inside the outline.", share=100 * share_in_roi)


def heatmap_sentence(heatmap: Heatmap) -> Message:
    """Which map lies over the image, and what share of its heat lies inside the outline."""
    return msg(
        "{method}, {speaks_for}: {share}",
        method=phrase(_METHODS[heatmap.method]),
        speaks_for=phrase(_CLASSES[heatmap.speaks_for]),
        share=phrase(heat_share_sentence(heatmap.share_in_roi, heatmap.speaks_for)),
    )


_METHODS = {
    HeatmapMethod.GRAD_CAM: msg("Grad-CAM"),
    HeatmapMethod.GRAD_CAM_PP: msg("Grad-CAM++"),
    HeatmapMethod.OCCLUSION: msg("Occlusion"),
}
_CLASSES = {
    HeatmapClass.POSITIVE: msg("for positive"),
    HeatmapClass.NEGATIVE: msg("for negative"),
}


def _reached(rate: Proportion | None) -> Phrase:
    """What a threshold reached; in words where there is nobody to have reached it with."""
    return phrase(msg("in nobody, for want of such patients") if rate is None else observed(rate))
