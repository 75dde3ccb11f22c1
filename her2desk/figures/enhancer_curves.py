"""An enhancer's training: what was measured on held-out patients, step by step, beside Lanczos."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from her2desk.figures.canvas import BLUE, INK, MUTED, VERMILION
from her2desk.figures.plots import SMALL, WIDTH_INCHES, empty_figure, placed_axes, quiet, titled
from her2desk.texts import Message, msg

COLUMNS = 3
PANEL_INCHES = (1.72, 1.25)
GAP_INCHES = (0.66, 0.78)
LEFT_INCHES, FOOT_INCHES, HEAD_INCHES = 0.62, 0.86, 0.36
DASHED = (0, (4, 2))
DOTTED = (0, (1, 2))


@dataclass(frozen=True)
class MeasureCurve:
    """One measure: (step, value) in order, Lanczos' value on the same pictures, and the true ones'.

    ``true`` is None for measures that have no such value in sight, such as PSNR.
    """

    label: Message
    points: Sequence[tuple[int, float]]
    lanczos: float | None
    true: float | None = None


def enhancer_curves_figure(curves: Sequence[MeasureCurve], adversarial_from: int | None) -> Figure:
    """A panel for each measure; ``adversarial_from`` is the step where the second phase began."""
    rows = -(-len(curves) // COLUMNS)
    width, height = PANEL_INCHES
    across, down = GAP_INCHES
    figure = empty_figure(
        WIDTH_INCHES, HEAD_INCHES + rows * height + (rows - 1) * down + FOOT_INCHES
    )
    for place, curve in enumerate(curves):
        row, column = divmod(place, COLUMNS)
        left = LEFT_INCHES + column * (width + across)
        bottom = FOOT_INCHES + (rows - 1 - row) * (height + down)
        axes = placed_axes(figure, left, bottom, width, height)
        _panel(axes, curve, adversarial_from)
        if row == rows - 1 or place + COLUMNS >= len(curves):
            axes.set_xlabel(msg("Steps").text(), fontsize=SMALL)
    if curves:
        handles, labels = figure.axes[-1].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="lower left", ncols=4, frameon=False, fontsize=SMALL + 0.5,
            bbox_to_anchor=((LEFT_INCHES - 0.1) / WIDTH_INCHES, 0.0),
        )  # fmt: skip
    return figure


def _panel(axes: Axes, curve: MeasureCurve, adversarial_from: int | None) -> None:
    quiet(axes, grid="y")
    titled(axes, curve.label)
    steps = [step for step, _ in curve.points]
    axes.plot(
        steps, [value for _, value in curve.points], color=BLUE, linewidth=1.3, marker="o",
        markersize=2.6, label=msg("this enhancer, held-out patients").text(),
    )  # fmt: skip
    if curve.lanczos is not None:
        axes.axhline(
            curve.lanczos, color=VERMILION, linewidth=1.1, linestyle=DASHED,
            label=msg("Lanczos").text(),
        )  # fmt: skip
    if curve.true is not None:
        axes.axhline(
            curve.true, color=INK, linewidth=0.8, label=msg("as in the true picture").text()
        )
    if adversarial_from is not None:
        axes.axvline(
            adversarial_from, color=MUTED, linewidth=0.9, linestyle=DOTTED,
            label=msg("the discriminator joins").text(),
        )  # fmt: skip
    axes.title.set_fontsize(SMALL + 0.5)
    axes.title.set_color(INK)
    axes.margins(x=0.03)
