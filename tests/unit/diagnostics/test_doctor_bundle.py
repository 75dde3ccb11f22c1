"""``her2desk doctor --bundle``."""

import json
import zipfile
from pathlib import Path

import pytest

from her2desk.cli import doctor
from her2desk.cli.app import main
from her2desk.diagnostics.check import Check
from her2desk.diagnostics.examination import Step
from her2desk.texts import msg


@pytest.fixture(autouse=True)
def quick_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    check = Check("library", True, msg("{folder} holds {n} cases.", folder="/x/Xylophon", n=2))
    step = Step("library", lambda: (check,))
    monkeypatch.setattr(doctor, "steps_of", lambda *_given: (step,))


def test_writes_what_was_found_without_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "b.zip"
    assert main(["doctor", "--bundle", str(path), "--library", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["bundle"] == str(path)
    assert "Xylophon" in document["checks"][0]["message"], "the answer is for who asked"
    with zipfile.ZipFile(path) as archive:
        (check,) = json.loads(archive.read("checks.json"))
    assert check["message"] == "<str of 11> holds 2 cases."


def test_says_where_it_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "b.zip"
    assert main(["doctor", "--bundle", str(path), "--library", str(tmp_path)]) == 0
    assert f"Written: {path}" in capsys.readouterr().out


def test_a_place_that_cannot_be_written_is_a_refusal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "absent" / "b.zip"
    assert main(["doctor", "--bundle", str(path), "--library", str(tmp_path)]) == 3
    assert "cannot be written" in capsys.readouterr().err


def test_a_bundle_takes_the_place_of_no_file_of_the_library(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "library.sqlite"
    database.write_bytes(b"all that was kept")
    assert main(["doctor", "--bundle", str(database), "--library", str(tmp_path)]) == 3
    assert "own folder" in capsys.readouterr().err
    assert database.read_bytes() == b"all that was kept"
