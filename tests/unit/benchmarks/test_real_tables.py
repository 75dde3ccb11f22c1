"""Public clinical tables: status and predictors as their dictionaries define them."""

import zipfile

import numpy as np
import pytest

from benchmarks.public_data import sheet_rows
from benchmarks.real_tables import COLUMNS, TABLES, tcga_her2

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def test_a_sheet_is_found_by_name_and_its_first_column_of_a_name_counts(tmp_path):
    sheet = f"""<worksheet xmlns="{MAIN}"><sheetData>
      <row r="1"><c r="A1" t="s"><v>3</v></c></row>
      <row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="D2" t="s"><v>1</v></c></row>
      <row r="3"><c r="A3" t="s"><v>2</v></c><c r="D3"><v>7</v></c></row>
      <row r="4"><c r="A4"><v>1.5</v></c><c r="B4"><v>2</v></c></row>
      <row r="5"/></sheetData></worksheet>"""
    texts = "".join(f"<si><t>{t}</t></si>" for t in ("Name", "PR ", "Ann", "Title"))
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w") as book:
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{texts}</sst>')
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Other" r:id="r1"/>'
            f'<sheet name="Data" r:id="r2"/></sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Target="worksheets/a.xml"/>'
            f'<Relationship Id="r2" Target="worksheets/b.xml"/></Relationships>',
        )
        book.writestr("xl/worksheets/a.xml", f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>')
        book.writestr("xl/worksheets/b.xml", sheet)
    rows = sheet_rows(tmp_path / "book.xlsx", header=2, sheet="Data")
    assert rows == [{"Name": "Ann", "PR": ""}, {"Name": "1.5", "PR": "2"}]


@pytest.mark.parametrize(
    ("score", "status", "fish", "expected"),
    [
        ("1+", "Positive", "Positive", 0.0),  # the score decides
        ("3+", "Negative", "Negative", 1.0),
        ("2+", "Equivocal", "Positive", 1.0),
        ("2+", "Positive", "Negative", 0.0),
        ("2+", "Positive", "[Not Evaluated]", None),
        ("[Not Available]", "Negative", "[Not Evaluated]", 0.0),
        ("[Not Available]", "Equivocal", "Negative", 0.0),
        ("[Not Available]", "[Not Evaluated]", "Positive", 1.0),
        ("[Not Available]", "Indeterminate", "[Not Evaluated]", None),
    ],
)
def test_tcga_status_by_score_then_status_then_fish(score, status, fish, expected):
    row = {"her2_ihc_score": score, "her2_status_by_ihc": status, "her2_fish_status": fish}
    assert tcga_her2(row) == expected


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "positive", "negative", "unknown"),
    [("metabric", 247, 1733, 529), ("duke", 163, 759, 0), ("tcga", 170, 772, 143)],
)
def test_status_and_predictors_of_the_public_tables(name, positive, negative, unknown, test_data):
    table = TABLES[name](test_data / "tables")
    assert int(table.labels.sum()) == positive
    assert int((~table.labels).sum()) == negative
    assert table.unknown == unknown
    assert tuple(table.columns) == COLUMNS
    for column in COLUMNS:
        known = table.columns[column][np.isfinite(table.columns[column])]
        assert len(known) > 0.85 * len(table.labels)
        if column == "age_years":
            assert 20 < known.min() < 40 < known.max() < 100
        else:
            assert set(known) == {0.0, 1.0}
    assert len(table.complete.labels) > 800
