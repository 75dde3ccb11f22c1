"""What the pictures of a study share: colours and dashes of the branches, quiet axes, safe names."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from her2desk.figures.canvas import (
    BLUE,
    INK,
    ORANGE,
    SKY_BLUE,
    VERMILION,
    PictureKind,
    look,
    written,
)
from her2desk.texts import Message

GREEN = "#009E73"  # Okabe & Ito's bluish green and reddish purple
PURPLE = "#CC79A7"
RULE = "#D5DBE0"
PAPER = "#F3F6F8"
FOLD_GREY = "#B4BCC3"
SMALL = 7
TITLE = 9
WIDTH_INCHES = 7.2  # a journal's two columns
COLUMN_INCHES = 3.5
LONGEST_NAME = 46
ELLIPSIS = "…"
MINUS = "\u2212"
Dashes = tuple[float, tuple[float, ...]]
Box = tuple[float, float, float, float]
SOLID: Dashes = (0, ())


@dataclass(frozen=True)
class LineLook:
    """A line's colour, dashes, width and marker: told apart without the colour too."""

    colour: str
    dashes: Dashes
    width: float
    marker: str


BRANCH_LOOKS: Mapping[str, LineLook] = {
    "clinical": LineLook(ORANGE, (0, (1.2, 1.4)), 1.3, "s"),
    "radiomics": LineLook(GREEN, (0, (5, 2)), 1.3, "^"),
    "cnn": LineLook(SKY_BLUE, (0, (5, 1.5, 1, 1.5)), 1.3, "v"),
    "dlr": LineLook(BLUE, (0, (9, 2)), 1.3, "D"),
    "combined": LineLook(VERMILION, SOLID, 1.9, "o"),
}
OTHER_LOOK = LineLook(PURPLE, (0, (3, 2, 1, 2, 1, 2)), 1.3, "P")


def branch_look(branch: str) -> LineLook:
    """How a branch is drawn, in every picture alike."""
    return BRANCH_LOOKS.get(branch, OTHER_LOOK)


def picture(draw: Callable[[], Figure], kind: PictureKind) -> bytes:
    """The bytes of what ``draw`` builds, in the look of all pictures."""
    with look(), any_character():
        return written(draw(), kind)


@contextmanager
def any_character() -> Iterator[None]:
    """A character from a file that no font here has becomes a box, without a word on stderr."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        yield


def shown(name: str, longest: int = LONGEST_NAME) -> str:
    """Text from a file as one line that fits: no control characters, shortened in the middle."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if len(line) <= longest:
        return line
    head = (longest - 1) // 2
    return line[:head] + ELLIPSIS + line[len(line) - (longest - 1 - head) :]


def empty_figure(width: float, height: float) -> Figure:
    """A figure of so many inches."""
    return Figure(figsize=(width, height))


def placed_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches from the figure's lower left corner."""
    whole_width, whole_height = figure.get_size_inches()
    box: Box = (
        left / whole_width,
        bottom / whole_height,
        width / whole_width,
        height / whole_height,
    )
    return figure.add_axes(box)


def quiet(axes: Axes, *, grid: str = "") -> None:
    """Only the left and the lower edge; a faint grid along ``grid`` ("x", "y", "both")."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL, length=3, width=0.7)
    axes.set_axisbelow(True)
    if grid:
        options: dict[str, Any] = {"axis": grid, "color": RULE, "linewidth": 0.6}
        axes.grid(True, **options)


def titled(axes: Axes, title: Message) -> None:
    """A title over the left edge of the axes."""
    axes.set_title(title.text(), loc="left", fontsize=TITLE, fontweight="bold", color=INK, pad=7)
