"""DICOM SEG of an ultrasound image, written by highdicom, made for one test each."""

from collections.abc import Callable
from pathlib import Path

import highdicom as hd
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage

from .dicom_builder import US_MULTIFRAME

UID = "1.2.3.4"  # dicom_builder's SOP instance


def evidence(shape: tuple[int, int], uid: str = UID) -> Dataset:
    """A clean still of the image's size, which highdicom accepts as source."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = UltrasoundImageStorage, uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", "1.2.3.5"
    ds.PatientID, ds.PatientName, ds.PatientSex, ds.PatientBirthDate = "P1", "Doe^Jane", "F", ""
    ds.StudyID, ds.StudyDate, ds.StudyTime, ds.AccessionNumber = "1", "20240901", "120000", ""
    ds.ReferringPhysicianName, ds.Modality = "", "US"
    ds.Rows, ds.Columns = shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.PixelData = bytes(shape[0] * shape[1])
    return ds


def segment(number: int) -> hd.seg.SegmentDescription:
    return hd.seg.SegmentDescription(
        number,
        f"Lesion {number}",
        codes.SCT.Lesion,
        codes.SCT.Lesion,
        hd.seg.SegmentAlgorithmTypeValues.MANUAL,
    )


def seg_file(
    path: Path,
    mask: np.ndarray,
    *,
    uid: str = UID,
    frame: int | None = None,
    kind: str = "BINARY",
    change: Callable[[Dataset], None] | None = None,
) -> Path:
    """A SEG of ``mask`` (rows, columns) or (rows, columns, segments); ``frame`` counts from 1.

    The one frame of a cine is named as the standard asks: highdicom builds from a stand-in still,
    then the class and the frame's number of the true source are set.
    """
    segments = 1 if mask.ndim == 2 else mask.shape[2]
    ds = hd.seg.Segmentation(
        source_images=[evidence(mask.shape[:2], uid)],
        pixel_array=mask.astype(np.uint8)[None],
        segmentation_type=kind,
        segment_descriptions=[segment(n + 1) for n in range(segments)],
        series_instance_uid=hd.UID(),
        series_number=2,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="M",
        manufacturer_model_name="N",
        software_versions="1",
        device_serial_number="1",
    )
    for source in sources(ds):
        if frame is not None:
            source.ReferencedSOPClassUID = US_MULTIFRAME
            source.ReferencedFrameNumber = frame
    if change is not None:
        change(ds)
    ds.save_as(path)
    return path


def sources(ds: Dataset) -> list[Dataset]:
    """Where each frame says which image it was derived from."""
    return [
        source
        for group in ds.PerFrameFunctionalGroupsSequence
        for derivation in group.get("DerivationImageSequence", [])
        for source in derivation.SourceImageSequence
    ]
