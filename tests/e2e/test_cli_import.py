"""``her2desk import``, ``phantom`` and ``pack`` as a script calls them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.ready_processes import run_her2desk

FAKE = "not a picture at all"


def her2desk(*arguments: str | Path, text: bool = False) -> tuple[int, Any, str]:
    """Run the program; gives exit code, the JSON document (or the text), and standard error."""
    options = [] if text else ["--json"]
    done = run_her2desk(*arguments, *options)
    return done.returncode, done.stdout if text else json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two simulated patients, written by the program itself."""
    folder = tmp_path_factory.mktemp("phantoms") / "cohort"
    code, document, _ = her2desk("phantom", folder, "--patients", "2", "--seed", "7")
    assert code == 0
    assert document["cohort"] == str(folder)
    assert document["patients"] == 2
    assert 0 <= document["positive"] + document["unknown"] <= 2
    return folder


def test_a_cohorts_images_are_imported_once(cohort: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    code, document, err = her2desk("import", cohort / "images", "--library", library)
    assert (code, err) == (0, "")
    assert [f["status"] for f in document["files"]] == ["imported", "imported"]
    for file in document["files"]:
        assert file["spacing_source"] == "ultrasound-region"
        assert min(file["spacing_mm"]) > 0
        assert file["sop_instance_uid"]
        assert file["frames"] == 1
    code, document, _ = her2desk("import", cohort / "images", "--library", library)
    assert code == 0
    assert [f["status"] for f in document["files"]] == ["duplicate", "duplicate"]


def test_a_disc_and_an_archive_are_told_file_by_file(cohort: Path, tmp_path: Path) -> None:
    disc = tmp_path / "disc"
    shutil.copytree(cohort / "images", disc / "IMAGES")
    first, second = sorted((disc / "IMAGES").iterdir())
    (disc / "DICOMDIR").write_bytes(b"not a directory of anything")
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        archive.write(first, "again.dcm")
    other = bytearray(second.read_bytes())
    other[-1] ^= 1
    (disc / "IMAGES" / "other").write_bytes(other)
    code, document, err = her2desk("import", disc, tmp_path / "study.zip")
    assert (code, err) == (0, "")
    told = {Path(f["path"]).name: (f["status"], f["code"]) for f in document["files"]}
    assert told == {
        "DICOMDIR": ("skipped", "directory-unreadable"),
        first.name: ("imported", None),
        second.name: ("imported", None),
        "other": ("imported", None),
        "again.dcm": ("duplicate", "duplicate"),
    }
    warned = {Path(f["path"]).name: [w["code"] for w in f["warnings"]] for f in document["files"]}
    assert [name for name in warned if "same-instance-other-content" in warned[name]] in (
        ["other"],
        [second.name],  # whichever comes first by its name
    )


def test_without_library_the_variable_names_the_place(cohort: Path, own_home: Path) -> None:
    code, _, _ = her2desk("import", cohort / "images")
    assert code == 0
    assert (own_home / "library.sqlite").is_file()


def test_nothing_imported_is_exit_3_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "fake.dcm").write_text(FAKE)
    code, document, _ = her2desk("import", tmp_path / "fake.dcm", tmp_path / "absent.dcm")
    assert code == 3
    assert [f["status"] for f in document["files"]] == ["refused", "refused"]
    assert all(f["reason"] for f in document["files"])


def test_one_good_file_among_bad_ones_is_exit_0(cohort: Path, tmp_path: Path) -> None:
    (tmp_path / "fake.dcm").write_text(FAKE)
    good = next((cohort / "images").iterdir())
    code, document, _ = her2desk("import", tmp_path / "fake.dcm", good)
    assert code == 0
    assert {f["status"] for f in document["files"]} == {"refused", "imported"}


def test_people_get_words(cohort: Path, tmp_path: Path) -> None:
    (tmp_path / "fake.dcm").write_text(FAKE)
    good = next((cohort / "images").iterdir())
    code, out, err = her2desk("import", good, tmp_path / "fake.dcm", text=True)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"imported: {good}"
    assert lines[1].startswith(f"refused: {tmp_path / 'fake.dcm'} – ")
    assert len(lines) == 2


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, out, _ = her2desk("import", tmp_path / "empty", text=True)
    assert (code, out) == (3, "No files were found there.\n")


def test_a_library_that_cannot_be_used_is_a_refusal(cohort: Path, tmp_path: Path) -> None:
    (tmp_path / "library").write_text("in the way")
    code, document, _ = her2desk("import", cohort / "images", "--library", tmp_path / "library")
    assert code == 3
    assert set(document["error"]) == {"code", "message", "remedy"}
    assert document["error"]["code"] == "store-unwritable"


def test_wrong_usage_is_exit_2() -> None:
    code, document, _ = her2desk("import")
    assert code == 2
    assert document["error"]["code"] == "usage"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows such names")
def test_a_name_that_is_no_text_is_still_a_document(cohort: Path, tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff\x1b[2J.dcm"
    Path(os.fsdecode(odd)).write_bytes(next((cohort / "images").iterdir()).read_bytes())
    code, document, _ = her2desk("import", Path(os.fsdecode(odd)))
    assert code == 0
    assert document["files"][0]["path"] == os.fsdecode(odd)


def test_phantom_text_and_refusals(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("")
    code, document, _ = her2desk(
        "phantom", tmp_path / "in-the-way", "--patients", "1", "--seed", "1"
    )
    assert code == 3
    assert document["error"]["code"] == "cohort-unwritable"
    code, out, _ = her2desk(
        "phantom", tmp_path / "c", "--patients", "1", "--seed", "1", "--signal", "0", text=True
    )
    assert code == 0
    assert out.startswith("1 patients in ")


def test_a_pack_that_is_none_is_exit_4(tmp_path: Path) -> None:
    fake = tmp_path / "fake.h2pack"
    fake.write_text(FAKE)
    for command in ("info", "verify"):
        code, document, _ = her2desk("pack", command, fake)
        assert code == 4
        assert document["error"]["message"]
        assert document["error"]["remedy"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a child on Windows")
def test_interrupting_is_exit_130(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "her2desk", "phantom", str(tmp_path / "cohort")),
            *("--patients", "5000", "--seed", "1", "--json"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a run in the background ignores Ctrl-C, and so would its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    first = tmp_path / "cohort" / "images"
    while not (first.is_dir() and any(first.iterdir())):
        assert process.poll() is None, "it ended before it was interrupted"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()
    assert process.returncode == 130
    assert json.loads(out)["error"]["code"] == "interrupted"


@pytest.mark.data
def test_real_ultrasound_files_each_get_an_answer(test_data: Path, tmp_path: Path) -> None:
    code, document, err = her2desk("import", test_data / "dicom_us", "--library", tmp_path / "l")
    assert (code, err) == (0, "")
    statuses = [f["status"] for f in document["files"]]
    assert statuses.count("imported") >= 25
    assert all(f["reason"] for f in document["files"] if f["status"] in ("skipped", "refused"))
