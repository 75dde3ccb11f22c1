"""How familiar a case is to its pack: range, places, scanner, spacing and nearest patients (V18)."""

from her2desk.domain.familiarity import Distance, Familiarity, NearPatient, TraitPlace
from her2desk.domain.log_odds import sigmoid
from her2desk.domain.traits import Trait
from her2desk.domain.validation import ValidationSource
from her2desk.stats.counts import probability, with_interval
from her2desk.texts import Message, msg, msgn, phrase


def distance_sentence(distance: Distance | None) -> Message:
    """How far the case lies from the pack's patients, and how often the rule is wrong (V18)."""
    if distance is None:
        return msg("The pack does not state the range of its patients, so this cannot be judged.")
    figures: dict[str, object] = {
        "value": f"{distance.value:.1f}",
        "threshold": f"{distance.threshold:.1f}",
        "alarms": phrase(with_interval(distance.false_alarms)),
    }
    if distance.is_outside:
        return msg(
            "Unlike the pack's patients: distance {value}, limit {threshold}. The rule said so of "
            "{alarms} validation patients.",
            **figures,
        )
    return msg(
        "Like the pack's patients: distance {value}, limit {threshold}. The rule called {alarms} "
        "validation patients unlike them.",
        **figures,
    )


def place_sentence(place: TraitPlace) -> Message:
    """Where a measure of the case stands among the validation patients."""
    figures: dict[str, object] = {
        "trait": phrase(place.trait.label),
        "value": phrase(trait_value(place.trait, place.value)),
        "lowest": phrase(trait_value(place.trait, place.lowest)),
        "highest": phrase(trait_value(place.trait, place.highest)),
    }
    if place.is_outside:
        return msgn(
            "{trait}: {value}; the only validation patient had {lowest}.",
            "{trait}: {value}; outside all {n} validation patients ({lowest} to {highest}).",
            place.beyond.total,
            **figures,
        )
    return msgn(
        "{trait}: {value}, as the only validation patient.",
        "{trait}: {value}; {count} of {n} validation patients at least as extreme ({lowest} to "
        "{highest}).",
        place.beyond.total,
        count=place.beyond.count,
        **figures,
    )


def seen_sentences(familiarity: Familiarity) -> tuple[Message, ...]:
    """Whether the pack's patients were imaged on such a scanner and with pixels of this size."""
    return _scanner(familiarity), _spacing(familiarity)


def near_sentence(patient: NearPatient, shift: float) -> Message:
    """One of the nearest validation patients; ``shift`` moves to the local prevalence (V11)."""
    figures: dict[str, object] = {
        "patient": patient.patient,
        "status": phrase(msg("HER-2 positive") if patient.positive else msg("HER-2 negative")),
        "value": probability(sigmoid(patient.logit + shift)),
        "distance": f"{patient.distance:.1f}",
    }
    if patient.source is ValidationSource.HELD_OUT:
        return msg(
            "{patient}: {status}; predicted {value}, held out; distance {distance}.", **figures
        )
    return msg(
        "{patient}: {status}; predicted {value}, out of fold; distance {distance}.", **figures
    )


def trait_value(trait: Trait, value: float | None) -> Message:
    """A trait's value with its unit."""
    if value is None:
        return msg("not known")
    if trait.is_yes_no:
        return msg("yes") if value else msg("no")
    if trait is Trait.SIZE:
        return msg("{value} mm", value=f"{value:.1f}")
    if trait in (Trait.ROI_ATTENTION, Trait.BRIGHT_ATTENTION):
        return msg("{value} ×", value=f"{value:.1f}")
    return msg("{value}", value=f"{value:z.2f}")


def _scanner(familiarity: Familiarity) -> Message:
    if not familiarity.scanner:
        return msg("The file does not name its scanner.")
    if familiarity.scanner_seen is None:
        return msg("The pack does not state its scanners.")
    if familiarity.scanner_seen:
        return msg("{scanner} is a scanner of the pack's patients.", scanner=familiarity.scanner)
    return msg("None of the pack's patients was imaged on {scanner}.", scanner=familiarity.scanner)


def _spacing(familiarity: Familiarity) -> Message:
    spacing, limits = familiarity.spacing_mm, familiarity.spacing_limits_mm
    if spacing is None:
        return msg("The size of a pixel is not known.")
    if limits is None:
        return msg("The pack does not state the size of its pixels.")
    figures: dict[str, object] = {
        "spacing": f"{spacing:.3f}",
        "lower": f"{limits[0]:.3f}",
        "upper": f"{limits[1]:.3f}",
    }
    if familiarity.spacing_seen:
        return msg(
            "Pixels of {spacing} mm are within the pack's ({lower} to {upper} mm).", **figures
        )
    return msg(
        "None of the pack's patients had pixels of {spacing} mm ({lower} to {upper} mm).", **figures
    )
