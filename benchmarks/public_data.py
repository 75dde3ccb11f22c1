"""Where the public test data lies, and its tables as rows of text, whatever their format.

The folder is ``HER2DESK_TEST_DATA``, or ``shared/data`` beside the project, as for the tests.
"""

import csv
import os
import zipfile
from pathlib import Path
from xml.etree import ElementTree

NAMESPACES = {
    "m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
}
RELATION = f"{{{NAMESPACES['r']}}}id"


def data_folder() -> Path:
    """The folder of public data; ends the program in words where there is none."""
    named = os.environ.get("HER2DESK_TEST_DATA")
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(named) if named else beside
    if not folder.is_dir():
        raise SystemExit("Public test data absent: set HER2DESK_TEST_DATA to its folder.")
    return folder


def text_rows(path: Path, between: str) -> list[dict[str, str]]:
    """The rows of a text table whose first line names the columns."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, delimiter=between))


def sheet_rows(path: Path, header: int, sheet: str | None = None) -> list[dict[str, str]]:
    """The rows of an Excel sheet (None: the first) below line ``header``, which names the columns.

    An empty cell is "". Of columns with one name the first counts.
    """
    with zipfile.ZipFile(path) as book:
        cells = _cells(book, sheet)
    names: dict[str, str] = {}
    for letters, name in cells[header - 1].items():
        names.setdefault(name.strip(), letters)
    rows = [{name: line.get(at, "") for name, at in names.items()} for line in cells[header:]]
    return [row for row in rows if any(row.values())]


def _cells(book: zipfile.ZipFile, sheet: str | None) -> list[dict[str, str]]:
    shared = [
        "".join(part.text or "" for part in item.iter(f"{{{NAMESPACES['m']}}}t"))
        for item in _xml(book, "xl/sharedStrings.xml")
    ]
    lines = []
    for row in _xml(book, _member(book, sheet)).iterfind("m:sheetData/m:row", NAMESPACES):
        line = {}
        for cell in row.iterfind("m:c", NAMESPACES):
            text = cell.findtext("m:v", "", NAMESPACES)
            letters = cell.attrib["r"].rstrip("0123456789")
            line[letters] = shared[int(text)] if cell.get("t") == "s" and text else text
        lines.append(line)
    return lines


def _member(book: zipfile.ZipFile, sheet: str | None) -> str:
    """The sheet's file, through the workbook's relations: sheet 1 need not be ``sheet1.xml``."""
    targets = {r.attrib["Id"]: r.attrib["Target"] for r in _xml(book, "xl/_rels/workbook.xml.rels")}
    sheets = _xml(book, "xl/workbook.xml").findall("m:sheets/m:sheet", NAMESPACES)
    found = next(s for s in sheets if sheet in (None, s.attrib["name"]))
    return "xl/" + targets[found.attrib[RELATION]].removeprefix("/xl/")


def _xml(book: zipfile.ZipFile, member: str) -> ElementTree.Element:
    return ElementTree.fromstring(book.read(member))
