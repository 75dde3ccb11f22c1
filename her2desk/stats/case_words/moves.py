"""What could move the answer: an unknown value, another outline, the frames beside."""

from her2desk.domain.clinical import FIELDS_BY_NAME
from her2desk.domain.log_odds import sigmoid
from her2desk.domain.stability import Stability
from her2desk.domain.unknowns import UnknownEffect
from her2desk.stats.counts import probability
from her2desk.texts import Message, msg, msgn, phrase


def unknown_sentence(effect: UnknownEffect, shift: float) -> Message:
    """What a clinical value that is not known could do to the answer (V9)."""
    field = FIELDS_BY_NAME[effect.field]
    span = effect.span(shift)
    label = phrase(field.label)
    if span is None:
        return msg(
            "{field} is not known, and the pack has no model that would use it here.", field=label
        )
    (first, at_first), *_, (last, at_last) = effect.answers
    if not field.is_number:
        return msg(
            "{field} is not known: the probability would be {no} for no and {yes} for yes.",
            field=label,
            no=probability(sigmoid(at_first + shift)),
            yes=probability(sigmoid(at_last + shift)),
        )
    return msg(
        "{field} is not known: the probability would be {low} to {high} for values from {first} to "
        "{last} {unit}.",
        field=label,
        low=probability(span[0]),
        high=probability(span[1]),
        first=f"{first:g}",
        last=f"{last:g}",
        unit=phrase(field.unit),
    )


def stability_sentence(stability: Stability, shift: float, threshold: float) -> Message:
    """The band of answers under small changes of the outline (V22)."""
    band = stability.band(shift)
    if band is None:
        return msg(
            "{n} of {wanted} changed outlines tried; too few for a band.",
            n=len(stability.logits),
            wanted=stability.wanted,
        )
    return msg(
        "{band} {crossing} {source}",
        band=phrase(_band(stability, band)),
        crossing=phrase(_crossing(band, threshold)),
        source=phrase(_variability(stability)),
    )


def frames_sentence(stability: Stability, shift: float) -> Message | None:
    """What the answer is for the same outline on the frames beside; None where there is none."""
    frames = [
        phrase(msg("{value} on frame {frame}", value=probability(value), frame=index + 1))
        for index, value in stability.beside(shift)
    ]
    match frames:
        case []:
            return None
        case [only]:
            return msg("The same outline beside: {first}.", first=only)
        case _:
            return msg(
                "The same outline beside: {first}; {last}.", first=frames[0], last=frames[-1]
            )


def crosses(band: tuple[float, float], threshold: float) -> bool:
    """Whether a band of probabilities lies on both sides of a threshold."""
    return band[0] < threshold <= band[1]


def _band(stability: Stability, band: tuple[float, float]) -> Message:
    figures: dict[str, object] = {
        "lower": probability(band[0]),
        "upper": probability(band[1]),
        "tried": len(stability.logits),
        "wanted": stability.wanted,
    }
    if stability.is_complete:
        return msg(
            "{lower}–{upper} under {tried} small changes of the outline; not included in the interval.",
            **figures,
        )
    return msg(
        "{lower}–{upper} under {tried} of {wanted} small changes of the outline so far; not included "
        "in the interval.",
        **figures,
    )


def _crossing(band: tuple[float, float], threshold: float) -> Message:
    if crosses(band, threshold):
        return msg("It crosses the threshold {threshold}.", threshold=probability(threshold))
    return msg("It does not cross the threshold {threshold}.", threshold=probability(threshold))


def _variability(stability: Stability) -> Message:
    """Where the size of the changes comes from."""
    variability = stability.variability
    unit = phrase(msg("mm") if variability.is_mm else msg("px"))
    sd = f"{variability.sd:.2g}"
    if variability.patients == 0:
        return msg("Changes of an assumed {sd} {unit}.", sd=sd, unit=unit)
    return msgn(
        "Changed as two readers of {n} patient differed ({sd} {unit}).",
        "Changed as two readers of {n} patients differed ({sd} {unit}).",
        variability.patients,
        sd=sd,
        unit=unit,
    )
