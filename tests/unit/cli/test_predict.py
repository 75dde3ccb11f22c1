"""What ``her2desk predict`` refuses before and after the analysis, and what it tells people."""

import json

import numpy as np
import pytest
import SimpleITK
from PIL import Image

from her2desk.cli.app import main
from her2desk.cli.predict import CaseFiles, _check_place, _clinical, _point, _write_heatmap
from her2desk.dicom.reader import open_image
from her2desk.domain.clinical import ClinicalRecord
from her2desk.errors import Her2DeskError, InputRefused
from her2desk.paths import demo_case_dir, settings_path
from her2desk.settings import Settings, save_settings
from her2desk.store.opening import open_library

DEMO = demo_case_dir()
CASE = ["predict", str(DEMO / "demo.dcm"), "--roi", str(DEMO / "roi.json")]


def said(capsys, *arguments: str) -> tuple[int, dict]:
    code = main([*arguments, "--device", "cpu", "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict"],
        ["predict", "a.dcm"],
        ["predict", "--roi", "r.json"],
        ["predict", "a.dcm", "--roi", "r.json", "--mask", "m.png"],
        ["predict", "a.dcm", "--roi", "r.json", "--out", "t.csv"],
        ["predict", "a.dcm", "--roi", "r.json", "--frame", "-1"],
        ["predict", "a.dcm", "--roi", "r.json", "--prevalence", "many"],
        ["predict", "--cohort", "c"],
        ["predict", "--out", "t.csv"],
        *(
            ["predict", "--cohort", "c", "--out", "t.csv", *of_one_case]
            for of_one_case in (
                ["a.dcm"],
                ["--roi", "r.json"],
                ["--mask", "m.png"],
                ["--frame", "0"],
                ["--clinical", "c.json"],
                ["--calibration", "r.json"],
                ["--heatmap", "h.png"],
                ["--save"],
            )
        ),
    ],
)
def test_arguments_that_would_be_ignored_or_are_missing_are_wrong_usage(capsys, arguments):
    code, document = said(capsys, *arguments)
    assert (code, document["error"]["code"]) == (2, "usage")
    assert document["error"]["message"]


def test_the_options_are_explained(capsys):
    assert main(["predict", "--help"]) == 0
    text = capsys.readouterr().out
    for option in (
        "--roi", "--mask", "--frame", "--clinical", "--pack", "--prevalence", "--operating-point",
        "--held-out", "--heatmap", "--save", "--device", "--cohort", "--out", "--library", "--json",
    ):  # fmt: skip
        assert option in text


@pytest.mark.parametrize(
    ("text", "point"),
    [("youden", "youden"), ("0.3", 0.3), ("3e-1", 0.3), ("", "")],
)
def test_an_operating_point_is_a_name_or_a_number(text, point):
    assert _point(text) == point


def test_without_a_clinical_file_nothing_is_known():
    assert _clinical(None) == ClinicalRecord()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "clinical-malformed"),
        (b"[" * 100_000, "clinical-malformed"),
        (b"\xff\xfe", "unreadable-file"),
        (b"[]", "clinical-malformed"),
        (b'{"age_years": NaN}', "clinical-value"),
        (b'{"age_years": 1e999}', "clinical-value"),
        (b'{"pr": 1}', "clinical-value"),
        (b'{"ki67_percent": true}', "clinical-value"),
    ],
)
def test_a_clinical_file_that_cannot_be_used_is_refused(tmp_path, content, code):
    path = tmp_path / "clinical.json"
    path.write_bytes(content)
    with pytest.raises(InputRefused) as refused:
        _clinical(path)
    assert refused.value.code == code
    assert refused.value.remedy.text()


def test_a_file_that_is_not_there_is_named(capsys, tmp_path):
    for option in (["--roi", "gone.json"], ["--mask", "gone.png"]):
        code, document = said(capsys, "predict", str(DEMO / "demo.dcm"), *option)
        assert (code, document["error"]["code"]) == (3, "unreadable-file")
    code, document = said(capsys, *CASE, "--clinical", str(tmp_path / "gone.json"))
    assert (code, document["error"]["code"]) == (3, "unreadable-file")
    assert "gone.json" in document["error"]["message"]


def mask_file(tmp_path, marks):
    image = open_image(DEMO / "demo.dcm").image
    mask = np.zeros((image.rows, image.columns), np.uint8)
    for rows, columns in marks:
        mask[rows, columns] = 255
    path = tmp_path / "mask.png"
    Image.fromarray(mask).save(path)
    return CaseFiles(DEMO / "demo.dcm", path, 3, None), image


def test_a_mask_of_itk_snap_gives_the_answer_of_the_same_mask_in_png(capsys, tmp_path):
    files, _ = mask_file(tmp_path, [(slice(150, 230), slice(160, 260))])
    nifti = tmp_path / "mask.nii.gz"
    with Image.open(files.outline) as picture:
        labels = (np.asarray(picture) > 0).astype(np.uint8)[None]
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(labels), str(nifti))
    answers = [
        said(capsys, "predict", str(files.image), "--mask", str(mask))
        for mask in (files.outline, nifti)
    ]
    assert [code for code, _ in answers] == [0, 0]
    assert answers[0][1]["probability"] == answers[1][1]["probability"]
    assert answers[0][1]["inputs_sha256"] == answers[1][1]["inputs_sha256"]


def test_a_mask_on_a_frame_that_is_not_there_is_refused(capsys, tmp_path):
    files, _ = mask_file(tmp_path, [(slice(150, 230), slice(160, 260))])
    code, document = said(
        capsys, "predict", str(files.image), "--mask", str(files.outline), "--frame", "999"
    )
    assert (code, document["error"]["code"]) == (3, "roi-frame")


def test_what_a_mask_loses_is_said_with_the_answer(capsys, tmp_path):
    marks = [(slice(150, 230), slice(160, 260)), (slice(300, 310), slice(10, 20))]
    files, _ = mask_file(tmp_path, marks)
    code, document = said(capsys, "predict", str(files.image), "--mask", str(files.outline))
    assert code == 0
    assert document["warnings"][0]["code"] == "mask-parts"
    assert "2 separate parts" in document["warnings"][0]["message"]


@pytest.mark.parametrize("kind", ["empty", "size", "jpeg", "not a picture"])
def test_a_mask_that_cannot_be_used_is_refused(capsys, tmp_path, kind):
    files, image = mask_file(tmp_path, [] if kind == "empty" else [(slice(9, 99), slice(9, 99))])
    path = files.outline
    if kind == "size":
        Image.fromarray(np.full((20, 20), 255, np.uint8)).save(path)
    elif kind == "jpeg":
        path = tmp_path / "mask.jpg"
        Image.fromarray(np.full((image.rows, image.columns), 255, np.uint8)).save(path)
    elif kind == "not a picture":
        path.write_text("lesion")
    code, document = said(capsys, "predict", str(files.image), "--mask", str(path))
    assert code == 3
    expected = {"empty": "mask-empty", "size": "mask-size", "jpeg": "mask-format"}
    assert document["error"]["code"] == expected.get(kind, "roi-format")


def test_a_heatmap_takes_the_place_of_nothing_that_is_kept(tmp_path):
    image, library = tmp_path / "image.dcm", tmp_path / "library"
    image.write_bytes(b"precious")
    library.mkdir()
    for place, code in ((image, "same-file"), (library / "library.sqlite", "inside-library")):
        with pytest.raises(Her2DeskError) as refused:
            _check_place(place, image, library)
        assert refused.value.code == code
    _check_place(tmp_path / "heat.png", image, library)


def test_a_heatmap_that_cannot_be_written_or_is_not_there_is_refused(capsys, tmp_path):
    code, document = said(capsys, *CASE, "--heatmap", str(tmp_path / "no" / "heat.png"))
    assert (code, document["error"]["code"]) == (3, "unwritable")
    blind = type("Prediction", (), {"heatmap": None, "inputs": type("I", (), {"roi": None})})
    with pytest.raises(InputRefused) as refused:
        _write_heatmap(tmp_path / "heat.png", None, blind)
    assert refused.value.code == "no-heatmap"
    assert not (tmp_path / "heat.png").exists()


def test_a_library_that_cannot_be_used_is_a_refusal_and_no_traceback(capsys, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    code, document = said(capsys, *CASE, "--save", "--library", str(in_the_way))
    assert code == 3
    assert document["error"]["code"].startswith("store")


def test_saving_twice_is_one_case(capsys, tmp_path):
    save = ["--save", "--library", str(tmp_path / "library")]
    ids = {said(capsys, *CASE, *save)[1]["case_id"] for _ in range(2)}
    assert len(ids) == 1


def test_what_is_saved_is_the_outline_of_the_reader_whom_the_settings_name(capsys, tmp_path):
    save_settings(settings_path(), Settings(reader="Dr Ada"))
    code, document = said(capsys, *CASE, "--save", "--library", str(tmp_path / "library"))
    assert code == 0
    with open_library(tmp_path / "library", reader="Dr Ada") as library:
        assert library.latest_drawing(document["case_id"]).answering is not None
        assert library.cases()[0].status == "read"


def test_a_file_without_clinical_values_is_answered_by_the_image_alone(capsys):
    code, document = said(capsys, *CASE)
    assert code == 0
    assert document["branches"]["clinical"] is None
    assert "clinical-missing" in {w["code"] for w in document["warnings"]}
    lower, upper = document["interval"]
    assert 0 < lower < document["probability"] < upper < 1


def test_a_table_that_cannot_be_written_leaves_none_behind(capsys, tmp_path):
    cohort = tmp_path / "cohort"
    assert main(["phantom", str(cohort), "--patients", "1", "--seed", "5", "--json"]) == 0
    capsys.readouterr()
    table = tmp_path / "no" / "table.csv"
    code, document = said(capsys, "predict", "--cohort", str(cohort), "--out", str(table))
    assert (code, document["error"]["code"]) == (3, "unwritable")
    assert not table.exists()


def test_a_patient_whose_outline_is_of_another_frame_has_the_reason_in_the_table(capsys, tmp_path):
    cohort = tmp_path / "cohort"
    assert main(["phantom", str(cohort), "--patients", "2", "--seed", "5", "--json"]) == 0
    capsys.readouterr()
    lines = (cohort / "cohort.csv").read_text().splitlines()
    cells = lines[1].split(",")
    cells[lines[0].split(",").index("frame_index")] = "4"
    (cohort / "cohort.csv").write_text("\n".join([lines[0], ",".join(cells), lines[2], ""]))
    table = tmp_path / "table.csv"
    code, document = said(capsys, "predict", "--cohort", str(cohort), "--out", str(table))
    assert (code, document["predicted"], document["refused"]) == (0, 1, 1)
    assert "not on frame" in table.read_text()


def test_a_ruler_calibrates_a_picture_without_calibration(capsys, tmp_path):
    pixels = open_image(DEMO / "demo.dcm").frames.frame(0)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    roi = json.loads((DEMO / "roi.json").read_text(encoding="utf-8"))
    (tmp_path / "roi.json").write_text(json.dumps({**roi, "frame_index": 0}), encoding="utf-8")
    ruler = {"frame_index": 0, "start": [10, 10], "end": [10, 110], "length_mm": 8.0}
    (tmp_path / "ruler.json").write_text(json.dumps(ruler), encoding="utf-8")
    arguments = ["predict", str(tmp_path / "picture.png"), "--roi", str(tmp_path / "roi.json")]
    arguments += ["--calibration", str(tmp_path / "ruler.json")]
    code, document = said(capsys, *arguments, "--save", "--library", str(tmp_path / "library"))
    assert code == 0
    assert document["spacing_source"] == "user"
    assert document["spacing_mm"] == pytest.approx([0.08, 0.08])
    assert "calibrated-by-user" in [warning["code"] for warning in document["warnings"]]
    with open_library(tmp_path / "library", reader=Settings().reader) as library:
        assert library.latest_calibration(document["case_id"]) is not None
        assert library.cases()[0].status == "read"  # the calibration came before the answer


@pytest.mark.parametrize(
    ("content", "expected"),
    [("{", "calibration-malformed"), (b"\xff", "unreadable-file")],
)
def test_a_ruler_that_cannot_be_read_is_refused(capsys, tmp_path, content, expected):
    path = tmp_path / "ruler.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, document = said(capsys, *CASE, "--calibration", str(path))
    assert (code, document["error"]["code"]) == (3, expected)


def test_people_are_told_the_call_and_each_concern_once(capsys):
    assert main([*CASE, "--device", "cpu", "--operating-point", "0.5"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "at this operating point" in text or "Indeterminate: IHC" in text
    assert text.count("The threshold was chosen after looking") == 1
    assert text.index("chosen after looking") < text.index("Pack: ")
    assert text.index("Pack: ") < text.index("DEMO: ")


def test_held_out_patients_are_counted_when_asked_for(capsys):
    _, out_of_fold = said(capsys, *CASE)
    _, held_out = said(capsys, *CASE, "--held-out")
    assert out_of_fold["confusion"]["source"] == "out-of-fold"
    assert held_out["confusion"] is None or held_out["confusion"]["source"] == "held-out"
    assert held_out["call"] == out_of_fold["call"]
    assert held_out["probability"] == out_of_fold["probability"]
