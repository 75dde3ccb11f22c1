"""Predicted probability against what happened: groups with Wilson bars, a curve when allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from her2desk.domain.counts import Proportion
from her2desk.figures.canvas import BLUE, INK, MUTED, SKY_BLUE, VERMILION
from her2desk.figures.plots import SMALL, empty_figure, placed_axes, quiet, titled
from her2desk.texts import Message, msg

SIDE_INCHES = 3.3
STRIP_INCHES = 0.62
BINS = 20
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class CalibrationGroup:
    """A group of patients with neighbouring probabilities: their mean, and how many were positive."""

    predicted: float
    observed: Proportion


@dataclass(frozen=True)
class SmoothLine:
    """A smooth curve with its pointwise 95 % band, arrays of one length over ``predicted``."""

    predicted: FloatArray
    observed: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True)
class CalibrationPlot:
    """What the picture shows. ``notes`` are the lines beside it; ``is_judged`` False fades the points."""

    groups: tuple[CalibrationGroup, ...]
    smooth: SmoothLine | None
    positive: FloatArray
    negative: FloatArray
    notes: tuple[str, ...]
    is_judged: bool


def calibration_figure(plot: CalibrationPlot, title: Message) -> Figure:
    """A square of observed against predicted, a strip of both classes below, the figures beside."""
    width, gap = 6.6, 0.08
    figure = empty_figure(width, SIDE_INCHES + STRIP_INCHES + gap + 0.9)
    axes = placed_axes(figure, 0.6, 0.5 + STRIP_INCHES + gap, SIDE_INCHES, SIDE_INCHES)
    strip = placed_axes(figure, 0.6, 0.5, SIDE_INCHES, STRIP_INCHES)
    titled(axes, title)
    _square(axes, plot)
    _strip(strip, plot.positive, plot.negative)
    handles, names = axes.get_legend_handles_labels()
    legend = axes.legend(
        handles, names, loc="upper left", bbox_to_anchor=(1.04, 1.0), frameon=False,
        fontsize=SMALL + 0.5, handlelength=2.4, labelspacing=0.7, borderaxespad=0,
    )  # fmt: skip
    legend.set_in_layout(False)
    axes.text(
        1.04, 0.6, "\n".join(plot.notes), transform=axes.transAxes, va="top", fontsize=8,
        linespacing=1.55, color=INK,
    )  # fmt: skip
    return figure


def _square(axes: Axes, plot: CalibrationPlot) -> None:
    quiet(axes)
    axes.plot(
        [0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1,
        label=msg("as it should be").text(),
    )  # fmt: skip
    if plot.smooth is not None:
        line = plot.smooth
        axes.fill_between(
            line.predicted, line.lower, line.upper, color=SKY_BLUE, alpha=0.25, linewidth=0,
            label=msg("95 % band").text(), zorder=2,
        )  # fmt: skip
        axes.plot(
            line.predicted, line.observed, color=BLUE, linewidth=1.6, zorder=3,
            label=msg("smooth curve").text(),
        )  # fmt: skip
    _groups(axes, plot.groups, 1.0 if plot.is_judged else 0.4)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    axes.set_xticks(TICKS, [""] * len(TICKS))
    axes.set_yticks(TICKS, [f"{t:g}" for t in TICKS])
    axes.set_ylabel(msg("Observed share of HER-2 positive").text())


def _groups(axes: Axes, groups: Sequence[CalibrationGroup], alpha: float) -> None:
    x = np.array([g.predicted for g in groups])
    y = np.array([g.observed.value for g in groups])
    lower = y - np.array([g.observed.lower for g in groups])
    upper = np.array([g.observed.upper for g in groups]) - y
    axes.errorbar(
        x, y, yerr=np.clip([lower, upper], 0, None), fmt="o", color=VERMILION, markersize=4.5,
        markeredgecolor="white", markeredgewidth=0.6, elinewidth=1.0, capsize=0, alpha=alpha,
        clip_on=False, zorder=4, label=msg("groups, 95 % Wilson interval").text(),
    )  # fmt: skip


def _strip(axes: Axes, positive: FloatArray, negative: FloatArray) -> None:
    """Positives upwards, negatives downwards, over the same scale of predicted probability."""
    quiet(axes)
    edges = np.linspace(0, 1, BINS + 1)
    up, down = np.histogram(positive, edges)[0], np.histogram(negative, edges)[0]
    width = 0.8 / BINS
    middles = (edges[1:] + edges[:-1]) / 2
    axes.bar(middles, up, width, color=VERMILION)
    axes.bar(middles, -down, width, color=BLUE)
    axes.axhline(0, color=INK, linewidth=0.6)
    reach = max(int(up.max()), int(down.max()), 1) * 1.15
    axes.set_ylim(-reach, reach)
    axes.set_xlim(0, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xticks(TICKS, [f"{t:g}" for t in TICKS])
    axes.set_xlabel(msg("Predicted probability of HER-2 positive").text())
    for height, words in (
        (0.75, msg("{n} positive", n=len(positive))),
        (0.25, msg("{n} negative", n=len(negative))),
    ):
        axes.text(
            1.03, height, words.text(), transform=axes.transAxes, fontsize=SMALL, color=INK,
            va="center",
        )  # fmt: skip
