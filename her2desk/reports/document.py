"""The parts that a long report is made of, before they have a form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from her2desk.figures.canvas import PictureKind
from her2desk.texts import Message, msg

EMPTY = msg("–")
NOTHING = Message("")


@dataclass(frozen=True)
class StudyPicture:
    """A picture that can be written in any kind; ``name`` is its file's name without ending.

    ``alternative`` is what it shows, for who cannot see it.
    """

    name: str
    caption: Message
    alternative: Message
    draw: Callable[[PictureKind], bytes]


@dataclass(frozen=True)
class Cell:
    """A figure or words in a table, with a muted line below it or none."""

    text: Message
    note: Message | None = None


@dataclass(frozen=True)
class TableRow:
    """A row's heading and its cells; ``kind`` sets a sum or a row of another nature apart."""

    label: Message
    cells: tuple[Cell, ...]
    kind: Literal["plain", "strong", "apart"] = "plain"


@dataclass(frozen=True)
class Table:
    """``headings`` stand over the cells, ``corner`` over the row headings; ``notes`` follow it."""

    headings: tuple[Message, ...]
    rows: tuple[TableRow, ...]
    corner: Message = NOTHING
    caption: Message | None = None
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        if any(len(row.cells) != len(self.headings) for row in self.rows):
            raise ValueError("a row has more or fewer cells than the table has headings")


@dataclass(frozen=True)
class Paragraph:
    """A sentence or a few; ``is_warning`` gives it a mark and a frame."""

    text: Message
    is_warning: bool = False


@dataclass(frozen=True)
class Listing:
    """Sentences under one another."""

    lines: tuple[Message, ...]


Block = Paragraph | Listing | Table | StudyPicture


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; a section without blocks is left out."""

    name: str
    title: Message
    blocks: tuple[Block, ...]


def plain(text: str) -> Message:
    """Text that is no sentence of ours: a parameter, so that it is never looked up."""
    return msg("{value}", value=text)


def cells(*texts: Message | str) -> tuple[Cell, ...]:
    """Cells without notes."""
    return tuple(Cell(t if isinstance(t, Message) else plain(t)) for t in texts)
