"""What a page is made of: pieces that know their height and draw themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from her2desk.reports.pdf_sheet import (
    BODY,
    LINE,
    MUTED,
    SMALL,
    WARN,
    WARN_SOFT,
    Colour,
    Sheet,
    Style,
)

GAP_MM = 1.0
SECTION_MM = 4.8
GUTTER_MM = 8.0
ROW_MM = 0.65
PADDING_MM = 3.0
HIGHEST_PICTURE = 0.42  # of the page
BULLET = "•"


class Piece(Protocol):
    """Something that is not broken across pages, but where it is higher than one."""

    @property
    def gap(self) -> float:
        """How far it keeps from what stands above."""

    @property
    def is_tied(self) -> bool:
        """Whether what follows belongs on the same page."""

    def height(self, sheet: Sheet, width: float) -> float:
        """How high it is at this width, in mm."""

    def draw(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        """Draw it, (x, y) its upper left corner."""

    def pieces(self, sheet: Sheet, width: float) -> "Sequence[Piece]":
        """What it falls into where it is higher than a page; itself where it does not."""


@dataclass(frozen=True)
class Words:
    """A paragraph, with a bullet or without."""

    text: str
    style: Style = BODY
    bullet: str = ""
    gap: float = GAP_MM
    is_tied: bool = False

    @property
    def indent(self) -> float:
        return 3.6 if self.bullet else 0.0

    def height(self, sheet: Sheet, width: float) -> float:
        return sheet.text_height(self.text, width - self.indent, self.style)

    def draw(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        if self.bullet:
            sheet.write(x, y, self.indent, self.bullet, self.style)
        sheet.write(x + self.indent, y, width - self.indent, self.text, self.style)

    def pieces(self, sheet: Sheet, width: float) -> Sequence[Piece]:
        lines = sheet.lines(self.text, width - self.indent, self.style)
        if len(lines) < 2:
            return (self,)
        return [
            Words(line, self.style, self.bullet if number == 0 else "", 0.0)
            for number, line in enumerate(lines)
        ]


@dataclass(frozen=True)
class Heading:
    """A section's title with a line under it."""

    text: str
    colour: Colour
    gap: float = SECTION_MM
    is_tied: bool = True

    @property
    def style(self) -> Style:
        return Style(10.5, is_bold=True, colour=self.colour)

    def height(self, sheet: Sheet, width: float) -> float:
        return sheet.text_height(self.text, width, self.style) + 0.8

    def draw(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        down = sheet.write(x, y, width, self.text, self.style)
        sheet.rule((x, y + down + 0.6), (x + width, y + down + 0.6), LINE, 0.25)

    def pieces(self, sheet: Sheet, width: float) -> Sequence[Piece]:
        return (self,)


@dataclass(frozen=True)
class Labelled:
    """A label in a column of its own and what is said of it; ``mark`` stands below it in colour.

    Among rows that are all ``is_short`` the labels have more of the width.
    """

    label: str
    value: str
    mark: str = ""
    is_code: bool = False
    is_short: bool = False
    gap: float = 0.0
    is_tied: bool = False

    @property
    def style(self) -> Style:
        return Style(7.2) if self.is_code else BODY

    def height(self, sheet: Sheet, width: float) -> float:
        left, right = self._widths(width)
        value = sheet.text_height(self.value, right, self.style)
        mark = BODY.line_mm if self.mark else 0.0
        return max(sheet.text_height(self.label, left, self._label), value + mark) + 2 * ROW_MM

    def draw(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        left, right = self._widths(width)
        sheet.write(x, y + ROW_MM, left, self.label, self._label)
        at = x + width - right
        down = sheet.write(at, y + ROW_MM, right, self.value, self.style)
        if self.mark:
            sheet.write(at, y + ROW_MM + down, right, self.mark, BODY.bold().in_colour(WARN))
        foot = y + self.height(sheet, width)
        sheet.rule((x, foot), (x + width, foot), LINE, 0.15)

    def pieces(self, sheet: Sheet, width: float) -> Sequence[Piece]:
        parts = (Words(self.label, self._label, is_tied=True), Words(self.value, self.style))
        marked = (Words(self.mark, BODY.bold().in_colour(WARN)),) if self.mark else ()
        return (*parts, *marked)

    @property
    def _label(self) -> Style:
        return BODY.in_colour(MUTED)

    def _widths(self, width: float) -> tuple[float, float]:
        left = 46.0 if width > 120 else (0.7 if self.is_short else 0.4) * width
        return left - 3.0, width - left


@dataclass(frozen=True)
class Drawn:
    """A picture of a known shape, and the sentence under it."""

    png: bytes
    shape: tuple[int, int]
    caption: str
    alternative: str
    gap: float = 2.0
    is_tied: bool = False

    def height(self, sheet: Sheet, width: float) -> float:
        return self._size(sheet, width)[1] + 1.0 + sheet.text_height(self.caption, width, SMALL)

    def draw(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        wide, high = self._size(sheet, width)
        sheet.picture(self.png, x, y, wide, high, self.alternative)
        sheet.write(x, y + high + 1.0, width, self.caption, SMALL)

    def pieces(self, sheet: Sheet, width: float) -> Sequence[Piece]:
        return (self,)

    def _size(self, sheet: Sheet, width: float) -> tuple[float, float]:
        columns, rows = self.shape
        high = min(width * rows / columns, HIGHEST_PICTURE * sheet.height)
        return high * columns / rows, high


@dataclass(frozen=True)
class Framed:
    """Pieces in a frame of a warning's colour."""

    inside: tuple[Piece, ...]
    gap: float = SECTION_MM
    is_tied: bool = False

    def height(self, sheet: Sheet, width: float) -> float:
        return stack_height(sheet, self.inside, width - 2 * PADDING_MM) + 2 * PADDING_MM

    def draw(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        sheet.box(x, y, width, self.height(sheet, width), WARN_SOFT, WARN, 0.3)
        sheet.box(x, y, 1.1, self.height(sheet, width), WARN)
        draw_stack(sheet, self.inside, x + PADDING_MM, y + PADDING_MM, width - 2 * PADDING_MM)

    def pieces(self, sheet: Sheet, width: float) -> Sequence[Piece]:
        return self.inside


@dataclass(frozen=True)
class SideBySide:
    """Two stacks of pieces in two columns."""

    left: tuple[Piece, ...]
    right: tuple[Piece, ...]
    gap: float = SECTION_MM
    is_tied: bool = False

    def height(self, sheet: Sheet, width: float) -> float:
        half = (width - GUTTER_MM) / 2
        return max(stack_height(sheet, side, half) for side in (self.left, self.right))

    def draw(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        half = (width - GUTTER_MM) / 2
        draw_stack(sheet, self.left, x, y, half)
        draw_stack(sheet, self.right, x + half + GUTTER_MM, y, half)

    def pieces(self, sheet: Sheet, width: float) -> Sequence[Piece]:
        return (*self.left, *self.right)


def stack_height(sheet: Sheet, pieces: Iterable[Piece], width: float) -> float:
    """How high pieces are under one another."""
    found = list(pieces)
    gaps = sum(piece.gap for piece in found[1:])
    return gaps + sum(piece.height(sheet, width) for piece in found)


def draw_stack(sheet: Sheet, pieces: Iterable[Piece], x: float, y: float, width: float) -> None:
    """Draw pieces under one another; the first keeps no distance from what is above."""
    for number, piece in enumerate(pieces):
        y += piece.gap if number else 0.0
        piece.draw(sheet, x, y, width)
        y += piece.height(sheet, width)
