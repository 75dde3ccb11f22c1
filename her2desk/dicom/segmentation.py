"""Masks from DICOM segmentations (SEG, PS3.3 A.51): binary ones that name the image they are of."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.filereader import read_dataset, read_preamble

from her2desk.dicom.carried_outline import (
    PRIVATE_CREATOR,
    PRIVATE_GROUP,
    carried_on,
    carried_rois,
)
from her2desk.dicom.frames import open_regular
from her2desk.dicom.header import (
    EXPLICIT_BIG,
    IMPLICIT_LITTLE,
    META_GROUP,
    NATIVE_SYNTAXES,
    Attributes,
    Clamped,
    quiet,
)
from her2desk.dicom.mask import (
    FrameMask,
    check_size,
    frame_contradicts,
    frame_needed,
    several_labels,
)
from her2desk.dicom.refusals import (
    malformed,
    no_such_frame,
    os_errors_refused,
    too_large,
    truncated,
)
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg

SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
SYNTAXES = tuple(syntax for syntax in NATIVE_SYNTAXES if syntax != EXPLICIT_BIG)
MAX_FILE_BYTES = 128 * 2**20  # one bit a pixel: 1,000 frames of 1024 × 768 are 94 MiB


@dataclass(frozen=True)
class _Plane:
    """One frame of a SEG: its place, its segment, the image's frames (from 0) that it names."""

    index: int
    segment: int | None
    frames: tuple[int, ...]


def segmentation_mask(path: Path, frame_index: int | None, image: UltrasoundImage) -> FrameMask:
    """The mask of one frame of ``image`` in the SEG file ``path``, all segments together.

    ``frame_index`` None is the frame that the file names, 0 where it names none. Raises
    ``InputRefused``: ``not-a-segmentation``, ``unsupported-segmentation``, ``roi-other-image``
    (the SEG refers to another SOP instance), ``frame-contradicts-roi``, ``frame-needed``,
    ``mask-size``, ``too-large``, ``truncated-frame``, ``malformed``, ``unreadable-file``.
    """
    content = _content(path, image)
    stated = content.frames
    if frame_index is None:
        if len(stated) > 1:
            raise frame_needed(len(stated))
        frame_index = next(iter(stated), 0)
    return content.mask_of(frame_index)


def segmentation_masks(path: Path, image: UltrasoundImage) -> list[FrameMask]:
    """The mask of every frame of ``image`` that the SEG file ``path`` names, in order of frame.

    A file that names no frame is of frame 0. Raises as ``segmentation_mask``.
    """
    content = _content(path, image)
    return [content.mask_of(frame) for frame in sorted(content.frames) or [0]]


@dataclass(frozen=True)
class _Content:
    """What a SEG holds of one image."""

    planes: tuple[_Plane, ...]
    data: bytes
    shape: tuple[int, int]
    drawn: tuple[Roi, ...]

    @property
    def frames(self) -> set[int]:
        """The image's frames (from 0) that it names."""
        return {frame for plane in self.planes for frame in plane.frames}

    def mask_of(self, frame_index: int) -> FrameMask:
        """The mask of a frame, all segments together."""
        chosen = [p for p in self.planes if not p.frames or frame_index in p.frames]
        if not chosen:
            raise frame_contradicts(min(self.frames), frame_index)
        segments = {plane.segment for plane in chosen}
        if len(chosen) > len(segments):
            raise _unsupported(
                msg("The segmentation does not say which of its frames is of which.")
            )
        mask = np.zeros(self.shape, dtype=np.bool_)
        for plane in chosen:
            mask |= _unpacked(self.data, plane.index, self.shape)
        warnings = (several_labels(len(segments)),) if len(segments) > 1 else ()
        return FrameMask(frame_index, mask, warnings, carried_on(self.drawn, frame_index))


def _content(path: Path, image: UltrasoundImage) -> _Content:
    attributes = _read(path)
    shape = (attributes.whole("Rows") or 0, attributes.whole("Columns") or 0)
    check_size(shape, (image.rows, image.columns))
    data = attributes.raw("PixelData")
    return _Content(
        tuple(_planes_of(attributes, image)),
        data if isinstance(data, bytes) else b"",
        shape,
        carried_rois(attributes.private_text(PRIVATE_GROUP, PRIVATE_CREATOR, 1)),
    )


def _read(path: Path) -> Attributes:
    """The data set of a binary segmentation."""
    with os_errors_refused(), open_regular(path) as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise too_large(msg("The segmentation is larger than any of ultrasound."))
    stream = Clamped(io.BytesIO(content), len(content))
    try:
        with quiet():
            read_preamble(stream, False)
            meta = Attributes(
                read_dataset(stream, False, True, stop_when=lambda tag, *_: tag >> 16 != META_GROUP)
            )
            syntax = meta.text("TransferSyntaxUID")
            _check_kind(meta, syntax)
            attributes = Attributes(read_dataset(stream, syntax == IMPLICIT_LITTLE, True))
    except InputRefused:
        raise
    except Exception as error:  # hostile files make pydicom raise anything
        raise malformed(msg("The DICOM file of the segmentation is damaged.")) from error
    if attributes.text("SegmentationType").upper() != "BINARY" or (
        attributes.whole("BitsAllocated") != 1
    ):
        raise _unsupported(msg("The segmentation is not a binary one, so its edge is not exact."))
    return attributes


def _check_kind(meta: Attributes, syntax: str) -> None:
    if meta.text("MediaStorageSOPClassUID") != SEGMENTATION_STORAGE:
        raise InputRefused(
            msg("This DICOM file is not a segmentation."),
            msg("Choose the DICOM SEG, a PNG or NIfTI mask, or an ROI file."),
            code="not-a-segmentation",
        )
    if syntax not in SYNTAXES:
        raise _unsupported(msg("The segmentation is stored compressed."))


def _planes_of(attributes: Attributes, image: UltrasoundImage) -> list[_Plane]:
    """The SEG's frames that are of ``image``."""
    uid = image.sop_instance_uid
    shared = attributes.items("SharedFunctionalGroupsSequence") or []
    groups = attributes.items("PerFrameFunctionalGroupsSequence") or []
    count = attributes.whole("NumberOfFrames") or 1
    named_for_all = set(_named_for_all(attributes))
    planes = []
    for index, group in enumerate(groups[:count] if groups else shared[:1]):
        named = [s for part in (group, *shared) for s in _sources(part)]
        here = [source for source in named if source.text("ReferencedSOPInstanceUID") == uid]
        if not here and (named or named_for_all != {uid}):
            continue
        numbers = {number for source in here for number in source.numbers("ReferencedFrameNumber")}
        frames = tuple(sorted(int(number) - 1 for number in numbers if number is not None))
        if frames and not 0 <= frames[0] <= frames[-1] < image.frames:
            raise no_such_frame(frames[-1] if frames[0] >= 0 else frames[0], image.frames)
        planes.append(_Plane(index, _segment((group, *shared)), frames))
    if not planes:
        raise InputRefused(
            msg("The segmentation does not refer to this image."),
            msg("Use the segmentation that was made of this image."),
            code="roi-other-image",
        )
    return planes


def _named_for_all(attributes: Attributes) -> Iterator[str]:
    """The SOP instances that the SEG as a whole refers to (PS3.3 C.12.2)."""
    for series in attributes.items("ReferencedSeriesSequence") or []:
        for instance in series.items("ReferencedInstanceSequence") or []:
            yield instance.text("ReferencedSOPInstanceUID")


def _sources(group: Attributes) -> Iterator[Attributes]:
    """The images that a frame was derived from (PS3.3 C.7.6.16.2.6)."""
    for derivation in group.items("DerivationImageSequence") or []:
        for source in derivation.items("SourceImageSequence") or []:
            if source.text("SpatialLocationsPreserved").upper() not in ("", "YES"):
                raise _unsupported(msg("The segmentation does not lie as its image does."))
            yield source


def _segment(groups: tuple[Attributes, ...]) -> int | None:
    for group in groups:
        for item in group.items("SegmentIdentificationSequence") or []:
            return item.whole("ReferencedSegmentNumber")
    return None


def _unpacked(data: bytes, index: int, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """One frame of bits, which begin at no byte's edge (PS3.5 8.1.1)."""
    pixels = shape[0] * shape[1]
    first, last = index * pixels, (index + 1) * pixels
    if last > 8 * len(data):
        raise truncated()
    packed = np.frombuffer(data, np.uint8)[first // 8 : -(-last // 8)]
    bits = np.unpackbits(packed, bitorder="little")
    return bits[first % 8 : first % 8 + pixels].astype(np.bool_).reshape(shape)


def _unsupported(what: Message) -> InputRefused:
    return InputRefused(
        what,
        msg("Save it as a binary, uncompressed segmentation of the original image."),
        code="unsupported-segmentation",
    )
