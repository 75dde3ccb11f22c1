"""From a file on disk to a case, as the window's engine and the command line both read it."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.contents import frame_contents, has_colour, outline_contents
from her2desk.dicom.pixels import Frame, grey
from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.image import ImageWarning, UltrasoundImage, UserCalibration
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.inference.remembered import Memory, recalled
from her2desk.radiomics.mask import rasterise

log = logging.getLogger(__name__)
Grey = NDArray[np.uint8]
CROP_MARGIN_PX = 10  # what the networks of the paper see around an outline


@dataclass(frozen=True)
class _Frame:
    """One decoded frame: as shown, in grey (rows, columns), and what it shows besides tissue."""

    shown: Frame
    grey: Grey
    contents: tuple[ImageWarning, ...]
    has_colour: bool


def read_case(
    path: Path, roi: Roi, clinical: ClinicalRecord, calibration: UserCalibration | None = None
) -> Case:
    """The case of one outline on one file, calibrated by the reader where ``calibration`` is given.

    Raises ``InputRefused`` for a file, an ROI or a calibration that cannot be used.
    """
    return case_of(open_image(path), roi, clinical, calibration)


def case_of(
    opened: OpenedImage,
    roi: Roi,
    clinical: ClinicalRecord,
    calibration: UserCalibration | None = None,
    memory: Memory | None = None,
) -> Case:
    """The case of one outline on an opened image; the ROI is checked before its frame is decoded.

    Its image's warnings are the file's and what the outline's frame shows. ``memory`` may know the
    frame. Raises ``InputRefused`` for an ROI or a calibration that cannot be used or a frame that
    cannot be decoded.
    """
    check_roi(roi, opened.image, memory)
    image = opened.image.calibrated_by(calibration)
    frame = _frame(opened, roi.frame_index, memory)
    coloured = frame.shown if frame.has_colour else None
    return Case(_with_contents(image, frame, roi, memory), frame.grey, roi, clinical, coloured)


def frames_beside(opened: OpenedImage, index: int) -> tuple[tuple[int, Grey], ...]:
    """The frames before and after ``index``: their indices and grey values (rows, columns).

    A frame that cannot be decoded is left out.
    """
    beside = []
    for near in (index - 1, index + 1):
        if 0 <= near < opened.image.frames:
            try:
                beside.append((near, grey(opened.frames.frame(near))))
            except InputRefused:
                log.info("a frame beside the outline's cannot be decoded", exc_info=True)
    return tuple(beside)


def frame_of(opened: OpenedImage, index: int, memory: Memory) -> tuple[Frame, Grey]:
    """A frame as it is shown and in grey, kept for the outline that may be drawn on it.

    Raises ``InputRefused``.
    """
    frame = _frame(opened, index, memory)
    return frame.shown, frame.grey


def check_roi(roi: Roi, image: UltrasoundImage, memory: Memory | None) -> None:
    """Raise ``InputRefused`` unless the ROI can be used on ``image``."""

    def work() -> bool:
        roi.check(image)
        return True

    size = image.frames, image.rows, image.columns
    recalled(memory, "usable", (np.array(roi.polygon), roi.frame_index, size), work, lambda _: ())


def mask_of(roi: Roi, image: UltrasoundImage, memory: Memory | None) -> NDArray[np.bool_]:
    """The pixels of an outline on ``image``, (rows, columns)."""
    return recalled(
        memory,
        "mask",
        (np.array(roi.polygon), image.rows, image.columns),
        lambda: rasterise(roi.polygon, image.rows, image.columns),
        lambda mask: [mask],
    )


def _frame(opened: OpenedImage, index: int, memory: Memory | None) -> _Frame:
    """Frame ``index``, which an outline can be drawn on."""

    def work() -> _Frame:
        shown = opened.frames.frame(index)
        return _Frame(shown, grey(shown), frame_contents(shown, opened.image), has_colour(shown))

    return recalled(
        memory, "frame", (opened.image.sha256, index), work, lambda frame: (frame.shown, frame.grey)
    )


def _with_contents(
    image: UltrasoundImage, frame: _Frame, roi: Roi, memory: Memory | None
) -> UltrasoundImage:
    mask = mask_of(roi, image, memory)
    crop = roi.box(CROP_MARGIN_PX, image.rows, image.columns)
    found = (*outline_contents(frame.shown, mask, crop), *frame.contents)
    new = tuple(warning for warning in found if warning not in image.warnings)
    return replace(image, warnings=(*image.warnings, *new))
