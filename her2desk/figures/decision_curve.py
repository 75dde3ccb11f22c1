"""Decision curves: net benefit over the stated threshold range of a stated action (V8)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from her2desk.figures.canvas import INK, MUTED
from her2desk.figures.plots import (
    WIDTH_INCHES,
    branch_look,
    empty_figure,
    placed_axes,
    quiet,
    titled,
)
from her2desk.texts import Message, msg

PLOT_WIDTH, PLOT_HEIGHT = 4.2, 3.0
HEADROOM = 1.12
FLOOR = -0.25  # of the largest benefit: treat-all falls far below and would flatten the rest
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class BenefitLine:
    """A branch's net benefit at each of the thresholds."""

    branch: str
    label: Message
    benefit: FloatArray


def decision_curve_figure(
    thresholds: FloatArray, lines: Sequence[BenefitLine], treat_all: FloatArray, title: Message
) -> Figure:
    """Net benefit against the threshold probability, with treating all and none (Vickers & Elkin)."""
    figure = empty_figure(WIDTH_INCHES - 0.6, PLOT_HEIGHT + 0.9)
    axes = placed_axes(figure, 0.7, 0.5, PLOT_WIDTH, PLOT_HEIGHT)
    quiet(axes)
    titled(axes, title)
    axes.plot(
        thresholds, treat_all, color=MUTED, linewidth=1.1, linestyle=(0, (4, 2)), zorder=2,
        label=msg("All as positive").text(),
    )  # fmt: skip
    axes.axhline(0, color=INK, linewidth=0.9, zorder=2, label=msg("None as positive").text())
    for line in lines:
        look = branch_look(line.branch)
        axes.plot(
            thresholds, line.benefit, color=look.colour, linestyle=look.dashes,
            linewidth=look.width, label=line.label.text(), zorder=3,
        )  # fmt: skip
    top = max(float(treat_all.max()), *(float(line.benefit.max()) for line in lines), 0.01)
    lowest = min(float(treat_all.min()), *(float(line.benefit.min()) for line in lines), 0.0)
    axes.set_ylim(max(FLOOR * top, lowest - 0.05 * top), top * HEADROOM)
    axes.set_xlim(float(thresholds[0]), float(thresholds[-1]))
    axes.set_xlabel(msg("Threshold probability").text())
    axes.set_ylabel(msg("Net benefit").text())
    axes.legend(
        loc="center left", bbox_to_anchor=(1.03, 0.5), frameon=False, fontsize=8,
        handlelength=3.4, labelspacing=0.8, borderaxespad=0,
    )  # fmt: skip
    return figure
