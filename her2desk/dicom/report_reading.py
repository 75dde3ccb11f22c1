"""Reading back a structured report that Her2Desk wrote, item by item, with pydicom alone."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydicom import dcmread
from pydicom.dataset import Dataset

from her2desk.dicom import report_codes as code
from her2desk.dicom.header import quiet
from her2desk.dicom.report_codes import Concept
from her2desk.domain.counts import Call
from her2desk.domain.geometry import Point
from her2desk.domain.prediction import PackIdentity
from her2desk.domain.reading import Decision, Impression
from her2desk.domain.readout import Doubt
from her2desk.errors import InputRefused
from her2desk.texts import msg

Meaning = TypeVar("Meaning")

REPORT_CLASS = "1.2.840.10008.5.1.4.1.1.88.34"
ASSESSMENTS = {False: code.ACCEPTED, True: code.OVERRULED}


@dataclass(frozen=True)
class ReadReport:
    """What a structured report says. ``frame_index`` counts from 0; ``polygon`` is of 32-bit floats.

    Lengths are None where the report has none: the spacing was not known. ``when`` has no zone, as
    DICOM's dates have none unless the file says so elsewhere. ``segmentation_uid`` is the SEG instance
    referred to.
    """

    sop_instance_uid: str
    when: datetime
    tracking_uid: str
    image_uid: str
    frame_index: int
    polygon: tuple[Point, ...]
    laterality: str | None
    area_mm2: float | None
    long_mm: float | None
    short_mm: float | None
    pack: PackIdentity
    inputs_sha256: str
    operating_point: str
    threshold: float
    probability: float
    lower: float
    upper: float
    prevalence: float
    call: Call
    doubts: tuple[Doubt, ...]
    reader: str
    impression: Impression | None
    decision: Decision | None
    segmentation_uid: str | None


def read_report(content: bytes) -> ReadReport:
    """What the SR file ``content`` says; raises ``InputRefused`` (``not-a-report``) for any other file."""
    try:
        with quiet():
            ds = dcmread(io.BytesIO(content))
            if ds.SOPClassUID != REPORT_CLASS:
                raise ValueError("not a Comprehensive 3D SR")
            return _report(ds)
    except Exception as error:  # other programs' reports lack any part of it
        raise InputRefused(
            msg("This is not a structured report that Her2Desk wrote."),
            msg("Choose the DICOM SR of a case."),
            code="not-a-report",
        ) from error


def _report(ds: Dataset) -> ReadReport:
    groups = list(_items(_item(ds, ("126010", "DCM", "Imaging Measurements"))))
    outline = next(g for g in groups if _has(g, code.IMAGE_REGION))
    by_reader = next(
        (g for g in groups if _has(g, code.ASSESSMENT) or _has(g, code.IMPRESSION)), ds
    )
    region = _item(outline, code.IMAGE_REGION)
    numbers = [float(value) for value in region.GraphicData]
    image = next(_items(region)).ReferencedSOPSequence[0]
    stated = dict(
        str(item.TextValue).split("=", 1) for item in _all(outline, code.ALGORITHM_PARAMETERS)
    )
    call = _meant(_coded(outline, code.CALL), code.CALLS)
    probability = _number(outline, code.PROBABILITY)
    return ReadReport(
        sop_instance_uid=str(ds.SOPInstanceUID),
        when=datetime.strptime(f"{ds.ContentDate}{ds.ContentTime}", "%Y%m%d%H%M%S.%f"),
        tracking_uid=str(_item(outline, code.TRACKING_UID).UID),
        image_uid=str(image.ReferencedSOPInstanceUID),
        frame_index=int(image.get("ReferencedFrameNumber", 1)) - 1,
        polygon=tuple(zip(numbers[:-2:2], numbers[1:-2:2], strict=True)),
        laterality=_side(outline),
        area_mm2=_optional(outline, code.AREA),
        long_mm=_optional(outline, code.LONG_AXIS),
        short_mm=_optional(outline, code.SHORT_AXIS),
        pack=PackIdentity(
            str(_item(outline, code.ALGORITHM_NAME).TextValue),
            str(_item(outline, code.ALGORITHM_VERSION).TextValue),
            stated["pack_sha256"],
            stated["demo"] == "yes",
        ),
        inputs_sha256=stated["inputs_sha256"],
        operating_point=stated["operating_point"],
        threshold=_number(outline, code.THRESHOLD),
        probability=probability,
        lower=_number(outline, code.LOWER),
        upper=_number(outline, code.UPPER),
        prevalence=_number(outline, code.PREVALENCE),
        call=call,
        doubts=tuple(_meant(_value(i), code.DOUBTS) for i in _all(outline, code.DOUBT)),
        reader=_reader(ds),
        impression=_impression(by_reader),
        decision=_decision(by_reader, call, probability, stated["inputs_sha256"]),
        segmentation_uid=_segmentation(groups),
    )


def _impression(group: Dataset) -> Impression | None:
    if not _has(group, code.IMPRESSION):
        return None
    answer = _meant(_coded(group, code.IMPRESSION), code.ANSWERS)
    return Impression(answer, int(_number(group, code.CONFIDENCE)))


def _decision(group: Dataset, call: Call, probability: float, inputs: str) -> Decision | None:
    if not _has(group, code.ANSWER):
        return None
    answer = _meant(_coded(group, code.ANSWER), code.ANSWERS)
    reason = str(_item(group, code.REASON).TextValue) if _has(group, code.REASON) else ""
    decision = Decision(answer, reason, call, probability, inputs)
    if _meant(_coded(group, code.ASSESSMENT), ASSESSMENTS) is not decision.overrules:
        raise ValueError("the assessment contradicts the answer")
    return decision


def _reader(ds: Dataset) -> str:
    return str(_item(ds, code.PERSON_NAME).PersonName) if _has(ds, code.PERSON_NAME) else ""


def _segmentation(groups: list[Dataset]) -> str | None:
    for group in groups:
        for item in _all(group, code.SEGMENTATION_FRAME):
            return str(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
    return None


def _side(group: Dataset) -> str | None:
    site = _item(group, code.FINDING_SITE)
    if not _has(site, code.LATERALITY):
        return None
    return _meant(_coded(site, code.LATERALITY), code.SIDES)


def _items(parent: Dataset) -> Iterator[Dataset]:
    return iter(parent.get("ContentSequence") or [])


def _all(parent: Dataset, name: Concept) -> list[Dataset]:
    return [i for i in _items(parent) if _pair(i.ConceptNameCodeSequence[0]) == name[:2]]


def _has(parent: Dataset, name: Concept) -> bool:
    return bool(_all(parent, name))


def _item(parent: Dataset, name: Concept) -> Dataset:
    """The first item of a name; raises ``IndexError`` where there is none."""
    return _all(parent, name)[0]


def _number(parent: Dataset, name: Concept) -> float:
    measured = _item(parent, name).MeasuredValueSequence[0]
    return float(measured.get("FloatingPointValue", measured.NumericValue))


def _optional(parent: Dataset, name: Concept) -> float | None:
    return _number(parent, name) if _has(parent, name) else None


def _coded(parent: Dataset, name: Concept) -> tuple[str, str]:
    return _value(_item(parent, name))


def _value(item: Dataset) -> tuple[str, str]:
    return _pair(item.ConceptCodeSequence[0])


def _pair(item: Dataset) -> tuple[str, str]:
    return str(item.CodeValue), str(item.CodingSchemeDesignator)


def _meant(pair: tuple[str, str], meanings: Mapping[Meaning, Concept]) -> Meaning:
    """What a code stands for; raises ``StopIteration`` for one that stands for nothing."""
    return next(meaning for meaning, concept in meanings.items() if concept[:2] == pair)
