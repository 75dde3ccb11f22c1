"""Everything that speaks against one answer, gravest first, a line each."""

from collections.abc import Iterator

from her2desk.domain.concern import Concern, Weight
from her2desk.domain.prediction import Prediction
from her2desk.domain.readout import Doubt, prevalence_shift
from her2desk.domain.stability import Stability
from her2desk.stats.case_words.answer import doubt_sentence
from her2desk.stats.case_words.failures import sign_sentence
from her2desk.stats.case_words.moves import crosses
from her2desk.stats.counts import INTERVAL_FROM, class_sizes, probability
from her2desk.texts import Message, msg, msgn, phrase

GRAVE_WARNINGS = ("colour-in-roi", "graphics-in-roi", "laterality-differs")
CAUTION_WARNINGS = (
    "enhancement-inconsistent",
    "enhancement-magnified",
    "unlike-training",
    "scanner-unseen",
    "spacing-unseen",
    "out-of-range",
    "size-assumed",
    "calibrated-by-user",
    "spacing-note",
)


def concerns(prediction: Prediction, stability: Stability | None) -> tuple[Concern, ...]:
    """What a reader should weigh before believing the answer; empty where nothing speaks against it.

    ``stability`` is None before the first band, and is left out where it belongs to another answer.
    That the pack is a demo is not among them.
    """
    found = [
        *_doubts(prediction),
        *_warnings(prediction),
        *_signs(prediction),
        *_band(prediction, stability),
        *_few_patients(prediction),
        *_own_threshold(prediction),
    ]
    return tuple(sorted(found, key=lambda concern: concern.weight))


def _doubts(prediction: Prediction) -> Iterator[Concern]:
    readout = prediction.readout
    for doubt in readout.doubts:
        said = doubt_sentence(doubt, readout, prediction.familiarity)
        yield Concern(f"doubt-{doubt}", Weight.GRAVE, said)


def _warnings(prediction: Prediction) -> Iterator[Concern]:
    is_out_of_range = Doubt.OUT_OF_RANGE in prediction.readout.doubts
    said: set[Message | str] = set()
    for warning in prediction.warnings:
        if warning.code == "unlike-training" and is_out_of_range:
            continue  # the doubt has said it
        text = warning.message.text()
        if text in said:
            continue
        said.add(text)
        if warning.code in GRAVE_WARNINGS:
            yield Concern(warning.code, Weight.GRAVE, warning.message)
        elif warning.code in CAUTION_WARNINGS:
            yield Concern(warning.code, Weight.CAUTION, warning.message)


def _signs(prediction: Prediction) -> Iterator[Concern]:
    readout = prediction.readout
    if readout.failure is None:
        return
    for sign in readout.failure.signs:
        if sign.warns:
            yield Concern(
                f"failure-{sign.pattern.name}", Weight.CAUTION, sign_sentence(sign, readout)
            )


def _band(prediction: Prediction, stability: Stability | None) -> Iterator[Concern]:
    if stability is None or stability.inputs_sha256 != prediction.inputs.sha256:
        return
    readout = prediction.readout
    band = stability.band(prevalence_shift(prediction.estimate, readout.prevalence))
    if band is not None and crosses(band, readout.operating_point.threshold):
        yield Concern(
            "unstable",
            Weight.CAUTION,
            msg(
                "Small changes of the outline move the answer across the threshold: "
                "{lower}–{upper}.",
                lower=probability(band[0]),
                upper=probability(band[1]),
            ),
        )


def _few_patients(prediction: Prediction) -> Iterator[Concern]:
    """That nothing speaks against an answer means little where few could have (V15)."""
    readout = prediction.readout
    if readout.confusion is None:
        return
    positive, negative = class_sizes(readout.confusion)
    fewer, status = min(
        (positive, msg("HER-2 positive")), (negative, msg("HER-2 negative")), key=_n
    )
    if fewer < INTERVAL_FROM:
        yield Concern(
            "few-patients",
            Weight.CAUTION,
            msgn(
                "Only {n} validation patient was {status}: too few to say how such answers fail.",
                "Only {n} validation patients were {status}: too few to say how such answers fail.",
                fewer,
                status=phrase(status),
            ),
        )


def _n(counted: tuple[int, Message]) -> int:
    return counted[0]


def _own_threshold(prediction: Prediction) -> Iterator[Concern]:
    if prediction.readout.operating_point.is_own:
        yield Concern(
            "own-threshold",
            Weight.NOTE,
            msg(
                "The threshold was chosen after looking; what it reached in validation is optimistic."
            ),
        )
