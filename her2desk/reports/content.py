"""What a case's report says, before it has a form: sections of messages and numbers."""

from dataclasses import dataclass

from her2desk.domain.clinical import CLINICAL_FIELDS, ClinicalRecord
from her2desk.domain.concern import Concern
from her2desk.domain.counts import Call, Confusion
from her2desk.domain.image import Spacing, UltrasoundImage
from her2desk.domain.prediction import BRANCHES, FeatureContribution, PackIdentity, Prediction
from her2desk.domain.readout import Readout
from her2desk.domain.validation import Attention
from her2desk.figures.frame import spacing_sentence
from her2desk.stats import statements
from her2desk.stats.case_words import (
    call_counts_sentence,
    concerns,
    error_sentence,
    no_table_sentence,
    rule_sentence,
    sign_sentence,
)
from her2desk.stats.counts import allows_predictive_values
from her2desk.texts import Message, msg

MOST_FEATURES = 10


@dataclass(frozen=True)
class Picture:
    """A PNG with the sentence under it; ``alternative`` is what it shows, for who cannot see it."""

    png: bytes
    caption: Message
    alternative: Message


@dataclass(frozen=True)
class Row:
    """A label and what is said of it; ``is_flagged`` rows get a mark and a word."""

    label: Message
    value: Message
    is_flagged: bool = False


@dataclass(frozen=True)
class FeatureRow:
    """A radiomics feature; figures are already in words."""

    name: str
    value: str
    z_score: str
    is_out_of_range: bool


@dataclass(frozen=True)
class ReportContent:
    """All that a report says, in the order in which it says it.

    ``concerns`` speak against the answer; ``warnings`` are the others. ``confusion`` is None where the
    pack has nobody to count.
    ``generated`` is a date given by the caller or empty: the content itself knows no clock.
    """

    pack: PackIdentity
    probability: Message
    probability_value: float
    interval: tuple[float, float]
    threshold: float
    call: Call
    result: tuple[Message, ...]
    next_step: Message
    concerns: tuple[Message, ...]
    confusion: Confusion | None
    confusion_title: Message
    counts: tuple[Message, ...]
    performance: tuple[Row, ...]
    failures: tuple[Message, ...]
    branches: tuple[Row, ...]
    attention: tuple[Row, ...]
    features: tuple[FeatureRow, ...]
    clinical: tuple[Row, ...]
    patient: tuple[Row, ...]
    image: tuple[Row, ...]
    warnings: tuple[Message, ...]
    provenance: tuple[Row, ...]
    pictures: tuple[Picture, ...]
    research_use: Message


def build_content(
    prediction: Prediction,
    image: UltrasoundImage,
    *,
    version: str,
    frame_png: bytes | None = None,
    heatmap_png: bytes | None = None,
    nomogram_png: bytes | None = None,
    generated: str = "",
    reader: str = "",
) -> ReportContent:
    """The report of one prediction on one image; ``version`` is the program's.

    Raises ``ValueError`` where ``image`` is not the one that the prediction was computed from.
    """
    if image.sha256 != prediction.inputs.image_sha256:
        raise ValueError("the prediction belongs to another image")
    readout = prediction.readout
    against = concerns(prediction, None)
    return ReportContent(
        pack=prediction.pack,
        probability=statements.probability_figure(readout),
        probability_value=readout.probability,
        interval=(readout.lower, readout.upper),
        threshold=readout.operating_point.threshold,
        call=readout.call,
        result=(
            statements.probability_sentence(readout),
            statements.interval_scope(),
            statements.prevalence_sentence(readout),
            statements.operating_point_sentence(readout),
        ),
        next_step=statements.call_sentence(readout),
        concerns=tuple(concern.message for concern in against),
        confusion=readout.confusion,
        confusion_title=_confusion_title(readout),
        counts=_counts(readout),
        performance=_performance(readout),
        failures=_failures(readout),
        branches=_branches(prediction),
        attention=_attention(prediction.attention),
        features=_features(prediction.features),
        clinical=_clinical(prediction.inputs.clinical),
        patient=_patient(image),
        image=_image(prediction, image),
        warnings=_other_warnings(prediction, against),
        provenance=_provenance(prediction, version, generated, reader),
        pictures=_pictures(frame_png, heatmap_png, nomogram_png),
        research_use=statements.research_use(),
    )


def _confusion_title(readout: Readout) -> Message:
    table = readout.confusion
    return msg("No validation patients") if table is None else statements.confusion_title(table)


def _counts(readout: Readout) -> tuple[Message, ...]:
    """What became of patients like this one; where nobody can be counted, why."""
    near = None if readout.neighbours is None else statements.neighbours_sentence(readout)
    said = (near, call_counts_sentence(readout), no_table_sentence(readout), rule_sentence(readout))
    return tuple(sentence for sentence in said if sentence is not None)


def _performance(readout: Readout) -> tuple[Row, ...]:
    rates = (
        (msg("Sensitivity"), readout.sensitivity),
        (msg("Specificity"), readout.specificity),
    )
    table = readout.confusion
    has_values = table is not None and allows_predictive_values(table)
    values = (
        (msg("Positive predictive value"), readout.ppv if has_values else None),
        (msg("Negative predictive value"), readout.npv if has_values else None),
    )
    return (
        *(Row(label, statements.rate_figure(rate)) for label, rate in rates),
        *(Row(label, statements.predictive_value_figure(value)) for label, value in values),
    )


def _failures(readout: Readout) -> tuple[Message, ...]:
    """Every declared pattern of the call and the model of the errors; nothing without a call."""
    reading = readout.failure
    if reading is None:
        return ()
    signs = (sign_sentence(sign, readout) for sign in reading.signs)
    return (*signs, error_sentence(reading))


def _other_warnings(prediction: Prediction, against: tuple[Concern, ...]) -> tuple[Message, ...]:
    said = {concern.code for concern in against}
    return tuple(w.message for w in prediction.warnings if w.code not in said)


def branch_label(name: str) -> Message:
    """A person's word for a branch of the model."""
    labels = {
        "clinical": msg("Clinical"),
        "radiomics": msg("Radiomics"),
        "cnn": msg("CNN"),
        "dlr": msg("Deep learning radiomics (DLR)"),
        "combined": msg("Combined"),
    }
    return labels[name]


def _branches(prediction: Prediction) -> tuple[Row, ...]:
    scores = ((name, prediction.branches.get(name)) for name in BRANCHES)
    return tuple(
        Row(branch_label(name), _number(score, 2, msg("not available"))) for name, score in scores
    )


def _attention(attention: Attention) -> tuple[Row, ...]:
    none = msg("none: the heatmap is empty, or there is nothing of the kind")
    enrichments = (
        (msg("Heat on the outlined area, over an even spread"), attention.roi_enrichment),
        (msg("Heat on bright pixels, over an even spread"), attention.hyperechoic_enrichment),
    )
    return (
        *(Row(label, _times(value, none)) for label, value in enrichments),
        Row(
            msg("Dispersion (0: one point, 1: everywhere alike)"),
            _number(attention.dispersion, 2, none),
        ),
    )


def _features(features: tuple[FeatureContribution, ...]) -> tuple[FeatureRow, ...]:
    strongest = sorted(features, key=lambda f: (-abs(f.z_score), f.name))[:MOST_FEATURES]
    return tuple(
        FeatureRow(f.name, f"{f.value:.4g}", f"{f.z_score:+.1f}", f.is_out_of_range)
        for f in strongest
    )


def _clinical(record: ClinicalRecord) -> tuple[Row, ...]:
    rows = []
    for field in CLINICAL_FIELDS:
        value = getattr(record, field.name)
        if value is None:
            said = msg("not known")
        elif field.is_number:
            said = msg("{value} {unit}", value=f"{value:g}", unit=field.unit.text())
        else:
            said = msg("yes") if value else msg("no")
        rows.append(Row(field.label, said))
    return tuple(rows)


def _patient(image: UltrasoundImage) -> tuple[Row, ...]:
    name = " ".join(image.patient_name.replace("^", " ").split())
    return (
        Row(msg("Patient"), _text(name)),
        Row(msg("Patient ID"), _text(image.patient_id)),
        Row(msg("Study date"), _text(_date(image.study_date))),
    )


def _image(prediction: Prediction, image: UltrasoundImage) -> tuple[Row, ...]:
    laterality = prediction.inputs.clinical.laterality or image.laterality
    roi = prediction.inputs.roi
    frame = msg("{frame} of {frames}", frame=roi.frame_index + 1, frames=image.frames)
    equipment = " ".join(f"{image.manufacturer} {image.model_name}".split())
    return (
        Row(msg("Side"), {"L": msg("left"), "R": msg("right")}.get(laterality or "", _UNKNOWN)),
        Row(msg("View"), _text(image.view or "")),
        Row(msg("Frame"), frame),
        Row(msg("Equipment"), _text(equipment)),
        Row(msg("Spacing"), spacing_sentence(prediction.spacing), not prediction.spacing.is_known),
        Row(msg("Outlined area"), _area(roi.area_px, prediction.spacing)),
    )


def _area(area_px: float, spacing: Spacing) -> Message:
    if spacing.mm is None:
        return msg("{area:.0f} px", area=area_px)
    row, column = spacing.mm
    return msg("{px:.0f} px, {mm2:.0f} mm²", px=area_px, mm2=area_px * row * column)


def _provenance(
    prediction: Prediction, version: str, generated: str, reader: str
) -> tuple[Row, ...]:
    pack, inputs = prediction.pack, prediction.inputs
    rows = (
        (msg("Model pack"), f"{pack.name} {pack.version}"),
        (msg("Pack SHA-256"), pack.sha256),
        (msg("Inputs SHA-256"), inputs.sha256),
        (msg("Image SHA-256"), inputs.image_sha256),
        (msg("SOP instance"), inputs.sop_instance_uid or ""),
        (msg("Program"), f"Her2Desk {version}"),
        (msg("Reader"), reader),
        (msg("Written"), generated),
    )
    return tuple(Row(label, _text(text)) for label, text in rows if text)


def _pictures(
    frame_png: bytes | None, heatmap_png: bytes | None, nomogram_png: bytes | None
) -> tuple[Picture, ...]:
    pictures = (
        (
            frame_png,
            msg("The frame and the outline that the estimate was computed from."),
            msg("Ultrasound frame with the outline of the lesion."),
        ),
        (
            heatmap_png,
            msg("Where the network looked. This shows attention, not where the disease is."),
            msg("Ultrasound frame beside the same frame with the heatmap over its crop."),
        ),
        (
            nomogram_png,
            msg("The nomogram with this patient."),
            msg("Nomogram: points of each input, their total and the probability."),
        ),
    )
    return tuple(Picture(png, caption, seen) for png, caption, seen in pictures if png is not None)


def _number(value: float | None, digits: int, none: Message) -> Message:
    return none if value is None else msg("{value}", value=f"{value:.{digits}f}")


def _times(value: float | None, none: Message) -> Message:
    return none if value is None else msg("{value} ×", value=f"{value:.1f}")


def _text(value: str) -> Message:
    """Text from a file: a parameter, so that it is never looked up as a sentence of ours."""
    return msg("{value}", value=value) if value else _UNKNOWN


def _date(dicom_date: str) -> str:
    """YYYYMMDD with hyphens; anything else as it stands."""
    if len(dicom_date) == 8 and dicom_date.isdecimal():
        return f"{dicom_date[:4]}-{dicom_date[4:6]}-{dicom_date[6:]}"
    return dicom_date


_UNKNOWN: Message = msg("not known")
