"""The content tree of a structured report: TID 1500, with up to three groups of one lesion.

All groups share the lesion's tracking identifier. The first (TID 1410) has the outline, its size and
the model's answer; the second, only beside a SEG, refers to the same outline there (TID 1410 allows
one or the other in a group); the third (TID 1501) is what the reader made of it, whose observer is the
reader alone.
"""

from typing import Any

import highdicom as hd
import numpy as np
from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from her2desk import __version__
from her2desk.dicom import report_codes as code
from her2desk.dicom.derived import MAKER, derived_uid, tracking_uid
from her2desk.dicom.origin import Origin, valid_name
from her2desk.dicom.report_codes import Concept
from her2desk.domain.findings import ReportedFindings
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.measurements import area, axes
from her2desk.domain.research_use import RESEARCH_USE
from her2desk.domain.roi import Roi

TRACKING = "Lesion 1"
DEMO = "DEMO pack, trained on simulated patients: the figures mean nothing for any patient."


def measurement_report(
    findings: ReportedFindings,
    origin: Origin,
    image: UltrasoundImage,
    roi: Roi,
    segmentation: Dataset | None,
) -> Any:
    """The root of the document (highdicom's ``MeasurementReport``)."""
    groups = [_outline_group(findings, origin, image, roi)]
    if segmentation is not None:
        groups.append(_segmentation_group(origin, image, roi, segmentation))
    if findings.impression is not None or findings.decision is not None:
        groups.append(_reader_group(findings, origin, image, roi))
    return hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(
            observer_person_context=_person(findings.reader),
            observer_device_context=_device(),
        ),
        procedure_reported=_coded(code.ULTRASONOGRAPHY),
        imaging_measurements=groups,
    )


def _outline_group(
    findings: ReportedFindings, origin: Origin, image: UltrasoundImage, roi: Roi
) -> Any:
    closed = np.array((*roi.polygon, roi.polygon[0]), np.float32)
    group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(origin),
        referenced_region=hd.sr.ImageRegion(
            graphic_type=hd.sr.GraphicTypeValues.POLYLINE,
            graphic_data=closed,
            source_image=hd.sr.SourceImageForRegion(*_reference(origin, image, roi)),
        ),
        finding_category=_coded(code.ABNORMAL_STRUCTURE),
        finding_type=_coded(code.LESION),
        finding_sites=[_site(findings, image)],
        algorithm_id=_model(findings),
        measurements=[*_size(image, roi), *_answer(findings)],
        qualitative_evaluations=[
            _evaluation(code.CALL, code.CALLS[findings.call]),
            *(_evaluation(code.DOUBT, code.DOUBTS[doubt]) for doubt in findings.doubts),
        ],
    )
    _add_text(group, code.COMMENT, RESEARCH_USE.msgid)
    if findings.pack.demo:
        _add_text(group, code.COMMENT, DEMO)
    return group


def _segmentation_group(
    origin: Origin, image: UltrasoundImage, roi: Roi, segmentation: Dataset
) -> Any:
    frame = hd.sr.ReferencedSegmentationFrame(
        sop_class_uid=segmentation.SOPClassUID,
        sop_instance_uid=segmentation.SOPInstanceUID,
        frame_number=_frame_of(segmentation, roi.frame_index if image.frames > 1 else None),
        segment_number=1,
        source_image=hd.sr.SourceImageForSegmentation(*_reference(origin, image, roi)),
    )
    del frame[0].ReferencedSOPSequence[0].ReferencedSegmentNumber  # the frame says it (C.18.4.1)
    return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(origin),
        referenced_segment=frame,
        finding_category=_coded(code.ABNORMAL_STRUCTURE),
        finding_type=_coded(code.LESION),
    )


def _reader_group(
    findings: ReportedFindings, origin: Origin, image: UltrasoundImage, roi: Roi
) -> Any:
    impression, decision = findings.impression, findings.decision
    measurements, evaluations = [], []
    if impression is not None:
        measurements.append(_measured(code.CONFIDENCE, impression.confidence, code.NO_UNITS))
        evaluations.append(_evaluation(code.IMPRESSION, code.ANSWERS[impression.answer]))
    if decision is not None:
        assessment = code.OVERRULED if decision.overrules else code.ACCEPTED
        evaluations.append(_evaluation(code.ASSESSMENT, assessment))
        evaluations.append(_evaluation(code.ANSWER, code.ANSWERS[decision.answer]))
    group = hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(origin),
        finding_category=_coded(code.ABNORMAL_STRUCTURE),
        finding_type=_coded(code.LESION),
        measurements=measurements,
        qualitative_evaluations=evaluations,
        source_images=[
            hd.sr.SourceImageForMeasurementGroup(*_reference(origin, image, roi)),
        ],
    )
    if decision is not None and decision.reason.strip():
        _add_text(group, code.REASON, decision.reason.strip())
    person = _person(findings.reader)
    if person is not None:
        for place, item in enumerate(person):
            group[0].ContentSequence.insert(place, item)
    return group


def _size(image: UltrasoundImage, roi: Roi) -> list[Any]:
    """Area and axes in mm; nothing without a spacing, since a pixel's size must not be guessed."""
    spacing = roi.spacing(image)
    if spacing.mm is None:
        return []
    across = axes(image, roi)
    geometry = hd.sr.AlgorithmIdentification(
        name=f"{MAKER} outline geometry",
        version=__version__,
        parameters=[
            f"spacing_mm_row={spacing.mm[0]!r}",
            f"spacing_mm_column={spacing.mm[1]!r}",
            f"spacing_source={spacing.source}",
        ],
    )
    return [
        _measured(name, value, unit, geometry)
        for name, value, unit in (
            (code.AREA, area(image, roi).mm, code.MM2),
            (code.LONG_AXIS, across.long.mm, code.MM),
            (code.SHORT_AXIS, across.short.mm, code.MM),
        )
        if value is not None
    ]


def _answer(findings: ReportedFindings) -> list[Any]:
    return [
        _measured(name, value, code.NO_UNITS)
        for name, value in (
            (code.PROBABILITY, findings.probability),
            (code.LOWER, findings.lower),
            (code.UPPER, findings.upper),
            (code.THRESHOLD, findings.operating_point.threshold),
            (code.PREVALENCE, findings.prevalence),
        )
    ]


def _model(findings: ReportedFindings) -> Any:
    """The pack (TID 4019): by its digest, and the inputs by theirs, an answer can be repeated."""
    pack = findings.pack
    return hd.sr.AlgorithmIdentification(
        name=pack.name,
        version=pack.version,
        family=_coded(code.ARTIFICIAL_INTELLIGENCE),
        parameters=[
            f"pack_sha256={pack.sha256}",
            f"inputs_sha256={findings.inputs.sha256}",
            f"operating_point={findings.operating_point.name}",
            f"demo={'yes' if pack.demo else 'no'}",
            f"program={MAKER} {__version__}",
        ],
    )


def _site(findings: ReportedFindings, image: UltrasoundImage) -> Any:
    """The breast, with its side where image and record do not contradict each other."""
    stated = {side for side in (image.laterality, findings.inputs.clinical.laterality) if side}
    side = code.SIDES.get(stated.pop()) if len(stated) == 1 else None
    return hd.sr.FindingSite(
        anatomic_location=_coded(code.BREAST), laterality=None if side is None else _coded(side)
    )


def _person(reader: str) -> Any:
    name = valid_name(reader)
    if not name:
        return None
    return hd.sr.ObserverContext(
        observer_type=Code("121006", "DCM", "Person"),
        observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(name=name),
    )


def _device() -> Any:
    return hd.sr.ObserverContext(
        observer_type=Code("121007", "DCM", "Device"),
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=derived_uid("program", MAKER, __version__),
            name=MAKER,
            manufacturer_name=MAKER,
            model_name=f"{MAKER} {__version__}",
        ),
    )


def _tracking(origin: Origin) -> Any:
    return hd.sr.TrackingIdentifier(uid=tracking_uid(origin), identifier=TRACKING)


def _reference(
    origin: Origin, image: UltrasoundImage, roi: Roi
) -> tuple[str, str, list[int] | None]:
    frames = [roi.frame_index + 1] if image.frames > 1 else None
    return origin.sop_class_uid, origin.sop_instance_uid, frames


def _frame_of(segmentation: Dataset, frame_index: int | None) -> int:
    """Which frame of the SEG, counted from 1, is of the image's frame."""
    groups = segmentation.PerFrameFunctionalGroupsSequence
    for number, group in enumerate(groups, start=1):
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        stated = source.get("ReferencedFrameNumber")
        if stated is None or frame_index is None or int(stated) == frame_index + 1:
            return number
    raise ValueError("the segmentation is of other frames")


def _measured(name: Concept, value: float, unit: Concept, algorithm: Any = None) -> Any:
    return hd.sr.Measurement(
        name=_coded(name), value=value, unit=_coded(unit), algorithm_id=algorithm
    )


def _evaluation(name: Concept, value: Concept) -> Any:
    return hd.sr.QualitativeEvaluation(name=_coded(name), value=_coded(value))


def _add_text(group: Any, name: Concept, text: str) -> None:
    group[0].ContentSequence.append(
        hd.sr.TextContentItem(
            name=_coded(name),
            value=text,
            relationship_type=hd.sr.RelationshipTypeValues.CONTAINS,
        )
    )


def _coded(concept: Concept) -> Any:
    value, scheme, meaning = concept
    return CodedConcept(value=value, scheme_designator=scheme, meaning=meaning)
