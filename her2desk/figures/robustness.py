"""Features under jitter of the outline: ICCs in order, with the bound that keeps a feature (V21)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from her2desk.figures.canvas import BLUE, INK, VERMILION
from her2desk.figures.plots import SMALL, WIDTH_INCHES, empty_figure, placed_axes, quiet, titled
from her2desk.texts import Message, msg

KEPT_FROM = 0.75  # of the interval's lower end
MOST_NAMED = 40
ROW_INCHES = 0.165
PLAIN_HEIGHT = 3.0
LEFT_NAMED = 2.6
FOOT_INCHES = 0.86


@dataclass(frozen=True)
class IccDot:
    """A feature's ICC(A,1) with its interval; ``name`` is already shortened."""

    name: str
    icc: float
    lower: float
    upper: float

    @property
    def is_kept(self) -> bool:
        return self.lower >= KEPT_FROM


def robustness_figure(dots: Sequence[IccDot], title: Message) -> Figure:
    """Sorted dots; with names where there are few enough to read them."""
    ordered = sorted(dots, key=lambda d: (d.icc, d.name))
    is_named = len(ordered) <= MOST_NAMED
    plot_height = ROW_INCHES * len(ordered) if is_named else PLAIN_HEIGHT
    plot_height = max(plot_height, 0.8)
    figure = empty_figure(WIDTH_INCHES - 0.6, plot_height + FOOT_INCHES + 0.43)
    left = LEFT_NAMED if is_named else 0.6
    axes = placed_axes(figure, left, FOOT_INCHES, WIDTH_INCHES - 0.6 - left - 0.25, plot_height)
    quiet(axes, grid="x")
    titled(axes, title)
    y = np.arange(len(ordered))
    for kept, colour, marker, words in (
        (True, BLUE, "o", msg("kept: lower bound at least 0.75")),
        (False, VERMILION, "x", msg("lower bound below 0.75")),
    ):
        chosen = [(place, d) for place, d in zip(y, ordered, strict=True) if d.is_kept is kept]
        if not chosen:
            continue
        places = [place for place, _ in chosen]
        axes.hlines(
            places, [d.lower for _, d in chosen], [d.upper for _, d in chosen], color=colour,
            linewidth=0.8, alpha=0.55, zorder=2,
        )  # fmt: skip
        axes.plot(
            [d.icc for _, d in chosen], places, marker, color=colour, markersize=3.6, zorder=3,
            label=f"{words.text()} ({len(chosen)})",
        )  # fmt: skip
    axes.axvline(KEPT_FROM, color=INK, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    axes.set_ylim(-0.8, len(ordered) - 0.2)
    lowest = min((d.lower for d in ordered if math.isfinite(d.lower)), default=0.5)
    axes.set_xlim(min(0.5, math.floor(10 * lowest) / 10), 1.0)
    axes.set_yticks(y, [d.name for d in ordered]) if is_named else axes.set_yticks([])
    axes.tick_params(axis="y", length=0, labelsize=SMALL - 0.5)
    axes.set_xlabel(msg("ICC(A,1) with 95 % interval").text())
    if not is_named:
        axes.set_ylabel(msg("{n} features, in order", n=len(ordered)).text())
    axes.legend(
        loc="upper left", bbox_to_anchor=(0, -0.4 / plot_height), ncols=1 if is_named else 2,
        frameon=False, fontsize=SMALL + 0.5, borderaxespad=0, handletextpad=0.4,
    )  # fmt: skip
    return figure
