"""The outline in a file of any kind that holds one: ROI JSON, PNG mask, NIfTI, DICOM SEG."""

from pathlib import Path

from her2desk.dicom.frames import open_regular
from her2desk.dicom.kinds import FileKind, kind_of
from her2desk.dicom.mask import (
    MaskOutline,
    frame_contradicts,
    outline_from_mask,
    outline_of_mask,
)
from her2desk.dicom.nifti_mask import SUFFIXES, is_nifti, nifti_mask, nifti_masks
from her2desk.dicom.refusals import too_large
from her2desk.dicom.segmentation import segmentation_mask, segmentation_masks
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import roi_from_json
from her2desk.errors import InputRefused
from her2desk.texts import msg

SNIFFED_BYTES = 512
MAX_JSON_BYTES = 4 * 2**20  # MAX_POINTS points of 100 characters are half of it


def outline_from_file(path: Path, frame_index: int | None, image: UltrasoundImage) -> MaskOutline:
    """The outline in ``path`` on frame ``frame_index`` (from 0) of ``image``.

    What the file begins with decides how it is read, not its name. ``frame_index`` None is the
    frame that the file itself names, 0 where it names none. Whether the outline can be used on the
    image is for ``Roi.check``. Raises ``InputRefused``: ``unreadable-file``, ``roi-format``,
    ``roi-malformed``, ``frame-contradicts-roi``, and what ``outline_from_mask``, ``nifti_mask`` and
    ``segmentation_mask`` raise.
    """
    start = _start_of(path)
    kind, size = kind_of(start), (image.rows, image.columns)
    if kind is FileKind.RASTER:
        return outline_from_mask(path, frame_index, size)
    if kind is FileKind.DICOM:
        return outline_of_mask(segmentation_mask(path, frame_index, image), size)
    if is_nifti(start) or path.name.lower().endswith(SUFFIXES):
        return outline_of_mask(nifti_mask(path, frame_index, image), size)
    return _from_json(path, start, frame_index)


def outlines_from_file(path: Path, image: UltrasoundImage) -> tuple[MaskOutline, ...]:
    """Every outline in ``path``, one a frame of ``image`` in order of frame.

    NIfTI and DICOM SEG may hold several; of any other file it is ``outline_from_file``'s one.
    Raises as that does, but for ``frame-needed`` and ``frame-contradicts-roi``.
    """
    start = _start_of(path)
    kind, size = kind_of(start), (image.rows, image.columns)
    if kind is FileKind.DICOM:
        found = segmentation_masks(path, image)
    elif kind is not FileKind.RASTER and (is_nifti(start) or path.name.lower().endswith(SUFFIXES)):
        found = nifti_masks(path, image)
    else:
        return (outline_from_file(path, None, image),)
    return tuple(outline_of_mask(mask, size) for mask in found)


def _start_of(path: Path) -> bytes:
    try:
        with open_regular(path) as stream:
            return stream.read(SNIFFED_BYTES)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def _from_json(path: Path, start: bytes, frame_index: int | None) -> MaskOutline:
    if path.suffix.lower() != ".json" and start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"{":
        raise InputRefused(
            msg("{name} holds no outline that Her2Desk can read.", name=path.name),
            msg("Use an ROI file (JSON), a PNG or NIfTI mask, or a DICOM SEG."),
            code="roi-format",
        )
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_JSON_BYTES + 1)
        if len(content) > MAX_JSON_BYTES:
            raise too_large(msg("The outline's file is larger than any outline."))
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, "not UTF-8") from error
    roi = roi_from_json(text)
    if frame_index is not None and roi.frame_index != frame_index:
        raise frame_contradicts(roi.frame_index, frame_index)
    return MaskOutline(roi)


def _unreadable(path: Path, reason: str) -> InputRefused:
    return InputRefused(
        msg("{name} cannot be read: {reason}.", name=path.name, reason=reason),
        msg("Check the path and the file."),
        code="unreadable-file",
    )
