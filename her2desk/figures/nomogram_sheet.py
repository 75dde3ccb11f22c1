"""The scales of a nomogram drawn in inches, for a figure and for a page to print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from textwrap import shorten, wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke

from her2desk.domain.nomogram import NomogramAxis, NomogramGeometry
from her2desk.figures.canvas import BLUE, INK, MUTED, VERMILION
from her2desk.stats.counts import probability as probability_text
from her2desk.stats.nomogram import interval, largest_total, probability_ticks
from her2desk.stats.nomogram_labels import even_tiers, lanes_of, probability_tiers, thinned
from her2desk.texts import Message, Phrase, msg, phrase

WHAT_IF = "#8F3D6B"
MINUS = "\u2212"
LANE_INCHES = 0.13
GAP_INCHES = 0.05
WIDE_LETTERS_FROM = 0x2E80  # Chinese and its like stand twice as wide
MINOR_PARTS = (5, 2)
LEAST_APART_INCHES = 0.045
FINE_PROBABILITIES = (
    *(n / 100 for n in range(2, 10)),
    *(n / 100 for n in range(15, 90, 10)),
    *(n / 100 for n in range(91, 99)),
)


@dataclass(frozen=True)
class Sheet:
    """Lengths in inches and letters in points: where the scales begin and end, and how large all is.

    ``label_letters`` is how many letters one line of a variable's label has. With ``has_fine_ticks``
    every scale has small ticks to read off with a ruler, else only the points.
    """

    width: float
    left: float
    right: float
    row: float
    letters: float = 8
    small_letters: float = 7
    tick: float = 0.055
    line: float = 0.9
    label_x: float = 0.12
    label_letters: int = 26
    has_fine_ticks: bool = False

    @property
    def letter_inches(self) -> float:
        """Width of a letter of a tick's label."""
        return self.small_letters * 0.0086

    def width_of(self, text: str) -> float:
        """About how wide a tick's label is."""
        return sum(2 if ord(c) >= WIDE_LETTERS_FROM else 1 for c in text) * self.letter_inches


@dataclass(frozen=True)
class Tick:
    """A tick's place in inches and its label."""

    x: float
    label: str


class Scales:
    """Scales from ``top`` down: points, variables, total points, probability; then whom is on them."""

    def __init__(
        self,
        figure: Figure,
        sheet: Sheet,
        geometry: NomogramGeometry,
        shift: float,
        outcome: Message,
        top: float,
    ):
        self.geometry, self.shift, self.outcome, self.sheet = geometry, shift, outcome, sheet
        width, height = figure.get_size_inches()
        self.axes: Axes = figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, width)
        self.axes.set_ylim(0, height)
        self.axes.set_axis_off()
        heights = row_heights(sheet, geometry)
        self._ys = [top - y - 0.35 * sheet.row for y in accumulate(heights, initial=0.0)]
        self.total_row = len(geometry.axes) + 1
        self.probability_row = self.total_row + 1

    def draw(self) -> None:
        """Every scale with its ticks."""
        g = self.geometry
        points = [Tick(self._points_x(p), f"{p:g}") for p in g.points_ticks]
        self._scale(0, msg("Points"), points, even_tiers(g.points_ticks))
        self._minor_ticks(0, points)
        for row, axis in enumerate(g.axes, start=1):
            ticks, tiers = _term_ticks(axis), None
            if not axis.term.is_discrete:
                tiers = even_tiers([value for value, _ in axis.ticks])
                if axis.points_per_unit < 0:
                    tiers.reverse()  # as the ticks stand, from the left
            placed = [Tick(self._points_x(points), label) for points, label in ticks]
            self._scale(row, axis.term.label, placed, tiers)
            if self.sheet.has_fine_ticks and not axis.term.is_discrete:
                self._minor_ticks(row, placed)
        total = [Tick(self._total_x(t), f"{t:g}") for t in g.total_ticks]
        self._scale(self.total_row, msg("Total points"), total, even_tiers(g.total_ticks))
        if self.sheet.has_fine_ticks:
            self._minor_ticks(self.total_row, total)
        self._probabilities()

    def people(self, values: Mapping[str, float] | None, tried: Mapping[str, float] | None) -> None:
        """A patient, and what is tried beside it, each named in its colour."""
        if values is not None:
            self._person(values, {}, is_tried=False)
            self._note(0, msg("This patient"), is_tried=False)
        if tried is not None:
            self._person(tried, values or {}, is_tried=True)
            self._note(0, msg("What if"), is_tried=True)

    def _person(
        self, values: Mapping[str, float], drawn: Mapping[str, float], *, is_tried: bool
    ) -> None:
        """Markers, guides up to the points, the sum down to the probability, and its interval.

        A value outside the training limits stands at the limit and is marked; the total and the
        probability are of the true value. Values that are ``drawn`` already are not drawn again.
        """
        for row, axis in enumerate(self.geometry.axes, start=1):
            value = values[axis.term.name]
            if drawn.get(axis.term.name) == value:
                continue
            inside, is_clipped = axis.clipped(value)
            x = self._points_x(axis.points_at(inside))
            self._guide(x, 0, row, is_tried)
            self._marker(x, row, is_tried)
            note: Message = _points_note(axis.points_at(value))
            note = msg("{note}\noutside training", note=note) if is_clipped else note
            self._note(row, note, is_tried)
        total = self.geometry.total_points(values)
        x = self._total_x(min(max(total, 0.0), self.geometry.total_ticks[-1]))
        self._guide(x, self.total_row, self.probability_row, is_tried)
        self._marker(x, self.total_row, is_tried)
        self._marker(x, self.probability_row, is_tried)
        self._note(self.total_row, _points_note(total), is_tried)
        self._note(self.probability_row, self._chance(values, total), is_tried, is_strong=True)
        self._bar(values, is_tried)

    def text(self, x: float, y: float, text: str, size: float, **how: Any) -> None:
        """A line of text at a place in inches."""
        self.axes.text(x, y, text, fontsize=size, **{"color": INK, "va": "center", **how})

    def _chance(self, values: Mapping[str, float], total: float) -> Message:
        """The probability with its interval."""
        value = probability_text(self.geometry.probability(total, self.shift))
        bounds = interval(self.geometry.model, values, self.shift)
        if bounds is None:
            return Message(value)
        lower, upper = (probability_text(p) for p in bounds)
        return msg("{value} ({lower}–{upper})", value=value, lower=lower, upper=upper)

    def _bar(self, values: Mapping[str, float], is_tried: bool) -> None:
        """The interval over the probability's scale."""
        bounds = interval(self.geometry.model, values, self.shift)
        if bounds is None:
            return
        y = self._ys[self.probability_row] + (0.2 if is_tried else 0.13) * self.sheet.row / 0.46
        ends = [self._probability_x(p) for p in bounds]
        colour = WHAT_IF if is_tried else VERMILION
        style = (0, (3, 1.2)) if is_tried else "solid"
        self.axes.plot(ends, [y, y], color=colour, linewidth=1.8, linestyle=style, zorder=3)
        for x in ends:
            self.axes.plot([x, x], [y - 0.025, y + 0.025], color=colour, linewidth=1, zorder=3)

    def _probabilities(self) -> None:
        g, y = self.geometry, self._ys[self.probability_row]
        found = probability_ticks(g, self.shift)
        ticks = [Tick(self._total_x(t), f"{p:.6g}") for p, t in found]
        tiers = probability_tiers([p for p, _ in found])
        self._scale(self.probability_row, self.outcome, ticks, tiers)
        self._line([self._total_x(t) for t in (0.0, largest_total(g))], y)
        if self.sheet.has_fine_ticks:
            reach = (0.0, largest_total(g))
            totals = (g.total_at(p, self.shift) for p in FINE_PROBABILITIES)
            for total in (t for t in totals if reach[0] <= t <= reach[1]):
                self._tick(self._total_x(total), y, self.sheet.tick * 0.55)

    def _scale(
        self, row: int, label: Message, ticks: Sequence[Tick], tiers: Sequence[int] | None
    ) -> None:
        """A scale with its labels: all of them in several lines, or by ``tiers`` in one."""
        y, sheet = self._ys[row], self.sheet
        said = _in_two_lines(label.text(), sheet.label_letters)
        self.text(sheet.label_x, y, said, sheet.letters, linespacing=1.15)
        if not ticks:
            return
        self._line([ticks[0].x, ticks[-1].x], y)
        placed = _placed(ticks, tiers, sheet)
        for tick, (left, lane) in zip(ticks, placed, strict=True):
            shown = lane is not None
            down = sheet.tick + LANE_INCHES * (lane or 0)
            self._tick(tick.x, y, down if shown else sheet.tick * 0.55)
            if shown:
                middle = left + sheet.width_of(tick.label) / 2
                self._tick_label(middle, y - down - 0.02, tick.label)

    def _tick_label(self, x: float, y: float, text: str) -> None:
        self.axes.text(
            x, y, text.replace("-", MINUS), ha="center", va="top",
            fontsize=self.sheet.small_letters,
            path_effects=[Stroke(linewidth=2, foreground="white"), Normal()],
        )  # fmt: skip

    def _line(self, xs: list[float], y: float) -> None:
        self.axes.plot(xs, [y, y], color=INK, linewidth=self.sheet.line, zorder=2)

    def _tick(self, x: float, y: float, length: float) -> None:
        self.axes.plot([x, x], [y, y - length], color=INK, linewidth=self.sheet.line, zorder=2)

    def _minor_ticks(self, row: int, ticks: Sequence[Tick]) -> None:
        """As many as the eye can tell apart: fifths, else halves, else none."""
        width = ticks[1].x - ticks[0].x
        parts = next((n for n in MINOR_PARTS if width / n >= LEAST_APART_INCHES), 1)
        step = width / parts
        for k in range((len(ticks) - 1) * parts):
            x = ticks[0].x + k * step
            y = self._ys[row]
            self.axes.plot(
                [x, x], [y, y - self.sheet.tick * 0.55], color=INK, linewidth=0.5, zorder=2
            )

    def _marker(self, x: float, row: int, is_tried: bool) -> None:
        """A disc for the patient, a diamond for what is tried, as on screen."""
        self.axes.plot(
            [x], [self._ys[row]], marker="D" if is_tried else "o", markersize=6,
            color=WHAT_IF if is_tried else VERMILION,
            markeredgecolor="white", markeredgewidth=0.7, zorder=6 if is_tried else 5,
        )  # fmt: skip

    def _guide(self, x: float, upper_row: int, lower_row: int, is_tried: bool) -> None:
        self.axes.plot(
            [x, x], [self._ys[upper_row], self._ys[lower_row]],
            color=WHAT_IF if is_tried else BLUE, linewidth=0.7,
            linestyle=(0, (4, 3)), alpha=0.8, zorder=1,
        )  # fmt: skip

    def _note(self, row: int, text: Message, is_tried: bool, is_strong: bool = False) -> None:
        """At the right end; what is tried stands under the patient's."""
        size = self.sheet.small_letters
        y = self._ys[row] - (size * 0.019 if is_tried else 0)
        plain = WHAT_IF if is_tried else MUTED
        strong = WHAT_IF if is_tried else VERMILION
        self.text(
            self.sheet.right + 0.03 * size, y, text.text(), size + (1 if is_strong else 0),
            color=strong if is_strong else plain,
            weight="bold" if is_strong else "normal",
        )  # fmt: skip

    def _points_x(self, points: float) -> float:
        return self._x(points / self.geometry.points_ticks[-1])

    def _total_x(self, total: float) -> float:
        return self._x(total / self.geometry.total_ticks[-1])

    def _probability_x(self, probability: float) -> float:
        """Kept inside the scale."""
        if not 0 < probability < 1:
            return self._x(float(probability >= 1))
        total = self.geometry.total_at(probability, self.shift)
        return self._total_x(min(max(total, 0.0), self.geometry.total_ticks[-1]))

    def _x(self, share: float) -> float:
        return self.sheet.left + (self.sheet.right - self.sheet.left) * share


def row_heights(sheet: Sheet, geometry: NomogramGeometry) -> list[float]:
    """Each row's height, from the points down; one with many level names is higher."""
    heights = [sheet.row]
    for axis in geometry.axes:
        lanes = 1
        if axis.term.is_discrete:
            span = sheet.right - sheet.left
            ticks = [
                Tick(sheet.left + span * points / geometry.points_ticks[-1], label)
                for points, label in _term_ticks(axis)
            ]
            lanes += max(lane or 0 for _, lane in _placed(ticks, None, sheet))
        heights.append(sheet.row + LANE_INCHES * (lanes - 1))
    return [*heights, sheet.row, sheet.row]


def _placed(
    ticks: Sequence[Tick], tiers: Sequence[int] | None, sheet: Sheet
) -> list[tuple[float, int | None]]:
    spots = [(t.x, sheet.width_of(t.label)) for t in ticks]
    edges = (sheet.left - 0.5, sheet.width - 0.05)
    if tiers is None:
        return lanes_of(spots, edges, GAP_INCHES)
    return thinned(spots, edges, GAP_INCHES, tiers)


def _term_ticks(axis: NomogramAxis) -> list[tuple[float, str]]:
    """(points, label) of a variable's ticks, from the left."""
    names = axis.term.level_names
    return sorted(
        (
            points,
            shorten(names[int(value)].text(), 28, placeholder="…") if names else f"{value:.6g}",
        )
        for value, points in axis.ticks
    )


def _in_two_lines(text: str, letters: int) -> str:
    lines = wrap(text, letters) or [""]
    return "\n".join(lines if len(lines) <= 2 else [lines[0], f"{lines[1][: letters - 1]}…"])


def _points_note(points: float) -> Phrase:
    return phrase(
        msg("{points} points", points=f"{round(points, 1) + 0.0:.1f}".replace("-", MINUS))
    )
