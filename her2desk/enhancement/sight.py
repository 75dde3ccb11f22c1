"""What features and network see of an ROI: its frame, or the part of the enhanced frame they need."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Box, Roi
from her2desk.enhancement.enhancer import Enhanced, Enhancer, TileMemory
from her2desk.enhancement.geometry import (
    around_both,
    moved_box,
    moved_polygon,
    scaled_box,
    scaled_polygon,
    scaled_spacing,
)
from her2desk.errors import InputRefused
from her2desk.radiomics.extract import check_extent, spacing_used
from her2desk.radiomics.frame_part import FramePart
from her2desk.radiomics.mask import check_mask, rasterise
from her2desk.radiomics.profile import Profile
from her2desk.texts import msg

MAX_ENHANCED_PX = 40_000_000  # ten times a large screen; each takes 16 bytes while it is measured
_SPLINE_PX = (
    32  # a cubic B-spline forgets the edge by 0.27 a pixel: 32 pixels on, by less than 1e-18
)
_GRID_PX = 2  # how far a resampled pixel may lie beyond the padding that was asked for


@dataclass(frozen=True)
class Sight:
    """Grey values and mask (rows, columns) as features and network see them.

    ``spacing_mm`` (row, column) is that of these pixels. ``part`` says where they lie in the
    enhanced frame, None where they are the frame itself; ``scale`` is then 1. ``residual`` is that
    of ``Enhanced``, for the frame's pixels in ``seen``.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    spacing_mm: tuple[float, float] | None
    part: FramePart | None = None
    scale: int = 1
    residual: NDArray[np.float32] | None = None

    @property
    def seen(self) -> Box:
        """The frame's pixels that these are made of."""
        rows, columns = (side // self.scale for side in self.pixels.shape)
        x0 = 0 if self.part is None else self.part.column // self.scale
        y0 = 0 if self.part is None else self.part.row // self.scale
        return Box(x0, y0, x0 + columns, y0 + rows)

    def box(self, box: Box) -> Box:
        """A box of the frame's pixels, in these pixels."""
        if self.part is None:
            return box
        return moved_box(scaled_box(box, self.scale), (self.part.column, self.part.row))


def enhanced_box(
    enhancer: Enhancer,
    frame: NDArray[np.uint8],
    box: Box,
    memory: TileMemory | None = None,
) -> Enhanced:
    """The box of a frame, enhanced: bit for bit what enhancing the whole frame gives there.

    Raises ``ValueError`` where the enhancer does not keep to its interface, ``InputRefused`` (code
    ``enhancement-too-large``) for more pixels than a computer can be expected to hold.
    """
    scale = enhancer.scale
    if box.width * box.height * scale**2 > MAX_ENHANCED_PX:
        raise InputRefused(
            msg("Enhancing this image {scale} times gives more pixels than fit.", scale=scale),
            msg("Use a smaller image or outline, or a pack without enhancement."),
            code="enhancement-too-large",
        )
    enhanced = enhancer.enhance(frame, box, memory)
    pixels = enhanced.pixels
    if pixels.shape != (box.height * scale, box.width * scale) or pixels.dtype != np.uint8:
        raise ValueError(f"{enhancer.name} gave {pixels.dtype} {pixels.shape}")
    if enhancer.tolerance is not None and not _is_whole(enhanced.residual, box):
        raise ValueError(f"{enhancer.name} gave no residual of every pixel")
    return enhanced


def enhanced_sight(
    enhancer: Enhancer,
    pixels: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    roi: Roi,
    spacing_mm: tuple[float, float] | None,
    profile: Profile,
    crop: Box | None = None,
    memory: TileMemory | None = None,
) -> Sight:
    """The ROI on the enhanced frame, with all around it that the profile's filters see, and ``crop``.

    ``pixels``, ``mask``, ``roi`` and ``spacing_mm`` (None: unknown) are the frame's own, ``crop``
    a box of it. An ROI too small, or a spacing that cannot be right, is refused by the frame's own
    pixels, as ``radiomics.extract`` refuses them.
    """
    check_mask(mask)
    if profile.unit == "mm":
        spacing_mm = spacing_used(profile, spacing_mm)
        check_extent(mask, spacing_mm, profile)
    scale = enhancer.scale
    spacing = None if spacing_mm is None else scaled_spacing(spacing_mm, scale)
    rows, columns = mask.shape
    margin = margin_px(profile, spacing, scale)
    box = Box(0, 0, columns, rows) if margin is None else roi.box(margin, rows, columns)
    if crop is not None:
        box = around_both(box, crop)
    part = FramePart(box.y0 * scale, box.x0 * scale, rows * scale, columns * scale)
    outline = moved_polygon(scaled_polygon(roi.polygon, scale), (part.column, part.row))
    enhanced = enhanced_box(enhancer, pixels, box, memory)
    return Sight(
        enhanced.pixels,
        rasterise(outline, box.height * scale, box.width * scale),
        spacing,
        part,
        scale,
        enhanced.residual,
    )


def margin_px(profile: Profile, spacing_mm: tuple[float, float] | None, scale: int) -> int | None:
    """How many of the frame's pixels around an ROI its features on the enhanced frame depend on.

    ``spacing_mm`` is of enhanced pixels. None where filters look over the whole frame.
    """
    if profile.pad_px is None:
        return None
    if profile.resample is None or spacing_mm is None:
        return math.ceil(profile.pad_px / scale)
    seen = (profile.pad_px + _GRID_PX) * profile.resample / min(spacing_mm)
    return math.ceil((seen + _SPLINE_PX) / scale)


def _is_whole(residual: NDArray[np.float32] | None, box: Box) -> bool:
    if residual is None or residual.shape != (box.height, box.width):
        return False
    return bool(np.isfinite(residual).all())
