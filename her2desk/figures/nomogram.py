"""A nomogram as a picture in the manner of R's, with a patient on it if there is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke

from her2desk.domain.nomogram import NomogramAxis, NomogramGeometry
from her2desk.figures.canvas import BLUE, INK, MUTED, VERMILION, PictureKind, look, written
from her2desk.stats.counts import Phrase, phrase
from her2desk.stats.counts import probability as probability_text
from her2desk.stats.nomogram import largest_total, probability_ticks
from her2desk.texts import Message, msg

WIDTH_INCHES = 7.2
ROW_INCHES = 0.46
EDGE_INCHES = 0.12
LEFT, RIGHT = 1.75, 6.2  # inches: where the scales begin and end
TICK, MINOR_TICK = 0.055, 0.03
LABEL_SIZE = 7
CHARACTER_INCHES = 0.06
LABEL_GAP = 0.05
MINUS = "\u2212"
HER2_POSITIVE = msg("Probability of HER-2 positive")
KEY_PROBABILITIES = (0.5, 0.1, 0.9, 0.01, 0.99, 0.2, 0.8)


@dataclass(frozen=True)
class _Tick:
    """A tick's place in inches, its label, and its rank: low ranks are labelled first."""

    x: float
    label: str
    rank: float


def nomogram_picture(
    geometry: NomogramGeometry,
    values: Mapping[str, float] | None = None,
    *,
    shift: float = 0.0,
    kind: PictureKind = "svg",
    outcome: Message = HER2_POSITIVE,
) -> bytes:
    """The nomogram as an SVG, PDF or PNG file's bytes.

    ``values`` places a patient: one number for each term by its name; one outside the training
    limits is drawn at the limit and marked. ``shift`` moves the log-odds to the local prevalence
    (V11). ``outcome`` names the probability's scale.
    """
    with look():
        drawing = _Drawing(geometry, shift, outcome)
        drawing.scales()
        if values is not None:
            drawing.patient(values)
        return written(drawing.figure, kind)


def tick_positions(geometry: NomogramGeometry) -> dict[str, tuple[float, ...]]:
    """Where each variable's ticks are drawn: 0 is the left end of the points scale, 1 the right."""
    whole = geometry.points_ticks[-1]
    return {axis.term.name: tuple(p / whole for _, p in axis.ticks) for axis in geometry.axes}


class _Drawing:
    """One figure; rows from the top: points, variables, total points, probability."""

    def __init__(self, geometry: NomogramGeometry, shift: float, outcome: Message):
        self.geometry = geometry
        self.shift = shift
        self.outcome = outcome
        rows = len(geometry.axes) + 3
        self.height = rows * ROW_INCHES + 2 * EDGE_INCHES
        self.figure = Figure(figsize=(WIDTH_INCHES, self.height))
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, WIDTH_INCHES)
        self.axes.set_ylim(0, self.height)
        self.axes.set_axis_off()
        self.total_row, self.probability_row = rows - 2, rows - 1

    def scales(self) -> None:
        """Every axis with its ticks."""
        g = self.geometry
        points = [
            _Tick(self._points_x(p), f"{p:g}", _rank(i)) for i, p in enumerate(g.points_ticks)
        ]
        self._scale(0, msg("Points"), points)
        for row, axis in enumerate(g.axes, start=1):
            self._scale(row, axis.term.label, self._term_ticks(axis))
        total = [_Tick(self._total_x(t), f"{t:g}", _rank(i)) for i, t in enumerate(g.total_ticks)]
        self._scale(self.total_row, msg("Total points"), total)
        chances = [
            _Tick(self._total_x(t), f"{p:g}", _probability_rank(p))
            for p, t in probability_ticks(g, self.shift)
        ]
        self._scale(self.probability_row, self.outcome, chances)
        reach = [self._total_x(t) for t in (0.0, largest_total(g))]
        self._line(reach, self._y(self.probability_row))

    def patient(self, values: Mapping[str, float]) -> None:
        """Markers, guides up to the points scale, and the sum down to the probability."""
        total = 0.0
        for row, axis in enumerate(self.geometry.axes, start=1):
            value, is_clipped = axis.clipped(values[axis.term.name])
            points = axis.points_at(value)
            total += points
            x = self._points_x(points)
            self._guide(x, 0, row)
            self._marker(x, row)
            note = _points_note(points)
            self._note(row, msg("{note}\noutside training", note=note) if is_clipped else note)
        x = self._total_x(total)
        self._guide(x, self.total_row, self.probability_row)
        self._marker(x, self.total_row)
        self._marker(x, self.probability_row)
        self._note(self.total_row, _points_note(total))
        chance = probability_text(self.geometry.probability(total, self.shift))
        self._note(self.probability_row, Message(chance), is_strong=True)

    def _scale(self, row: int, label: Message, ticks: Sequence[_Tick]) -> None:
        y = self._y(row)
        self.axes.text(0.12, y, label.text(), va="center", fontsize=8, color=INK)
        if not ticks:
            return
        xs = [t.x for t in ticks]
        self._line([min(xs), max(xs)], y)
        labelled = _without_overlap(ticks)
        for tick in ticks:
            length = TICK if tick in labelled else MINOR_TICK
            self.axes.plot([tick.x, tick.x], [y, y - length], color=INK, linewidth=0.8, zorder=2)
        for tick in labelled:
            self.axes.text(
                tick.x,
                y - TICK - 0.02,
                tick.label.replace("-", MINUS),
                ha="center",
                va="top",
                fontsize=LABEL_SIZE,
                path_effects=[Stroke(linewidth=2, foreground="white"), Normal()],
            )
        if row == 0:
            self._minor_ticks(ticks, y)

    def _line(self, xs: list[float], y: float) -> None:
        self.axes.plot(xs, [y, y], color=INK, linewidth=0.9, zorder=2)

    def _minor_ticks(self, ticks: Sequence[_Tick], y: float) -> None:
        step = (ticks[1].x - ticks[0].x) / 5
        for k in range((len(ticks) - 1) * 5):
            x = ticks[0].x + k * step
            self.axes.plot([x, x], [y, y - MINOR_TICK], color=INK, linewidth=0.5, zorder=2)

    def _term_ticks(self, axis: NomogramAxis) -> list[_Tick]:
        names = (msg("no").text(), msg("yes").text())
        return [
            _Tick(
                self._points_x(points),
                names[int(value)] if axis.term.is_binary else f"{value:.6g}",
                _rank(index),
            )
            for index, (value, points) in enumerate(axis.ticks)
        ]

    def _marker(self, x: float, row: int) -> None:
        self.axes.plot(
            [x], [self._y(row)], marker="D", markersize=5.5, color=VERMILION,
            markeredgecolor="white", markeredgewidth=0.7, zorder=5,
        )  # fmt: skip

    def _guide(self, x: float, upper_row: int, lower_row: int) -> None:
        self.axes.plot(
            [x, x], [self._y(upper_row), self._y(lower_row)], color=BLUE, linewidth=0.7,
            linestyle=(0, (4, 3)), alpha=0.8, zorder=1,
        )  # fmt: skip

    def _note(self, row: int, text: Message, is_strong: bool = False) -> None:
        self.axes.text(
            RIGHT + 0.12, self._y(row), text.text(), va="center",
            fontsize=9 if is_strong else LABEL_SIZE, color=VERMILION if is_strong else MUTED,
            fontweight="bold" if is_strong else "normal",
        )  # fmt: skip

    def _y(self, row: int) -> float:
        return self.height - EDGE_INCHES - (row + 0.35) * ROW_INCHES

    def _points_x(self, points: float) -> float:
        return LEFT + (RIGHT - LEFT) * points / self.geometry.points_ticks[-1]

    def _total_x(self, total: float) -> float:
        return LEFT + (RIGHT - LEFT) * total / self.geometry.total_ticks[-1]


def _points_note(points: float) -> Phrase:
    return phrase(msg("{points} points", points=f"{round(points, 1) + 0.0:.1f}"))


def _probability_rank(probability: float) -> float:
    """The middle first, then the round tails, then the rest from the middle outwards."""
    if probability in KEY_PROBABILITIES:
        return KEY_PROBABILITIES.index(probability) - len(KEY_PROBABILITIES)
    return abs(probability - 0.5)


def _rank(index: int) -> float:
    """Multiples of large powers of two first: a crowded scale keeps evenly spaced labels."""
    return -float("inf") if index == 0 else -float(index & -index)


def _without_overlap(ticks: Sequence[_Tick]) -> list[_Tick]:
    """The ticks whose labels fit beside each other."""
    chosen: list[_Tick] = []
    for tick in sorted(ticks, key=lambda t: t.rank):
        half = len(tick.label) * CHARACTER_INCHES / 2
        if all(
            abs(tick.x - other.x) > half + len(other.label) * CHARACTER_INCHES / 2 + LABEL_GAP
            for other in chosen
        ):
            chosen.append(tick)
    return chosen
