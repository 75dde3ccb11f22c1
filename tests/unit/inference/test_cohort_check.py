"""A cohort is checked completely: every problem with its row, its column and what to do."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from her2desk.domain.progress import SilentProgress
from her2desk.errors import Cancelled, InputRefused
from her2desk.inference.cohort_check import check_cohort, require_usable


def test_a_sound_cohort_has_nothing_to_say(cohort):
    check = cohort.check()
    assert check.findings == ()
    assert check.usable
    assert (check.patients, check.positive, check.unknown) == (24, 12, 0)
    assert check.sites == ("Site 1", "Site 2")
    assert len(check.scanners) == 3
    assert len(check.spacings_mm) == 24
    assert None not in check.spacings_mm
    assert not check.has_split_column
    require_usable(check)


def test_the_document_is_json_and_counts_patients(cohort):
    for row in cohort.cells[:5]:
        row["ki67_percent"] = ""
    cohort.cells[7]["her2_ihc"] = "2+"
    document = json.loads(json.dumps(cohort.check().document()))
    assert list(document) == [
        "patients", "positive", "unknown", "images", "usable", "findings", "inputs", "sites",
        "scanners", "calibrated", "has_split_column",
    ]  # fmt: skip
    assert (document["patients"], document["positive"], document["unknown"]) == (24, 11, 1)
    assert (document["images"], document["calibrated"], document["usable"]) == (24, 24, True)
    assert {"name": "ki67_percent", "known": 19} in document["inputs"]
    (finding,) = document["findings"]
    assert finding == {
        "row": 9,
        "column": "her2_ihc",
        "severity": "notice",
        "code": "status-unknown",
        "message": "The HER-2 status is unknown: listed, never trained on.",
        "remedy": "Add the FISH result when it is there.",
    }


def test_every_problem_of_every_row_is_listed_in_order(cohort):
    cohort.image(0).unlink()
    cohort.cells[0].update(pr="perhaps", age_years="900")
    cohort.roi(3).write_text("{}")
    cohort.cells[3].update(her2_ihc="4+")
    cohort.cells[5].update(image="../secret.dcm")
    cohort.cells[6].update(frame_index="2")
    cohort.cells[6].pop("patient_id")
    assert cohort.codes() == [
        (2, "image", "file-missing"),
        (2, "age_years", "clinical-value"),
        (2, "pr", "cell-yes-no"),
        (5, "roi", "roi-malformed"),
        (5, "her2_ihc", "pathology-value"),
        (7, "image", "path-outside"),
        (8, "patient_id", "cell-empty"),
        (8, "frame_index", "no-such-frame"),
    ]


def test_a_refusal_counts_the_problems_and_names_the_first_three(cohort):
    for index in range(5):
        cohort.roi(index).unlink()
    with pytest.raises(InputRefused) as caught:
        require_usable(cohort.check())
    said = caught.value.message.text()
    assert caught.value.code == "cohort-findings"
    assert "5 problems" in said
    assert all(f"Row {row}, roi" in said for row in (2, 3, 4))
    assert "Row 5" not in said
    assert caught.value.remedy.text()


def test_one_problem_is_named_with_its_own_remedy(cohort):
    cohort.cells[2]["split"] = "test"
    cohort.cells[2]["ki67_percent"] = "140"
    for row in cohort.cells[3:]:
        row["split"] = "train"
    with pytest.raises(InputRefused, match="problems") as caught:
        require_usable(cohort.check())
    assert "No patient in test is HER-2 positive" in caught.value.message.text()
    for row in cohort.cells:
        row["split"] = ""
    with pytest.raises(InputRefused, match=r"one problem\. Row 4, ki67_percent") as caught:
        require_usable(cohort.check())
    assert "between 0 and 100" in caught.value.remedy.text()


def test_a_folder_without_a_table_is_a_finding_and_no_error(tmp_path):
    check = check_cohort(tmp_path, SilentProgress())
    assert [(f.row, f.code) for f in check.findings] == [(None, "cohort-unreadable")]
    assert (check.usable, check.patients, check.rows) == (False, 0, ())
    with pytest.raises(InputRefused, match="cannot be read"):
        require_usable(check)
    assert check.document()["findings"][0]["severity"] == "error"


def test_a_row_with_too_many_cells_is_named_without_a_column(cohort):
    cohort.write()
    table = cohort.folder / "cohort.csv"
    lines = table.read_text().splitlines()
    lines[1] += ",5"
    table.write_text("\n".join(lines))
    with pytest.raises(InputRefused, match="Row 2: The row has"):
        require_usable(check_cohort(cohort.folder, SilentProgress()))


def test_a_check_can_be_stopped(cohort):
    class Stop:
        def step(self, fraction, text):
            assert text.text()
            if fraction > 0.4:
                raise Cancelled

    cohort.write()
    with pytest.raises(Cancelled):
        check_cohort(cohort.folder, Stop())


def test_a_column_that_is_not_known_is_a_notice(cohort):
    for row in cohort.cells:
        row.update(comment="x", ki67_pct="5")
    check = cohort.check()
    assert check.usable
    remedies = {f.column: f.remedy.text() for f in check.findings}
    assert "ki67_percent" in remedies["ki67_pct"]
    assert "Nothing" in remedies["comment"]


def test_another_encoding_is_said(cohort):
    cohort.cells[0]["site"] = "Köln"
    cohort.write(";", "cp1252")
    check = check_cohort(cohort.folder, SilentProgress())
    assert [(f.code, f.is_error) for f in check.findings] == [("cohort-encoding", False)]
    assert "Köln" in check.sites


# Files


def test_files_that_are_no_images_or_outlines_are_named(cohort):
    cohort.image(0).write_text("no image")
    cohort.roi(1).write_text("no outline")
    cohort.roi(2).write_text(json.dumps({"frame_index": 0, "polygon": [[0, 0], [9e3, 0], [9, 9]]}))
    cohort.roi(3).write_text(json.dumps({"frame_index": 1, "polygon": [[0, 0], [90, 0], [9, 99]]}))
    line = [[10, 10], [110, 10], [110, 10.9], [10, 10.9]]
    cohort.roi(4).write_text(json.dumps({"frame_index": 0, "polygon": line}))
    content = cohort.image(5).read_bytes()
    cohort.image(5).write_bytes(content[: len(content) // 2])
    cohort.roi(6).unlink()
    assert cohort.codes() == [
        (2, "image", "not-an-image"),
        (3, "roi", "roi-malformed"),
        (4, "roi", "roi-outside"),
        (5, "roi", "frame-contradicts-roi"),
        (6, "roi", "roi-too-small"),
        (7, "image", "truncated-frame"),
        (8, "roi", "file-missing"),
    ]


def test_a_frame_that_cannot_be_decoded_is_found_before_it_is_needed(cohort):
    picture = Image.open(cohort.folder / "masks" / f"{cohort.roi(0).stem}.png")
    broken = cohort.folder / "images" / "broken.jpg"
    picture.save(broken)
    broken.write_bytes(broken.read_bytes()[:-400])
    cohort.cells[0]["image"] = "images/broken.jpg"
    found = cohort.finding("truncated-frame")
    assert (found.row, found.column, found.is_error) == (2, "image", True)


def test_what_a_mask_loses_is_a_notice(cohort):
    stem = cohort.roi(0).stem
    cohort.cells[0]["roi"] = f"masks/{stem}.png"
    assert cohort.codes() == []
    mask = np.array(Image.open(cohort.folder / "masks" / f"{stem}.png"))
    mask[:3, :3] = 255
    Image.fromarray(mask).save(cohort.folder / "masks" / f"{stem}.png")
    assert cohort.codes() == [(2, "roi", "mask-parts")]
    assert cohort.check().usable


def test_the_second_readers_outline_is_checked_too(cohort):
    cohort.cells[0]["roi_reader2"] = cohort.cells[0]["roi"]
    cohort.cells[1]["roi_reader2"] = f"masks/{cohort.roi(1).stem}.png"
    cohort.cells[2]["roi_reader2"] = "rois/gone.json"
    assert cohort.codes() == [
        (2, "roi_reader2", "readers-identical"),
        (4, "roi_reader2", "file-missing"),
    ]
    assert cohort.check().rows[1].roi_reader2.name.endswith(".png")


def test_a_side_that_contradicts_the_image_is_an_error(cohort):
    side = cohort.cells[0]["laterality"]
    cohort.cells[0]["laterality"] = "R" if side == "L" else "L"
    found = cohort.finding("laterality-contradicts-image")
    assert (found.row, found.column, found.is_error) == (2, "laterality", True)
    cohort.cells[0]["laterality"] = ""
    assert cohort.codes() == []


def test_uncalibrated_images_among_calibrated_ones_are_said(cohort):
    for index in (1, 2):
        ds = dcmread(cohort.image(index))
        del ds.SequenceOfUltrasoundRegions
        ds.save_as(cohort.image(index))
    found = cohort.finding("spacing-mixed")
    assert not found.is_error
    assert "2 of 24" in found.message.text()
    check = cohort.check()
    assert [s is None for s in check.spacings_mm[:4]] == [False, True, True, False]
    assert check.document()["calibrated"] == 22


def test_a_cohort_without_any_spacing_says_so_once(cohort):
    cohort.cells = cohort.cells[:2]
    for row in cohort.cells:
        ds = dcmread(cohort.folder / row["image"])
        png = row["image"].replace(".dcm", ".png")
        Image.fromarray(ds.pixel_array).save(cohort.folder / png)
        row["image"] = png
    assert "spacing-unknown" in {code for _, _, code in cohort.codes()}


# One patient, several rows


def test_images_of_one_patient_stay_together(cohort):
    cohort.another_image(0, laterality="")
    cohort.cells[0]["laterality"] = ""
    check = cohort.check()
    assert check.findings == ()
    assert (check.patients, len(check.rows)) == (23, 24)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("her2_ihc", "3+"),
        ("her2_fish", "not amplified"),
        ("ki67_percent", "7.25"),
        ("ki67_percent", ""),
        ("site", "Elsewhere"),
    ],
)
def test_rows_of_one_patient_must_say_the_same(cohort, column, text):
    cohort.cells[0]["laterality"] = ""
    cohort.another_image(0, **{column: text})
    found = cohort.finding("patient-contradicts")
    assert (found.row, found.column, found.is_error) == (25, column, True)
    assert "row 2" in found.message.text()


def test_labels_of_one_patient_must_agree(cohort):
    for row in cohort.cells:
        row["label"] = "1" if row.pop("her2_ihc") == "3+" else "0"
    cohort.cells[0]["laterality"] = ""
    cohort.another_image(0, label="")
    assert (25, "label", "patient-contradicts") in cohort.codes()


def test_a_cell_that_cannot_be_read_contradicts_nothing(cohort):
    cohort.cells[0]["laterality"] = ""
    cohort.another_image(0, ki67_percent="many")
    assert cohort.codes() == [(25, "ki67_percent", "cell-number")]


def test_scanners_of_one_patient_may_differ(cohort):
    cohort.cells[0]["laterality"] = ""
    cohort.another_image(0, scanner="Another")
    assert cohort.codes() == []


def test_names_that_differ_by_capitals_or_spaces_are_a_notice(cohort):
    cohort.cells[0]["patient_id"] = "Case 1"
    cohort.cells[1]["patient_id"] = "case1"
    found = cohort.finding("patient-names-alike")
    assert (found.row, found.is_error) == (3, False)


# Copies


def test_the_same_row_twice_is_an_error(cohort):
    cohort.cells.append(dict(cohort.cells[4]))
    found = cohort.finding("image-twice")
    assert (found.row, found.column, found.is_error) == (26, "image", True)
    assert "row 6" in found.message.text()


def test_the_same_file_under_two_patients_is_a_leak(cohort):
    shutil.copy(cohort.image(4), cohort.folder / "images" / "copy.dcm")
    cohort.cells[9].update(image="images/copy.dcm", roi=cohort.cells[4]["roi"], laterality="")
    found = cohort.finding("image-of-two-patients")
    assert (found.row, found.is_error) == (11, True)
    assert cohort.cells[4]["patient_id"] in found.message.text()
    assert (11, "patient_id", "study-of-two-patients") in cohort.codes()


def test_the_same_picture_exported_twice_is_a_leak_too(cohort):
    """Another header, other bytes: only the pixels tell."""
    ds = dcmread(cohort.image(4))
    ds.PatientID, ds.StudyInstanceUID, ds.SOPInstanceUID = "other", "1.2.9", "1.2.9.1"
    ds.save_as(cohort.folder / "images" / "copy.dcm")
    cohort.cells[9].update(image="images/copy.dcm", roi=cohort.cells[4]["roi"], laterality="")
    assert [code for _, _, code in cohort.codes()] == ["image-of-two-patients"]


def test_two_frames_of_one_cine_are_two_images_of_one_patient(cohort):
    ds = dcmread(cohort.image(0))
    frames = np.stack([ds.pixel_array, np.roll(ds.pixel_array, 3, axis=0)])
    ds.NumberOfFrames, ds.PixelData = 2, frames.tobytes()
    ds.save_as(cohort.image(0))
    outline = json.loads(cohort.roi(0).read_text()) | {"frame_index": 1}
    (cohort.folder / "rois" / "second.json").write_text(json.dumps(outline))
    cohort.cells.append({**cohort.cells[0], "frame_index": "1", "roi": "rois/second.json"})
    assert cohort.codes() == []
    cohort.cells[-1]["patient_id"] = "Another"
    assert "image-of-two-patients" in {code for _, _, code in cohort.codes()}


def test_one_damaged_file_under_two_patients_is_still_one_file(cohort):
    ds = dcmread(cohort.image(4))
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.5"
    ds.PixelData = b"\xfe\xff\x00\xe0\x00\x00\x00\x00\xfe\xff\x00\xe0\x08\x00\x00\x00" + b"\x01" * 8
    ds["PixelData"].is_undefined_length = True
    ds.save_as(cohort.image(4))
    cohort.cells[9].update(
        image=cohort.cells[4]["image"], roi=cohort.cells[4]["roi"], laterality=""
    )
    codes = {code for _, _, code in cohort.codes()}
    assert "image-of-two-patients" in codes


# Classes and splits


@pytest.mark.parametrize(
    ("positives", "code", "is_error"),
    [
        (0, "class-empty", True),
        (4, "class-too-small", True),
        (5, "class-small", False),
        (9, "class-small", False),
    ],
)
def test_a_class_with_few_patients_is_said(cohort, positives, code, is_error):
    for index, row in enumerate(cohort.cells):
        row["her2_ihc"] = "3+" if index < positives else "0"
    found = cohort.finding(code)
    assert (found.row, found.is_error) == (None, is_error)
    assert "positive" in found.message.text()


def test_fish_against_ihc_is_a_notice(cohort):
    cohort.cells[0].update(her2_ihc="1+", her2_fish="amplified")
    cohort.cells[1].update(her2_ihc="3+", her2_fish="not amplified")
    assert cohort.codes() == [
        (2, "her2_fish", "fish-contradicts-ihc"),
        (3, "her2_fish", "fish-contradicts-ihc"),
    ]


def test_a_patient_without_any_status_is_unknown(cohort):
    cohort.cells[0].update(her2_ihc="", her2_fish="")
    assert cohort.codes() == [(2, "label", "status-unknown")]
    assert cohort.check().unknown == 1


def test_a_label_against_the_pathology_is_an_error(cohort):
    for row in cohort.cells:
        row["label"] = ""
    cohort.cells[0]["label"] = "1"
    cohort.cells[1].update(her2_ihc="2+", label="1")
    errors = [(f.row, f.code) for f in cohort.check().findings if f.is_error]
    assert errors == [(2, "label-contradicts-pathology"), (3, "label-contradicts-pathology")]


def split(cohort, *sides):
    for index, row in enumerate(cohort.cells):
        row["split"] = sides[index] if index < len(sides) else "train"


def test_a_sound_split_is_taken(cohort):
    split(cohort, "test", "test", "test", "test")
    check = cohort.check()
    assert check.findings == ()
    assert check.has_split_column
    assert [row.split for row in check.rows[:5]] == ["test"] * 4 + ["train"]


def test_a_patient_of_unknown_status_needs_no_side(cohort):
    split(cohort, "test", "test", "")
    cohort.cells[2]["her2_ihc"] = "2+"
    assert cohort.codes() == [(4, "her2_ihc", "status-unknown")]


def test_a_split_of_some_patients_only_is_an_error(cohort):
    split(cohort, "test", "test", "")
    assert cohort.codes() == [(4, "split", "split-missing")]


def test_a_word_that_is_no_side_is_said_once(cohort):
    split(cohort, "test", "test", "validation")
    assert cohort.codes() == [(4, "split", "cell-split")]


def test_a_patient_on_both_sides_is_an_error(cohort):
    split(cohort, "test", "test")
    cohort.cells[0]["laterality"] = ""
    cohort.another_image(0, split="train")
    assert (25, "split", "split-both-sides") in cohort.codes()


def test_a_side_without_patients_or_a_class_is_an_error(cohort):
    split(cohort)
    assert cohort.codes() == [(None, "split", "split-side-empty")]
    split(cohort, "test", "train", "test")
    assert cohort.codes() == [(None, "split", "split-class-empty")]


def test_a_site_for_some_patients_only_is_a_notice(cohort):
    cohort.cells[0]["site"] = ""
    found = cohort.finding("site-incomplete")
    assert not found.is_error
    assert "1 of 24" in found.message.text()


# Real files


@pytest.mark.data
def test_public_breast_images_with_their_masks_are_a_cohort(test_data, tmp_path):
    """Uncalibrated pictures with tumour masks in PNG; every second is called positive here."""
    source = test_data / "breast_usg" / "images_and_masks"
    lines = ["patient_id;image;roi;label;age_years"]
    for index, mask in enumerate(sorted(source.glob("case*_tumor.png"))[:24]):
        image = source / mask.name.replace("_tumor", "")
        for path in (image, mask):
            shutil.copy(path, tmp_path / path.name)
        lines.append(f"{image.stem};{image.name};{mask.name};{index % 2};5{index % 10},5")
    (tmp_path / "cohort.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    check = check_cohort(tmp_path, SilentProgress())
    assert check.usable, [f.message.text() for f in check.findings if f.is_error]
    assert (check.patients, check.positive) == (24, 12)
    assert check.known_counts["age_years"] == 24
    assert "spacing-unknown" in {f.code for f in check.findings}


@pytest.mark.data
def test_real_dicom_files_are_looked_at_without_a_crash(test_data, tmp_path):
    lines = ["patient_id,image,roi,label"]
    for index, path in enumerate(sorted((test_data / "dicom_us").glob("*.dcm"))):
        shutil.copy(path, tmp_path / path.name)
        lines.append(f"P{index},{path.name},roi.json,{index % 2}")
    polygon = [[20, 20], [80, 20], [80, 90], [20, 90]]
    (tmp_path / "roi.json").write_text(json.dumps({"frame_index": 0, "polygon": polygon}))
    (tmp_path / "cohort.csv").write_text("\n".join(lines))
    check = check_cohort(tmp_path, SilentProgress())
    assert check.patients == len(lines) - 1
    errors = [f for f in check.findings if f.is_error]
    # the same still stored in several transfer syntaxes, and one cine in two
    assert {f.code for f in errors} <= {"image-of-two-patients", "not-an-image", "malformed"}
    assert any(f.code == "image-of-two-patients" for f in errors)
