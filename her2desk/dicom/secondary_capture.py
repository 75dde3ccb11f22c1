"""A picture of the answer as DICOM: a Secondary Capture (PS3.3 A.8.1) for viewers without SR or SEG."""

from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage
from pydicom.valuerep import DS

from her2desk.dicom.derived import CAPTURE_SERIES, date_and_time, named_by_content, stamp
from her2desk.dicom.origin import Origin, origin_of
from her2desk.domain.image import UltrasoundImage
from her2desk.errors import InputRefused
from her2desk.texts import msg

DERIVATION = "Outline of a lesion drawn over one frame"
WITH_HEATMAP = "Outline of a lesion and a heatmap of a network drawn over one frame"


def secondary_capture_bytes(
    rgb: NDArray[np.uint8],
    source: Path,
    image: UltrasoundImage,
    frame_index: int,
    *,
    when: datetime,
    is_demo: bool,
    has_text: bool = True,
    has_heatmap: bool = False,
    spacing_mm: tuple[float, float] | None = None,
) -> bytes:
    """The DICOM file of ``rgb``, uint8 (rows, columns, 3), drawn from one frame of ``image``.

    ``has_text`` says whether words are burned into the picture. ``spacing_mm``, (row, column), is the
    spacing of the picture given, and only to be given where that has the frame's own proportions. The
    same arguments give the same bytes. Raises ``InputRefused``: ``capture-size`` for a picture of no
    or too many pixels, and what ``origin_of`` raises.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise ValueError("a secondary capture needs uint8 RGB")
    if not all(0 < side < 2**16 for side in rgb.shape[:2]):
        raise InputRefused(
            msg("This picture is too large for DICOM."),
            msg("Make it smaller."),
            code="capture-size",
        )
    origin = origin_of(source, image)
    ds = Dataset()
    origin.describe(ds)
    stamp(ds, origin, when)
    ds.SOPClassUID = SecondaryCaptureImageStorage
    demo = "DEMO, " if is_demo else ""
    ds.Modality, ds.ConversionType = "OT", "WSD"
    ds.SeriesNumber, ds.InstanceNumber = CAPTURE_SERIES, 1
    ds.SeriesDescription = f"Picture of the predicted HER-2 status ({demo}research use)"
    ds.DateOfSecondaryCapture, ds.TimeOfSecondaryCapture = date_and_time(origin.local(when))
    ds.ImageType = ["DERIVED", "SECONDARY"]
    ds.PatientOrientation = None  # not known, as in the ultrasound image
    ds.Laterality = image.laterality if image.laterality in ("L", "R") else ""
    ds.BurnedInAnnotation = "YES" if has_text else "NO"
    ds.DerivationDescription = WITH_HEATMAP if has_heatmap else DERIVATION
    _refer(ds, origin, frame_index if image.frames > 1 else None)
    _picture(ds, rgb)
    if spacing_mm is not None:
        ds.PixelSpacing = [DS(mm, auto_format=True) for mm in spacing_mm]
        ds.PixelSpacingCalibrationType = "GEOMETRY"
        ds.PixelSpacingCalibrationDescription = "Spacing of the ultrasound image"
    return named_by_content(ds)


def _refer(ds: Dataset, origin: Origin, frame_index: int | None) -> None:
    item = origin.reference(frame_index)
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator = "121322", "DCM"
    purpose.CodeMeaning = "Source image for image processing operation"
    item.PurposeOfReferenceCodeSequence = [purpose]
    ds.SourceImageSequence = [item]


def _picture(ds: Dataset, rgb: NDArray[np.uint8]) -> None:
    ds.Rows, ds.Columns = rgb.shape[:2]
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    content = rgb.tobytes()
    ds.PixelData = content + bytes(len(content) % 2)
    ds["PixelData"].VR = "OB"
