"""Forest plots: an estimate with its interval on each row, in words beside it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from her2desk.figures.canvas import BLUE, INK, MUTED, VERMILION
from her2desk.figures.plots import SMALL, WIDTH_INCHES, empty_figure, placed_axes, quiet
from her2desk.texts import Message, msg

ROW_INCHES = 0.235
LABEL_X, COUNTS_X = 0.1, 2.0
PLOT_LEFT, PLOT_WIDTH = 2.95, 2.45
TEXT_X = PLOT_LEFT + PLOT_WIDTH + 0.12
HEAD_INCHES, FOOT_INCHES = 0.62, 0.55
DIAMOND = 0.26
AUC_STEP = 0.1
ODDS_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


class RowKind(Enum):
    """A heading, an estimate, the summary of the rows above it, or what is expected elsewhere."""

    HEADING = "heading"
    ESTIMATE = "estimate"
    SUMMARY = "summary"
    PREDICTION = "prediction"


@dataclass(frozen=True)
class ForestRow:
    """One row. ``value`` is None where only counts may be shown (V25); ``text`` says why then.

    ``prediction`` is the interval in which another site's value is expected.
    """

    label: str
    counts: str = ""
    text: str = ""
    value: float | None = None
    lower: float = math.nan
    upper: float = math.nan
    prediction: tuple[float, float] | None = None
    kind: RowKind = RowKind.ESTIMATE


@dataclass(frozen=True)
class ForestScale:
    """The axis: its name, the value of no effect, and whether it is a ratio (logarithmic)."""

    name: Message
    neutral: float
    is_ratio: bool = False


AUC_SCALE = ForestScale(msg("AUC (95 % interval)"), 0.5)
ODDS_SCALE = ForestScale(msg("Odds ratio (95 % interval)"), 1.0, True)


def forest_figure(
    rows: Sequence[ForestRow], scale: ForestScale, title: Message, counts_name: Message
) -> Figure:
    """Rows from the top; what leaves the axis on either side is cut and ends in an arrow."""
    height = HEAD_INCHES + FOOT_INCHES + ROW_INCHES * len(rows)
    figure = empty_figure(WIDTH_INCHES, height)
    axes = placed_axes(figure, PLOT_LEFT, FOOT_INCHES, PLOT_WIDTH, ROW_INCHES * len(rows))
    low, high = _limits(rows, scale)
    _frame(axes, scale, low, high, len(rows))
    figure.text(
        LABEL_X / WIDTH_INCHES, 1 - 0.12 / height, title.text(), fontsize=9, fontweight="bold",
        va="top",
    )  # fmt: skip
    for x, words in ((COUNTS_X, counts_name), (TEXT_X, scale.name)):
        figure.text(
            x / WIDTH_INCHES, (height - HEAD_INCHES + 0.07) / height, words.text(),
            fontsize=SMALL, color=MUTED, va="bottom",
        )  # fmt: skip
    for place, row in enumerate(rows):
        y = len(rows) - 0.5 - place
        _words(figure, row, (FOOT_INCHES + y * ROW_INCHES) / height)
        if row.value is not None:
            _estimate(axes, row, y, low, high)
    return figure


def _words(figure: Figure, row: ForestRow, y: float) -> None:
    is_strong = row.kind is not RowKind.ESTIMATE
    indent = 0.0 if is_strong else 0.12
    figure.text(
        (LABEL_X + indent) / WIDTH_INCHES, y, row.label, fontsize=8, va="center",
        fontweight="bold" if is_strong else "normal",
    )  # fmt: skip
    figure.text(COUNTS_X / WIDTH_INCHES, y, row.counts, fontsize=SMALL, va="center")
    figure.text(
        TEXT_X / WIDTH_INCHES, y, row.text, fontsize=SMALL, va="center",
        color=MUTED if row.value is None else INK,
    )  # fmt: skip


def _estimate(axes: Axes, row: ForestRow, y: float, low: float, high: float) -> None:
    value = min(max(row.value or low, low), high)
    left, right = max(row.lower, low), min(row.upper, high)
    if row.prediction is not None:
        reach = [max(row.prediction[0], low), min(row.prediction[1], high)]
        axes.plot(reach, [y, y], color=VERMILION, linewidth=1.4, marker="|", markersize=6, zorder=2)
        return
    if row.kind is RowKind.SUMMARY:
        axes.fill(
            [left, value, right, value], [y, y + DIAMOND, y, y - DIAMOND], color=VERMILION,
            zorder=3, linewidth=0,
        )  # fmt: skip
        return
    axes.plot([left, right], [y, y], color=BLUE, linewidth=1.1, solid_capstyle="butt", zorder=2)
    for is_cut, x, marker in ((row.lower < low, low, "<"), (row.upper > high, high, ">")):
        if is_cut:
            axes.plot([x], [y], marker=marker, color=BLUE, markersize=3.5, clip_on=False)
    axes.plot(
        [value], [y], marker="s", markersize=4.6, color=BLUE, markeredgecolor="white",
        markeredgewidth=0.5, zorder=4,
    )  # fmt: skip


def _frame(axes: Axes, scale: ForestScale, low: float, high: float, rows: int) -> None:
    quiet(axes, grid="x")
    if scale.is_ratio:
        axes.set_xscale("log")
        ticks = [t for t in ODDS_TICKS if low <= t <= high]
    else:
        first = math.ceil(low / AUC_STEP - 1e-9)
        ticks = [AUC_STEP * k for k in range(first, math.floor(high / AUC_STEP + 1e-9) + 1)]
    axes.set_xlim(low, high)
    axes.set_xticks(ticks, [f"{t:g}" for t in (round(t, 4) for t in ticks)])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(0, rows)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(scale.neutral, color=MUTED, linewidth=0.9, zorder=1)
    axes.set_xlabel(scale.name.text(), fontsize=8)


def _limits(rows: Sequence[ForestRow], scale: ForestScale) -> tuple[float, float]:
    """Round limits around all that is drawn; a ratio's axis stays within 1/100 and 100."""
    drawn = [row for row in rows if row.value is not None]
    values = [v for row in drawn for v in (row.lower, row.upper, *(row.prediction or ()))]
    values = [v for v in values if math.isfinite(v)] + [scale.neutral]
    if scale.is_ratio:
        lower = max((t for t in ODDS_TICKS if t <= min(values)), default=ODDS_TICKS[0])
        upper = min((t for t in ODDS_TICKS if t >= max(values)), default=ODDS_TICKS[-1])
        return min(lower, 0.5), max(upper, 2.0)
    low = math.floor((min(values) - 0.01) / AUC_STEP) * AUC_STEP
    return max(0.0, low), 1.0
