"""How often each feature of the deployed model was chosen in the outer folds too."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from her2desk.figures.canvas import BLUE, INK
from her2desk.figures.plots import SMALL, WIDTH_INCHES, empty_figure, placed_axes, quiet, titled
from her2desk.texts import Message, msg

ROW_INCHES = 0.19
LEFT_INCHES = 2.9
MOST = 30


@dataclass(frozen=True)
class ChosenFeature:
    """A feature's short name and in how many of ``folds`` outer folds it was chosen."""

    name: str
    chosen: int
    folds: int


def selection_figure(features: Sequence[ChosenFeature], title: Message) -> Figure:
    """Bars in order of frequency, the counts beside them; at most ``MOST``."""
    ordered = sorted(features, key=lambda f: (-f.chosen / f.folds, f.name))[:MOST]
    plot_height = max(ROW_INCHES * len(ordered), 0.5)
    figure = empty_figure(WIDTH_INCHES - 0.6, plot_height + 0.95)
    axes = placed_axes(
        figure, LEFT_INCHES, 0.5, WIDTH_INCHES - 0.6 - LEFT_INCHES - 0.7, plot_height
    )
    quiet(axes, grid="x")
    titled(axes, title)
    places = [len(ordered) - 1 - k for k in range(len(ordered))]
    most = max(f.folds for f in ordered)
    axes.barh(places, [f.chosen for f in ordered], 0.68, color=BLUE)
    for place, feature in zip(places, ordered, strict=True):
        words = msg("{chosen} of {folds}", chosen=feature.chosen, folds=feature.folds)
        axes.text(
            feature.chosen + 0.012 * most, place, words.text(), va="center",
            fontsize=SMALL - 0.5, color=INK,
        )  # fmt: skip
    axes.set_yticks(places, [f.name for f in ordered])
    axes.tick_params(axis="y", length=0, labelsize=SMALL - 0.5)
    axes.set_ylim(-0.6, len(ordered) - 0.4)
    axes.set_xlim(0, most)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(msg("Outer folds that chose the feature").text())
    return figure
