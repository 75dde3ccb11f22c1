"""Small ultrasound files to import."""

from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

ULTRASOUND_IMAGE = UID("1.2.840.10008.5.1.4.1.1.6.1")
ROWS, COLUMNS = 40, 60


def write_ultrasound(path: Path, *, modality: str = "US", shade: int = 90) -> Path:
    """An ultrasound still with one region of 0.1 mm (rows) by 0.2 mm (columns)."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = ULTRASOUND_IMAGE
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[path.name])
    image = Dataset()
    image.file_meta = meta
    image.SOPClassUID = ULTRASOUND_IMAGE
    image.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    image.Modality = modality
    image.PatientID = "P-1"
    image.Rows, image.Columns = ROWS, COLUMNS
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit, image.PixelRepresentation = 7, 0
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = COLUMNS - 1, ROWS - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX, region.PhysicalDeltaY = 0.02, 0.01
    image.SequenceOfUltrasoundRegions = [region]
    image.PixelData = bytes([shade]) * (ROWS * COLUMNS)
    image.save_as(path, enforce_file_format=True)
    return path
