"""The heatmap over its frame: where the network looked, beside the picture without it."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from her2desk.domain.heat_grid import resized
from her2desk.domain.image import Spacing
from her2desk.domain.prediction import Heatmap
from her2desk.domain.roi import Point
from her2desk.figures.canvas import HEAT_COLOURS, MUTED, look, written
from her2desk.figures.frame import (
    FRAME_WIDTH_INCHES,
    draw_frame,
    draw_outline,
    frame_height_inches,
    grey_or_colour,
    spacing_sentence,
)
from her2desk.stats.statements import heat_share_sentence
from her2desk.texts import Message, msg

OPACITY = 0.55
HEAD_INCHES, FOOT_INCHES, BAR_INCHES = 0.3, 0.4, 0.62
GAP_INCHES = 0.08


def heatmap_overlay_png(
    frame: NDArray[np.uint8],
    polygon: Sequence[Point],
    heatmap: Heatmap,
    *,
    spacing: Spacing | None = None,
    title: Message | None = None,
) -> bytes:
    """PNG: the frame with the ROI's outline, and beside it the same with the heatmap over its crop.

    ``frame`` is uint8, grey or RGB. The heatmap is resized bilinearly to the crop, whose edge is
    drawn; a line says what share of the heat lies inside the ROI.
    """
    with look():
        height = frame_height_inches(frame, spacing)
        width = 2 * FRAME_WIDTH_INCHES + GAP_INCHES + BAR_INCHES
        total = height + HEAD_INCHES + FOOT_INCHES
        figure = Figure(figsize=(width, total))
        rgb = grey_or_colour(frame)
        for index, picture in enumerate((rgb, blended(rgb, heatmap))):
            left = index * (FRAME_WIDTH_INCHES + GAP_INCHES) / width
            axes = figure.add_axes(
                (left, FOOT_INCHES / total, FRAME_WIDTH_INCHES / width, height / total)
            )
            draw_frame(axes, picture, spacing)
            draw_outline(axes, polygon)
        crop = heatmap.crop
        axes.add_patch(
            Rectangle(
                (crop.x0, crop.y0), crop.width, crop.height, fill=False, edgecolor="white",
                linewidth=1, linestyle=(0, (4, 3)), zorder=3,
            )
        )  # fmt: skip
        _draw_colour_bar(figure, width, total, height)
        _write_lines(figure, total, heatmap, spacing, title)
        return written(figure, "png")


def blended(rgb: NDArray[np.uint8], heatmap: Heatmap) -> NDArray[np.uint8]:
    """``rgb`` (rows, columns, 3) with the heatmap's colours mixed in over its crop."""
    crop = heatmap.crop
    heat = resized(heatmap.values, crop.height, crop.width)
    colours = 255 * colormaps[HEAT_COLOURS](heat)[:, :, :3]
    answer = rgb.copy()
    under = answer[crop.y0 : crop.y1, crop.x0 : crop.x1]
    under[...] = np.rint((1 - OPACITY) * under + OPACITY * colours)
    return answer


def share_sentence(heatmap: Heatmap) -> Message:
    """What share of the heat lies inside the outline."""
    return heat_share_sentence(heatmap.share_in_roi)


def _draw_colour_bar(figure: Figure, width: float, total: float, height: float) -> None:
    left = (2 * FRAME_WIDTH_INCHES + 2 * GAP_INCHES) / width
    axes = figure.add_axes(
        (left, (FOOT_INCHES + 0.15 * height) / total, 0.12 / width, 0.7 * height / total)
    )
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, 1), HEAT_COLOURS), cax=axes, ticks=[0, 0.5, 1]
    )
    bar.set_label(msg("Share of the largest heat").text(), fontsize=7)
    bar.ax.tick_params(labelsize=7, length=2)


def _write_lines(
    figure: Figure,
    total: float,
    heatmap: Heatmap,
    spacing: Spacing | None,
    title: Message | None,
) -> None:
    heading = title or msg("Where the network looked (Grad-CAM)")
    figure.text(0.005, 1 - 0.07 / total, heading.text(), va="top", fontweight="bold", fontsize=9)
    foot = msg("Solid: outline. Dashed: the crop that the network sees.")
    lines = f"{share_sentence(heatmap).text()} {foot.text()}\n{spacing_sentence(spacing).text()}"
    figure.text(0.005, 0.06 / total, lines, fontsize=7, color=MUTED, linespacing=1.4)
