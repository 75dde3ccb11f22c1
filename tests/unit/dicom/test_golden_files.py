"""What is made of every public ultrasound file is what somebody checked by hand."""

import csv
import runpy
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "golden"

pytestmark = pytest.mark.data


def test_every_file_reads_as_its_row_of_the_table(test_data: Path) -> None:
    maker = runpy.run_path(str(GOLDEN / "make_dicom_us.py"))
    made = maker["table"](test_data / "dicom_us").splitlines()
    stated = (GOLDEN / "dicom_us.csv").read_text(encoding="utf-8").splitlines()
    assert len(stated) == 34  # the header, 32 files and the cine of the ZIP
    for row, expected in zip(made, stated, strict=True):
        assert row == expected


def test_the_table_agrees_with_the_datas_own_index(test_data: Path) -> None:
    with (test_data / "dicom_us" / "INDEX.csv").open(newline="", encoding="utf-8") as stream:
        index = {row["file"]: row for row in csv.DictReader(stream)}
    with (GOLDEN / "dicom_us.csv").open(newline="", encoding="utf-8") as stream:
        table = {row["file"]: row for row in csv.DictReader(stream)}
    assert set(table) - set(index) == {"GREYSCALE_CINE.dcm"}
    for name, stated in index.items():
        row = table[name]
        size = row["rows"], row["columns"], row["frames"]
        assert size == (stated["rows"], stated["cols"], stated["frames"])
        assert row["regions"].count("; ") + bool(row["regions"]) == int(stated["n_regions"])
        if stated["spacing_mm"] and row["source"] == "ultrasound-region":
            found = float(row["mm_down"]), float(row["mm_across"])
            expected = [float(value) for value in stated["spacing_mm"].split("/")]
            assert found == pytest.approx(expected, rel=1e-4), name
        else:
            assert "region exceeds image" in stated["note"] or not stated["spacing_mm"], name
