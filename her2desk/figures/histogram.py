"""Predicted probabilities of both classes, one above the other, with the thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from her2desk.figures.canvas import BLUE, INK, MUTED, VERMILION
from her2desk.figures.plots import (
    SMALL,
    WIDTH_INCHES,
    Dashes,
    empty_figure,
    placed_axes,
    quiet,
    titled,
)
from her2desk.texts import Message, msg

PLOT_WIDTH, PANEL_HEIGHT = 4.2, 1.35
LABEL_CHARACTERS = 30
BINS = 20
THRESHOLD_DASHES: tuple[Dashes, ...] = ((0, (4, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ThresholdMark:
    """A vertical line and its words."""

    threshold: float
    label: str


def histogram_figure(
    positive: FloatArray, negative: FloatArray, marks: Sequence[ThresholdMark], title: Message
) -> Figure:
    """Counts of patients by predicted probability: positives above, negatives below."""
    figure = empty_figure(WIDTH_INCHES, 2 * PANEL_HEIGHT + 1.05)
    upper = placed_axes(figure, 0.6, 0.62 + PANEL_HEIGHT, PLOT_WIDTH, PANEL_HEIGHT)
    lower = placed_axes(figure, 0.6, 0.5, PLOT_WIDTH, PANEL_HEIGHT)
    edges = np.linspace(0, 1, BINS + 1)
    counts = [np.histogram(values, edges)[0] for values in (positive, negative)]
    reach = max(int(counts[0].max()), int(counts[1].max()), 1) * 1.12
    titled(upper, title)
    _panel(upper, counts[0], VERMILION, msg("HER-2 positive ({n})", n=len(positive)), reach)
    _panel(lower, counts[1], BLUE, msg("HER-2 negative ({n})", n=len(negative)), reach)
    upper.tick_params(labelbottom=False)
    lower.set_xlabel(msg("Predicted probability of HER-2 positive").text())
    for number, mark in enumerate(marks):
        dashes = THRESHOLD_DASHES[number % len(THRESHOLD_DASHES)]
        for axes in (upper, lower):
            axes.axvline(mark.threshold, color=INK, linewidth=1.0, linestyle=dashes, zorder=3)
        label = fill(mark.label, LABEL_CHARACTERS)
        lower.plot([], [], color=INK, linewidth=1.0, linestyle=dashes, label=label)
    if marks:
        upper.legend(
            *lower.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(1.03, 1.0),
            frameon=False, fontsize=SMALL + 0.5, handlelength=2.6, labelspacing=0.9,
            borderaxespad=0, title=msg("Thresholds").text(), title_fontsize=8, alignment="left",
        )  # fmt: skip
    return figure


def _panel(
    axes: Axes, counts: NDArray[np.int64], colour: str, label: Message, reach: float
) -> None:
    quiet(axes, grid="y")
    edges = np.linspace(0, 1, BINS + 1)
    axes.bar(edges[:-1], counts, 1 / BINS, align="edge", color=colour, edgecolor="white")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, reach)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_ylabel(msg("Patients").text())
    axes.text(
        0.99, 0.94, label.text(), transform=axes.transAxes, ha="right", va="top", fontsize=8,
        color=MUTED, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.8},
    )  # fmt: skip
