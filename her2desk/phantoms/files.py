"""Simulated pictures as calibrated ultrasound DICOM (PS3.3 A.6, A.7), always the same bytes."""

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from her2desk.domain.image import Region
from her2desk.phantoms.scanner import MANUFACTURER, Scanner

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "phantoms.her2desk")
DATE, TIME = "20240101", "120000"  # simulated patients are examined on no real day
SOFTWARE_VERSION = "1"
FRAME_TIME_MS = 50
JPEG_QUALITY = 80


@dataclass(frozen=True)
class PatientHeader:
    """Whose picture it is; ``key`` names the study and everything in it for the UIDs."""

    patient_id: str
    patient_name: str
    age_years: int
    laterality: str
    key: str


def fixed_uid(*names: object) -> UID:
    """A UID of the 2.25 root (PS3.5 B.2) that depends on the names alone."""
    return UID(f"2.25.{uuid.uuid5(NAMESPACE, '/'.join(map(str, names))).int}")


def write_still(
    path: Path,
    image: NDArray[np.uint8],
    header: PatientHeader,
    scanner: Scanner,
    regions: Sequence[Region],
) -> None:
    """One picture (rows, columns) as US Image Storage, uncompressed."""
    data = _dataset(UltrasoundImageStorage, ExplicitVRLittleEndian, header, scanner)
    _add_pixel_description(data, *image.shape)
    _add_regions(data, regions, scanner)
    data.PixelData = _even(image.tobytes())
    data["PixelData"].VR = "OB"
    data.save_as(path, enforce_file_format=True)


def write_cine(
    path: Path,
    frames: NDArray[np.uint8],
    header: PatientHeader,
    scanner: Scanner,
    regions: Sequence[Region],
) -> None:
    """Frames (n, rows, columns) as US Multi-frame Image Storage, JPEG baseline."""
    data = _dataset(UltrasoundMultiFrameImageStorage, JPEGBaseline8Bit, header, scanner)
    _add_pixel_description(data, *frames.shape[1:])
    _add_regions(data, regions, scanner)
    data.NumberOfFrames = len(frames)
    data.FrameTime = FRAME_TIME_MS
    data.FrameIncrementPointer = 0x00181063  # FrameTime
    packed = [_jpeg(frame) for frame in frames]
    data.LossyImageCompression = "01"
    data.LossyImageCompressionRatio = f"{frames.nbytes / sum(map(len, packed)):.2f}"
    data.LossyImageCompressionMethod = "ISO_10918_1"
    data.PixelData = encapsulate(packed)
    data["PixelData"].VR = "OB"
    data.save_as(path, enforce_file_format=True)


def _dataset(
    sop_class: UID, transfer_syntax: UID, header: PatientHeader, scanner: Scanner
) -> FileDataset:
    """All of the header that does not depend on the pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = fixed_uid(header.key, "instance")
    meta.TransferSyntaxUID = transfer_syntax
    meta.ImplementationClassUID = fixed_uid("implementation", SOFTWARE_VERSION)
    meta.ImplementationVersionName = "HER2DESK_PHANTOM"
    data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID = sop_class
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    _add_patient_and_study(data, header)
    _add_series_and_equipment(data, header, scanner)
    data.ImageType = ["ORIGINAL", "PRIMARY", "BREAST", "0001"]
    data.InstanceNumber = 1
    data.ContentDate, data.ContentTime = DATE, TIME
    data.PatientOrientation = ""
    data.BurnedInAnnotation = "NO"
    data.QualityControlImage = "YES"  # PS3.3 C.7.6.1: a phantom, not a patient
    data.ImageComments = "Simulated phantom, not a patient"
    return data


def _add_patient_and_study(data: Dataset, header: PatientHeader) -> None:
    data.PatientName = header.patient_name
    data.PatientID = header.patient_id
    data.PatientBirthDate = ""
    data.PatientSex = "F"
    data.PatientAge = f"{header.age_years:03d}Y"
    data.StudyInstanceUID = fixed_uid(header.key, "study")
    data.StudyDate, data.StudyTime = DATE, TIME
    data.StudyID = "1"
    data.StudyDescription = "Simulated breast ultrasound"
    data.AccessionNumber = ""
    data.ReferringPhysicianName = ""


def _add_series_and_equipment(data: Dataset, header: PatientHeader, scanner: Scanner) -> None:
    data.Modality = "US"
    data.SeriesInstanceUID = fixed_uid(header.key, "series")
    data.SeriesNumber = 1
    data.BodyPartExamined = "BREAST"
    data.Laterality = header.laterality
    data.Manufacturer = MANUFACTURER
    data.ManufacturerModelName = scanner.model_name
    data.InstitutionName = scanner.site
    data.SoftwareVersions = SOFTWARE_VERSION
    data.TransducerType = "LINEAR"


def _add_pixel_description(data: Dataset, rows: int, columns: int) -> None:
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.Rows, data.Columns = rows, columns
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit = 7
    data.PixelRepresentation = 0
    data.UltrasoundColorDataPresent = 0


def _add_regions(data: Dataset, regions: Sequence[Region], scanner: Scanner) -> None:
    data.SequenceOfUltrasoundRegions = DicomSequence([_region(r, scanner) for r in regions])


def _region(region: Region, scanner: Scanner) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat = region.spatial_format
    item.RegionDataType = region.data_type
    item.RegionFlags = 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = region.x0, region.y0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = region.x1, region.y1
    item.ReferencePixelX0 = item.ReferencePixelY0 = 0
    item.ReferencePixelPhysicalValueX = item.ReferencePixelPhysicalValueY = 0.0
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = region.units_x, region.units_y
    item.PhysicalDeltaX, item.PhysicalDeltaY = region.delta_x, region.delta_y
    item.TransducerFrequency = round(1000 * scanner.frequency_mhz)  # kHz
    return item


def _jpeg(frame: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(frame).save(stream, "JPEG", quality=JPEG_QUALITY)
    return _even(stream.getvalue())


def _even(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)
