"""Writing outlines as a DICOM segmentation (SEG, PS3.3 A.51) of the image they were drawn on."""

import io
import re
from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage, generate_uid

from her2desk import __version__
from her2desk.dicom.carried_outline import PRIVATE_CREATOR, PRIVATE_GROUP, carried_text
from her2desk.dicom.header import Attributes, quiet
from her2desk.dicom.refusals import malformed, os_errors_refused
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.texts import msg

MAKER = "Her2Desk"
UTF_8 = "ISO_IR 192"
SEXES = ("M", "F", "O")
SHORT, LONG = 16, 64  # characters of SH, and of LO and a name's component group
SERIES_NUMBER = 9000  # behind the series that a scanner numbers
STACK = "1"

_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d)([0-5]\d)(\.\d{1,6})?")
_TAGS = (
    "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID",
    "SeriesInstanceUID", "StudyID", "StudyDate", "StudyTime", "AccessionNumber", "PatientID",
    "PatientName", "PatientSex", "PatientBirthDate", "ReferringPhysicianName",
)  # fmt: skip


def segmentation_bytes(
    masks: Sequence[NDArray[np.bool_]],
    rois: Sequence[Roi],
    image: UltrasoundImage,
    source: Path | None,
    reader: str = "",
) -> bytes:
    """A binary SEG of ``masks`` (rows, columns), each of its ROI's frame of the DICOM file ``source``.

    One segment, the lesion; one frame an outline, naming the image's SOP instance and, of a cine, the
    frame's number. ``reader`` is the content's creator. Raises ``InputRefused``: ``seg-needs-dicom``
    where the image has no SOP instance or ``source`` is not given, ``malformed``,
    ``unreadable-file``.
    """
    if source is None or image.sop_instance_uid is None or not _is_uid(image.sop_instance_uid):
        raise InputRefused(
            msg("A DICOM segmentation belongs to a DICOM image, and this image is none."),
            msg("Write the outline as ROI (JSON), PNG or NIfTI."),
            code="seg-needs-dicom",
        )
    header = _header(source)
    with quiet():  # highdicom doubts names of one component, which are kept as they are
        segmentation = _of_a_stand_in(masks[0], rois, _stand_in(header, image), reader)
    _name_the_frames(segmentation, rois, image, header.text("SOPClassUID"))
    bits = np.concatenate([mask.ravel() for mask in masks])
    packed = np.packbits(bits, bitorder="little").tobytes()
    segmentation.PixelData = packed + bytes(len(packed) % 2)
    _carry(segmentation, rois)
    stream = io.BytesIO()
    segmentation.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _header(source: Path) -> Attributes:
    """What a derived object repeats of its source's patient and study."""
    try:
        with os_errors_refused(), quiet():
            return Attributes(dcmread(source, stop_before_pixels=True, specific_tags=list(_TAGS)))
    except InputRefused:
        raise
    except Exception as error:  # hostile headers make pydicom raise anything
        raise malformed(msg("The DICOM header of the image is damaged.")) from error


def _stand_in(header: Attributes, image: UltrasoundImage) -> Dataset:
    """A clean still of one frame in the source's place.

    highdicom refuses many real headers (times with colons, old character sets, the retired
    multi-frame class), so only what can be valid is repeated, and as UTF-8.
    """
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = UTF_8
    ds.SOPClassUID, ds.SOPInstanceUID = UltrasoundImageStorage, image.sop_instance_uid
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID"):
        uid = header.text(keyword)
        setattr(ds, keyword, uid if _is_uid(uid) else generate_uid(prefix=None))
    ds.PatientID = _line(header.text("PatientID"), LONG)
    ds.PatientName = _name(header.text("PatientName"))
    sex = header.text("PatientSex").upper()
    ds.PatientSex = sex if sex in SEXES else ""
    ds.PatientBirthDate = _date(header.text("PatientBirthDate"))
    ds.StudyID = _line(header.text("StudyID"), SHORT)
    ds.AccessionNumber = _line(header.text("AccessionNumber"), SHORT)
    ds.StudyDate = _date(header.text("StudyDate"))
    ds.StudyTime = _time(header.text("StudyTime"))
    ds.ReferringPhysicianName = _name(header.text("ReferringPhysicianName"))
    ds.Modality = "US"
    ds.Rows, ds.Columns = image.rows, image.columns
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    return ds


def _of_a_stand_in(
    mask: NDArray[np.bool_], rois: Sequence[Roi], stand_in: Dataset, reader: str
) -> Any:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    networks = sorted({roi.assisted_by for roi in rois if roi.assisted_by is not None})
    kinds = hd.seg.SegmentAlgorithmTypeValues
    lesion = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="Lesion",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Lesion,
        algorithm_type=kinds.SEMIAUTOMATIC if networks else kinds.MANUAL,
        algorithm_identification=_algorithm(networks) if networks else None,
        tracking_uid=generate_uid(prefix=None),
        tracking_id="Lesion 1",
    )
    segmentation = hd.seg.Segmentation(
        source_images=[stand_in],
        pixel_array=mask.astype(np.uint8)[None],
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[lesion],
        series_instance_uid=generate_uid(prefix=None),
        series_number=SERIES_NUMBER,
        sop_instance_uid=generate_uid(prefix=None),
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=MAKER,
        software_versions=__version__,
        device_serial_number="none",
        content_label="OUTLINE",
        content_description="Outlined lesion",
        content_creator_name=_name(reader) or None,
        series_description="Outlined lesion",
        omit_empty_frames=False,
    )
    segmentation.SpecificCharacterSet = UTF_8
    segmentation.PatientOrientation = None  # not known, which ultrasound may say (C.7.6.1.1.1)
    return segmentation


def _algorithm(networks: Sequence[str]) -> Any:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    return hd.AlgorithmIdentificationSequence(
        name="Assisted outline",
        version=networks[0][:SHORT],
        family=codes.DCM.ArtificialIntelligence,
    )


def _name_the_frames(ds: Any, rois: Sequence[Roi], image: UltrasoundImage, true_class: str) -> None:
    """From the stand-in to the true source: its class, its frames, one plane of the SEG for each."""
    sop_class = true_class if _is_uid(true_class) else str(UltrasoundImageStorage)
    for series in ds.ReferencedSeriesSequence:
        for instance in series.ReferencedInstanceSequence:
            instance.ReferencedSOPClassUID = sop_class
    for item in ds.SourceImageSequence:
        item.ReferencedSOPClassUID = sop_class
    (plane,) = ds.PerFrameFunctionalGroupsSequence
    planes = [deepcopy(plane) for _ in rois]
    for place, (group, roi) in enumerate(zip(planes, rois, strict=True)):
        for item in group.DerivationImageSequence[0].SourceImageSequence:
            item.ReferencedSOPClassUID = sop_class
            if image.frames > 1:
                item.ReferencedFrameNumber = roi.frame_index + 1
        if len(planes) > 1:
            content = group.FrameContentSequence[0]
            content.StackID, content.InStackPositionNumber = STACK, place + 1
            content.DimensionIndexValues = [1, place + 1]
    if len(planes) > 1:
        _index_by_place(ds)
    ds.PerFrameFunctionalGroupsSequence = planes
    ds.NumberOfFrames = len(planes)


def _index_by_place(ds: Any) -> None:
    """A second dimension, without which the frames of one segment could not be told apart."""
    index = Dataset()
    index.DimensionOrganizationUID = ds.DimensionIndexSequence[0].DimensionOrganizationUID
    index.DimensionIndexPointer = 0x00209057  # InStackPositionNumber
    index.FunctionalGroupPointer = 0x00209111  # FrameContentSequence
    index.DimensionDescriptionLabel = "Frame of the cine"
    ds.DimensionIndexSequence = [ds.DimensionIndexSequence[0], index]


def _carry(ds: Any, rois: Sequence[Roi]) -> None:
    text = carried_text(rois)
    if text:
        ds.private_block(PRIVATE_GROUP, PRIVATE_CREATOR, create=True).add_new(1, "UT", text)


def _is_uid(text: str) -> bool:
    return len(text) <= LONG and bool(_UID.fullmatch(text))


def _line(text: str, characters: int) -> str:
    return text.replace("\\", " ")[:characters].strip()


def _name(text: str) -> str:
    """A person's name of at most three groups and five components (PS3.5 6.2.1)."""
    groups = [
        "^".join(part[:LONG].strip() for part in group.split("^")[:5]).rstrip("^")[:LONG]
        for group in text.replace("\\", " ").split("=")[:3]
    ]
    return "=".join(groups).rstrip("=")


def _date(text: str) -> str:
    """YYYYMMDD, also from YYYY.MM.DD and YYYY-MM-DD; empty for what is no day."""
    digits = text.replace(".", "").replace("-", "")
    if len(digits) != 8 or not digits.isdecimal():
        return ""
    try:
        date.fromisoformat(digits)
    except ValueError:
        return ""
    return digits


def _time(text: str) -> str:
    """HHMMSS with or without a fraction, also from HH:MM:SS; empty for what is no time."""
    digits = text.replace(":", "").strip()
    if re.fullmatch(r"\d{4}", digits):
        digits += "00"
    return digits if _TIME.fullmatch(digits) else ""
