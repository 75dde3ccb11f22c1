"""The same AUC apparent, cross-validated and held-out: how much of it was optimism."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from her2desk.figures.canvas import BLUE, INK, MUTED, VERMILION
from her2desk.figures.plots import (
    PURPLE,
    SMALL,
    WIDTH_INCHES,
    empty_figure,
    placed_axes,
    quiet,
    titled,
)
from her2desk.texts import Message, msg

ROW_INCHES = 0.52
LEFT_INCHES = 1.7
SPREAD = 0.22
STEP = 0.1


@dataclass(frozen=True)
class EvidenceLook:
    """How one kind of evidence is drawn."""

    label: Message
    colour: str
    marker: str
    is_hollow: bool


LOOKS = {
    "apparent": EvidenceLook(msg("Apparent (patients fitted)"), MUTED, "o", True),
    "cross_validated": EvidenceLook(msg("Cross-validated"), BLUE, "D", False),
    "held_out": EvidenceLook(msg("Held-out"), VERMILION, "s", False),
    "external": EvidenceLook(msg("External"), PURPLE, "^", False),
}


@dataclass(frozen=True)
class OptimismRow:
    """A branch and its (value, lower, upper) for each kind of evidence it has."""

    label: Message
    figures: dict[str, tuple[float, float, float]]


def optimism_figure(rows: Sequence[OptimismRow], title: Message) -> Figure:
    """Branches from the top; on each row the kinds of evidence one above the other."""
    height = 1.35 + ROW_INCHES * len(rows)
    figure = empty_figure(WIDTH_INCHES - 0.6, height)
    axes = placed_axes(
        figure, LEFT_INCHES, 0.8, WIDTH_INCHES - 0.6 - LEFT_INCHES - 0.3, ROW_INCHES * len(rows)
    )
    quiet(axes, grid="x")
    titled(axes, title)
    used = [kind for kind in LOOKS if any(kind in row.figures for row in rows)]
    lowest = 0.5
    for place, row in enumerate(rows):
        for rank, kind in enumerate(used):
            if kind not in row.figures:
                continue
            value, lower, upper = row.figures[kind]
            lowest = min(lowest, lower)
            y = len(rows) - 0.5 - place + SPREAD * ((len(used) - 1) / 2 - rank)
            look = LOOKS[kind]
            axes.plot([lower, upper], [y, y], color=look.colour, linewidth=1.1, zorder=2)
            axes.plot(
                [value], [y], marker=look.marker, markersize=5, color=look.colour, linestyle="",
                markerfacecolor="white" if look.is_hollow else look.colour, clip_on=False,
                zorder=3, label=look.label.text() if place == 0 else None,
            )  # fmt: skip
        if place:
            axes.axhline(len(rows) - place, color="#E4E8EB", linewidth=0.6, zorder=1)
    axes.axvline(0.5, color=INK, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    axes.set_ylim(0, len(rows))
    axes.set_yticks(
        [len(rows) - 0.5 - place for place in range(len(rows))], [r.label.text() for r in rows]
    )
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(max(0.0, STEP * int((lowest - 0.01) / STEP)), 1)
    axes.set_xlabel(msg("AUC (95 % interval)").text())
    axes.legend(
        loc="upper left", bbox_to_anchor=(0, -0.42 / (ROW_INCHES * len(rows))), ncols=len(used),
        frameon=False, fontsize=SMALL + 0.5, borderaxespad=0, handletextpad=0.4, columnspacing=1.6,
    )  # fmt: skip
    return figure
