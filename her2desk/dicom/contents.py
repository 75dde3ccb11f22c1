"""What is drawn over, or instead of, grey tissue in one frame, found from its pixels.

Each rule was set on real pictures, so that it is seldom wrong when it speaks; how often each speaks,
rightly and wrongly, is told in docs/calibration.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.pixels import Frame
from her2desk.domain.image import ImageWarning, UltrasoundImage
from her2desk.domain.regions import views
from her2desk.domain.roi import Box
from her2desk.texts import msg

Marks = NDArray[np.bool_]

# Tissue is grey, or tinted by a colour map that keeps its channels within some 40 steps of another.
COLOUR_STEPS = 60
DOPPLER_SHARE = 0.004  # of the picture; a marker of the screen's own or an ECG is smaller
ELASTOGRAPHY_SHARE = 0.08
ELASTOGRAPHY_FILL = 0.75  # of the box that the colours lie in: flow is patchy, elasticity is not
ELASTOGRAPHY_HUE_SHARE = 0.08  # of the coloured pixels, for each of red, green and blue

# A beam is wider than it is long, so speckle is never an upright line; letters and callipers are.
STROKE_STEPS = 40
STROKE_REACH = 3
STROKE_RUN = 4
STROKE_PIXELS = 4
STROKE_PIXELS_AT_ROI = 2  # less room, so less chance
COLOUR_PIXELS_IN_ROI = 3
LIT = 12

SEAM_BAND = (0.3, 0.7)  # of the picture's width
SEAM_MIN_GAP_PX = 2
SEAM_DARK = 8
SEAM_LIT_SHARE = 0.2
SEAM_STEP_CAP = 40  # one bright line that ends at the seam should not make it
SEAM_STEP = 4.0
SEAM_RATIO = 2.0
SEAM_NEIGHBOURS = 12
SEAM_HEIGHT = 0.4  # of the picture's: shadows leave no step between two black halves


def colour_doppler() -> ImageWarning:
    """Flow is drawn in colour over the tissue."""
    return ImageWarning(
        "colour-doppler",
        msg(
            "The picture shows colour Doppler. Colours are turned into grey values that are no "
            "tissue, so an estimate from coloured parts is doubtful."
        ),
    )


def elastography() -> ImageWarning:
    """Stiffness is drawn in colour over the tissue."""
    return ImageWarning(
        "elastography",
        msg(
            "The picture shows elastography. Its colours hide the tissue's grey values, so an "
            "estimate from it is doubtful."
        ),
    )


def dual_view() -> ImageWarning:
    """Two pictures stand side by side."""
    return ImageWarning(
        "dual-view",
        msg(
            "Two pictures stand side by side. Draw within one of them; an outline across both has "
            "no size and its estimate no meaning."
        ),
    )


def drawn_over() -> ImageWarning:
    """Letters, lines or callipers are part of the picture."""
    return ImageWarning(
        "burned-in",
        msg(
            "Text, lines or callipers are drawn over the tissue. Those inside an outline change "
            "its texture and so the estimate."
        ),
    )


def colour_in_roi() -> ImageWarning:
    """Colour lies under the outline."""
    return ImageWarning(
        "colour-in-roi",
        msg(
            "Colour lies under the outline, where the estimate expects grey tissue: do not rely on "
            "it. Use a frame without colour."
        ),
    )


def graphics_in_roi() -> ImageWarning:
    """A calliper, a line or letters lie in what the network sees."""
    return ImageWarning(
        "graphics-in-roi",
        msg(
            "Callipers, lines or letters lie at the outline, where the network takes them for "
            "tissue: the estimate is doubtful. Use a picture without them."
        ),
    )


def frame_contents(pixels: Frame, image: UltrasoundImage) -> tuple[ImageWarning, ...]:
    """What to say of a frame, uint8, (rows, columns) or (rows, columns, 3).

    Looked at are the file's tissue regions, or the whole frame where it has none to trust. Codes:
    ``elastography``, ``colour-doppler``, ``burned-in`` and ``dual-view``.
    """
    found = []
    parts = [_Part.of(pixels[box.y0 : box.y1, box.x0 : box.x1]) for box in tissue_boxes(image)]
    parts = [part for part in parts if part.value.size]
    if any(part.is_elastography for part in parts):
        found.append(elastography())
    elif any(part.is_doppler for part in parts):
        found.append(colour_doppler())
    if sum(part.stroke_pixels(is_lit_ground=True) for part in parts) >= STROKE_PIXELS:
        found.append(drawn_over())
    if len(parts) > 1 or any(_has_seam(part.value) for part in parts):
        found.append(dual_view())
    return tuple(found)


def outline_contents(pixels: Frame, mask: Marks, crop: Box) -> tuple[ImageWarning, ...]:
    """What to say of one outline: codes ``colour-in-roi`` and ``graphics-in-roi``.

    ``pixels`` as for ``frame_contents``; ``mask`` (rows, columns) is the outline's pixels, ``crop``
    what the network sees of them.
    """
    part = _Part.of(pixels[crop.y0 : crop.y1, crop.x0 : crop.x1])
    inside = mask[crop.y0 : crop.y1, crop.x0 : crop.x1]
    found = []
    if part.coloured is not None and (part.coloured & inside).sum() >= COLOUR_PIXELS_IN_ROI:
        found.append(colour_in_roi())
    if part.stroke_pixels(is_lit_ground=False) >= STROKE_PIXELS_AT_ROI:
        found.append(graphics_in_roi())
    return tuple(found)


def has_colour(pixels: Frame) -> bool:
    """Whether any pixel of a frame is coloured, be it of a marker of the screen's own."""
    coloured = _Part.of(pixels).coloured
    return coloured is not None and bool(coloured.any())


def is_coloured(pixels: Frame, box: Box) -> bool:
    """Whether patches of colour, as of flow or elasticity, lie in a part of a frame; no thin lines."""
    return _Part.of(pixels[box.y0 : box.y1, box.x0 : box.x1]).is_doppler


@dataclass(frozen=True)
class _Part:
    """One rectangle of a frame: its brightest channel, and where it is coloured (None: grey)."""

    pixels: Frame
    value: Frame
    coloured: Marks | None

    @classmethod
    def of(cls, pixels: Frame) -> "_Part":
        if pixels.ndim == 2:
            return cls(pixels, pixels, None)
        red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
        value = np.maximum(np.maximum(red, green), blue)
        least = np.minimum(np.minimum(red, green), blue)
        return cls(pixels, value, (value - least) >= COLOUR_STEPS)

    @property
    def is_doppler(self) -> bool:
        """Whether patches, not thin lines, of colour take up enough of the picture."""
        if self.coloured is None or self.coloured.mean() < DOPPLER_SHARE:
            return False
        return bool(_eroded(self.coloured).sum() >= DOPPLER_SHARE * self.coloured.size)

    @property
    def is_elastography(self) -> bool:
        """Whether colours of every hue fill a large rectangle."""
        if self.coloured is None or self.coloured.mean() < ELASTOGRAPHY_SHARE:
            return False
        rows = np.flatnonzero(self.coloured.mean(axis=1) > ELASTOGRAPHY_SHARE)
        columns = np.flatnonzero(self.coloured.mean(axis=0) > ELASTOGRAPHY_SHARE)
        if not rows.size or not columns.size:
            return False
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        coloured = self.coloured[box]
        strongest = self.pixels[box][coloured].argmax(axis=1)
        hues = np.bincount(strongest, minlength=3) / max(1, len(strongest))
        return bool(coloured.mean() >= ELASTOGRAPHY_FILL and hues.min() >= ELASTOGRAPHY_HUE_SHARE)

    def stroke_pixels(self, is_lit_ground: bool) -> int:
        """How many pixels begin an upright bright line a few pixels wide.

        ``is_lit_ground`` counts only those on something grey: a screen's text stands on black.
        """
        rows, columns = self.value.shape
        if rows < STROKE_RUN or columns <= 2 * STROKE_REACH:
            return 0
        middle = self.value[:, STROKE_REACH:-STROKE_REACH]
        left, right = self.value[:, : -2 * STROKE_REACH], self.value[:, 2 * STROKE_REACH :]
        beside = np.maximum(left, right)
        ridge = (middle - np.minimum(middle, beside)) >= STROKE_STEPS
        upright = ridge[: rows - STROKE_RUN + 1].copy()
        for down in range(1, STROKE_RUN):
            upright &= ridge[down : rows - STROKE_RUN + 1 + down]
        if is_lit_ground:
            upright &= (np.minimum(left, right) >= LIT)[: rows - STROKE_RUN + 1]
        return int(upright.sum())


def tissue_boxes(image: UltrasoundImage) -> list[Box]:
    """The boxes around each picture of tissue, or the one of the whole frame."""
    planes = views(image.regions) if image.regions_are_trusted else ()
    boxes = [
        Box(
            min(region.x0 for region in plane),
            min(region.y0 for region in plane),
            max(region.x1 for region in plane) + 1,
            max(region.y1 for region in plane) + 1,
        )
        for plane in planes
    ]
    return boxes or [Box(0, 0, image.columns, image.rows)]


def _eroded(marks: Marks) -> Marks:
    """Pixels all of whose eight neighbours are marked too; two smaller each way."""
    rows = marks[:-2] & marks[1:-1] & marks[2:]
    return rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]


def _has_seam(value: Frame) -> bool:
    """Whether a black gap, or a sharp step down its whole height, divides the picture in two."""
    lit = value > LIT
    rows = np.flatnonzero(lit.mean(axis=1) > 0.05)
    columns = np.flatnonzero(lit.mean(axis=0) > 0.05)
    if rows.size < SEAM_NEIGHBOURS or columns.size < 4 * SEAM_NEIGHBOURS:
        return False
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    value, lit = value[box], lit[box]
    low, high = (int(share * value.shape[1]) for share in SEAM_BAND)
    return _has_gap(value, lit, low, high) or _has_step(value, low, high)


def _has_gap(value: Frame, lit: Marks, low: int, high: int) -> bool:
    is_black = (value[:, low:high] <= SEAM_DARK).mean(axis=0) >= 0.99
    turns = np.flatnonzero(np.diff(np.r_[0, is_black.astype(np.int8), 0]))
    gaps = turns.reshape(-1, 2) + low
    return any(
        end - start >= SEAM_MIN_GAP_PX
        and min(lit[:, :start].mean(), lit[:, end:].mean()) >= SEAM_LIT_SHARE
        for start, end in gaps.tolist()
    )


def _has_step(value: Frame, low: int, high: int) -> bool:
    around = value[:, low - SEAM_NEIGHBOURS : high + SEAM_NEIGHBOURS]
    left, right = around[:, :-1], around[:, 1:]
    steps = np.minimum(np.maximum(left, right) - np.minimum(left, right), SEAM_STEP_CAP)
    mean = steps.mean(axis=0)
    inner = slice(SEAM_NEIGHBOURS, len(mean) - SEAM_NEIGHBOURS)
    at = SEAM_NEIGHBOURS + int(mean[inner].argmax())
    near = np.r_[mean[at - SEAM_NEIGHBOURS : at - 1], mean[at + 2 : at + SEAM_NEIGHBOURS + 1]]
    is_sharp = mean[at] >= SEAM_STEP and mean[at] >= SEAM_RATIO * max(1.0, float(near.max()))
    return bool(is_sharp and (steps[:, at] >= SEAM_STEP).mean() >= SEAM_HEIGHT)
