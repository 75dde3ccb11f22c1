"""Confusion tables as pictures: one panel an operating point, counts in the cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from her2desk.domain.counts import Confusion
from her2desk.figures.canvas import BLUE, INK, MUTED, VERMILION
from her2desk.figures.plots import SMALL, empty_figure, placed_axes
from her2desk.texts import msg

CELL_INCHES = 0.78
LEFT_INCHES, GAP_INCHES = 0.95, 0.85
MOST_A_ROW = 3
DARKEST = 0.75


@dataclass(frozen=True)
class ConfusionPanel:
    """A table with its title and the lines under it (V14)."""

    title: str
    confusion: Confusion
    notes: tuple[str, ...]


def confusion_figure(panels: Sequence[ConfusionPanel]) -> Figure:
    """Rows: the call; columns: the pathologist's answer; the sums beside, in grey."""
    columns = min(MOST_A_ROW, len(panels))
    rows = -(-len(panels) // MOST_A_ROW)
    side = 2 * CELL_INCHES
    foot = 0.36 + 0.16 * max(len(p.notes) for p in panels)
    tall = 0.72 + side + foot
    pitch = side + GAP_INCHES + 0.1
    figure = empty_figure(LEFT_INCHES + columns * pitch - 0.25, rows * tall)
    for place, panel in enumerate(panels):
        row, column = divmod(place, MOST_A_ROW)
        bottom = (rows - 1 - row) * tall + foot
        axes = placed_axes(figure, LEFT_INCHES + column * pitch, bottom, side, side)
        _panel(axes, panel, names_rows=column == 0)
    return figure


def _panel(axes: Axes, panel: ConfusionPanel, *, names_rows: bool) -> None:
    table = panel.confusion
    axes.set_xlim(0, 2)
    axes.set_ylim(0, 2)
    axes.set_axis_off()
    positives, negatives = table.tp + table.fn, table.fp + table.tn
    for x, y, count, of, colour in (
        (0, 1, table.tp, positives, BLUE),
        (1, 1, table.fp, negatives, VERMILION),
        (0, 0, table.fn, positives, VERMILION),
        (1, 0, table.tn, negatives, BLUE),
    ):
        _cell(axes, (x, y), count, of, colour)
    _names(axes, names_rows)
    sums: dict[str, Any] = {"fontsize": SMALL, "color": MUTED, "va": "center"}
    axes.text(2.08, 1.5, _sum(table.tp + table.fp), **sums)
    axes.text(2.08, 0.5, _sum(table.fn + table.tn), **sums)
    axes.text(0.5, -0.13, _sum(positives), ha="center", **sums)
    axes.text(1.5, -0.13, _sum(negatives), ha="center", **sums)
    axes.text(2.08, -0.13, f"n = {table.cohort_size}", **sums)
    axes.text(0, 2.5, panel.title, fontsize=8, fontweight="bold", color=INK, va="bottom")
    axes.text(
        0, -0.32, "\n".join(panel.notes), fontsize=SMALL, color=INK, va="top", linespacing=1.5
    )


def _cell(axes: Axes, place: tuple[int, int], count: int, of: int, colour: str) -> None:
    """A cell as dark as its share of its column; right calls and errors also differ in their frame."""
    share = count / of if of else 0.0
    axes.add_patch(Rectangle(place, 1, 1, facecolor=colour, alpha=DARKEST * share, linewidth=0))
    axes.add_patch(Rectangle(place, 1, 1, facecolor="none", edgecolor="white", linewidth=2))
    axes.add_patch(Rectangle(place, 1, 1, facecolor="none", edgecolor=INK, linewidth=0.6))
    x, y = place
    axes.text(
        x + 0.5, y + 0.5, str(count), ha="center", va="center", fontsize=15, fontweight="bold",
        color=INK,
    )  # fmt: skip


def _names(axes: Axes, names_rows: bool) -> None:
    for x, words in ((0.5, msg("HER-2\npositive")), (1.5, msg("HER-2\nnegative"))):
        axes.text(x, 2.06, words.text(), ha="center", va="bottom", fontsize=SMALL, color=INK)
    if names_rows:
        for y, words in ((1.5, msg("called\npositive")), (0.5, msg("called\nnegative"))):
            axes.text(-0.1, y, words.text(), ha="right", va="center", fontsize=SMALL, color=INK)


def _sum(count: int) -> str:
    return f"Σ {count}"
