"""Writing masks as NIfTI-1, so that ITK-SNAP lays them over the image they are of."""

import gzip
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.carried_outline import carried_text
from her2desk.dicom.nifti_mask import COMMENT, HEADER_BYTES, MAX_VOXEL_BYTES, NIFTI_1
from her2desk.dicom.refusals import too_large
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.texts import msg

UINT8, MILLIMETRES, SCANNER = 2, 2, 1  # codes of nifti1.h
BLOCK = 16  # extensions end at multiples of it


def nifti_bytes(
    masks: Sequence[NDArray[np.bool_]],
    rois: Sequence[Roi],
    image: UltrasoundImage,
    *,
    packed: bool,
) -> bytes:
    """A NIfTI-1 file of ``masks`` (rows, columns), each on its ROI's frame; label 1 is the lesion.

    It has one slice a frame of the image. Its geometry is the one that ITK, and so ITK-SNAP, gives
    the ultrasound image itself: PixelSpacing, or 1 mm where the file has none (an ultrasound
    region's calibration is not read there), rows and columns along the patient's left and back.
    Else ITK-SNAP would not lay one on the other. Raises ``InputRefused`` (``too-large``).
    """
    if image.frames * image.rows * image.columns > MAX_VOXEL_BYTES:
        raise too_large(msg("The image has more frames than a NIfTI mask can have here."))
    volume = np.zeros((image.frames, image.rows, image.columns), dtype=np.uint8)
    for mask, roi in zip(masks, rois, strict=True):
        volume[roi.frame_index] = mask
    extension = _extension(carried_text(rois))
    content = _header(image, HEADER_BYTES + len(extension)) + extension + volume.tobytes()
    return gzip.compress(content, mtime=0) if packed else content


def _extension(text: str) -> bytes:
    """The four bytes behind the header and, where there is a text, it as a comment."""
    if not text:
        return bytes(4)
    size = -(-(8 + len(text)) // BLOCK) * BLOCK
    return (
        bytes([1, 0, 0, 0])
        + struct.pack("<2i", size, COMMENT)
        + text.encode().ljust(size - 8, b"\0")
    )


def _header(image: UltrasoundImage, offset: int) -> bytes:
    """The header (nifti1.h). NIfTI points right, front and up, ITK left, back and up: x, y turn."""
    row_mm, column_mm = image.pixel_spacing_mm or (1.0, 1.0)
    header = bytearray(HEADER_BYTES)
    fields = (
        (0, "i", (HEADER_BYTES,)),
        (40, "8h", (3, image.columns, image.rows, image.frames, 1, 1, 1, 1)),
        (70, "2h", (UINT8, 8)),
        (76, "8f", (1, column_mm, row_mm, 1, 0, 0, 0, 0)),
        (108, "3f", (offset, 1, 0)),
        (123, "b", (MILLIMETRES,)),
        (148, "8s", (b"Her2Desk",)),
        (252, "2h", (SCANNER, SCANNER)),
        (256, "3f", (0, 0, 1)),  # half a turn about the third axis
        (280, "12f", (-column_mm, 0, 0, 0, 0, -row_mm, 0, 0, 0, 0, 1, 0)),
        (344, "4s", (NIFTI_1,)),
    )
    for place, form, values in fields:
        struct.pack_into("<" + form, header, place, *values)
    return bytes(header)
