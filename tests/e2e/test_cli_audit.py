"""``her2desk pathology``, ``audit`` and ``pack recalibrate``, from a result to a new pack."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.audit_ward import an_image, document, fill, patients, scores
from her2desk.cli.app import main
from her2desk.domain.clinical import Pathology
from her2desk.packs.pack import Pack, open_pack
from her2desk.packs.signing import SignatureState, read_public_key, signature_state
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.store.opening import open_library

KEYS = {
    "pack", "cases", "with_pathology", "positives", "negatives", "missing", "left_out", "readers",
    "verification", "auc", "calibration", "confusion", "cusum", "drift", "verdict",
}  # fmt: skip


@pytest.fixture(scope="module")
def pack() -> Pack:
    return open_pack(demo_pack_path())


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict]:
    code = main([*map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main([*map(str, arguments)]) == 0
    return capsys.readouterr().out


def filled(folder: Path, pack: Pack, tmp_path: Path, n: int, **change: float) -> list[int]:
    rng = np.random.default_rng(1)
    drawn = scores(rng, n, **{"promised": 0.9, "prevalence": pack.manifest.prevalence, **change})
    with open_library(folder, reader="Anna") as library:
        return fill(library, tmp_path, patients(pack, *drawn, rng=rng))


@pytest.fixture
def key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "ward.key"
    run(capsys, "pack", "keygen", "--out", path)
    return path


def test_an_empty_library_cannot_be_judged(capsys, library: Path) -> None:
    code, found = run(capsys, "audit", "--library", library)
    assert code == 0
    assert set(found) == KEYS
    assert (found["cases"], found["with_pathology"], found["positives"]) == (0, 0, 0)
    assert found["missing"] == {"positives": 10, "negatives": 10}
    assert found["auc"] is found["calibration"] is found["confusion"] is found["cusum"] is None
    assert found["verdict"]["standing"] == "not-yet"
    assert "cannot be judged here yet" in said(capsys, "audit", "--library", library)


def test_a_result_is_entered_corrected_and_taken_back(
    capsys, library: Path, pack: Pack, tmp_path: Path
) -> None:
    image = tmp_path / "one.dcm"
    image.write_bytes(b"one")
    with open_library(library, reader="Anna") as opened:
        case_id = opened.add_image(image, an_image(image, "P1")).case_id
        opened.save_prediction(case_id, document(pack, 0.1, rng=np.random.default_rng(0)), "0" * 64)
    code, entered = run(capsys, "pathology", case_id, "--ihc", "2+", "--library", library)
    assert (code, entered["her2_positive"], entered["replaced"]) == (0, None, False)
    enter = ("pathology", case_id, "--ihc", "2+", "--fish", "amplified", "--library", library)
    code, entered = run(capsys, *enter)
    assert entered == {
        "case_id": case_id, "her2_ihc": "2+", "her2_fish": "amplified", "her2_positive": True,
        "replaced": True,
    }  # fmt: skip
    assert run(capsys, *enter)[1]["replaced"] is False, "the same again replaces nothing"
    assert run(capsys, "audit", "--library", library)[1]["positives"] == 1
    with open_library(library, reader="Anna") as opened:
        assert opened.latest_pathology(case_id) == Pathology("2+", "amplified")
    text = said(capsys, "pathology", case_id, "--ihc", "1+", "--library", library)
    assert f"Case {case_id}: HER-2 negative by ASCO/CAP." in text
    assert "an earlier result, which the history keeps" in text
    assert "taken back" in said(capsys, "pathology", case_id, "--library", library)
    assert run(capsys, "audit", "--library", library)[1]["with_pathology"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--ihc", "4+"], 3, "pathology-value"),
        (["--ihc", "2+", "--fish", "maybe"], 3, "pathology-value"),
        (["--ihc", "3+"], 3, "case-unknown"),
    ],
)
def test_a_result_that_cannot_be_is_refused(
    capsys, library: Path, arguments: list[str], code: int, reason: str
) -> None:
    answer, found = run(capsys, "pathology", 7, *arguments, "--library", library)
    assert (answer, found["error"]["code"]) == (code, reason)


def test_a_prediction_kept_by_predict_is_audited(capsys, library: Path, pack: Pack) -> None:
    demo = demo_case_dir()
    arguments = ["--roi", demo / "roi.json", "--clinical", demo / "clinical.json"]
    code, predicted = run(
        capsys, "predict", demo / "demo.dcm", *arguments, "--save", "--library", library,
        "--device", "cpu",
    )  # fmt: skip
    assert code == 0
    run(capsys, "pathology", predicted["case_id"], "--ihc", "3+", "--library", library)
    found = run(capsys, "audit", "--library", library)[1]
    assert found["pack"]["sha256"] == pack.digest
    assert (found["cases"], found["with_pathology"], found["positives"]) == (1, 1, 1)
    assert found["left_out"]["unreadable"] == 0
    assert len(found["drift"]["inputs"]) >= len(pack.manifest.features.names)


def test_a_pack_that_has_fallen_behind_is_said_in_words_and_tables(
    capsys, library: Path, pack: Pack, tmp_path: Path
) -> None:
    filled(library, pack, tmp_path, 120, true=0.6)
    out = tmp_path / "audit"
    code, found = run(capsys, "audit", "--library", library, "--out", out)
    assert code == 0
    assert found["verdict"]["standing"] == "fallen-behind"
    assert found["auc"]["adjusted_p"] < 0.01
    assert found["auc"]["promised"][0] == pack.manifest.auc.held_out["combined"].value
    table = found["confusion"]["youden"]
    assert table["tp"] + table["fp"] + table["tn"] + table["fn"] == 120
    assert len(found["cusum"]["charts"]["flatter"]["values"]) == 120
    assert found["readers"] == {"Anna": {"cases": 120, "with_pathology": 120}}
    with (out / "cases.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 120
    assert sum(row["her2_positive"] == "1" for row in rows) == found["positives"]
    with (out / "inputs.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(found["drift"]["inputs"])
    text = said(capsys, "audit", "--library", library)
    assert "do not rely on this pack here before it is looked into" in text
    assert "Youden index: sensitivity" in text


def test_a_folder_that_cannot_be_made_is_refused(capsys, library: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    code, found = run(capsys, "audit", "--library", library, "--out", taken)
    assert (code, found["error"]["code"]) == (3, "unwritable")


def test_a_recalibrated_pack_is_new_signed_and_ready(
    capsys, library: Path, pack: Pack, key: Path, tmp_path: Path
) -> None:
    filled(library, pack, tmp_path, 80, odds_ratio=3.0)
    out = tmp_path / "local.h2pack"
    order = ["pack", "recalibrate", demo_pack_path(), "--version", "1.1-local", "--key", key]
    code, found = run(capsys, *order, "--out", out, "--library", library)
    assert code == 0
    assert (found["version"], found["slope"]) == ("1.1-local", 1.0)
    assert found["intercept"] > 0.5
    assert found["slope_test"]["p"] <= 1
    new = open_pack(out)
    public = read_public_key(key.with_name("ward.key.pub"))
    assert signature_state(new.archive, public) is SignatureState.SIGNED
    assert new.digest == found["sha256"]
    assert run(capsys, "audit", "--pack", out, "--library", library)[1]["cases"] == 0
    code, refused = run(capsys, *order, "--out", out, "--library", library)
    assert (code, refused["error"]["code"]) == (3, "pack-exists")
    again = tmp_path / "again.h2pack"
    text = said(capsys, *order, "--out", again, "--library", library)
    assert "To all log-odds" in text
    assert "Written and signed" in text
    assert again.read_bytes() == out.read_bytes(), "the same results give the same pack"


def test_too_few_results_recalibrate_nothing(
    capsys, library: Path, pack: Pack, key: Path, tmp_path: Path
) -> None:
    filled(library, pack, tmp_path, 60)
    order = ["pack", "recalibrate", demo_pack_path(), "--version", "2", "--library", library]
    out = tmp_path / "new.h2pack"
    code, found = run(capsys, *order, "--key", key, "--out", out, "--slope")
    assert (code, found["error"]["code"]) == (3, "too-few-results")
    assert not out.exists()
    code, found = run(capsys, *order, "--key", tmp_path / "none", "--out", out)
    assert (code, found["error"]["code"]) == (3, "key-unreadable")


def test_without_a_key_nothing_is_recalibrated(library: Path, tmp_path: Path) -> None:
    arguments = ["pack", "recalibrate", demo_pack_path(), "--out", tmp_path / "n.h2pack"]
    assert main([*map(str, arguments), "--version", "2", "--library", str(library)]) == 2


@pytest.mark.parametrize("case_id", ["0", "99999999999999999999"])
def test_a_number_that_no_case_has_is_wrong_usage(capsys, library: Path, case_id: str) -> None:
    code, found = run(capsys, "pathology", case_id, "--ihc", "3+", "--library", library)
    assert (code, found["error"]["code"]) == (2, "usage")
