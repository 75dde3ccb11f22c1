"""Masks as ITK-SNAP saves them: NIfTI in one file, plain or gzipped."""

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg

GZIP_START = b"\x1f\x8b"
NIFTI_1, NIFTI_2 = b"n+1\0", b"n+2\0"
HEADER_BYTES = 348
MAX_FILE_BYTES = 512 * 2**20
MAX_VOXEL_BYTES = 2**29  # reading takes twice as much
MAX_VOXEL_OFFSET = 2**20  # ITK-SNAP writes 352; more is extensions
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
    _check_file(path)
    planes = _planes(path)
    check_size((planes.shape[1], planes.shape[2]), (image.rows, image.columns))
    index = _frame(planes, frame_index, image.frames)
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
    return FrameMask(index, np.asarray(plane != 0, dtype=np.bool_), warnings)


def _check_file(path: Path) -> None:
    """Refuse what the library should not unpack, and what it would fill up with zeros."""
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
            if _voxels_end(stream.read(HEADER_BYTES)) > size:
                raise truncated()
            return
        try:
            with gzip.GzipFile(fileobj=stream) as unpacked:
                end = _voxels_end(unpacked.read(HEADER_BYTES))
                if unpacked.seek(end) < end:
                    raise truncated()
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
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
    (offset,) = struct.unpack_from(order + "f", header, 108)
    lengths = lengths[: max(axes, 0)]
    if not 2 <= axes <= 7 or min(lengths) < 1 or bits < 1 or not math.isfinite(offset):
        raise _damaged()
    voxel_bytes: int = math.prod(lengths) * -(-bits // 8)
    if voxel_bytes > MAX_VOXEL_BYTES or not 0 <= offset <= MAX_VOXEL_OFFSET:
        raise too_large(_LARGER)
    return int(offset) + voxel_bytes


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
        if abs(volume.GetOrigin()[axis] - far_end) > HALF_PIXEL * spacing:
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
