"""The report of a case: everything out of the library, no engine.

The same library, options, program and libraries under it give the same content, and so the same bytes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from her2desk import __version__
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.prediction import Prediction
from her2desk.domain.readout import prevalence_shift
from her2desk.domain.research_use import RESEARCH_USE
from her2desk.domain.stability import Stability
from her2desk.packs.pack import Pack
from her2desk.packs.shelf import PackShelf
from her2desk.reports import case_sections as say
from her2desk.reports.case_reading import CaseReading, reading_section
from her2desk.reports.case_record import CaseRecord, read_case
from her2desk.reports.case_words import person_name, plain, study_date
from her2desk.reports.content import Columns, Part, Picture, ReportContent, Row, Section
from her2desk.reports.pack_card import card_section, provenance_section
from her2desk.reports.report_options import ReportOptions
from her2desk.stats.case_words import concerns
from her2desk.store.library import Library
from her2desk.texts import CATALOGUE, Message, msg


@dataclass(frozen=True)
class CaseFacts:
    """What a report says beside the answer, the image and the pack.

    ``case_id`` is None outside a library; texts are empty where they are not known. Times are ISO 8601:
    ``utc`` when the answer was kept, ``last_utc`` when the latest of what is said was.
    """

    case_id: int | None = None
    reader: str = ""
    utc: str = ""
    last_utc: str = ""
    version: str = __version__
    reading: CaseReading | None = None
    stability: Stability | None = None


@dataclass(frozen=True)
class CasePictures:
    """The frame with its outline, and the others where they are asked for and can be drawn."""

    frame: Picture
    nomogram: Picture | None = None
    heatmap: Picture | None = None


def case_report(
    library: Library, shelf: PackShelf, case_id: int, options: ReportOptions
) -> ReportContent:
    """The report of the case as ``library.reader`` left it; raises as ``read_case`` and ``report_of``."""
    return report_of(read_case(library, shelf, case_id), options)


def report_of(record: CaseRecord, options: ReportOptions) -> ReportContent:
    """The report of a record, without the library; in the present language.

    Raises ``InputRefused`` where the image cannot be read, ``PackRefused`` where the pack is not kept
    or damaged.
    """
    from her2desk.dicom.reader import open_image

    prediction = record.prediction
    pack = PackShelf(record.packs).open(prediction.pack.sha256)
    opened = open_image(record.image_path)
    image = replace(opened.image, user_calibration=prediction.inputs.calibration)
    frame = opened.frames.frame(prediction.inputs.roi.frame_index)
    facts = CaseFacts(
        record.case_id,
        record.reader,
        record.utc,
        record.last_utc,
        reading=record.reading,
        stability=record.stability,
    )
    pictures = case_pictures(prediction, frame, pack, options)
    return build_content(prediction, image, pack, pictures, facts, shows_patient=options.patient)


def build_content(
    prediction: Prediction,
    image: UltrasoundImage,
    pack: Pack,
    pictures: CasePictures,
    facts: CaseFacts,
    *,
    shows_patient: bool = True,
) -> ReportContent:
    """The report of one prediction on one image, by this pack.

    Raises ``ValueError`` where ``image`` or ``pack`` are not those that the prediction is of.
    """
    if image.sha256 != prediction.inputs.image_sha256:
        raise ValueError("the prediction belongs to another image")
    if pack.digest != prediction.pack.sha256:
        raise ValueError("the prediction belongs to another pack")
    return ReportContent(
        name=_name(facts.case_id),
        identity=_identity(image, facts.case_id, shows_patient),
        pack=prediction.pack,
        inputs_sha256=prediction.inputs.sha256,
        answer=say.answer_of(prediction.readout),
        parts=_parts(prediction, image, pack, pictures, facts),
        utc=facts.last_utc,
        language=CATALOGUE.language.replace("_", "-"),
        research_use=RESEARCH_USE,
    )


def _parts(
    prediction: Prediction,
    image: UltrasoundImage,
    pack: Pack,
    pictures: CasePictures,
    facts: CaseFacts,
) -> tuple[Part, ...]:
    readout, stability = prediction.readout, facts.stability
    against = concerns(prediction, stability)
    beside: tuple[Section, ...] = (say.concerns_section(against),)
    if facts.reading is not None:
        beside = (*beside, reading_section(facts.reading, prediction))
    return (
        Columns((Section(None, (pictures.frame,)),), beside),
        *say.notices(prediction, against),
        say.validation_part(readout),
        *say.failure_section(readout),
        *say.steadiness_section(prediction, stability),
        *_picture_part(msg("Nomogram"), pictures.nomogram),
        *_picture_part(msg("Heatmap"), pictures.heatmap),
        *say.enhancement_section(prediction),
        say.branches_and_attention(prediction),
        *say.features_section(prediction.features),
        *say.familiarity_section(prediction),
        say.image_and_record(prediction, image),
        card_section(pack),
        provenance_section(
            prediction, pack, version=facts.version, answered_by=facts.reader, utc=facts.utc
        ),
    )


def case_pictures(
    prediction: Prediction, frame: NDArray[np.uint8], pack: Pack, options: ReportOptions
) -> CasePictures:
    """The pictures of one report; ``frame`` is the ROI's, uint8, grey or RGB."""
    return CasePictures(
        _frame_picture(prediction, frame),
        _nomogram_picture(prediction, pack) if options.nomogram else None,
        _heatmap_picture(prediction, frame) if options.heatmap else None,
    )


def _frame_picture(prediction: Prediction, frame: NDArray[np.uint8]) -> Picture:
    from her2desk.figures.case import frame_png

    return Picture(
        frame_png(frame, prediction.inputs.roi.polygon, spacing=prediction.spacing),
        msg("The frame and the outline that the estimate was computed from."),
        msg("Ultrasound frame with the outline of the lesion."),
    )


def _nomogram_picture(prediction: Prediction, pack: Pack) -> Picture | None:
    """The nomogram that answered, with this patient on it; None where it cannot be drawn."""
    from her2desk.figures.nomogram import nomogram_picture
    from her2desk.inference.nomograms import answering_nomogram

    found = answering_nomogram(prediction, pack, prediction.inputs.clinical)
    if found.geometry is None:
        return None
    shift = prevalence_shift(prediction.estimate, prediction.readout.prevalence)
    return Picture(
        nomogram_picture(found.geometry, found.values, shift=shift, kind="png"),
        msg("The nomogram with this patient: {name}.", name=found.name),
        msg("Nomogram: points of each input, their total and the probability."),
    )


def _heatmap_picture(prediction: Prediction, frame: NDArray[np.uint8]) -> Picture | None:
    """The frame beside the same with the heatmap; None where there is no heatmap."""
    from her2desk.figures.heatmap import heatmap_overlay_png

    if prediction.heatmap is None:
        return None
    return Picture(
        heatmap_overlay_png(
            frame,
            prediction.inputs.roi.polygon,
            prediction.heatmap,
            spacing=prediction.spacing,
        ),
        msg("Where the network looked. This shows attention, not where the disease is."),
        msg("Ultrasound frame beside the same frame with the heatmap over its crop."),
    )


def _picture_part(title: Message, picture: Picture | None) -> tuple[Part, ...]:
    return () if picture is None else (Section(title, (picture,)),)


def _name(case_id: int | None) -> Message:
    if case_id is None:
        return msg("HER-2 estimate")
    return msg("HER-2 estimate, case {case_id}", case_id=f"{case_id:04d}")


def _identity(image: UltrasoundImage, case_id: int | None, shows_patient: bool) -> tuple[Row, ...]:
    case = () if case_id is None else (Row(msg("Case"), plain(f"{case_id:04d}")),)
    patient = (
        Row(msg("Patient"), plain(person_name(image.patient_name))),
        Row(msg("Patient ID"), plain(image.patient_id)),
    )
    return (
        *case,
        *(patient if shows_patient else (Row(msg("Patient"), msg("left out")),)),
        Row(msg("Study date"), plain(study_date(image.study_date))),
    )
