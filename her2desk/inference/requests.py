"""From a file on disk to a case, as the window's engine and the command line both read it."""

from pathlib import Path

from her2desk.dicom.pixels import grey
from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.roi import Roi


def read_case(path: Path, roi: Roi, clinical: ClinicalRecord) -> Case:
    """The case of one outline on one file.

    Raises ``InputRefused`` for a file or an ROI that cannot be used.
    """
    return case_of(open_image(path), roi, clinical)


def case_of(opened: OpenedImage, roi: Roi, clinical: ClinicalRecord) -> Case:
    """The case of one outline on an opened image; the ROI is checked before its frame is decoded.

    Raises ``InputRefused`` for an ROI that cannot be used or a frame that cannot be decoded.
    """
    roi.check(opened.image)
    return Case(opened.image, grey(opened.frames.frame(roi.frame_index)), roi, clinical)
