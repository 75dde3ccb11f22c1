"""A nomogram as a picture in the manner of R's, with a patient on it if there is one."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from her2desk.domain.nomogram import NomogramGeometry
from her2desk.figures.canvas import PictureKind, look, written
from her2desk.figures.nomogram_sheet import Scales, Sheet, row_heights
from her2desk.texts import Message, msg

EDGE_INCHES = 0.12
PICTURE = Sheet(width=7.2, left=1.75, right=5.7, row=0.46)
HER2_POSITIVE = msg("Probability of HER-2 positive")


def nomogram_picture(
    geometry: NomogramGeometry,
    values: Mapping[str, float] | None = None,
    *,
    tried: Mapping[str, float] | None = None,
    shift: float = 0.0,
    kind: PictureKind = "svg",
    outcome: Message = HER2_POSITIVE,
) -> bytes:
    """The nomogram as an SVG, PDF or PNG file's bytes.

    ``values`` places a patient: one number for each term by its name; one outside the training
    limits is drawn at the limit and marked. ``tried`` places other values beside them, in a second
    colour and shape. ``shift`` moves the log-odds to the local prevalence (V11). ``outcome`` names
    the probability's scale.
    """
    with look():
        height = sum(row_heights(PICTURE, geometry)) + 2 * EDGE_INCHES
        figure = Figure(figsize=(PICTURE.width, height))
        scales = Scales(figure, PICTURE, geometry, shift, outcome, height - EDGE_INCHES)
        scales.draw()
        scales.people(values, tried)
        return written(figure, kind)


def tick_positions(geometry: NomogramGeometry) -> dict[str, tuple[float, ...]]:
    """Where each variable's ticks are drawn: 0 is the left end of the points scale, 1 the right."""
    whole = geometry.points_ticks[-1]
    return {axis.term.name: tuple(p / whole for _, p in axis.ticks) for axis in geometry.axes}
