"""``her2desk outline convert`` and ``agreement`` as a person or a script calls them."""

import csv
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from her2desk.cli.app import main
from her2desk.dicom.outline import outline_from_file
from her2desk.dicom.reader import open_image
from her2desk.domain.roi import Roi
from her2desk.inference.robustness import jittered
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.profile import us_2d

ROWS, COLUMNS, FRAMES = 60, 80, 4


def run(*arguments: object) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "her2desk", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def called(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    """As ``run``, in this process, which is quicker."""
    code = main([*map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def cine(tmp_path: Path) -> Path:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, "1.2.3.4"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", "1.2.3.5"
    ds.Modality, ds.PatientID, ds.PatientName = "US", "P1", "Doe^Jane"
    ds.Rows, ds.Columns, ds.NumberOfFrames = ROWS, COLUMNS, FRAMES
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.PixelData = bytes(ROWS * COLUMNS * FRAMES)
    path = tmp_path / "cine.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def roi(tmp_path: Path) -> Roi:
    angles = [math.tau * n / 24 for n in range(24)]
    roi = Roi(2, tuple((40 + 20 * math.cos(a), 30 + 15 * math.sin(a)) for a in angles))
    (tmp_path / "roi.json").write_text(json.dumps(roi.to_json()))
    return roi


def test_an_outline_goes_through_every_form_and_comes_back(
    cine: Path, roi: Roi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image, before = open_image(cine).image, tmp_path / "roi.json"
    for name in ("mask.png", "mask.nii.gz", "seg.dcm", "again.json"):
        code, document = called(capsys, "outline", "convert", cine, before, "--to", tmp_path / name)
        assert code == 0
        assert {k: document[k] for k in ("written", "frame_index", "points", "area_px")} == {
            "written": str(tmp_path / name),
            "frame_index": 2,
            "points": 24,
            "area_px": round(roi.area_px, 3),
        }
        before = tmp_path / name
    assert outline_from_file(before, 2, image).roi == roi


def test_convert_answers_a_script(cine: Path, roi: Roi, tmp_path: Path) -> None:
    code, document = run(
        "outline", "convert", cine, tmp_path / "roi.json", "--to", tmp_path / "seg.dcm",
        "--frame", 2,
    )  # fmt: skip
    assert code == 0
    assert (document["format"], document["warnings"]) == ("dicom-seg", [])
    assert document["outlines"] == [
        {"frame_index": 2, "points": 24, "area_px": document["area_px"]}
    ]


def test_convert_refuses_in_words(
    cine: Path, roi: Roi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outline, target = tmp_path / "roi.json", tmp_path / "mask.png"
    convert = ("outline", "convert", cine, outline, "--to")
    code, document = called(capsys, *convert, target, "--frame", 1)
    assert (code, document["error"]["code"]) == (3, "frame-contradicts-roi")
    code, document = called(capsys, *convert, tmp_path / "mask.bmp")
    assert (code, document["error"]["code"]) == (3, "outline-format")
    assert called(capsys, *convert, target)[0] == 0
    code, document = called(capsys, *convert, target)
    assert (code, document["error"]["code"]) == (3, "outline-exists")
    assert called(capsys, *convert, target, "--overwrite")[0] == 0
    assert main(["outline", "convert", str(cine)]) == 2


def test_convert_tells_people_what_was_written_and_left_out(
    cine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    mask = np.zeros((ROWS, COLUMNS), np.uint8)
    mask[10:30, 10:40] = mask[50:53, 60:63] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    target = tmp_path / "roi.json"
    code = main(["outline", "convert", str(cine), str(tmp_path / "mask.png"), "--to", str(target)])
    said = capsys.readouterr().out
    assert code == 0
    assert f"1 outline written: {target}" in said
    assert "2 separate parts" in said


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated cohort of 32 whose second reader is the first with an unsteady hand."""
    folder = tmp_path_factory.mktemp("agreement") / "ward"
    write_cohort(folder, 32, seed=5)
    with (folder / "cohort.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    (folder / "second").mkdir()
    for number, row in enumerate(rows):
        image = open_image(folder / row["image"]).image
        first = outline_from_file(folder / row["roi"], int(row["frame_index"] or 0), image).roi
        rng = np.random.default_rng(number)
        other = jittered(first, rng, 40.0 if number == 3 else 4.0, image)
        row["roi_reader2"] = f"second/{number}.json"
        (folder / row["roi_reader2"]).write_text(json.dumps(other.to_json()))
    _write(folder, rows)
    return folder


def _write(folder: Path, rows: list[dict[str, str]]) -> None:
    with (folder / "cohort.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    small = us_2d().model_copy(
        update={
            "name": "quick",
            "image_types": ("Original",),
            "feature_classes": ("firstorder",),
            "log_sigmas": (),
        }
    )
    path = tmp_path / "quick.json"
    path.write_text(small.to_json())
    return path


def test_two_readers_of_a_cohort_become_two_tables(
    ward: Path, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases, features = tmp_path / "cases.csv", tmp_path / "features.csv"
    code, document = called(
        capsys, "agreement", ward, "--out", cases, "--features", features, "--profile", profile,
        "--jobs", 1,
    )  # fmt: skip
    assert code == 0
    assert document["cases"] == 32
    assert 0.7 < document["dice"]["median"] < 1
    assert document["limits"] == {"dice_below": 0.75, "hausdorff_over_mm": 5.0}
    assert (document["features"]["cases"], document["features"]["measured"]) == (32, 18)
    assert document["features"]["out"] == str(features)
    with cases.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 32
    called_for = [row["patient_id"] for row in rows if row["third_reader"] == "1"]
    assert called_for == document["third_reader"]
    assert rows[3]["patient_id"] in called_for, "whose second outline was drawn with a shaking hand"
    assert all(float(row["hausdorff_mm"]) >= float(row["mean_distance_mm"]) for row in rows)
    assert "apart" in rows[3]["why"] or "Dice" in rows[3]["why"]
    with features.open(newline="", encoding="utf-8") as file:
        kept = [row["kept"] for row in csv.DictReader(file)]
    assert kept.count("1") == document["features"]["kept"]


def test_agreement_without_features_tells_people(
    ward: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["agreement", str(ward), "--out", str(tmp_path / "cases.csv"), "--progress", "none"]
    assert main([*arguments, "--dice", "0.1", "--hausdorff-mm", "1000"]) == 0
    said = capsys.readouterr().out
    assert "32 cases with two outlines." in said
    assert "No case calls for a third reader." in said
    assert main([*arguments, "--dice", "1"]) == 0
    assert "A third reader is called for: " in capsys.readouterr().out


def test_too_few_cases_for_features_still_give_the_table_of_cases(
    ward: Path, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    few = tmp_path / "few"
    shutil.copytree(ward, few)
    with (few / "cohort.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[10:]:
        row["roi_reader2"] = ""
    _write(few, rows)
    cases, features = tmp_path / "cases.csv", tmp_path / "features.csv"
    arguments = ["agreement", str(few), "--out", str(cases), "--features", str(features)]
    code, document = called(capsys, *arguments, "--profile", profile, "--jobs", 1)
    assert (code, document["cases"]) == (0, 10)
    assert "20 too few" in document["features"]["note"]
    assert document["features"]["out"] is None
    assert cases.exists()
    assert not features.exists()
    assert main([*arguments, "--profile", str(profile), "--progress", "none"]) == 0
    assert "20 too few" in capsys.readouterr().out
    for row in rows:
        row["roi_reader2"] = ""
    _write(few, rows)
    code, document = called(capsys, *arguments)
    assert (code, document["error"]["code"]) == (3, "no-second-reader")


def test_a_place_that_cannot_be_written_is_found_out_first(
    ward: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = called(capsys, "agreement", ward, "--out", tmp_path / "gone" / "cases.csv")
    assert (code, document["error"]["code"]) == (3, "unwritable")
