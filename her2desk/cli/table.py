"""A table that a person brings, CSV: read whole, and nothing in it skipped without a word."""

import csv
import io
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import typer

from her2desk.errors import InputRefused
from her2desk.texts import listed, msg, tr

T = TypeVar("T")

DELIMITERS = (",", ";", "\t")
DECIMAL_COMMA_DELIMITER = ";"  # what spreadsheets write where the comma is taken by decimals
MISSING = {"", "na", "n/a", "#n/a", "nan", "null", "none", "."}
WORDS = {
    "0": False, "0.0": False, "false": False, "no": False, "negative": False,
    "1": True, "1.0": True, "true": True, "yes": True, "positive": True,
}  # fmt: skip
FIRST_ROW = 2  # as spreadsheets count: the header is row 1
ROWS_NAMED = 10
MOST_LEVELS = 20  # a column of names or dates is no category

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Table:
    """A CSV file: its columns' names and, for each row, its number and cells without blanks."""

    name: str
    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def index(self, column: str) -> int:
        """Where ``column`` is; ``InputRefused`` (``unknown-column``, ``column-twice``) else."""
        count = self.columns.count(column)
        if count == 1:
            return self.columns.index(column)
        if count > 1:
            raise InputRefused(
                msg("The table has {n} columns called {column}.", n=count, column=column),
                msg("Rename all but one."),
                code="column-twice",
            )
        raise InputRefused(
            msg("The table has no column called {column}.", column=column),
            msg("Its columns are: {names}.", names=listed(self.columns)),
            code="unknown-column",
        )


@dataclass(frozen=True)
class Measurements:
    """Whether each row is positive, its numbers by column, and how many rows were left out.

    A column in ``levels`` is categorical: its numbers are places in its levels, from 0.
    """

    positive: list[bool]
    numbers: Mapping[str, list[float]]
    dropped: int
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def label_option() -> Any:
    """``--label``."""
    return typer.Option(
        ..., help=tr("Column with the truth: 0/1, true/false or negative/positive.")
    )


def positive_option() -> Any:
    """``--positive``."""
    return typer.Option(
        None, help=tr("The label that means positive; every other label is negative.")
    )


def drop_missing_option() -> Any:
    """``--drop-missing``."""
    return typer.Option(
        False, "--drop-missing", help=tr("Leave rows with missing values out, and say how many.")
    )


def read_table(path: Path) -> Table:
    """The table; delimiter "," ";" or tab, UTF-8 with or without a byte-order mark.

    Raises ``InputRefused`` (``table-unreadable``, ``table-empty``, ``table-row``).
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = _delimiter(text)
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputRefused(
            msg("{name} cannot be read as a table.", name=path.name),
            msg("Give a CSV file in UTF-8, with the columns' names in its first row."),
            code="table-unreadable",
        ) from error
    columns = tuple(cell.strip() for cell in lines[0]) if lines else ()
    numbered = [(n, line) for n, line in enumerate(lines[1:], start=FIRST_ROW) if any(line)]
    if not any(columns) or not numbered:
        raise InputRefused(
            msg("{name} has no rows.", name=path.name),
            msg("Give a CSV file with the columns' names in its first row, and rows under it."),
            code="table-empty",
        )
    rows = tuple((n, _cells(n, line, len(columns))) for n, line in numbered)
    return Table(path.name, delimiter, columns, rows)


def measurements(
    table: Table,
    label: str,
    columns: Sequence[str],
    *,
    positive: str | None = None,
    drop_missing: bool = False,
    categorical: Collection[str] | None = None,
) -> Measurements:
    """The label and number columns of ``table``, checked cell by cell.

    ``positive`` is the label that means positive; without it labels are ``WORDS``. The columns in
    ``categorical``, and then also those without any number in them, have levels; without it every
    column has numbers. Raises ``InputRefused`` naming the rows: ``missing-values`` unless
    ``drop_missing``, ``label-unknown``, ``positive-absent``, ``not-a-number``; ``one-level`` and
    ``too-many-levels`` for a categorical column.
    """
    wanted = {name: table.index(name) for name in (label, *columns)}
    gaps = {name: _missing_rows(table, index) for name, index in wanted.items()}
    incomplete = set().union(*gaps.values())
    if incomplete and not drop_missing:
        raise _missing_refusal({name: rows for name, rows in gaps.items() if rows}, incomplete)
    rows = [(n, cells) for n, cells in table.rows if n not in incomplete]
    labels = [(n, cells[wanted[label]]) for n, cells in rows]
    numbers: dict[str, list[float]] = {}
    levels: dict[str, tuple[str, ...]] = {}
    for name in columns:
        cells = [(n, row[wanted[name]]) for n, row in rows]
        if categorical is not None and (name in categorical or _is_text(cells)):
            levels[name], numbers[name] = _categories(table, name, cells)
        else:
            numbers[name] = _numbers(table, name, cells)
    return Measurements(_labels(labels, positive), numbers, len(incomplete), levels)


def rows_text(rows: Iterable[int]) -> str:
    """``3, 7, 12``; beyond ten ``3, 7, …``."""
    numbers = sorted(rows)
    said = ", ".join(str(n) for n in numbers[:ROWS_NAMED])
    return f"{said}, …" if len(numbers) > ROWS_NAMED else said


def _delimiter(text: str) -> str:
    """The one that parts the header into the most columns."""
    first = io.StringIO(text, newline="")
    widths = {}
    for candidate in DELIMITERS:
        first.seek(0)
        widths[candidate] = len(next(csv.reader(first, delimiter=candidate), []))
    return max(DELIMITERS, key=lambda d: widths[d])


def _cells(number: int, line: list[str], width: int) -> tuple[str, ...]:
    cells = [cell.strip() for cell in line]
    if any(cells[width:]):
        raise InputRefused(
            msg("Row {row} has more cells than the table has columns.", row=number),
            msg("Put text that holds the delimiter in quotation marks."),
            code="table-row",
        )
    return tuple(cells[:width] + [""] * (width - len(cells)))


def _missing_rows(table: Table, index: int) -> set[int]:
    return {n for n, cells in table.rows if cells[index].lower() in MISSING}


def _missing_refusal(gaps: Mapping[str, set[int]], rows: set[int]) -> InputRefused:
    return InputRefused(
        msg(
            "{n} rows have no value in {columns}: row {rows}.",
            n=len(rows),
            columns=listed(gaps),
            rows=rows_text(rows),
        ),
        msg("Fill them in, or leave those rows out with --drop-missing."),
        code="missing-values",
    )


def _labels(cells: Sequence[tuple[int, str]], positive: str | None) -> list[bool]:
    if positive is not None:
        labels = [text == positive for _, text in cells]
        if not any(labels):
            raise InputRefused(
                msg("No row has the label {label}.", label=positive),
                msg("The labels are: {labels}.", labels=_few(text for _, text in cells)),
                code="positive-absent",
            )
        return labels
    return _parsed(
        cells,
        lambda text: WORDS.get(text.lower()),
        lambda text, rows: InputRefused(
            msg("The label {label!r} is neither positive nor negative: row {rows}.",
                label=text, rows=rows),
            msg("Write 0 and 1, or name the label that means positive with --positive."),
            code="label-unknown",
        ),
    )  # fmt: skip


def _is_text(cells: Sequence[tuple[int, str]]) -> bool:
    """Whether no cell is a number: one slip among numbers makes no category."""
    numbers = (_NUMBER.fullmatch(t) or _DECIMAL_COMMA.fullmatch(t) for _, t in cells)
    return bool(cells) and not any(numbers)


def _categories(
    table: Table, column: str, cells: Sequence[tuple[int, str]]
) -> tuple[tuple[str, ...], list[float]]:
    """The levels, text by its letters and numbers by size, and each row's place in them."""
    if _is_text(cells):
        found = [text for _, text in cells]
        levels = tuple(sorted(set(found)))
    else:
        values = _numbers(table, column, cells)
        found = [f"{value:.15g}" for value in values]
        levels = tuple(f"{value:.15g}" for value in sorted(set(values)))
    if len(levels) < 2:
        raise InputRefused(
            msg("{column} is the same in every row.", column=column),
            msg("Leave it out."),
            code="one-level",
        )
    if len(levels) > MOST_LEVELS:
        raise InputRefused(
            msg("{column} has {n} levels; a category has {most} at most.",
                column=column, n=len(levels), most=MOST_LEVELS),
            msg("Group its levels, or leave it out."),
            code="too-many-levels",
        )  # fmt: skip
    places = {level: float(k) for k, level in enumerate(levels)}
    return levels, [places[text] for text in found]


def _numbers(table: Table, column: str, cells: Sequence[tuple[int, str]]) -> list[float]:
    has_decimal_commas = table.delimiter == DECIMAL_COMMA_DELIMITER and not any(
        "." in text for _, text in cells
    )
    return _parsed(
        cells,
        lambda text: _number(text, has_decimal_commas),
        lambda text, rows: InputRefused(
            msg("{column} holds {text!r}, which is no finite number: row {rows}.",
                column=column, text=text, rows=rows),
            msg("Write numbers as 0.93, without units or signs of thousands."),
            code="not-a-number",
        ),
    )  # fmt: skip


def _number(text: str, has_decimal_commas: bool) -> float | None:
    if has_decimal_commas and _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _parsed(
    cells: Sequence[tuple[int, str]],
    parse: Callable[[str], T | None],
    refusal: Callable[[str, str], InputRefused],
) -> list[T]:
    """Every cell parsed; else a refusal with the first text that does not parse and all such rows."""
    values: list[T] = []
    wrong: list[tuple[int, str]] = []
    for row, text in cells:
        value = parse(text)
        if value is None:
            wrong.append((row, text))
        else:
            values.append(value)
    if wrong:
        raise refusal(wrong[0][1], rows_text(row for row, _ in wrong))
    return values


def _few(texts: Iterable[str]) -> str:
    distinct = sorted(set(texts))
    said = ", ".join(distinct[:ROWS_NAMED])
    return f"{said}, …" if len(distinct) > ROWS_NAMED else said
