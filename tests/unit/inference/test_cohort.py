"""``cohort.csv`` as people and spreadsheets write it, and the rows that come of it."""

import dataclasses
import json

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.clinical import Pathology
from her2desk.domain.roi import roi_from_json
from her2desk.errors import InputRefused
from her2desk.inference.cohort import case_of_row, cohort_rows, cohort_sha256, read_cohort
from her2desk.inference.cohort_table import Findings, number, yes_no
from her2desk.radiomics.mask import rasterise

HEADER = "patient_id,image,roi,her2_ihc"


def rows_of(folder, text, encoding="utf-8"):
    (folder / "cohort.csv").write_bytes(text.encode(encoding))
    return read_cohort(folder)


def refused(folder, text, encoding="utf-8"):
    with pytest.raises(InputRefused) as caught:
        rows_of(folder, text, encoding)
    assert caught.value.remedy.text()
    return caught.value


def one(folder, **cells):
    """The one row of a table with these cells beside the required ones."""
    cells = {"patient_id": "P1", "image": "a.dcm", "roi": "a.json", "her2_ihc": "3+"} | cells
    (row,) = rows_of(folder, ";".join(cells) + "\n" + ";".join(cells.values()) + "\n")
    return row


def test_a_row_has_all_that_the_table_says(tmp_path):
    row = one(
        tmp_path, frame_index="4", laterality="l", her2_ihc="2+", her2_fish="Amplified", pr="0",
        age_years="52", site="A", scanner="X", split="Test", roi_reader2="second/a.png",
    )  # fmt: skip
    assert (row.number, row.patient_id, row.frame_index) == (2, "P1", 4)
    assert (row.image, row.roi) == (tmp_path / "a.dcm", tmp_path / "a.json")
    assert row.roi_reader2 == tmp_path / "second/a.png"
    assert (row.clinical.laterality, row.clinical.pr, row.clinical.age_years) == ("L", False, 52)
    assert row.clinical.er is None
    assert (row.pathology, row.positive) == (Pathology("2+", "amplified"), True)
    assert (row.site, row.scanner, row.split) == ("A", "X", "test")


def test_only_four_columns_are_needed(tmp_path):
    (row,) = rows_of(tmp_path, HEADER + "\nP1,a.dcm,a.json,0\n")
    assert (row.frame_index, row.positive) == (0, False)
    assert (row.site, row.scanner, row.split, row.roi_reader2) == (None, None, None, None)
    (row,) = rows_of(tmp_path, "roi,label,image,patient_id\na.json,positive,a.dcm,P1\n")
    assert (row.roi.name, row.positive) == ("a.json", True)


@pytest.mark.parametrize(
    ("ihc", "fish", "label", "positive"),
    [
        ("0", "", "", False),
        ("1+", "", "", False),
        ("2+", "", "", None),
        ("2 +", "amplified", "", True),
        ("2+", "not amplified", "", False),
        ("3+", "", "", True),
        ("", "", "", None),
        ("", "amplified", "", None),
        ("", "", "1", True),
        ("", "", "Negative", False),
        ("", "", "1.0", True),
        ("", "", "FALSCH", False),
        ("3+", "", "true", True),
        ("2+", "not  amplified", "0", False),
        ("", "amplified", "1", True),
    ],
)
def test_the_status_is_by_asco_cap_else_by_the_label(tmp_path, ihc, fish, label, positive):
    assert one(tmp_path, her2_ihc=ihc, her2_fish=fish, label=label).positive is positive


@pytest.mark.parametrize(
    ("ihc", "fish", "label"),
    [("3+", "", "0"), ("1+", "", "1"), ("2+", "", "1"), ("2+", "amplified", "0"),
     ("", "not amplified", "1")],
)  # fmt: skip
def test_a_label_that_contradicts_the_pathology_is_refused(tmp_path, ihc, fish, label):
    with pytest.raises(InputRefused, match="row 2") as caught:
        one(tmp_path, her2_ihc=ihc, her2_fish=fish, label=label)
    assert caught.value.code == "cohort-row"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_what_excel_saves_is_read(tmp_path, delimiter, encoding):
    lines = [
        [*HEADER.split(","), "site", "ki67_percent"],
        ["P1", "a.dcm", "a.json", "3+", "Köln", "12.5"],
    ]
    text = "\r\n".join(delimiter.join(line) for line in lines) + "\r\n"
    (row,) = rows_of(tmp_path, text, encoding)
    assert (row.site, row.clinical.ki67_percent) == ("Köln", 12.5)


def test_spaces_capitals_and_empty_lines_do_not_matter(tmp_path):
    text = (
        " Patient_ID , IMAGE,roi,her2_ihc,pr\n\n P1 , a.dcm ,a.json, 3+ , Yes \n,,,,\n\nP2,b,c,0,\n"
    )
    first, second = rows_of(tmp_path, text)
    assert (first.patient_id, first.image.name, first.clinical.pr) == ("P1", "a.dcm", True)
    assert (first.number, second.number) == (3, 6)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("5.5", 5.5),
        ("5,5", 5.5),
        ("0,125", 0.125),
        ("12,34", 12.34),
        ("1e3", 1000),
        ("-2", -2),
    ],
)
def test_numbers_with_point_or_comma(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    "text", ["1,234", "1.234,5", "1_000", "nan", "inf", "9e999", "٣", "5 %", "1,2,3"]
)
def test_what_is_no_number_or_may_be_two_is_refused(text):
    with pytest.raises(InputRefused) as caught:
        number(text)
    assert caught.value.code == "cell-number"


@given(st.text(max_size=20))
def test_a_cell_is_a_value_or_refused(text):
    for read in (number, yes_no):
        try:
            value = read(text)
        except InputRefused as refusal:
            said = refusal.remedy.text()
        else:
            said = str(float(value))
        assert said


def test_a_decimal_comma_in_a_table_of_commas_is_named(tmp_path):
    refusal = refused(tmp_path, HEADER + ",ki67_percent\nP1,a.dcm,a.json,3+,12,5\n")
    assert "6 cells" in refusal.message.text()
    assert "comma" in refusal.remedy.text()


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("her2_ihc", "4+"),
        ("her2_fish", "maybe"),
        ("label", "2"),
        ("frame_index", "first"),
        ("frame_index", "0.5"),
        ("frame_index", "-1"),
        ("pr", "perhaps"),
        ("ki67_percent", "140"),
        ("age_years", "not available"),
        ("laterality", "B"),
        ("split", "validation"),
        ("patient_id", ""),
        ("image", ""),
        ("roi", ""),
        ("image", "../a.dcm"),
        ("image", "/tmp/a.dcm"),
        ("image", "C:\\a.dcm"),
        ("roi", "rois/../../a.json"),
        ("roi", "rois\\..\\..\\a.json"),
        ("roi", "."),
        ("roi_reader2", "..\\a.json"),
        ("image", "a\x00.dcm"),
    ],
)
def test_a_cell_that_cannot_be_right_names_its_row(tmp_path, column, text):
    with pytest.raises(InputRefused, match="row 2") as caught:
        one(tmp_path, **{column: text})
    assert caught.value.code == "cohort-row"
    assert caught.value.remedy.text()


def test_paths_are_written_with_slashes_either_way(tmp_path):
    row = one(tmp_path, image="images\\a.dcm", roi="x/../rois/a.json")
    assert row.image == tmp_path / "images" / "a.dcm"
    assert row.roi.resolve() == tmp_path / "rois" / "a.json"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "patient_id"),
        ("patient_id,image,her2_ihc\nP1,a,0\n", "roi"),
        ("patient_id,image,roi\nP1,a,b\n", "label"),
        (HEADER + "\n", "no patients"),
        (HEADER + ",pr,pr\nP1,a,b,0,1,0\n", "pr"),
    ],
)
def test_a_table_without_what_it_needs_is_refused(tmp_path, text, named):
    refusal = refused(tmp_path, text)
    assert refusal.code == "cohort-table"
    assert named in refusal.message.text()


def test_a_folder_without_a_readable_table_is_refused(tmp_path, monkeypatch):
    with pytest.raises(InputRefused) as caught:
        read_cohort(tmp_path)
    assert caught.value.code == "cohort-unreadable"
    (tmp_path / "cohort.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputRefused) as caught:
        read_cohort(tmp_path)
    assert caught.value.code == "cohort-unreadable"
    assert refused(tmp_path, "a," * 10 + "b" * 200_000).code == "cohort-unreadable"
    monkeypatch.setattr("her2desk.inference.cohort_table.MAX_ROWS", 3)
    assert refused(tmp_path, HEADER + "\nP,a,b,0" * 3).code == "too-large"
    monkeypatch.setattr("her2desk.inference.cohort_table.MAX_BYTES", 9)
    assert refused(tmp_path, HEADER).code == "too-large"


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: (HEADER + "\n" + t).encode()))
def test_any_table_is_read_or_refused(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    (folder / "cohort.csv").write_bytes(content)
    findings = Findings()
    try:
        rows = cohort_rows(folder, findings)
    except InputRefused as refusal:
        rows = []
        findings.refusal(None, None, refusal)
    assert findings.found or rows
    assert all(row.image.is_relative_to(folder) and row.roi.is_relative_to(folder) for row in rows)


@given(
    st.lists(
        st.tuples(
            st.text("PQ 12ä", min_size=1).filter(str.strip), st.sampled_from(["0", "3+", "2+"])
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(",;\t"),
)
def test_what_was_written_comes_back(tmp_path_factory, patients, delimiter):
    folder = tmp_path_factory.getbasetemp() / "written"
    folder.mkdir(exist_ok=True)
    lines = [HEADER.split(","), *([name, "a.dcm", "a.json", ihc] for name, ihc in patients)]
    found = rows_of(folder, "\n".join(delimiter.join(line) for line in lines))
    assert [(r.patient_id, r.pathology.her2_ihc) for r in found] == [
        (name.strip(), ihc) for name, ihc in patients
    ]


# Cases


def test_a_rows_case_has_its_frame_its_outline_and_its_record(cohort):
    cohort.write()
    row = read_cohort(cohort.folder)[3]
    case = case_of_row(row)
    assert case.roi == roi_from_json(row.roi.read_text())
    assert case.clinical == row.clinical
    assert case.pixels.shape == (case.image.rows, case.image.columns)


def test_masks_of_every_kind_give_the_same_pixels(cohort, tmp_path):
    cohort.write()
    row = read_cohort(cohort.folder)[0]
    png = dataclasses.replace(row, roi=cohort.folder / "masks" / f"{row.roi.stem}.png")
    first = case_of_row(png)
    mask = rasterise(first.roi.polygon, *first.pixels.shape)
    SimpleITK.WriteImage(
        SimpleITK.GetImageFromArray(mask.astype(np.uint8)), str(tmp_path / "a.nii.gz")
    )
    second = case_of_row(dataclasses.replace(row, roi=tmp_path / "a.nii.gz"))
    assert second.roi == first.roi


def test_an_outline_of_another_frame_or_none_is_refused(cohort, tmp_path):
    cohort.write()
    row = read_cohort(cohort.folder)[0]
    for wrong, code in (
        (dataclasses.replace(row, frame_index=1), "frame-contradicts-roi"),
        (dataclasses.replace(row, roi=tmp_path / "gone.json"), "unreadable-file"),
    ):
        with pytest.raises(InputRefused) as caught:
            case_of_row(wrong)
        assert caught.value.code == code


# The hash


def test_the_cohorts_hash_is_of_its_content_and_not_of_its_order_or_paths(cohort):
    cohort.write()
    rows = read_cohort(cohort.folder)[:4]
    digest = cohort_sha256(rows)
    assert cohort_sha256(rows[::-1]) == digest
    moved = rows[0].image.rename(cohort.folder / "elsewhere.dcm")
    assert (
        cohort_sha256([dataclasses.replace(rows[0], image=moved, number=99), *rows[1:]]) == digest
    )


@pytest.mark.parametrize(
    "change",
    [
        {"positive": None}, {"site": "other"}, {"scanner": "other"}, {"split": "test"},
        {"patient_id": "other"}, {"frame_index": 1}, {"pathology": Pathology("0")},
    ],
)  # fmt: skip
def test_whatever_a_row_says_is_in_the_hash(cohort, change):
    cohort.write()
    rows = read_cohort(cohort.folder)[:2]
    assert cohort_sha256([dataclasses.replace(rows[0], **change), rows[1]]) != cohort_sha256(rows)


def test_files_and_values_are_in_the_hash(cohort):
    cohort.write()
    rows = read_cohort(cohort.folder)[:2]
    digest = cohort_sha256(rows)
    older = dataclasses.replace(rows[0].clinical, age_years=99)
    second = dataclasses.replace(rows[0], roi_reader2=rows[1].roi)
    seen = {
        digest,
        cohort_sha256([dataclasses.replace(rows[0], clinical=older), rows[1]]),
        cohort_sha256([second, rows[1]]),
        cohort_sha256([*rows, rows[0]]),
    }
    roi = json.loads(rows[0].roi.read_text())
    rows[0].roi.write_text(json.dumps(roi, indent=1))
    seen.add(cohort_sha256(rows))
    assert len(seen) == 5
    rows[0].roi.unlink()
    with pytest.raises(InputRefused):
        cohort_sha256(rows)
