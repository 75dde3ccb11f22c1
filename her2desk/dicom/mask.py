"""From a mask to an outline, and masks as PNG files hold them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.carried_outline import PNG_KEYWORD, carried_rois, drawn_as
from her2desk.dicom.raster import SIXTEEN_BIT_MODES, read_picture, to_8bit
from her2desk.domain.image import ImageWarning
from her2desk.domain.roi import MAX_POINTS, Point, Roi
from her2desk.errors import InputRefused
from her2desk.texts import msg

CENTRE = 0.5  # a pixel's centre lies half a pixel from its corner (SCOORD)


@dataclass(frozen=True)
class FrameMask:
    """The mask (rows, columns) of one frame as a file holds it, and what to say of it.

    ``drawn`` is the outline that the file says the mask was filled from.
    """

    frame_index: int
    mask: NDArray[np.bool_]
    warnings: tuple[ImageWarning, ...] = ()
    drawn: Roi | None = None


@dataclass(frozen=True)
class MaskOutline:
    """The outline read from a mask, and what of the mask it leaves out."""

    roi: Roi
    warnings: tuple[ImageWarning, ...] = ()


def roi_from_mask(path: Path, frame_index: int | None, size: tuple[int, int] | None = None) -> Roi:
    """The outline of ``outline_from_mask`` without its warnings."""
    return outline_from_mask(path, frame_index, size).roi


def outline_from_mask(
    path: Path, frame_index: int | None, size: tuple[int, int] | None = None
) -> MaskOutline:
    """``outline_of_mask`` of the PNG file ``path``: every value but 0 (black) is of the lesion.

    ``frame_index`` None is the frame that the file carries, 0 where it carries none. Raises
    ``InputRefused`` also with ``mask-format``, with ``frame-contradicts-roi`` and with
    ``open_image``'s codes for a file that cannot be read.
    """
    return outline_of_mask(_png_mask(path, frame_index), size)


def outline_of_mask(found: FrameMask, size: tuple[int, int] | None = None) -> MaskOutline:
    """The outline of the largest part of a mask; ``size`` is the image's (rows, columns).

    A mask that carries the outline it was filled from gives that back. Any other's outline runs
    halfway between the centres of the pixels inside and outside (marching squares, Lorensen & Cline
    1987), so filling it by pixel centres gives the part back exactly, holes filled; where a smooth
    outline was drawn it lies within half a pixel of it (by 1/(8r) more where the radius is r px).
    Raises ``InputRefused``: ``mask-size`` where the mask is not of the image's size,
    ``mask-empty``, and ``mask-ragged`` where no outline could follow its edge.
    """
    mask = found.mask
    if size is not None:
        check_size((mask.shape[0], mask.shape[1]), size)
    if not mask.any():
        raise InputRefused(
            msg("The mask is empty: no pixel is marked."),
            msg("Use a mask that marks the lesion, or draw the outline."),
            code="mask-empty",
        )
    if found.drawn is not None:
        drawn = drawn_as(found.drawn, found.frame_index, mask)
        if drawn is not None:
            return MaskOutline(drawn, found.warnings)
    part, parts, has_holes = _largest_part(mask)
    warnings = list(found.warnings)
    if parts > 1:
        warnings.append(
            ImageWarning(
                "mask-parts",
                msg("The mask has {parts} separate parts; the largest is used.", parts=parts),
            )
        )
    if has_holes:
        warnings.append(
            ImageWarning("mask-holes", msg("The mask has holes; the outline includes them."))
        )
    polygon = trace(part)
    if len(polygon) > MAX_POINTS:
        raise InputRefused(
            msg("The mask's edge is too ragged to be an outline."),
            msg("Draw the outline again around the lesion."),
            code="mask-ragged",
        )
    assisted_by = found.drawn.assisted_by if found.drawn is not None else None
    return MaskOutline(Roi(found.frame_index, polygon, assisted_by), tuple(warnings))


def check_size(mask: tuple[int, int], image: tuple[int, int]) -> None:
    """Raise ``InputRefused`` (``mask-size``) unless both have the same (rows, columns)."""
    if mask != image:
        raise InputRefused(
            msg(
                "The mask is {mask_columns} × {mask_rows} pixels, the image {columns} × {rows}.",
                mask_columns=mask[1],
                mask_rows=mask[0],
                columns=image[1],
                rows=image[0],
            ),
            msg("Use the mask that was drawn on this image."),
            code="mask-size",
        )


def frame_needed(frames: int) -> InputRefused:
    """The refusal of an outline on several frames where none was asked for."""
    return InputRefused(
        msg("The mask marks {n} frames of the image.", n=frames),
        msg("Say which frame is meant."),
        code="frame-needed",
    )


def frame_contradicts(frame_index: int, asked: int) -> InputRefused:
    """The refusal of an outline on ``frame_index`` where ``asked`` was (both from 0)."""
    return InputRefused(
        msg(
            "The outline is on frame {frame}, not on frame {asked}.",
            frame=frame_index + 1,
            asked=asked + 1,
        ),
        msg("Correct the frame's number, or use the outline of that frame."),
        code="frame-contradicts-roi",
    )


def several_labels(labels: int) -> ImageWarning:
    """What to say of a mask that tells several structures apart."""
    return ImageWarning(
        "mask-labels",
        msg("The mask has {labels} labels; all of them count as the lesion.", labels=labels),
    )


def trace(part: NDArray[np.bool_]) -> tuple[Point, ...]:
    """The outer boundary of one connected part (rows, columns) as (column, row) points."""
    from skimage.measure import find_contours

    padded = np.pad(part, 1).astype(np.float64)
    outer = max(find_contours(padded, 0.5, fully_connected="high"), key=len)
    points = outer[:-1] - 1 + CENTRE  # the last repeats the first; 1 for the padding
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    turns = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    return tuple((float(column), float(row)) for row, column in points[turns])


def _png_mask(path: Path, frame_index: int | None) -> FrameMask:
    picture = read_picture(path)
    if picture.format != "PNG":
        raise InputRefused(
            msg("The mask is not a PNG file, so its edge is not exact."),
            msg("Save the mask as PNG."),
            code="mask-format",
        )
    is_deep = picture.mode in SIXTEEN_BIT_MODES
    values = np.asarray(picture) if is_deep else to_8bit(picture)
    mask = np.asarray(values.reshape(*values.shape[:2], -1).any(axis=-1), dtype=np.bool_)
    drawn = next(iter(carried_rois(str(picture.info.get(PNG_KEYWORD, "")))), None)
    if drawn is None:
        return FrameMask(frame_index or 0, mask)
    if frame_index is not None and drawn.frame_index != frame_index:
        raise frame_contradicts(drawn.frame_index, frame_index)
    return FrameMask(drawn.frame_index, mask, drawn=drawn)


def _largest_part(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int, bool]:
    """The largest part, holes filled; the number of parts; whether there were holes."""
    from scipy.ndimage import binary_fill_holes
    from skimage.measure import label

    labels, parts = label(mask, return_num=True, connectivity=2)
    part: NDArray[np.bool_] = np.equal(labels, np.argmax(np.bincount(labels.ravel())[1:]) + 1)
    filled = np.asarray(binary_fill_holes(part), dtype=np.bool_)
    return filled, int(parts), bool((filled != part).any())
