"""What a reader and the pathologist made of a case, for its report."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from her2desk.domain.clinical import Pathology
from her2desk.domain.counts import Call
from her2desk.domain.prediction import Prediction
from her2desk.domain.reading import Decision, Impression
from her2desk.reports.case_words import NOT_KNOWN, moment, plain
from her2desk.reports.content import Row, Rows, Section
from her2desk.texts import Message, Phrase, msg, phrase

Said = TypeVar("Said")


@dataclass(frozen=True)
class Kept(Generic[Said]):
    """Something that the library keeps, who said it and when (ISO 8601)."""

    value: Said
    reader: str
    utc: str


@dataclass(frozen=True)
class CaseReading:
    """One reader's way through the case, and the pathologist's result, by whomever it was entered."""

    impression: Kept[Impression] | None = None
    decision: Kept[Decision] | None = None
    pathology: Kept[Pathology] | None = None


def reading_section(reading: CaseReading, prediction: Prediction) -> Section:
    """Impression, decision and pathology; what there is none of is said."""
    rows = (
        Row(msg("Impression before the answer"), _impression(reading.impression)),
        Row(
            msg("Decision"),
            _decision(reading.decision),
            reading.decision is not None and not belongs(reading.decision.value, prediction),
        ),
        *_reason(reading.decision),
        Row(msg("Pathology"), _pathology(reading.pathology)),
    )
    return Section(msg("Reading"), (Rows(rows),))


def belongs(decision: Decision, prediction: Prediction) -> bool:
    """Whether the decision was made on this answer, not on an earlier one."""
    readout = prediction.readout
    decided = decision.inputs_sha256, decision.call, decision.probability
    return decided == (prediction.inputs.sha256, readout.call, readout.probability)


def _impression(kept: Kept[Impression] | None) -> Message:
    if kept is None:
        return msg("none recorded")
    return msg(
        "{answer}, confidence {confidence} of 5 ({who})",
        answer=_answer(kept.value.answer),
        confidence=kept.value.confidence,
        who=_who(kept),
    )


def _decision(kept: Kept[Decision] | None) -> Message:
    if kept is None:
        return msg("none recorded")
    decision = kept.value
    figures: dict[str, object] = {"answer": _answer(decision.answer), "who": _who(kept)}
    if decision.overrules:
        return msg("overruled: {answer} ({who})", **figures)
    if decision.call is Call.INDETERMINATE:
        return msg("accepted that no call is made ({who})", **figures)
    return msg("accepted: {answer} ({who})", **figures)


def _reason(kept: Kept[Decision] | None) -> tuple[Row, ...]:
    if kept is None or not kept.value.reason.strip():
        return ()
    return (Row(msg("Reason"), plain(kept.value.reason)),)


def _pathology(kept: Kept[Pathology] | None) -> Message:
    if kept is None or kept.value.her2_ihc is None:
        return msg("none entered")
    pathology = kept.value
    status = {True: msg("HER-2 positive"), False: msg("HER-2 negative")}.get(
        pathology.her2_positive, NOT_KNOWN  # type: ignore[arg-type]
    )  # fmt: skip
    figures: dict[str, object] = {
        "ihc": pathology.her2_ihc,
        "status": phrase(status),
        "who": _who(kept),
    }
    if pathology.her2_fish is None:
        return msg("IHC {ihc}: {status} ({who})", **figures)
    fish = phrase(_FISH[pathology.her2_fish])
    return msg("IHC {ihc}, FISH {fish}: {status} ({who})", fish=fish, **figures)


def _answer(answer: str) -> Phrase:
    return phrase(_ANSWERS[answer])


def _who(kept: Kept[Said]) -> Phrase:
    return phrase(msg("{reader}, {when}", reader=kept.reader, when=moment(kept.utc)))


_ANSWERS = {
    "positive": msg("HER-2 positive"),
    "negative": msg("HER-2 negative"),
    "unsure": msg("unsure"),
}
_FISH = {"amplified": msg("amplified"), "not amplified": msg("not amplified")}
