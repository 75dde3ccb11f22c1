"""The frame of a case with what was drawn on it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from her2desk.domain.image import Spacing
from her2desk.domain.roi import Point
from her2desk.figures.canvas import MUTED, look, written
from her2desk.figures.frame import (
    FRAME_WIDTH_INCHES,
    draw_frame,
    draw_outline,
    frame_height_inches,
    grey_or_colour,
    spacing_sentence,
)
from her2desk.texts import Message

FOOT_INCHES = 0.24


def frame_png(
    frame: NDArray[np.uint8],
    polygon: Sequence[Point],
    *,
    spacing: Spacing | None = None,
    title: Message | None = None,
) -> bytes:
    """PNG of a uint8 frame, grey or RGB, with the ROI's outline, a scale bar and the spacing."""
    with look():
        height = frame_height_inches(frame, spacing)
        head = FOOT_INCHES if title else 0.03
        total = height + FOOT_INCHES + head
        figure = Figure(figsize=(FRAME_WIDTH_INCHES, total))
        axes = figure.add_axes((0.01, FOOT_INCHES / total, 0.98, height / total))
        draw_frame(axes, grey_or_colour(frame), spacing)
        draw_outline(axes, polygon)
        if title:
            figure.text(0.01, 1 - 0.06 / total, title.text(), va="top", fontweight="bold")
        figure.text(0.01, 0.06 / total, spacing_sentence(spacing).text(), fontsize=7, color=MUTED)
        return written(figure, "png")
