"""From a file on disk to a case, as the window's engine and the command line both read it."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.contents import frame_contents, outline_contents
from her2desk.dicom.pixels import Frame, grey
from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.image import UltrasoundImage, UserCalibration
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.radiomics.mask import rasterise

log = logging.getLogger(__name__)
Grey = NDArray[np.uint8]
CROP_MARGIN_PX = 10  # what the networks of the paper see around an outline


def read_case(
    path: Path, roi: Roi, clinical: ClinicalRecord, calibration: UserCalibration | None = None
) -> Case:
    """The case of one outline on one file, calibrated by the reader where ``calibration`` is given.

    Raises ``InputRefused`` for a file, an ROI or a calibration that cannot be used.
    """
    return case_of(open_image(path), roi, clinical, calibration)


def read_case_and_beside(
    path: Path, roi: Roi, clinical: ClinicalRecord, calibration: UserCalibration | None = None
) -> tuple[Case, tuple[tuple[int, Grey], ...]]:
    """``read_case``, and of a cine the frames before and after: their indices and grey values.

    A frame beside that cannot be decoded is left out. Raises as ``read_case``.
    """
    opened = open_image(path)
    case = case_of(opened, roi, clinical, calibration)
    beside = []
    for index in (roi.frame_index - 1, roi.frame_index + 1):
        if 0 <= index < opened.image.frames:
            try:
                beside.append((index, grey(opened.frames.frame(index))))
            except InputRefused:
                log.info("a frame beside the outline's cannot be decoded", exc_info=True)
    return case, tuple(beside)


def case_of(
    opened: OpenedImage,
    roi: Roi,
    clinical: ClinicalRecord,
    calibration: UserCalibration | None = None,
) -> Case:
    """The case of one outline on an opened image; the ROI is checked before its frame is decoded.

    Its image's warnings are the file's and what the outline's frame shows. Raises ``InputRefused``
    for an ROI or a calibration that cannot be used or a frame that cannot be decoded.
    """
    roi.check(opened.image)
    image = opened.image.calibrated_by(calibration)
    pixels = opened.frames.frame(roi.frame_index)
    return Case(_with_contents(image, pixels, roi), grey(pixels), roi, clinical)


def _with_contents(image: UltrasoundImage, pixels: Frame, roi: Roi) -> UltrasoundImage:
    mask = rasterise(roi.polygon, image.rows, image.columns)
    crop = roi.box(CROP_MARGIN_PX, image.rows, image.columns)
    found = (*outline_contents(pixels, mask, crop), *frame_contents(pixels, image))
    new = tuple(warning for warning in found if warning not in image.warnings)
    return replace(image, warnings=(*image.warnings, *new))
