"""A nomogram as one page to print, for a ruler and a pencil."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from matplotlib.figure import Figure

from her2desk.domain.nomogram import NomogramGeometry
from her2desk.domain.prediction import PackIdentity
from her2desk.domain.research_use import RESEARCH_USE
from her2desk.figures.canvas import PictureKind, look, written
from her2desk.figures.nomogram import HER2_POSITIVE
from her2desk.figures.nomogram_sheet import Scales, Sheet, row_heights
from her2desk.stats.counts import percent
from her2desk.stats.statements import interval_scope
from her2desk.texts import msg

A4_LANDSCAPE = (11.69, 8.27)  # inches
MARGIN = 0.55
TOP = 1.35  # from the upper edge: title and instruction
BOTTOM = 1.25  # the page's last lines
HIGHEST_ROW = 1.05
DIGEST_SHOWN = 12
PAGE = Sheet(
    width=A4_LANDSCAPE[0], left=3.0, right=9.75, row=HIGHEST_ROW, letters=11, small_letters=9.5,
    tick=0.1, line=1.1, label_x=MARGIN, label_letters=26, has_fine_ticks=True,
)  # fmt: skip


@dataclass(frozen=True)
class PageFacts:
    """What the page says of itself: the model's name in words, its pack, the date of printing as
    text, and the share of positives that the probabilities are for.
    """

    model: str
    pack: PackIdentity
    date: str
    prevalence: float


def bedside_page(
    geometry: NomogramGeometry,
    facts: PageFacts,
    values: Mapping[str, float] | None = None,
    *,
    tried: Mapping[str, float] | None = None,
    shift: float = 0.0,
    kind: PictureKind = "pdf",
) -> bytes:
    """The page, A4 landscape, as a PDF's (or a picture's) bytes; the same facts, the same bytes.

    Without ``values`` there is no patient on it. ``tried`` and ``shift`` as in ``nomogram_picture``.
    """
    with look():
        figure = Figure(figsize=A4_LANDSCAPE)
        top = A4_LANDSCAPE[1] - TOP
        scales = Scales(figure, _fitting(geometry), geometry, shift, HER2_POSITIVE, top)
        scales.draw()
        scales.people(values, tried)
        _words(scales, facts, has_patient=values is not None or tried is not None)
        return written(figure, kind)


def _fitting(geometry: NomogramGeometry) -> Sheet:
    """The largest rows that the page has room for."""
    plain = replace(PAGE, row=0.0)
    lanes = sum(row_heights(plain, geometry))
    room = A4_LANDSCAPE[1] - TOP - BOTTOM - lanes
    return replace(PAGE, row=min(HIGHEST_ROW, room / (len(geometry.axes) + 3)))


def _words(scales: Scales, facts: PageFacts, has_patient: bool) -> None:
    pack, height = facts.pack, A4_LANDSCAPE[1]
    title = msg("Nomogram: {model}", model=facts.model)
    scales.text(MARGIN, height - 0.5, title.text(), 17, weight="bold")
    how = msg(
        "Lay a ruler straight up from each value to Points, add the points, find the sum on Total "
        "points, and read the probability straight below."
    )
    scales.text(MARGIN, height - 0.85, how.text(), 10)
    named = msg(
        "Model pack {name} {version}, digest {digest}, printed {date}.",
        name=pack.name,
        version=pack.version,
        digest=pack.sha256[:DIGEST_SHOWN],
        date=facts.date,
    ).text()
    if pack.demo:
        named += " " + msg("A demo: not for patients.").text()
    world = msg(
        "Probabilities are for a place where {prevalence} % of such patients are HER-2 positive.",
        prevalence=percent(facts.prevalence),
    ).text()
    scope = interval_scope() if has_patient else msg("Each is for the average of such patients.")
    lines = (named, f"{world} {scope.text()}", RESEARCH_USE.text())
    for number, line in enumerate(lines):
        scales.text(MARGIN, 0.95 - 0.22 * number, line, 9)
