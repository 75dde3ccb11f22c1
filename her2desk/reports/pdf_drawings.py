"""What is drawn rather than written on a report's pages: the answer's bar, the confusion table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from her2desk.domain.counts import Confusion
from her2desk.reports.content import Answer
from her2desk.reports.pdf_pieces import PADDING_MM, Piece
from her2desk.reports.pdf_sheet import (
    ACCENT,
    BODY,
    INK,
    INTERVAL,
    LINE,
    MUTED,
    SMALL,
    SOFT,
    THRESHOLD,
    WARN,
    WARN_SOFT,
    Sheet,
    Style,
)
from her2desk.stats.counts import probability
from her2desk.texts import Message, msg

MARK = Style(14, is_bold=True, colour=WARN)
FIGURE = Style(23, is_bold=True)
CALL = Style(11, is_bold=True)
BAR_MM = 19.0
SCALE = (0.0, 0.25, 0.5, 0.75, 1.0)
RIGHT_CELL = (226, 240, 249)
WRONG_CELL = (252, 235, 222)
COUNT = Style(13, is_bold=True)


@dataclass(frozen=True)
class Banner:
    """A word that nobody overlooks, and beside it why it stands there."""

    mark: str
    sentence: str
    gap: float = 0.0
    is_tied: bool = False

    def height(self, sheet: Sheet, width: float) -> float:
        beside = sheet.text_height(self.sentence, self._beside(sheet, width), BODY)
        return max(MARK.line_mm, beside) + 3.0

    def draw(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        high, beside = self.height(sheet, width), self._beside(sheet, width)
        sheet.box(x, y, width, high, WARN_SOFT, WARN, 0.4)
        sheet.write(x + 4.0, y + (high - MARK.line_mm) / 2, width, self.mark, MARK)
        down = (high - sheet.text_height(self.sentence, beside, BODY)) / 2
        sheet.write(x + width - beside - 4.0, y + down, beside, self.sentence, BODY.in_colour(WARN))

    def pieces(self, sheet: Sheet, width: float) -> Sequence[Piece]:
        return (self,)

    def _beside(self, sheet: Sheet, width: float) -> float:
        return width - sheet.width_of(self.mark, MARK) - 14.0


@dataclass(frozen=True)
class AnswerBox:
    """The estimate with its bar, the next step, and the sentences that belong to it."""

    answer: Answer
    title: str
    research_use: str
    gap: float = 4.0
    is_tied: bool = False

    def height(self, sheet: Sheet, width: float) -> float:
        inner = width - 2 * PADDING_MM - 2
        words = sum(sheet.text_height(text, inner, style) + 0.8 for text, style in self._words())
        return 2 * PADDING_MM + BODY.line_mm + FIGURE.line_mm + BAR_MM + words

    def draw(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        sheet.box(x, y, width, self.height(sheet, width), SOFT)
        sheet.box(x, y, 1.4, self.height(sheet, width), ACCENT)
        left, inner = x + PADDING_MM + 2, width - 2 * PADDING_MM - 2
        y += PADDING_MM
        y += sheet.write(left, y, inner, self.title, BODY.in_colour(MUTED))
        y += sheet.write(left, y, inner, self.answer.probability.text(), FIGURE)
        self._bar(sheet, left, y, inner)
        y += BAR_MM
        for text, style in self._words():
            y += sheet.write(left, y, inner, text, style) + 0.8

    def pieces(self, sheet: Sheet, width: float) -> Sequence[Piece]:
        return (self,)

    def _words(self) -> list[tuple[str, Style]]:
        return [
            (self.answer.next_step.text(), CALL),
            *((sentence.text(), BODY) for sentence in self.answer.sentences),
            (self.research_use, BODY.bold()),
        ]

    def _bar(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        """0 to 1: the interval, the estimate and the threshold, which is named above the bar."""
        middle = y + 8.5
        sheet.box(x, middle - 0.25, width, 0.5, LINE)
        lower, upper = self.answer.interval
        sheet.box(x + lower * width, middle - 2, (upper - lower) * width, 4, INTERVAL)
        sheet.box(x + self.answer.value * width - 0.6, middle - 3.2, 1.2, 6.4, INK)
        at = x + self.answer.threshold * width
        sheet.rule((at, middle - 4.6), (at, middle + 4), THRESHOLD, 0.5)
        named = msg("threshold {value}", value=probability(self.answer.threshold)).text()
        style = SMALL.in_colour(WARN)
        wide = sheet.width_of(named, style)
        sheet.write(min(max(at - wide / 2, x), x + width - wide), y + 0.4, wide + 1, named, style)
        for tick in SCALE:
            place = x + tick * width
            sheet.rule((place, middle + 3.6), (place, middle + 4.6), MUTED, 0.2)
            label = f"{tick:g}"
            wide = sheet.width_of(label, SMALL)
            sheet.write(
                min(max(place - wide / 2, x), x + width - wide), middle + 5, wide + 1, label, SMALL
            )


@dataclass(frozen=True)
class Counts:
    """The confusion table: rows the call, columns the pathologist's answer, the sums beside."""

    table: Confusion
    title: str
    words: Mapping[str, Message]
    gap: float = 2.0
    is_tied: bool = False

    ROW_MM = 11.0
    SUM_MM = 6.0

    def height(self, sheet: Sheet, width: float) -> float:
        return (
            sheet.text_height(self.title, width, BODY.bold())
            + 1.0
            + self._head(sheet, width)
            + 2 * self.ROW_MM
            + self.SUM_MM
        )

    def draw(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        y += sheet.write(x, y, width, self.title, BODY.bold()) + 1.0
        first, wide = self._columns(width)
        head, table = self._head(sheet, width), self.table
        for number, name in enumerate(("is_positive", "is_negative", "sum")):
            at = x + first + number * wide
            style = SMALL if number < 2 else SMALL.in_colour(MUTED)
            sheet.write(at, y, wide - 1, self.words[name].text(), style, align="C")
        y += head
        rows = (
            ("called_positive", table.tp, table.fp, _TRUE_POSITIVE, _FALSE_POSITIVE),
            ("called_negative", table.fn, table.tn, _FALSE_NEGATIVE, _TRUE_NEGATIVE),
        )
        for number, (name, one, other, of_one, of_other) in enumerate(rows):
            label = self.words[name].text()
            down = (self.ROW_MM - sheet.text_height(label, first - 2, BODY)) / 2
            sheet.write(x, y + down, first - 2, label, BODY)
            is_right = number == 0
            self._cell(sheet, x + first, y, wide, one, of_one, is_right)
            self._cell(sheet, x + first + wide, y, wide, other, of_other, not is_right)
            self._sum(sheet, x + first + 2 * wide, y + 3, wide, one + other)
            y += self.ROW_MM
        sheet.write(x, y + 1, first - 2, self.words["sum"].text(), BODY.in_colour(MUTED))
        sums = (table.tp + table.fn, table.fp + table.tn, table.cohort_size)
        for number, count in enumerate(sums):
            self._sum(sheet, x + first + number * wide, y + 1, wide, count)

    def pieces(self, sheet: Sheet, width: float) -> Sequence[Piece]:
        return (self,)

    def _cell(
        self, sheet: Sheet, x: float, y: float, wide: float, count: int, name: Message, right: bool
    ) -> None:
        sheet.box(
            x, y, wide, self.ROW_MM, RIGHT_CELL if right else WRONG_CELL, (255, 255, 255), 0.6
        )
        sheet.write(x, y + 1.0, wide, str(count), COUNT, align="C")
        sheet.write(x, y + 7.0, wide, name.text(), Style(6.2, colour=MUTED), align="C")

    def _sum(self, sheet: Sheet, x: float, y: float, wide: float, count: int) -> None:
        sheet.write(x, y, wide, str(count), BODY.in_colour(MUTED), align="C")

    def _columns(self, width: float) -> tuple[float, float]:
        """Width of the labels and of each of the three columns beside."""
        first = 0.28 * width
        return first, (width - first) / 3

    def _head(self, sheet: Sheet, width: float) -> float:
        _, wide = self._columns(width)
        names = ("is_positive", "is_negative", "sum")
        return 0.8 + max(
            sheet.text_height(self.words[name].text(), wide - 1, SMALL) for name in names
        )


@dataclass(frozen=True)
class Columned:
    """A row of a table of features; ``is_head`` is the row of headings."""

    cells: tuple[str, str, str]
    mark: str = ""
    is_head: bool = False
    gap: float = 0.0

    SHARES = (0.56, 0.16, 0.28)

    @property
    def is_tied(self) -> bool:
        return self.is_head

    def height(self, sheet: Sheet, width: float) -> float:
        wide = [share * width - 2 for share in self.SHARES]
        heights = [
            sheet.text_height(text, w, s)
            for text, w, s in zip(self._texts(), wide, self._styles(), strict=True)
        ]
        return max(heights) + 1.4

    def draw(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        at = x
        for text, share, style in zip(self._texts(), self.SHARES, self._styles(), strict=True):
            sheet.write(at, y + 0.7, share * width - 2, text, style)
            at += share * width
        foot = y + self.height(sheet, width)
        colour = MUTED if self.is_head else LINE
        sheet.rule((x, foot), (x + width, foot), colour, 0.15)

    def pieces(self, sheet: Sheet, width: float) -> Sequence[Piece]:
        return (self,)

    def _texts(self) -> tuple[str, str, str]:
        name, value, z_score = self.cells
        return name, value, f"{z_score}  {self.mark}" if self.mark else z_score

    def _styles(self) -> tuple[Style, Style, Style]:
        if self.is_head:
            return (SMALL, SMALL, SMALL)
        last = BODY.bold().in_colour(WARN) if self.mark else BODY
        return (Style(7.6), BODY, last)


_TRUE_POSITIVE = msg("true positive")
_FALSE_POSITIVE = msg("false positive")
_FALSE_NEGATIVE = msg("false negative")
_TRUE_NEGATIVE = msg("true negative")
