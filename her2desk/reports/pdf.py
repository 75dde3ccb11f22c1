"""A case's report as a PDF, from the same content as the HTML."""

import io
from collections.abc import Iterable, Iterator

from PIL import Image

from her2desk.reports.content import (
    Block,
    Columns,
    CountTable,
    FeatureTable,
    Lines,
    Part,
    Picture,
    ReportContent,
    Rows,
    Section,
    demo_mark,
    demo_sentence,
    title,
)
from her2desk.reports.html import count_headings, feature_headings
from her2desk.reports.pdf_drawings import AnswerBox, Banner, Columned, Counts
from her2desk.reports.pdf_pieces import (
    BULLET,
    SECTION_MM,
    Drawn,
    Framed,
    Heading,
    Labelled,
    Piece,
    SideBySide,
    Words,
)
from her2desk.reports.pdf_sheet import (
    BODY,
    INK,
    LINE,
    MUTED,
    SMALL,
    TOP_MM,
    WARN,
    Sheet,
    Style,
)
from her2desk.reports.report_options import Paper
from her2desk.texts import msg

HASH_LETTERS = 16
SHORT = 12
KEPT_WHOLE = 0.28  # of a page; a longer section may be broken
TITLE = Style(16, is_bold=True)
HEAD = Style(8.5, is_bold=True)


def render_pdf(content: ReportContent, paper: Paper) -> bytes:
    """The report in the present language, laid out for ``paper``; its text can be selected.

    The same content gives the same bytes.
    """
    with Sheet(paper) as sheet:
        sheet.describe(
            content.name.text(), content.research_use.text(), content.language, content.utc
        )
        _Flow(sheet, content).lay_out()
        for page in range(1, sheet.pages + 1):
            with sheet.on_page(page):
                _head(sheet, content, is_first=page == 1)
                _foot(sheet, content, page)
        return sheet.content()


class _Flow:
    """Pieces put on pages, one under the other."""

    def __init__(self, sheet: Sheet, content: ReportContent) -> None:
        self._sheet = sheet
        self._content = content
        self._y = 0.0
        self._is_empty = True

    def lay_out(self) -> None:
        """Every piece of the content, on as many pages as it takes."""
        self._break()
        self._put(list(_opening(self._content)))
        for part in self._content.parts:
            self._put(list(_pieces_of(part)))

    def _put(self, pieces: list[Piece]) -> None:
        """What belongs together stays together: short sections whole, headings with what follows."""
        width = self._sheet.text_width
        is_short = self._needed(pieces, width) <= KEPT_WHOLE * (self._sheet.bottom - TOP_MM)
        while pieces:
            tied = len(pieces) if is_short else 1
            while tied < len(pieces) and pieces[tied - 1].is_tied:
                tied += 1
            group, pieces = pieces[:tied], pieces[tied:]
            if self._needed(group, width) > self._room():
                if not self._is_empty:
                    self._break()
                if self._needed(group, width) > self._room():
                    fallen = [p for piece in group for p in piece.pieces(self._sheet, width)]
                    if len(fallen) > len(group):
                        pieces = [*fallen, *pieces]
                        continue
            for piece in group:
                self._draw(piece, width)

    def _draw(self, piece: Piece, width: float) -> None:
        self._y += 0.0 if self._is_empty else piece.gap
        piece.draw(self._sheet, self._sheet.left, self._y, width)
        self._y += piece.height(self._sheet, width)
        self._is_empty = False

    def _needed(self, group: Iterable[Piece], width: float) -> float:
        found = list(group)
        gaps = sum(piece.gap for piece in found) - (found[0].gap if self._is_empty else 0.0)
        return gaps + sum(piece.height(self._sheet, width) for piece in found)

    def _room(self) -> float:
        return self._sheet.bottom - self._y

    def _break(self) -> None:
        self._sheet.add_page()
        self._y, self._is_empty = TOP_MM, True
        if self._content.pack.demo:
            self._sheet.watermark(demo_mark().text())


def _opening(content: ReportContent) -> Iterator[Piece]:
    """The answer, under the mark of a demo pack where it is one."""
    if content.pack.demo:
        yield Banner(demo_mark().text(), demo_sentence().text())
    yield AnswerBox(
        content.answer,
        msg("Predicted probability of HER-2 positive").text(),
        content.research_use.text(),
    )


def _pieces_of(part: Part) -> Iterator[Piece]:
    if isinstance(part, Columns):
        if part.title is not None:
            yield Heading(part.title.text(), INK)
        for block in part.above:
            yield from _tied(_pieces_of_block(block))
        left = tuple(p for section in part.left for p in _pieces_of_section(section))
        right = tuple(p for section in part.right for p in _pieces_of_section(section))
        yield SideBySide(left, right, gap=SECTION_MM if part.title is None else 2.5)
    else:
        yield from _pieces_of_section(part)


def _pieces_of_section(section: Section) -> Iterator[Piece]:
    inside = [piece for block in section.blocks for piece in _pieces_of_block(block)]
    if section.is_warning and section.title is not None:
        mark = msg("⚠ {title}", title=section.title.text()).text()
        heading = Words(mark, Style(10.5, is_bold=True, colour=WARN), is_tied=True)
        yield Framed((heading, *inside))
        return
    if section.title is not None:
        yield Heading(section.title.text(), INK)
    yield from inside


def _tied(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Sentences that stay on the page of what they introduce."""
    for piece in pieces:
        yield Words(piece.text, piece.style, is_tied=True) if isinstance(piece, Words) else piece


def _pieces_of_block(block: Block) -> Iterator[Piece]:
    match block:
        case Rows(rows):
            mark = msg("⚠ check").text()
            are_short = all(len(row.value.text()) <= SHORT for row in rows)
            for row in rows:
                flag = mark if row.is_flagged else ""
                yield Labelled(
                    row.label.text(), row.value.text(), flag, row.is_code, is_short=are_short
                )
        case Lines(lines, is_list):
            bullet = BULLET if is_list else ""
            for line in lines:
                yield Words(line.text(), bullet=bullet)
        case CountTable(confusion, whose):
            yield Counts(confusion, whose.text(), count_headings())
        case FeatureTable(features):
            words = {name: said.text() for name, said in feature_headings().items()}
            yield Columned((words["feature"], words["value"], words["z_score"]), is_head=True)
            outside = msg("⚠ {said}", said=words["out_of_range"]).text()
            for f in features:
                mark = outside if f.is_out_of_range else ""
                yield Columned((f.name, f.value, f.z_score), mark)
        case Picture(png, caption, alternative):
            yield Drawn(png, _shape(png), caption.text(), alternative.text())


def _shape(png: bytes) -> tuple[int, int]:
    """(columns, rows) of a picture."""
    with Image.open(io.BytesIO(png)) as picture:
        columns, rows = picture.size
    return columns, rows


def _head(sheet: Sheet, content: ReportContent, *, is_first: bool) -> None:
    """The report's title and whose it is, on every page."""
    x, wide, line = sheet.left, sheet.text_width, TOP_MM - 3.0
    if is_first:
        sheet.write(x, line - 13.0, wide, title().text(), TITLE)
        said = [f"{row.label.text()}: {row.value.text()}" for row in content.identity]
        whose = sheet.side_by_side(said, "  ·  ", wide, BODY)
        sheet.write(x, line - 5.0, wide, whose, BODY)
    else:
        sheet.write(x, line - 5.0, 0.45 * wide, title().text(), HEAD)
        said = [row.value.text() for row in content.identity]
        whose = sheet.side_by_side(said, " · ", 0.58 * wide, BODY)
        sheet.write(x + 0.42 * wide, line - 5.0, 0.58 * wide, whose, BODY.in_colour(MUTED), "R")
    if content.pack.demo:
        style = Style(9, is_bold=True, colour=WARN)
        sheet.write(x + 0.7 * wide, line - 10.0, 0.3 * wide, demo_mark().text(), style, "R")
    sheet.rule((x, line), (x + wide, line), INK, 0.5)


def _foot(sheet: Sheet, content: ReportContent, page: int) -> None:
    """What the result may be used for, the pack, the inputs' hash, and which page it is."""
    y, wide = sheet.bottom + 3.5, sheet.text_width
    sheet.rule((sheet.left, y), (sheet.left + wide, y), LINE, 0.25)
    number = msg("Page {page} of {pages}", page=page, pages=sheet.pages).text()
    sheet.write(sheet.left, y + 1.2, wide, content.research_use.text(), Style(7.5, is_bold=True))
    sheet.write(sheet.left + 0.8 * wide, y + 1.2, 0.2 * wide, number, SMALL, "R")
    pack = content.pack
    said = msg(
        "{name} {version} · pack {pack}… · inputs {inputs}…",
        name=pack.name,
        version=pack.version,
        pack=pack.sha256[:HASH_LETTERS],
        inputs=content.inputs_sha256[:HASH_LETTERS],
    )
    sheet.write(sheet.left, y + 5.2, wide, sheet.cut(said.text(), wide, SMALL), SMALL)
