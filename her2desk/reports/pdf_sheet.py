"""The paper that a case's report is laid out on: pages, letters, lines and colours, in mm.

Letters are DejaVu Sans, which comes with matplotlib, and for Chinese the font in ``assets/fonts``;
both are embedded with just the characters used. A character that neither has is written U+XXXX.
"""

import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

from her2desk.paths import font_path
from her2desk.readable import readable
from her2desk.reports.report_options import Paper

Colour = tuple[int, int, int]
INK: Colour = (26, 31, 36)
MUTED: Colour = (86, 97, 107)
LINE: Colour = (213, 219, 224)
SOFT: Colour = (243, 246, 248)
ACCENT: Colour = (0, 114, 178)
INTERVAL: Colour = (86, 180, 233)
THRESHOLD: Colour = (213, 94, 0)
WARN: Colour = (138, 60, 0)
WARN_SOFT: Colour = (255, 247, 238)

SIZES_MM = {Paper.A4: (210.0, 297.0), Paper.LETTER: (215.9, 279.4)}
SIDE_MM, TOP_MM, BOTTOM_MM = 16.0, 25.0, 20.0
MM_PER_POINT = 25.4 / 72
LEADING = 1.36
UNDATED = datetime(1980, 1, 1, tzinfo=UTC)  # as the ZIP entries of packs are
_LETTERS, _CHINESE = "letters", "chinese"


@dataclass(frozen=True)
class Style:
    """How letters look: size in points, weight and colour."""

    size: float = 8.3
    is_bold: bool = False
    colour: Colour = INK

    @property
    def line_mm(self) -> float:
        """From one line to the next."""
        return self.size * MM_PER_POINT * LEADING

    def bold(self) -> "Style":
        """The same in bold."""
        return replace(self, is_bold=True)

    def in_colour(self, colour: Colour) -> "Style":
        """The same in another colour."""
        return replace(self, colour=colour)


BODY = Style()
SMALL = Style(7.2, colour=MUTED)


class Sheet:
    """A PDF being drawn, in a ``with`` block; (0, 0) is the upper left corner of the paper."""

    def __init__(self, paper: Paper) -> None:
        from matplotlib import get_data_path

        self.width, self.height = SIZES_MM[paper]
        self._pdf = FPDF(unit="mm", format=(self.width, self.height))
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._pdf.c_margin = 0
        folder = Path(get_data_path()) / "fonts" / "ttf"
        self._pdf.add_font(_LETTERS, "", folder / "DejaVuSans.ttf")
        self._pdf.add_font(_LETTERS, "B", folder / "DejaVuSans-Bold.ttf")
        self._chinese: frozenset[int] | None = None
        self._broken: dict[tuple[str, float, Style], list[str]] = {}

    def __enter__(self) -> "Sheet":
        return self

    def __exit__(self, *_: object) -> None:
        """Close the fonts' files, which are read until the PDF is there."""
        for font in self._pdf.fonts.values():
            font.close()

    @property
    def left(self) -> float:
        """Where the text begins."""
        return SIDE_MM

    @property
    def text_width(self) -> float:
        """From the left margin to the right one."""
        return self.width - 2 * SIDE_MM

    @property
    def bottom(self) -> float:
        """Where the text ends at the latest."""
        return self.height - BOTTOM_MM

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return int(self._pdf.pages_count)

    def describe(self, title: str, subject: str, language: str, utc: str) -> None:
        """What the file says of itself; its date is ``utc`` (ISO 8601), never the clock's."""
        pdf = self._pdf
        pdf.set_title(readable(title))
        pdf.set_subject(readable(subject))
        pdf.set_lang(language)
        pdf.set_creator("Her2Desk")
        pdf.set_producer("Her2Desk")
        pdf.set_creation_date(_moment(utc))

    def add_page(self) -> None:
        """Begin another page."""
        self._pdf.add_page()

    @contextmanager
    def on_page(self, number: int) -> Iterator[None]:
        """Draw on an earlier page, counted from 1."""
        last, self._pdf.page = self._pdf.page, number
        # Each page is a stream of its own, so its font must be set in it anew.
        self._pdf.font_family = ""
        try:
            yield
        finally:
            self._pdf.page = last
            self._pdf.font_family = ""

    def content(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def lines(self, text: str, width: float, style: Style) -> list[str]:
        """``text`` broken into lines no wider than ``width``."""
        asked = text, width, style
        if asked not in self._broken:  # a piece asks for its height before it is drawn
            self._broken[asked] = self._break(text, width, style)
        return self._broken[asked]

    def cut(self, text: str, width: float, style: Style) -> str:
        """As much of it as one line takes, with an ellipsis where that is not all."""
        if self.width_of(text, style) <= width:
            return text
        fitting = range(len(text))
        taken = bisect_right(fitting, width, key=lambda n: self.width_of(f"{text[:n]}…", style))
        return f"{text[: max(taken - 1, 0)].rstrip()}…"

    def side_by_side(self, parts: Sequence[str], between: str, width: float, style: Style) -> str:
        """The parts on one line; where that is too short, the longest give way and none is lost."""
        room = width - (len(parts) - 1) * self.width_of(between, style)
        widths = [self.width_of(part, style) for part in parts]
        shown = list(parts)
        for left, at in enumerate(sorted(range(len(parts)), key=widths.__getitem__)):
            share = room / (len(parts) - left)
            if widths[at] > share:
                shown[at] = self.cut(parts[at], share, style)
            room -= min(widths[at], share)
        return between.join(shown)

    def text_height(self, text: str, width: float, style: Style) -> float:
        """How high ``write`` makes it."""
        return len(self.lines(text, width, style)) * style.line_mm

    def width_of(self, text: str, style: Style) -> float:
        """How wide one line is."""
        self._set(style)
        return float(self._pdf.get_string_width(self._shown(text)))

    def write(
        self, x: float, y: float, width: float, text: str, style: Style, align: str = "L"
    ) -> float:
        """Write ``text`` from ``y`` down and return its height; ``align`` is L, C or R."""
        found = self.lines(text, width, style)
        self._set(style)
        for number, line in enumerate(found):
            self._pdf.set_xy(x, y + number * style.line_mm)
            self._pdf.cell(
                width,
                style.line_mm,
                line,
                align=align,
                new_x=XPos.LEFT,
                new_y=YPos.TOP,
            )
        return len(found) * style.line_mm

    def rule(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        colour: Colour = LINE,
        thickness: float = 0.2,
    ) -> None:
        """A straight line."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(thickness)
        self._pdf.line(*start, *end)

    def box(
        self, x: float, y: float, width: float, height: float, fill: Colour | None = None,
        edge: Colour | None = None, thickness: float = 0.3,
    ) -> None:  # fmt: skip
        """A rectangle, filled, edged or both."""
        if fill is not None:
            self._pdf.set_fill_color(*fill)
        if edge is not None:
            self._pdf.set_draw_color(*edge)
            self._pdf.set_line_width(thickness)
        style = ("D" if edge is not None else "") + ("F" if fill is not None else "")
        self._pdf.rect(x, y, width, height, style=style)

    def picture(
        self, png: bytes, x: float, y: float, width: float, height: float, alternative: str
    ) -> None:
        """A PNG, with what it shows for who cannot see it."""
        self._pdf.image(io.BytesIO(png), x, y, width, height, alt_text=self._shown(alternative))

    def watermark(self, text: str) -> None:
        """A word across the page, behind what follows, too pale to be in the way."""
        style = Style(120, is_bold=True, colour=WARN)
        width = self.width_of(text, style)
        middle = self.width / 2, self.height / 2
        with self._pdf.local_context(fill_opacity=0.07), self._pdf.rotation(32, *middle):
            # line by line: of fpdf's ways to write, ``text`` alone takes letters from one font only
            self.write(
                middle[0] - width / 2, middle[1] - style.line_mm / 2, width, text, style, "C"
            )
        self._pdf.font_family = ""

    def _break(self, text: str, width: float, style: Style) -> list[str]:
        self._set(style)
        found: list[str] = self._pdf.multi_cell(
            width,
            style.line_mm,
            self._shown(text),
            align="L",
            dry_run=True,
            output=MethodReturnValue.LINES,
        )
        return found or [""]

    def _set(self, style: Style) -> None:
        if self._chinese is not None:
            # A line in two fonts leaves the page with another than fpdf takes it to have.
            self._pdf.font_family = ""
        self._pdf.set_font(_LETTERS, "B" if style.is_bold else "", style.size)
        self._pdf.set_text_color(*style.colour)

    def _shown(self, text: str) -> str:
        """As it can be drawn; no line begins with a per cent sign."""
        shown = readable(text, self._has).replace("\t", " ")
        return shown.replace(" %", "\N{NO-BREAK SPACE}%")

    def _has(self, letter: str) -> bool:
        """Whether a font has the character; the Chinese one is loaded when it is first needed."""
        code = ord(letter)
        if letter == "\n" or code in self._pdf.fonts[_LETTERS].cmap:
            return True
        if self._chinese is None:
            self._pdf.add_font(_CHINESE, "", font_path())
            self._pdf.set_fallback_fonts([_CHINESE], exact_match=False)
            self._chinese = frozenset(self._pdf.fonts[_CHINESE].cmap)
        return code in self._chinese


def _moment(utc: str) -> datetime:
    try:
        found = datetime.fromisoformat(utc)
    except ValueError:
        return UNDATED
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
