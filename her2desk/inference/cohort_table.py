"""``cohort.csv`` as text: what spreadsheets make of it, cell by cell, with every problem kept."""

import csv
import difflib
import io
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from her2desk.dicom.frames import open_regular
from her2desk.domain.clinical import CLINICAL_FIELDS
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg

TABLE_NAME = "cohort.csv"
MAX_BYTES = 32 * 2**20
MAX_ROWS = 100_000
REQUIRED = ("patient_id", "image", "roi")
STATUS_COLUMNS = ("label", "her2_ihc")
COLUMNS = (
    "patient_id", "image", "frame_index", "roi", "laterality", "her2_ihc", "her2_fish", "label",
    *(spec.name for spec in CLINICAL_FIELDS),
    "site", "scanner", "split", "roi_reader2",
)  # fmt: skip
DELIMITERS = ",;\t"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")

YES = frozenset(("true", "1", "1.0", "yes", "positive", "wahr"))  # German Excel writes WAHR
NO = frozenset(("false", "0", "0.0", "no", "negative", "falsch"))
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")
_MAYBE_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")

_LEAVE_EMPTY = msg("Correct it, or leave the cell empty where it is not known.")


@dataclass(frozen=True)
class Finding:
    """One problem of a cohort; ``row`` as a spreadsheet counts it, None where it is of them all."""

    row: int | None
    column: str | None
    is_error: bool
    message: Message
    remedy: Message
    code: str


@dataclass(frozen=True)
class Record:
    """One row of the table: its number and its cells by column, without outer spaces."""

    number: int
    cells: Mapping[str, str]


class Findings:
    """The problems found so far."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self._spoiled: dict[int, set[str]] = {}

    def error(
        self, row: int | None, column: str | None, message: Message, remedy: Message, code: str
    ) -> None:
        """Note what keeps the cohort from being used."""
        self.found.append(Finding(row, column, True, message, remedy, code))
        if row is not None and column is not None:
            self._spoiled.setdefault(row, set()).add(column)

    def notice(
        self, row: int | None, column: str | None, message: Message, remedy: Message, code: str
    ) -> None:
        """Note what the person should know."""
        self.found.append(Finding(row, column, False, message, remedy, code))

    def spoiled(self, row: int) -> set[str]:
        """The columns of a row that have an error, so that nothing more is concluded from them."""
        return self._spoiled.get(row, set())

    def refusal(self, row: int | None, column: str | None, refused: InputRefused) -> None:
        """Note a refusal as an error."""
        self.error(row, column, refused.message, refused.remedy, refused.code)


def read_records(folder: Path, findings: Findings) -> list[Record]:
    """The rows of ``cohort.csv`` under the columns known here; empty rows are left out.

    Commas, semicolons or tabs divide the cells. Raises ``InputRefused`` (``cohort-unreadable``,
    ``too-large``) where there is no table to speak of.
    """
    lines = _lines(_text(folder / TABLE_NAME, findings))
    names = [cell.strip().casefold() for cell in lines[0]] if lines else []
    _check_names(names, findings)
    records = []
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in line]
        if not any(cells):
            continue
        if any(cells[len(names) :]):
            findings.error(
                number,
                None,
                msg(
                    "The row has {cells} cells, the header {names}.",
                    cells=len(cells),
                    names=len(names),
                ),
                msg("A decimal comma in a table divided by commas does this; write 5.5, not 5,5."),
                "cells-surplus",
            )
        known = {name: cell for name, cell in zip(names, cells, strict=False) if name in COLUMNS}
        records.append(Record(number, known))
    if not records:
        findings.error(
            None,
            None,
            msg("{name} lists no patients.", name=TABLE_NAME),
            msg("Give it a header and one row for each image."),
            "cohort-empty",
        )
    return records


def _text(table: Path, findings: Findings) -> str:
    try:
        with open_regular(table) as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InputRefused(
                msg("{name} is larger than any cohort's table.", name=table.name),
                msg("Give a folder with cohort.csv, images and ROIs."),
                code="too-large",
            )
        if content.startswith(UTF_16_MARKS):
            return content.decode("utf-16")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(table) from error
    findings.notice(
        None,
        None,
        msg("{name} is not UTF-8; it was read as Windows-1252.", name=table.name),
        msg("Save it as “CSV UTF-8” if names with accents look wrong."),
        "cohort-encoding",
    )
    return text


def _lines(text: str) -> list[list[str]]:
    """All rows; the divider is the one that finds most of the column names."""
    header = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=lambda d: len(_names_in(header, d) & set(COLUMNS)))
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise _unreadable(Path(TABLE_NAME)) from error
    if len(lines) > MAX_ROWS:
        raise InputRefused(
            msg("{name} has more than {limit} rows.", name=TABLE_NAME, limit=MAX_ROWS),
            msg("Give a folder with cohort.csv, images and ROIs."),
            code="too-large",
        )
    return lines


def _names_in(header: str, delimiter: str) -> set[str]:
    return {cell.strip('" \r').casefold() for cell in header.split(delimiter)}


def _check_names(names: Sequence[str], findings: Findings) -> None:
    missing = [name for name in REQUIRED if name not in names]
    if not any(name in names for name in STATUS_COLUMNS):
        missing.append(" / ".join(STATUS_COLUMNS))
    for name in missing:
        findings.error(
            None,
            name,
            msg("{table} has no column {name}.", table=TABLE_NAME, name=name),
            msg("Add it; docs/files.md lists the columns."),
            "column-missing",
        )
    for name, times in Counter(names).items():
        if name in COLUMNS and times > 1:
            findings.error(
                None,
                name,
                msg("{table} has the column {name} twice.", table=TABLE_NAME, name=name),
                msg("Keep one of them."),
                "column-twice",
            )
        if name and name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, 1)
            findings.notice(
                None,
                name,
                msg("The column {name} is not known here and not used.", name=name),
                msg("If {near} is meant, rename it.", near=near[0])
                if near
                else msg("Nothing needs to be done."),
                "column-unknown",
            )


def _unreadable(table: Path) -> InputRefused:
    return InputRefused(
        msg("{name} cannot be read.", name=table.name),
        msg("Give a folder with cohort.csv, images and ROIs."),
        code="cohort-unreadable",
    )


def yes_no(text: str) -> bool:
    """True or false; raises ``InputRefused`` for any other word."""
    word = text.casefold()
    if word in YES or word in NO:
        return word in YES
    raise InputRefused(
        msg("“{text}” is neither yes nor no.", text=text),
        msg("Write 1 or 0, or leave the cell empty where it is not known."),
        code="cell-yes-no",
    )


def number(text: str) -> float:
    """A finite number with a decimal point or comma.

    Raises ``InputRefused`` for anything else and for a comma that may divide thousands.
    """
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text.replace(",", "."))):
        raise InputRefused(
            msg("“{text}” is not a number.", text=text), _LEAVE_EMPTY, code="cell-number"
        )
    if _MAYBE_THOUSANDS.fullmatch(text):
        raise InputRefused(
            msg("“{text}” may be a thousand or a fraction.", text=text),
            msg("Write it with a decimal point and without dividing thousands."),
            code="cell-number",
        )
    return float(text.replace(",", "."))
