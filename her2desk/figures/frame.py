"""A frame drawn into axes: pixels, outline and scale bar in the image's own coordinates."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from matplotlib.patheffects import Normal, Stroke
from numpy.typing import NDArray

from her2desk.domain.image import Spacing, SpacingSource
from her2desk.domain.roi import Point
from her2desk.figures.canvas import ORANGE
from her2desk.texts import Message, msg

SCALE_BARS_MM = (50, 20, 10, 5, 2, 1)
LARGEST_BAR = 0.34  # of the frame's width
BAR_INSET = 0.04
FRAME_WIDTH_INCHES = 3.4
LEAST_SHAPE, LARGEST_SHAPE = 0.4, 1.6


def grey_or_colour(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB of a frame, shape (rows, columns) or (rows, columns, 3) → (rows, columns, 3)."""
    return frame if frame.ndim == 3 else np.repeat(frame[:, :, None], 3, axis=2)


def row_to_column(spacing: Spacing | None) -> float:
    """Height of a pixel in its widths; 1 when not known."""
    return spacing.mm[0] / spacing.mm[1] if spacing and spacing.mm else 1.0


def frame_height_inches(frame: NDArray[np.uint8], spacing: Spacing | None) -> float:
    """Height of a frame drawn at the usual width, within reason for odd shapes."""
    rows, columns = frame.shape[:2]
    shape = float(rows * row_to_column(spacing) / columns)
    return FRAME_WIDTH_INCHES * min(max(shape, LEAST_SHAPE), LARGEST_SHAPE)


def draw_frame(axes: Axes, rgb: NDArray[np.uint8], spacing: Spacing | None) -> None:
    """Pixels, (0, 0) at the outer corner of the first, and a scale bar if spacing is known."""
    rows, columns = rgb.shape[:2]
    axes.imshow(rgb, extent=(0, columns, rows, 0), aspect=row_to_column(spacing))
    axes.set_axis_off()
    if spacing and spacing.mm:
        _draw_scale_bar(axes, rows, columns, spacing.mm[1])


def draw_outline(axes: Axes, polygon: Sequence[Point]) -> None:
    """The ROI, with a dark edge so that it shows on bright tissue too."""
    outline = Polygon(
        np.asarray(polygon), closed=True, fill=False, edgecolor=ORANGE, linewidth=1.3, zorder=4
    )
    outline.set_path_effects([Stroke(linewidth=2.6, foreground="black", alpha=0.7), Normal()])
    axes.add_patch(outline)


def spacing_sentence(spacing: Spacing | None) -> Message:
    """The spacing and where it came from."""
    if spacing is None or spacing.mm is None:
        return msg("Spacing not known")
    row, column = spacing.mm
    if spacing.source is SpacingSource.PIXEL_SPACING:
        return msg("{row:.3f} × {column:.3f} mm/px, from PixelSpacing", row=row, column=column)
    if spacing.source is SpacingSource.USER:
        return msg(
            "{row:.3f} × {column:.3f} mm/px, from a ruler that the reader drew",
            row=row,
            column=column,
        )
    return msg(
        "{row:.3f} × {column:.3f} mm/px, from the DICOM ultrasound region", row=row, column=column
    )


def _draw_scale_bar(axes: Axes, rows: int, columns: int, column_mm: float) -> None:
    fitting = [mm for mm in SCALE_BARS_MM if mm / column_mm <= LARGEST_BAR * columns]
    if not fitting:
        return
    length = fitting[0] / column_mm
    right, bottom = columns * (1 - BAR_INSET), rows * (1 - BAR_INSET)
    axes.plot(
        [right - length, right],
        [bottom, bottom],
        color="white",
        linewidth=2,
        solid_capstyle="butt",
        path_effects=[Stroke(linewidth=3.5, foreground="black"), Normal()],
    )
    axes.text(
        right - length / 2,
        bottom - rows * 0.02,
        f"{fitting[0]} mm",
        color="white",
        fontsize=7,
        ha="center",
        va="bottom",
        path_effects=[Stroke(linewidth=2, foreground="black"), Normal()],
    )
