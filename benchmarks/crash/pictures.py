"""Small ultrasound files for victims to import, all of them different."""

from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

PATIENT = "Crash^Test"
ULTRASOUND_IMAGE = UID("1.2.840.10008.5.1.4.1.1.6.1")
ROWS, COLUMNS = 240, 320
EVERY_PNG = 4  # one picture in so many has no calibration of its own


def write_pictures(folder: Path, count: int, seed: int, *, png: bool = True) -> list[Path]:
    """Write ``count`` pictures of speckle: calibrated DICOM and, with ``png``, some without a header."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    paths = []
    for number in range(count):
        pixels = np.clip(rng.rayleigh(40, (ROWS, COLUMNS)), 0, 255).astype(np.uint8)
        if png and number % EVERY_PNG == EVERY_PNG - 1:
            path = folder / f"picture{number}.png"
            Image.fromarray(pixels).save(path)
        else:
            path = folder / f"picture{number}.dcm"
            _dicom(pixels, f"1.2.3.{seed}.{number}").save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _dicom(pixels: np.ndarray, uid: str) -> Dataset:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = ULTRASOUND_IMAGE
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = uid
    data.Modality, data.PatientID, data.PatientName = "US", f"P{uid[-6:]}", PATIENT
    data.StudyInstanceUID, data.StudyDate = f"{uid}.1", "20240101"
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = COLUMNS - 1, ROWS - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.01
    data.SequenceOfUltrasoundRegions = [region]
    data.PixelData = pixels.tobytes()
    return data
