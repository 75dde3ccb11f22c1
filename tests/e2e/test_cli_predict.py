"""``her2desk predict`` as a process of its own, on the demo case and on real files."""

import csv
import json
import math
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage, generate_uid

from her2desk.cli.app import main
from her2desk.domain.roi import Roi
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.store.opening import open_library

from ..failing_card import FailingCard
from ..ready_processes import run_her2desk

DEMO = demo_case_dir()
DEMO_ARGUMENTS = [
    str(DEMO / "demo.dcm"),
    "--roi",
    str(DEMO / "roi.json"),
    "--clinical",
    str(DEMO / "clinical.json"),
]
KEYS = {
    "probability", "interval", "branches", "classes", "operating_point", "call", "confusion",
    "attention", "pack", "inputs_sha256", "spacing_mm", "spacing_source", "warnings", "timings_ms",
    "doubts", "failure", "error_model", "range", "scanner", "nearest", "unknowns", "traits",
    "estimate", "features", "device", "enhancement",
}  # fmt: skip

IMPOSSIBLE_SPACING = "2.293750/2.293750"


def run(*arguments: str) -> tuple[int, dict]:
    """The command in a process of its own: exit code, and the one JSON document it prints."""
    done = run_her2desk("predict", *arguments, "--device", "cpu", "--json")
    return done.returncode, json.loads(done.stdout)


def run_here(capsys, *arguments: str) -> tuple[int, dict]:
    """The same command in this process, for many small cases."""
    code = main(["predict", *arguments, "--device", "cpu", "--json"])
    return code, json.loads(capsys.readouterr().out)


def ellipse(image_row: dict[str, str]) -> Roi:
    """24 points about the middle of the file's true tissue region, or of the image."""
    rows, columns = int(image_row["rows"]), int(image_row["cols"])
    regions = [r for r in json.loads(image_row["regions_json"]) if r["ux"] == 3 and r["fmt"] == 1]
    box = regions[0] if regions else {"x0": 0, "y0": 0, "x1": columns - 1, "y1": rows - 1}
    x0, x1 = max(0, box["x0"]), min(columns - 1, box["x1"])
    y0, y1 = max(0, box["y0"]), min(rows - 1, box["y1"])
    cx, cy, a, b = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 5, (y1 - y0) / 5
    angles = [2 * math.pi * i / 24 for i in range(24)]
    return Roi(0, tuple((cx + a * math.cos(t), cy + b * math.sin(t)) for t in angles))


def index_rows(test_data: Path) -> list[dict[str, str]]:
    with (test_data / "dicom_us" / "INDEX.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_demo_case_prints_the_whole_document(tmp_path):
    picture = tmp_path / "heat.png"
    code, document = run(*DEMO_ARGUMENTS, "--heatmap", str(picture))
    assert code == 0
    assert set(document) == KEYS
    assert document["spacing_source"] == "ultrasound-region"
    assert document["pack"]["demo"]
    check_document(document)
    with Image.open(picture) as image:
        assert image.format == "PNG"
        assert min(image.size) > 100
        assert np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=2).max() > 40  # colours


def check_document(document: dict) -> None:
    """Kinds, ranges and sums of everything that scripts rely on."""
    lower, upper = document["interval"]
    assert 0 < lower < document["probability"] < upper < 1
    assert set(document["branches"]) == {"clinical", "radiomics", "cnn", "dlr", "combined"}
    for value in document["branches"].values():
        assert value is None or 0 < value < 1
    assert document["branches"]["combined"] == document["probability"]
    assert document["classes"] == ["HER-2 negative", "HER-2 positive"]
    point = document["operating_point"]
    assert point["name"] in ("youden", "sensitivity95", "specificity95", "own")
    assert 0 < point["threshold"] < 1
    crosses = lower < point["threshold"] <= upper
    assert ("interval" in document["doubts"]) == crosses
    is_outside = document["range"]["distance"] > document["range"]["threshold"]
    assert document["range"]["outside"] == is_outside == ("out-of-range" in document["doubts"])
    is_above = document["probability"] >= point["threshold"]
    expected = "positive" if is_above else "negative"
    assert document["call"] == ("indeterminate" if document["doubts"] else expected)
    assert (document["failure"] is None) == (document["call"] == "indeterminate")
    check_confusion(document["confusion"])
    assert set(document["attention"]) == {"roi_enrichment", "hyperechoic_enrichment", "dispersion"}
    assert set(document["pack"]) == {"name", "version", "sha256", "demo"}
    for digest in (document["pack"]["sha256"], document["inputs_sha256"]):
        assert re.fullmatch("[0-9a-f]{64}", digest)
    assert document["spacing_mm"] is None or len(document["spacing_mm"]) == 2
    for warning in document["warnings"]:
        assert set(warning) == {"code", "message"}
        assert warning["message"].endswith((".", "!", ")"))
    stages = dict(document["timings_ms"])
    total = stages.pop("total")
    assert stages.pop("cnn") <= total  # which runs beside the features
    assert sum(stages.values()) <= total


def check_confusion(table: dict) -> None:
    assert table["tp"] + table["fp"] + table["tn"] + table["fn"] == table["cohort_size"]
    assert table["source"] == "out-of-fold"
    assert 0 < table["prevalence"] < 1
    for name, calls in (("ppv", table["tp"] + table["fp"]), ("npv", table["tn"] + table["fn"])):
        value = table[name]
        assert (value is None) == (calls == 0)
        if value is not None:
            assert 0 <= value["lower"] <= value["value"] <= value["upper"] <= 1


def test_people_get_sentences(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "her2desk", "predict", *DEMO_ARGUMENTS],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Predicted probability of HER-2 positive" in done.stdout
    assert "DEMO" in done.stdout
    assert "never a replacement for, IHC and FISH" in done.stdout


@pytest.mark.slow
@pytest.mark.data
def test_a_few_real_files_print_the_whole_document(test_data, tmp_path):
    names = ("cornerstone3D", "go-dicom__I_000003", "pydicom__examples_ybr")
    rows = [r for r in index_rows(test_data) if r["file"].startswith(names)]
    assert len(rows) == 3
    for row in rows:
        check_real_file(test_data, row, tmp_path)


@pytest.mark.slow
@pytest.mark.data
def test_every_real_file_prints_the_whole_document(test_data, tmp_path):
    rows = [r for r in index_rows(test_data) if r["spacing_mm"] != IMPOSSIBLE_SPACING]
    assert len(rows) >= 30
    for row in rows:
        check_real_file(test_data, row, tmp_path)


@pytest.mark.data
def test_an_outline_of_a_foot_across_is_refused(test_data, tmp_path, capsys):
    """Two files claim 2.29 mm a pixel, which makes a lesion of 29 cm of a fifth of the picture."""
    row = next(r for r in index_rows(test_data) if r["spacing_mm"] == IMPOSSIBLE_SPACING)
    roi = tmp_path / "roi.json"
    roi.write_text(json.dumps(ellipse(row).to_json()))
    image = str(test_data / "dicom_us" / row["file"])
    code, document = run_here(capsys, image, "--roi", str(roi))
    assert (code, document["error"]["code"]) == (3, "spacing-implausible")
    assert "2.29375" in document["error"]["message"]


def check_real_file(test_data: Path, row: dict[str, str], tmp_path: Path) -> None:
    roi = tmp_path / "roi.json"
    roi.write_text(json.dumps(ellipse(row).to_json()))
    code, document = run(str(test_data / "dicom_us" / row["file"]), "--roi", str(roi))
    assert (row["file"], code) == (row["file"], 0)
    assert set(document) == KEYS
    check_document(document)
    cropped = "exceeds image" in row["note"]  # such a calibration must not be trusted
    if row["spacing_mm"] and not cropped:
        expected = [float(v) for v in row["spacing_mm"].split("/")]
        assert document["spacing_mm"] == pytest.approx(expected, abs=1e-6)
        assert document["spacing_source"] == "ultrasound-region"
    else:
        assert document["spacing_mm"] is None
        assert "size-assumed" in {w["code"] for w in document["warnings"]}


def sheet_pixel_sizes(path: Path) -> dict[str, float]:
    """Image file name → pixel size in cm, from the data set's spreadsheet."""
    ns = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path) as book:
        shared = [
            "".join(t.text or "" for t in item.iter(f"{{{ns['m']}}}t"))
            for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    table = []
    for row in sheet.iter(f"{{{ns['m']}}}row"):
        cells = {}
        for cell in row:
            value = cell.find("m:v", ns)
            text = "" if value is None or value.text is None else value.text
            letters = "".join(c for c in cell.attrib["r"] if c.isalpha())
            cells[letters] = shared[int(text)] if cell.get("t") == "s" and text else text
        table.append(cells)
    header = {name: letters for letters, name in table[0].items()}
    name, size = header["Image_filename"], header["Pixel_size"]
    return {row[name]: float(row[size]) for row in table[1:] if row.get(size)}


def as_calibrated_dicom(picture: Path, pixel_cm: float, target: Path) -> None:
    pixels = np.asarray(Image.open(picture).convert("L"))
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = UltrasoundImageStorage
    ds.SOPInstanceUID = generate_uid(entropy_srcs=[picture.name])
    ds.Modality, ds.PatientID = "US", picture.stem
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.PixelData = pixels.tobytes() + b"\0" * (pixels.size % 2)
    region = Dataset()
    region.RegionSpatialFormat = region.RegionDataType = 1
    region.RegionFlags = 0
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = ds.Columns - 1, ds.Rows - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = pixel_cm
    ds.SequenceOfUltrasoundRegions = [region]
    ds.save_as(target, enforce_file_format=True)


@pytest.mark.data
def test_public_breast_images_with_their_masks_are_read_at_their_own_scale(
    test_data, tmp_path, capsys
):
    folder = test_data / "breast_usg"
    sizes = sheet_pixel_sizes(next(folder.glob("*.xlsx")))
    for name in ("case001.png", "case010.png"):
        image = tmp_path / name.replace(".png", ".dcm")
        as_calibrated_dicom(folder / "images_and_masks" / name, sizes[name], image)
        mask = folder / "images_and_masks" / name.replace(".png", "_tumor.png")
        code, document = run_here(capsys, str(image), "--mask", str(mask))
        assert code == 0
        check_document(document)
        assert document["spacing_mm"] == pytest.approx([sizes[name] * 10] * 2)
        assert document["spacing_source"] == "ultrasound-region"
        assert document["attention"]["dispersion"] is None or (
            0 <= document["attention"]["dispersion"] <= 1
        )


@pytest.fixture
def roi_file(tmp_path):
    def write(polygon, frame=0):
        path = tmp_path / "roi.json"
        path.write_text(json.dumps({"frame_index": frame, "polygon": polygon}))
        return str(path)

    return write


SQUARE = [[100, 100], [200, 100], [200, 200], [100, 200]]


@pytest.mark.parametrize(
    ("polygon", "code", "said"),
    [
        ([[1, 1], [40, 40]], "roi-too-few-points", "at least 3"),
        ([[9, 9], [14, 9], [11, 14]], "roi-too-small", "at least 64"),
        ([[9, 9], [9000, 9], [11, 140]], "roi-outside", "outside the image"),
    ],
)
def test_an_outline_that_cannot_be_used_names_its_limit(capsys, roi_file, polygon, code, said):
    exit_code, document = run_here(capsys, str(DEMO / "demo.dcm"), "--roi", roi_file(polygon))
    assert exit_code == 3
    assert document["error"]["code"] == code
    assert said in document["error"]["message"]
    assert document["error"]["remedy"]


def test_a_frame_that_is_not_there_is_refused(capsys, roi_file):
    code, document = run_here(capsys, str(DEMO / "demo.dcm"), "--roi", roi_file(SQUARE, 999))
    assert (code, document["error"]["code"]) == (3, "roi-frame")


def test_a_frame_that_contradicts_the_outline_is_refused(capsys, roi_file):
    code, document = run_here(
        capsys, str(DEMO / "demo.dcm"), "--roi", roi_file(SQUARE, 2), "--frame", "1"
    )
    assert (code, document["error"]["code"]) == (3, "frame-contradicts-roi")


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"frame_index": 0}', '{"frame_index": true, "polygon": []}']
)
def test_a_file_that_is_no_outline_is_refused(capsys, tmp_path, text):
    path = tmp_path / "roi.json"
    path.write_text(text)
    code, document = run_here(capsys, str(DEMO / "demo.dcm"), "--roi", str(path))
    assert (code, document["error"]["code"]) == (3, "roi-malformed")


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"ki67_percent": 140}, "clinical-value"),
        ({"age_years": -3}, "clinical-value"),
        ({"pr": "yes"}, "clinical-value"),
        ({"laterality": "B"}, "clinical-value"),
        ({"blood_type": "A"}, "clinical-unknown-field"),
        ([], "clinical-malformed"),
    ],
)
def test_a_clinical_value_that_cannot_be_is_refused(capsys, tmp_path, record, code):
    path = tmp_path / "clinical.json"
    path.write_text(json.dumps(record))
    exit_code, document = run_here(capsys, *DEMO_ARGUMENTS[:3], "--clinical", str(path))
    assert (exit_code, document["error"]["code"]) == (3, code)


def test_a_file_that_is_no_image_is_refused(capsys, tmp_path, roi_file):
    letter = tmp_path / "letter.dcm"
    letter.write_text("Dear colleague")
    code, document = run_here(capsys, str(letter), "--roi", roi_file(SQUARE))
    assert (code, document["error"]["code"]) == (3, "not-an-image")


def altered_demo(tmp_path, change) -> str:
    import pydicom

    ds = pydicom.dcmread(DEMO / "demo.dcm")
    change(ds)
    path = tmp_path / "altered.dcm"
    ds.save_as(path)
    return str(path)


def test_another_modality_is_refused_by_name(capsys, tmp_path, roi_file):
    def to_mr(ds):
        ds.Modality = "MR"
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"

    code, document = run_here(capsys, altered_demo(tmp_path, to_mr), "--roi", roi_file(SQUARE))
    assert (code, document["error"]["code"]) == (3, "other-modality")
    assert "MR" in document["error"]["message"]


def test_a_file_without_pixels_is_refused(capsys, tmp_path, roi_file):
    def without(ds):
        del ds.PixelData

    code, document = run_here(capsys, altered_demo(tmp_path, without), "--roi", roi_file(SQUARE))
    assert (code, document["error"]["code"]) == (3, "no-pixels")


def test_a_truncated_frame_is_refused_and_never_padded(capsys, tmp_path, roi_file):
    path = tmp_path / "cut.dcm"
    whole = tmp_path / "whole.dcm"
    picture = tmp_path / "p.png"
    Image.fromarray(np.full((300, 300), 90, np.uint8)).save(picture)
    as_calibrated_dicom(picture, 0.008, whole)
    path.write_bytes(whole.read_bytes()[:-5000])
    code, document = run_here(capsys, str(path), "--roi", roi_file(SQUARE))
    assert (code, document["error"]["code"]) == (3, "truncated-frame")


def test_a_pack_with_a_changed_byte_is_refused(tmp_path):
    content = bytearray(demo_pack_path().read_bytes())
    content[len(content) // 2] ^= 1
    broken = tmp_path / "broken.h2pack"
    broken.write_bytes(content)
    code, document = run(*DEMO_ARGUMENTS, "--pack", str(broken))
    assert (code, document["error"]["code"]) == (4, "pack-changed")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (["--prevalence", "0"], 3, "prevalence"),
        (["--prevalence", "1"], 3, "prevalence"),
        (["--operating-point", "best"], 3, "operating-point"),
        (["--operating-point", "1.5"], 3, "operating-point"),
        (["--pack", "/nowhere.h2pack"], 4, "pack-unreadable"),
        (["--no-such-option"], 2, "usage"),
        (["--mask", "m.png"], 2, "usage"),
        (["--cohort", "c"], 2, "usage"),
    ],
)
def test_arguments_that_make_no_sense_are_said(capsys, arguments, exit_code, code):
    found, document = run_here(capsys, *DEMO_ARGUMENTS, *arguments)
    assert (found, document["error"]["code"]) == (exit_code, code)


def test_an_own_threshold_and_prevalence_are_used(capsys):
    code, document = run_here(
        capsys, *DEMO_ARGUMENTS, "--operating-point", "0.3", "--prevalence", "0.15"
    )
    assert code == 0
    check_document(document)
    assert document["operating_point"] == {"name": "own", "threshold": 0.3}
    assert document["confusion"]["prevalence"] == 0.15


def test_a_mask_of_another_size_is_refused(capsys, tmp_path):
    mask = tmp_path / "mask.png"
    Image.fromarray(np.full((20, 20), 255, np.uint8)).save(mask)
    code, document = run_here(capsys, str(DEMO / "demo.dcm"), "--mask", str(mask))
    assert (code, document["error"]["code"]) == (3, "mask-size")


def test_a_saved_case_is_in_the_library(capsys, tmp_path):
    library = tmp_path / "library"
    code, document = run_here(capsys, *DEMO_ARGUMENTS, "--save", "--library", str(library))
    assert code == 0
    with open_library(library) as store:
        (case,) = store.cases()
        assert case.case_id == document["case_id"]
        assert store.latest_prediction(case.case_id).inputs_sha256 == document["inputs_sha256"]


def test_a_cohort_becomes_a_table_and_a_bad_patient_a_reason(capsys, tmp_path):
    cohort = tmp_path / "cohort"
    assert main(["phantom", str(cohort), "--patients", "3", "--seed", "5", "--json"]) == 0
    capsys.readouterr()
    next((cohort / "rois").glob("*.json")).write_text("{}")
    table = tmp_path / "table.csv"
    code, document = run_here(capsys, "--cohort", str(cohort), "--out", str(table))
    assert code == 0
    assert (document["patients"], document["predicted"], document["refused"]) == (3, 2, 1)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    (bad,) = [row for row in rows if row["refused"]]
    assert bad["probability"] == ""
    assert all(0 < float(r["probability"]) < 1 for r in rows if not r["refused"])


def test_a_cohort_row_that_cannot_be_read_is_named(capsys, tmp_path):
    table = "patient_id,image,roi,her2_ihc\nA,b.dcm,b.json,4+\n"
    (tmp_path / "cohort.csv").write_text(table)
    code, document = run_here(capsys, "--cohort", str(tmp_path), "--out", str(tmp_path / "out.csv"))
    assert (code, document["error"]["code"]) == (3, "cohort-row")
    assert "row 2" in document["error"]["message"]


def on_device(capsys, device: str, *arguments: str) -> tuple[int, dict]:
    code = main(["predict", *arguments, "--device", device, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_device_that_is_not_here_is_refused(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    code, document = on_device(capsys, "cuda", *DEMO_ARGUMENTS)
    assert (code, document["error"]["code"]) == (3, "device")
    assert "auto" in document["error"]["remedy"]


def test_a_graphics_card_that_fails_costs_no_answer(capsys, monkeypatch):
    code, wanted = run_here(capsys, *DEMO_ARGUMENTS)
    assert code == 0
    card = FailingCard(monkeypatch)
    card.fails(2, lambda: torch.OutOfMemoryError("CUDA out of memory"))
    code, document = on_device(capsys, "auto", *DEMO_ARGUMENTS)
    assert code == 0
    assert document["device"] == "cpu"
    assert document["probability"] == pytest.approx(wanted["probability"], abs=1e-4)
    said = {w["code"]: w["message"] for w in document["warnings"]}
    assert said["device-fell-back"].startswith("The graphics card ran out of memory")
    assert "device-fell-back" not in {w["code"] for w in wanted["warnings"]}


def test_a_card_that_fails_in_a_cohort_is_said_once_and_not_tried_again(
    capsys, monkeypatch, tmp_path
):
    cohort = tmp_path / "cohort"
    assert main(["phantom", str(cohort), "--patients", "3", "--seed", "5", "--json"]) == 0
    capsys.readouterr()
    card = FailingCard(monkeypatch)
    card.fails(4, lambda: torch.AcceleratorError("CUDA error: unspecified launch failure"))
    table = str(tmp_path / "table.csv")
    code, document = on_device(capsys, "auto", "--cohort", str(cohort), "--out", table)
    assert (code, document["predicted"]) == (0, 3)
    assert [w["code"] for w in document["warnings"]].count("device-fell-back") == 1
    assert card.asked == 4
