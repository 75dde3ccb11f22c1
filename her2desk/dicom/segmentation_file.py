"""Writing outlines as a DICOM segmentation (SEG, PS3.3 A.51) of the image they were drawn on."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundImageStorage

from her2desk import __version__
from her2desk.dicom.carried_outline import PRIVATE_CREATOR, PRIVATE_GROUP, carried_text
from her2desk.dicom.derived import (
    MAKER,
    SEGMENTATION_SERIES,
    UNNAMED,
    derived_uid,
    named_by_content,
    stamp,
    tracking_uid,
)
from her2desk.dicom.header import quiet
from her2desk.dicom.origin import SHORT, Origin, origin_of, valid_name
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi

STACK = "1"


def segmentation_bytes(
    masks: Sequence[NDArray[np.bool_]],
    rois: Sequence[Roi],
    image: UltrasoundImage,
    source: Path | None,
    reader: str = "",
    *,
    when: datetime,
) -> bytes:
    """A binary SEG of ``masks`` (rows, columns), each of its ROI's frame of the DICOM file ``source``.

    One segment, the lesion, with the tracking identifier that a structured report of the image has;
    one frame an outline, naming the image's SOP instance and, of a cine, the frame's number.
    ``reader`` is the content's creator; ``when``, with its zone, the content's date. The same
    arguments give the same bytes. Raises ``InputRefused`` as ``origin_of`` does.
    """
    origin = origin_of(source, image)
    with quiet():  # highdicom doubts names of one component, which are kept as they are
        segmentation = _of_a_stand_in(masks[0], rois, image, origin, reader)
    _name_the_frames(segmentation, rois, image, origin)
    _name_the_dimensions(segmentation, origin)
    origin.describe(segmentation)
    stamp(segmentation, origin, when)
    bits = np.concatenate([mask.ravel() for mask in masks])
    packed = np.packbits(bits, bitorder="little").tobytes()
    segmentation.PixelData = packed + bytes(len(packed) % 2)
    _carry(segmentation, rois)
    return named_by_content(segmentation)


def _stand_in(origin: Origin, image: UltrasoundImage) -> Dataset:
    """A clean still of one frame in the source's place.

    highdicom refuses many real headers (times with colons, old character sets, the retired
    multi-frame class), so only what can be valid is repeated, and as UTF-8.
    """
    ds = origin.data_set()
    ds.SOPClassUID = UltrasoundImageStorage
    ds.Rows, ds.Columns = image.rows, image.columns
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    return ds


def _of_a_stand_in(
    mask: NDArray[np.bool_],
    rois: Sequence[Roi],
    image: UltrasoundImage,
    origin: Origin,
    reader: str,
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
        tracking_uid=tracking_uid(origin),
        tracking_id="Lesion 1",
    )
    segmentation = hd.seg.Segmentation(
        source_images=[_stand_in(origin, image)],
        pixel_array=mask.astype(np.uint8)[None],
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[lesion],
        series_instance_uid=UNNAMED,
        series_number=SEGMENTATION_SERIES,
        sop_instance_uid=UNNAMED,
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=MAKER,
        software_versions=__version__,
        device_serial_number="none",
        content_label="OUTLINE",
        content_description="Outlined lesion",
        content_creator_name=valid_name(reader) or None,
        series_description="Outlined lesion",
        omit_empty_frames=False,
    )
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


def _name_the_frames(ds: Any, rois: Sequence[Roi], image: UltrasoundImage, origin: Origin) -> None:
    """From the stand-in to the true source: its class, its frames, one plane of the SEG for each."""
    sop_class = origin.sop_class_uid
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


def _name_the_dimensions(ds: Any, origin: Origin) -> None:
    """The dimensions' organisation by name instead of by chance."""
    uid = derived_uid("dimensions", origin.sop_instance_uid)
    for sequence in (ds.DimensionOrganizationSequence, ds.DimensionIndexSequence):
        for item in sequence:
            item.DimensionOrganizationUID = uid


def _carry(ds: Any, rois: Sequence[Roi]) -> None:
    text = carried_text(rois)
    if text:
        ds.private_block(PRIVATE_GROUP, PRIVATE_CREATOR, create=True).add_new(1, "UT", text)
