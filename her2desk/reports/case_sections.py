"""The sections of a case's report that say what the pack answered, and of what."""

from collections.abc import Iterable

from her2desk.domain.clinical import CLINICAL_FIELDS, ClinicalRecord
from her2desk.domain.concern import Concern
from her2desk.domain.image import Spacing, UltrasoundImage
from her2desk.domain.prediction import BRANCHES, FeatureContribution, Prediction
from her2desk.domain.readout import Readout, prevalence_shift
from her2desk.domain.stability import Stability
from her2desk.domain.validation import Attention
from her2desk.figures.frame import spacing_sentence
from her2desk.reports.case_words import NOT_KNOWN, figure, plain, times, yes_no
from her2desk.reports.content import (
    Answer,
    Columns,
    CountTable,
    FeatureRow,
    FeatureTable,
    Lines,
    Part,
    Row,
    Rows,
    Section,
)
from her2desk.reports.study_words import signed
from her2desk.stats import statements
from her2desk.stats.case_words import (
    call_counts_sentence,
    distance_sentence,
    enhancement_sentence,
    error_sentence,
    frames_sentence,
    near_sentence,
    no_table_sentence,
    place_sentence,
    rule_sentence,
    seen_sentences,
    sign_sentence,
    stability_sentence,
    unknown_sentence,
)
from her2desk.stats.counts import allows_predictive_values
from her2desk.texts import Message, msg, phrase

MOST_FEATURES = 10


def answer_of(readout: Readout) -> Answer:
    """The estimate with its sentences (V10, V11, V14)."""
    return Answer(
        probability=statements.probability_figure(readout),
        value=readout.probability,
        interval=(readout.lower, readout.upper),
        threshold=readout.operating_point.threshold,
        call=readout.call,
        next_step=statements.call_sentence(readout),
        sentences=(
            statements.probability_sentence(readout),
            statements.interval_scope(),
            statements.prevalence_sentence(readout),
            statements.operating_point_sentence(readout),
        ),
    )


def concerns_section(against: Iterable[Concern]) -> Section:
    """What speaks against the answer; a sentence where nothing does."""
    lines = tuple(concern.message for concern in against)
    title = msg("What speaks against this answer")
    if not lines:
        nothing = msg("Nothing that the pack or the program looks for.")
        return Section(title, (Lines((nothing,), is_list=False),))
    return Section(title, (Lines(lines),), is_warning=True)


def notices(prediction: Prediction, against: Iterable[Concern]) -> tuple[Part, ...]:
    """The other warnings of the file and the outline."""
    said = {concern.code for concern in against}
    lines = tuple(w.message for w in prediction.warnings if w.code not in said)
    return (Section(msg("Notices"), (Lines(lines),)),) if lines else ()


def validation_part(readout: Readout) -> Part:
    """What became of the validation patients (V14, V15)."""
    title = msg("Like this in validation")
    near = None if readout.neighbours is None else statements.neighbours_sentence(readout)
    said = (near, call_counts_sentence(readout), no_table_sentence(readout), rule_sentence(readout))
    above = Lines(tuple(s for s in said if s is not None), is_list=False)
    table = readout.confusion
    if table is None:
        return Section(title, (above,))
    counts = Section(None, (CountTable(table, statements.confusion_title(table)),))
    return Columns((counts,), (Section(None, (Rows(_rates(readout)),)),), title, (above,))


def failure_section(readout: Readout) -> tuple[Part, ...]:
    """Every declared pattern of the call and the model of the errors (V16); nothing without a call."""
    reading = readout.failure
    if reading is None:
        return ()
    signs = (sign_sentence(sign, readout) for sign in reading.signs)
    lines = Lines((*signs, error_sentence(reading)))
    return (Section(msg("How such answers fail"), (lines,)),)


def steadiness_section(prediction: Prediction, stability: Stability | None) -> tuple[Part, ...]:
    """What could move the answer: another outline, the frames beside, a value not known (V9, V22)."""
    readout = prediction.readout
    shift = prevalence_shift(prediction.estimate, readout.prevalence)
    lines: list[Message] = []
    if stability is not None and stability.inputs_sha256 == prediction.inputs.sha256:
        lines.append(stability_sentence(stability, shift, readout.operating_point.threshold))
        beside = frames_sentence(stability, shift)
        lines += [] if beside is None else [beside]
    lines += [unknown_sentence(effect, shift) for effect in prediction.unknowns]
    return (Section(msg("What could move the answer"), (Lines(tuple(lines)),)),) if lines else ()


def familiarity_section(prediction: Prediction) -> tuple[Part, ...]:
    """How far the case lies from the pack's patients, and which of them are nearest (V18)."""
    familiar = prediction.familiarity
    if familiar is None:
        return ()
    shift = prevalence_shift(prediction.estimate, prediction.readout.prevalence)
    lines = (
        distance_sentence(familiar.distance),
        *seen_sentences(familiar),
        *(place_sentence(place) for place in familiar.places),
        *(near_sentence(patient, shift) for patient in familiar.nearest),
    )
    return (Section(msg("How familiar the case is to the pack"), (Lines(lines),)),)


def enhancement_section(prediction: Prediction) -> tuple[Part, ...]:
    """By what the image was enhanced that the pack looked at; nothing where it was the image itself."""
    use = prediction.enhancement
    if use is None:
        return ()
    lines = Lines((enhancement_sentence(use),), is_list=False)
    return (Section(msg("Enhancement"), (lines,)),)


def branches_and_attention(prediction: Prediction) -> Columns:
    """Each branch's probability, and where the network looked (V17)."""
    return Columns(
        (Section(msg("Branches of the model"), (Rows(_branches(prediction)),)),),
        (Section(msg("Attention of the network"), (Rows(_attention(prediction.attention)),)),),
    )


def features_section(features: tuple[FeatureContribution, ...]) -> tuple[Part, ...]:
    """The features farthest from the training mean."""
    strongest = sorted(features, key=lambda f: (-abs(f.z_score), f.name))[:MOST_FEATURES]
    rows = tuple(
        FeatureRow(f.name, f"{f.value:.4g}", signed(f.z_score, 1), f.is_out_of_range)
        for f in strongest
    )
    title = msg("Features farthest from the training mean")
    return (Section(title, (FeatureTable(rows),)),) if rows else ()


def image_and_record(prediction: Prediction, image: UltrasoundImage) -> Columns:
    """The frame that was read, and what was known of the patient."""
    return Columns(
        (Section(msg("Image and outline"), (Rows(_image(prediction, image)),)),),
        (Section(msg("Clinical record"), (Rows(_clinical(prediction.inputs.clinical)),)),),
    )


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


def _rates(readout: Readout) -> tuple[Row, ...]:
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


def _branches(prediction: Prediction) -> tuple[Row, ...]:
    scores = ((name, prediction.branches.get(name)) for name in BRANCHES)
    none = msg("not available")
    return tuple(Row(branch_label(name), figure(score, 2, none)) for name, score in scores)


def _attention(attention: Attention) -> tuple[Row, ...]:
    none = msg("none: the heatmap is empty, or there is nothing of the kind")
    enrichments = (
        (msg("Heat on the outlined area, over an even spread"), attention.roi_enrichment),
        (msg("Heat on bright pixels, over an even spread"), attention.hyperechoic_enrichment),
    )
    return (
        *(Row(label, times(value, none)) for label, value in enrichments),
        Row(
            msg("Dispersion (0: one point, 1: everywhere alike)"),
            figure(attention.dispersion, 2, none),
        ),
    )


def _clinical(record: ClinicalRecord) -> tuple[Row, ...]:
    rows = []
    for field in CLINICAL_FIELDS:
        value = getattr(record, field.name)
        if value is None:
            said = NOT_KNOWN
        elif field.is_number:
            said = msg("{value} {unit}", value=f"{value:g}", unit=phrase(field.unit))
        else:
            said = yes_no(value)
        rows.append(Row(field.label, said))
    return tuple(rows)


def _image(prediction: Prediction, image: UltrasoundImage) -> tuple[Row, ...]:
    laterality = prediction.inputs.clinical.laterality or image.laterality
    roi = prediction.inputs.roi
    frame = msg("{frame} of {frames}", frame=roi.frame_index + 1, frames=image.frames)
    equipment = " ".join(f"{image.manufacturer} {image.model_name}".split())
    drawn = msg("proposed by a network, and kept") if roi.assisted_by else msg("drawn by hand")
    return (
        Row(msg("Side"), {"L": msg("left"), "R": msg("right")}.get(laterality or "", NOT_KNOWN)),
        Row(msg("View"), plain(image.view or "")),
        Row(msg("Frame"), frame),
        Row(msg("Equipment"), plain(equipment)),
        Row(msg("Spacing"), spacing_sentence(prediction.spacing), not prediction.spacing.is_known),
        Row(msg("Outline"), drawn),
        Row(msg("Outlined area"), _area(roi.area_px, prediction.spacing)),
    )


def _area(area_px: float, spacing: Spacing) -> Message:
    if spacing.mm is None:
        return msg("{area:.0f} px", area=area_px)
    row, column = spacing.mm
    return msg("{px:.0f} px, {mm2:.0f} mm²", px=area_px, mm2=area_px * row * column)
