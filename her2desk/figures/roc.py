"""ROC curves: all branches in one square, or one square a branch with the curve of every fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from her2desk.figures.canvas import INK, MUTED
from her2desk.figures.plots import (
    FOLD_GREY,
    SMALL,
    TITLE,
    WIDTH_INCHES,
    branch_look,
    empty_figure,
    placed_axes,
    quiet,
    titled,
)
from her2desk.texts import Message, msg

SIDE_INCHES = 3.3
PANEL_INCHES = 1.86
PANELS_A_ROW = 3
STEPS = 201
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class RocPoints:
    """A curve from (0, 0) to (1, 1): two arrays of one length, ascending."""

    false_positive_rate: FloatArray
    sensitivity: FloatArray


@dataclass(frozen=True)
class RocLine:
    """A branch's curve with the words of its legend: name and AUC with interval."""

    branch: str
    label: Message
    figure: str
    curve: RocPoints


@dataclass(frozen=True)
class FoldCurves:
    """A branch's curves, one an outer fold; ``figure`` is the mean within-fold AUC with interval."""

    branch: str
    label: Message
    figure: str
    curves: tuple[RocPoints, ...]


def roc_figure(lines: Sequence[RocLine], title: Message) -> Figure:
    """All branches on the same patients, the legend beside the square."""
    figure = empty_figure(WIDTH_INCHES - 0.6, SIDE_INCHES + 0.9)
    axes = placed_axes(figure, 0.6, 0.5, SIDE_INCHES, SIDE_INCHES)
    _square(axes)
    for line in lines:
        look = branch_look(line.branch)
        axes.plot(
            line.curve.false_positive_rate, line.curve.sensitivity, color=look.colour,
            linestyle=look.dashes, linewidth=look.width, clip_on=False, zorder=3,
            label=f"{line.label.text()}\n{line.figure}",
        )  # fmt: skip
    titled(axes, title)
    axes.set_xlabel(msg("1 − specificity").text())
    axes.set_ylabel(msg("Sensitivity").text())
    axes.legend(
        loc="center left", bbox_to_anchor=(1.04, 0.5), frameon=False, fontsize=8,
        handlelength=3.4, labelspacing=1.0, borderaxespad=0,
        title=msg("AUC (95 % interval)").text(), title_fontsize=8, alignment="left",
    )  # fmt: skip
    return figure


def fold_roc_figure(branches: Sequence[FoldCurves]) -> Figure:
    """One square a branch: each outer fold in grey, their average in the branch's colour.

    The average is taken upright, at equal 1 − specificity, so that the area under it is the mean
    of the areas under the folds' curves; scores of different folds are never ranked together.
    """
    columns = min(PANELS_A_ROW, len(branches))
    rows = -(-len(branches) // PANELS_A_ROW)
    cell = PANEL_INCHES + 0.46
    figure = empty_figure(0.55 + columns * cell, 0.5 + rows * (cell + 0.2))
    height = figure.get_size_inches()[1]
    for place, branch in enumerate(branches):
        row, column = divmod(place, PANELS_A_ROW)
        bottom = height - (row + 1) * (cell + 0.2) + 0.18
        axes = placed_axes(figure, 0.55 + column * cell, bottom, PANEL_INCHES, PANEL_INCHES)
        _fold_panel(axes, branch)
        if column == 0:
            axes.set_ylabel(msg("Sensitivity").text())
        if place + PANELS_A_ROW >= len(branches):
            axes.set_xlabel(msg("1 − specificity").text())
    return figure


def _fold_panel(axes: Axes, branch: FoldCurves) -> None:
    look = branch_look(branch.branch)
    _square(axes)
    for curve in branch.curves:
        axes.plot(
            curve.false_positive_rate, curve.sensitivity, color=FOLD_GREY, linewidth=0.8, zorder=2
        )
    average = upright_average(branch.curves)
    axes.plot(
        average.false_positive_rate, average.sensitivity, color=look.colour, linewidth=1.9,
        clip_on=False, zorder=3,
    )  # fmt: skip
    axes.set_title(branch.label.text(), loc="left", fontsize=TITLE, fontweight="bold", pad=4)
    axes.text(
        0.98, 0.05, msg("AUC {figure}", figure=branch.figure).text(), ha="right", va="bottom",
        fontsize=SMALL, color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85}, zorder=4,
    )  # fmt: skip


def upright_average(curves: Sequence[RocPoints]) -> RocPoints:
    """The mean sensitivity of the curves at equal 1 − specificity, with the step at 0 kept.

    Taken at every corner of any curve from both sides, so that no area is lost between them.
    """
    corners = np.unique(np.concatenate([c.false_positive_rate for c in curves]))
    low = np.mean([_reached(c, corners, "left") for c in curves], axis=0)
    high = np.mean([_reached(c, corners, "right") for c in curves], axis=0)
    return RocPoints(np.repeat(corners, 2), np.column_stack([low, high]).ravel())


def _reached(curve: RocPoints, at: FloatArray, side: Literal["left", "right"]) -> FloatArray:
    """Sensitivity just before (``left``) or just after (``right``) each 1 − specificity."""
    x, y = curve.false_positive_rate, curve.sensitivity
    index = np.searchsorted(x, at, side)
    index = np.clip(index if side == "left" else index - 1, 0, len(x) - 1)
    answer: FloatArray = np.where(x[index] == at, y[index], np.interp(at, x, y))
    return answer


def _square(axes: Axes) -> None:
    quiet(axes)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
