"""What became of a file, in the words that the import table shows."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.errors import unwritable
from her2desk.texts import tr

if TYPE_CHECKING:
    from her2desk.inference.importing import ImportedFile

IMPORTED, DUPLICATE, SKIPPED, REFUSED = "imported", "duplicate", "skipped", "refused"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute such a cell


@dataclass(frozen=True)
class ImportRow:
    """One file: ``place`` is its whole path; ``reason`` is its notices where it was imported.

    ``folded`` is all that is searched, the path first, in small letters.
    """

    name: str
    place: str
    status: str
    reason: str
    remedy: str
    case_id: int | None
    has_notice: bool
    code: str = ""
    folded: str = field(init=False)

    def __post_init__(self) -> None:
        text = f"{self.place}\n{self.reason}\n{self.remedy}\n{self.case_id or ''}"
        object.__setattr__(self, "folded", text.casefold())

    def cells(self) -> tuple[str, str, str, str, str]:
        """The row as it is copied and exported."""
        case = "" if self.case_id is None else str(self.case_id)
        return self.place, status_name(self.status), self.reason, self.remedy, case


def row_of(file: "ImportedFile") -> ImportRow:
    """The file as a row, in the present language; may be called from any thread."""
    reason = file.reason.text() if file.reason else ""
    has_notice = str(file.status) == IMPORTED and bool(file.notices)
    if has_notice:
        said = " ".join(notice.message.text() for notice in file.notices)
        reason = tr("Notice: {said}").format(said=said)
    return ImportRow(
        name=Path(file.path).name,
        place=file.path,
        status=str(file.status),
        reason=reason,
        remedy=file.remedy.text() if file.remedy else "",
        case_id=file.case_id,
        has_notice=has_notice,
        code=file.code,
    )


def status_name(status: str) -> str:
    """What became of a file, in a word or two."""
    names = {
        IMPORTED: tr("Imported"),
        DUPLICATE: tr("Already here"),
        SKIPPED: tr("Skipped"),
        REFUSED: tr("Refused"),
    }
    return names[status]


def column_names() -> tuple[str, str, str, str, str]:
    """The titles of a row's cells."""
    return tr("File"), tr("What became of it"), tr("Why"), tr("What to do"), tr("Case")


def as_text(rows: Iterable[ImportRow]) -> str:
    """Tab-separated, one row a line, for a spreadsheet or a mail."""
    return "\n".join("\t".join(row.cells()) for row in rows)


def write_csv(path: Path, rows: Iterable[ImportRow]) -> None:
    """Write the rows as CSV in UTF-8, with a mark by which spreadsheets know that.

    Names of files are anybody's: a cell that a spreadsheet would compute gets an apostrophe before
    it. Raises ``InputRefused`` where the file cannot be written.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(column_names())
    for row in rows:
        writer.writerow([f"'{c}" if c.startswith(FORMULA_STARTS) else c for c in row.cells()])
    try:
        path.write_bytes(out.getvalue().encode("utf-8-sig", "replace"))
    except OSError as error:
        raise unwritable(path) from error
