"""Masks as ITK-SNAP saves them: NIfTI in one file, plain or gzipped."""

import math
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.carried_outline import carried_on, carried_rois
from her2desk.dicom.frames import open_regular
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

GZIP_START = b"\x1f\x8b"
NIFTI_1, NIFTI_2 = b"n+1\0", b"n+2\0"
HEADER_BYTES = 348
FIRST_VOXEL_OFFSET = 352
GZIP_WINDOW = 31  # zlib's way to say that a gzip header comes first
PIECE_BYTES = 64 * 2**10
MOST_MEMBERS = 100_000  # bgzip makes one of every 64 KB: 8,192 of the largest mask
MAX_FILE_BYTES = 512 * 2**20
MAX_VOXEL_BYTES = 2**29  # reading takes twice as much
MAX_VOXEL_OFFSET = 2**20  # ITK-SNAP writes 352; more is extensions
COMMENT = 6  # an extension of plain text (nifti1.h, NIFTI_ECODE_COMMENT)
SUFFIXES = (".nii", ".nii.gz")
DIRECTION_TOLERANCE = 1e-3
HALF_PIXEL = 0.5

_LARGER = msg("The mask is larger than any ultrasound mask.")
_FROM_THIS_IMAGE = msg("Save the mask again in ITK-SNAP with this image as main image.")


def is_nifti(start: bytes) -> bool:
    """Whether a file that begins with ``start`` is NIfTI in one file, or gzipped (taken for it)."""
    return start.startswith(GZIP_START) or start[344:348] == NIFTI_1 or start[4:8] == NIFTI_2


def nifti_mask(path: Path, frame_index: int | None, image: UltrasoundImage) -> FrameMask:
    """The mask of one frame of ``image`` in the NIfTI file ``path``; every value but 0 is marked.

    The file has one slice, or as many as ``image`` has frames; ``frame_index`` None is the one
    marked frame. NIfTI keeps a direction: SimpleITK and ITK-SNAP read an ultrasound image as
    pointing along its columns and rows, so an axis that points the other way is turned back if its
    origin says that it spans the same place, and refused else.
    Raises ``InputRefused``: ``unreadable-file``, ``malformed``, ``too-large``, ``truncated-frame``,
    ``mask-format``, ``mask-values``, ``mask-direction``, ``mask-size``, ``mask-frames``,
    ``frame-needed``, ``no-such-frame``, ``frame-contradicts-roi``.
    """
    planes, drawn = _content(path, image)
    index = _frame(planes, frame_index, image.frames)
    return _mask_of(planes, drawn, index)


def nifti_masks(path: Path, image: UltrasoundImage) -> list[FrameMask]:
    """The mask of every marked frame of ``image``; of frame 0 where there is one slice or no mark.

    Raises as ``nifti_mask``.
    """
    planes, drawn = _content(path, image)
    if len(planes) not in (1, image.frames):
        raise _other_frames(len(planes), image.frames)
    marked = np.flatnonzero((planes != 0).any(axis=(1, 2)))
    frames = marked.tolist() if len(planes) > 1 and len(marked) else [0]
    return [_mask_of(planes, drawn, int(frame)) for frame in frames]


def _content(path: Path, image: UltrasoundImage) -> tuple[NDArray[Any], tuple[Roi, ...]]:
    """The slices, and the outlines that the file says they were filled from."""
    drawn = carried_rois(_check_file(path))
    planes = _planes(path)
    check_size((planes.shape[1], planes.shape[2]), (image.rows, image.columns))
    return planes, drawn


def _mask_of(planes: NDArray[Any], drawn: tuple[Roi, ...], index: int) -> FrameMask:
    plane = planes[index if len(planes) > 1 else 0]
    values = np.unique(plane)
    if not np.array_equal(values, np.rint(values)):
        raise InputRefused(
            msg("The mask holds fractions, so where the lesion ends is not clear."),
            msg("Save it as a segmentation with whole-number labels."),
            code="mask-values",
        )
    labels = int(np.count_nonzero(values))
    warnings = (several_labels(labels),) if labels > 1 else ()
    mask = np.asarray(plane != 0, dtype=np.bool_)
    return FrameMask(index, mask, warnings, carried_on(drawn, index))


def _check_file(path: Path) -> str:
    """Refuse what the library should not unpack, and what it would fill up with zeros.

    Returns the comment that the file carries, empty where it has none.
    """
    if not path.name.lower().endswith(SUFFIXES):
        raise InputRefused(
            msg("This looks like NIfTI or a compressed file, but its name does not end in .nii."),
            msg("Rename it to .nii, or to .nii.gz where it is compressed."),
            code="mask-format",
        )
    with os_errors_refused(), open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > MAX_FILE_BYTES:
            raise too_large(_LARGER)
        is_packed = stream.read(len(GZIP_START)) == GZIP_START
        stream.seek(0)
        if not is_packed:
            header = stream.read(HEADER_BYTES)
            if _voxels_end(header) > size:
                raise truncated()
            return _comment(header, stream)
        unpacked = _Unpacked(stream)
        header = unpacked.read(HEADER_BYTES)
        end = _voxels_end(header)
        said = _comment(header, unpacked)
        if unpacked.skip_to(end) < end:
            raise truncated()
        return said


class _Unpacked:
    """A gzipped file read forwards.

    Not ``gzip``, which goes through a file's name byte by byte and starts anew for every member: 20
    MB of either keep it busy for a minute.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._pieces = _pieces(stream)
        self._left = b""
        self._position = 0

    def read(self, length: int) -> bytes:
        """So many bytes, or what is left of the file."""
        while len(self._left) < length and (piece := next(self._pieces, b"")):
            self._left += piece
        content, self._left = self._left[:length], self._left[length:]
        self._position += len(content)
        return content

    def skip_to(self, position: int) -> int:
        """Go forwards to a position; the file's end where that comes first."""
        while self._position < position and self.read(min(PIECE_BYTES, position - self._position)):
            pass
        return self._position


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    unpacker, members, content = zlib.decompressobj(GZIP_WINDOW), 0, b""
    try:
        while content := content or stream.read(PIECE_BYTES):
            piece = unpacker.decompress(content, PIECE_BYTES)
            content = unpacker.unconsumed_tail
            if unpacker.eof:
                content = unpacker.unused_data.lstrip(b"\0")
                unpacker, members = zlib.decompressobj(GZIP_WINDOW), members + 1
            if members > MOST_MEMBERS:
                raise _damaged()
            if piece:
                yield piece
    except zlib.error as error:
        raise _damaged() from error


def _voxels_end(header: bytes) -> int:
    """Where the voxels end in the unpacked file, by its header (nifti1.h)."""
    if header[4:8] == NIFTI_2:
        raise InputRefused(
            msg("The mask is NIfTI-2, which Her2Desk does not read."),
            _FROM_THIS_IMAGE,
            code="mask-format",
        )
    if len(header) < HEADER_BYTES or header[344:348] != NIFTI_1:
        raise _damaged()
    order = next((o for o in "<>" if struct.unpack_from(o + "i", header)[0] == HEADER_BYTES), "")
    if not order:
        raise _damaged()
    axes, *lengths = struct.unpack_from(order + "8h", header, 40)
    (bits,) = struct.unpack_from(order + "h", header, 72)
    offset, slope, intercept = struct.unpack_from(order + "3f", header, 108)
    lengths = lengths[: max(axes, 0)]
    if not 2 <= axes <= 7 or min(lengths) < 1 or bits < 1 or not math.isfinite(offset):
        raise _damaged()
    voxel_bytes: int = math.prod(lengths) * -(-bits // 8)
    if voxel_bytes > MAX_VOXEL_BYTES or offset > MAX_VOXEL_OFFSET:
        raise too_large(_LARGER)
    if offset < FIRST_VOXEL_OFFSET:  # readers guess where they begin, each in its own way
        raise _damaged()
    if math.isfinite(slope) and slope and intercept:
        raise InputRefused(
            msg("The mask's header adds a number to every pixel, so none is unmarked."),
            msg("Save it as a segmentation with whole-number labels."),
            code="mask-values",
        )
    return int(offset) + voxel_bytes


def _comment(header: bytes, stream: Any) -> str:
    """The text of the first extension, where it is a comment; ``stream`` is behind the header."""
    order = "<" if struct.unpack_from("<i", header)[0] == HEADER_BYTES else ">"
    (offset,) = struct.unpack_from(order + "f", header, 108)
    extensions = stream.read(max(0, int(offset) - HEADER_BYTES))
    if len(extensions) < 12 or extensions[0] == 0:
        return ""
    size, code = struct.unpack_from(order + "2i", extensions, 4)
    if 4 + size > len(extensions):
        raise _damaged()  # the pixels begin amid what is no pixel
    if code != COMMENT or size < 8:
        return ""
    return bytes(extensions[12 : 4 + size]).rstrip(b"\0").decode("ascii", "replace")


def _planes(path: Path) -> NDArray[Any]:
    """The slices (slices, rows, columns), turned so that they lie as the image does."""
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("NiftiImageIO")
    reader.SetFileName(str(path))
    try:
        volume = reader.Execute()
    except RuntimeError as error:
        raise _damaged() from error
    if volume.GetNumberOfComponentsPerPixel() > 1:
        raise InputRefused(
            msg("The file holds a colour picture or a vector field, not a mask."),
            msg("Save the segmentation, not the image."),
            code="mask-format",
        )
    array: NDArray[Any] = SimpleITK.GetArrayFromImage(volume)  # axes the other way round: [z, y, x]
    array = np.flip(array, tuple(array.ndim - 1 - axis for axis in _turned_axes(volume)))
    if sum(length > 1 for length in array.shape[:-2]) > 1:
        raise _other_frames(math.prod(array.shape[:-2]), None)
    planes: NDArray[Any] = array.reshape(-1, *array.shape[-2:])
    return planes


def _turned_axes(volume: Any) -> list[int]:
    """The axes to turn back, x first."""
    n = volume.GetDimension()
    direction = np.array(volume.GetDirection()).reshape(n, n)
    signs = np.sign(np.diag(direction))
    if not np.allclose(direction, np.diag(signs), atol=DIRECTION_TOLERANCE):
        raise _misdirected(msg("The mask is turned or tilted against the image."))
    turned = [axis for axis in range(n) if signs[axis] < 0 and volume.GetSize()[axis] > 1]
    for axis in turned:
        spacing = volume.GetSpacing()[axis]
        far_end = (volume.GetSize()[axis] - 1) * spacing
        if not abs(volume.GetOrigin()[axis] - far_end) <= HALF_PIXEL * spacing:  # or no number
            raise _misdirected(
                msg("The mask's direction is mirrored, and whether its pixels are is not clear.")
            )
    return turned


def _frame(planes: NDArray[Any], frame_index: int | None, frames: int) -> int:
    """Which frame of the image the mask is of."""
    if len(planes) == 1:
        return frame_index or 0
    if len(planes) != frames:
        raise _other_frames(len(planes), frames)
    marked = np.flatnonzero((planes != 0).any(axis=(1, 2)))
    if frame_index is None:
        if len(marked) > 1:
            raise frame_needed(len(marked))
        return int(marked[0]) if len(marked) else 0
    if not 0 <= frame_index < frames:
        raise no_such_frame(frame_index, frames)
    if len(marked) and frame_index not in marked:
        raise frame_contradicts(int(marked[0]), frame_index)
    return frame_index


def _other_frames(slices: int, frames: int | None) -> InputRefused:
    what = (
        msg("The mask has {slices} slices in more than one direction.", slices=slices)
        if frames is None
        else msg(
            "The mask has {slices} slices, the image {frames} frames.", slices=slices, frames=frames
        )
    )
    return InputRefused(what, _FROM_THIS_IMAGE, code="mask-frames")


def _misdirected(what: Message) -> InputRefused:
    return InputRefused(what, _FROM_THIS_IMAGE, code="mask-direction")


def _damaged() -> InputRefused:
    return malformed(msg("The NIfTI file is damaged."))
