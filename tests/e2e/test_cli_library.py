"""``her2desk library`` as a script calls it."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from her2desk.cli.app import main
from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.domain.image import UltrasoundImage
from her2desk.store.opening import open_for_window, open_library

NAME, PATIENT = "Quetzalcoatl^Xiomara", "QX-4711"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library of three cases, two of one patient."""
    folder = tmp_path / "library"
    source = tmp_path / "source.dcm"
    with open_library(folder, reader="Reader A") as library:
        for number, patient in enumerate((PATIENT, "P2", PATIENT), start=1):
            source.write_bytes(b"image %d of %s" % (number, patient.encode()))
            image = UltrasoundImage(
                hashlib.sha256(source.read_bytes()).hexdigest(),
                None, 1, 1, 1, "MONOCHROME2", "", patient_id=patient,
                patient_name=NAME if patient == PATIENT else "Other^Patient",
                study_date=f"2025010{number}", laterality="LR"[number % 2],
            )  # fmt: skip
            library.add_image(source, image)
            library.save_clinical(number, ClinicalRecord(age_years=50 + number))
        library.save_pathology(2, Pathology("3+"))
    source.unlink()
    return folder


class Said:
    """What a command answered in this process."""

    def __init__(self, capfd: pytest.CaptureFixture[str], *arguments: object) -> None:
        self.code = main([str(argument) for argument in arguments])
        self.out, self.err = capfd.readouterr()

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def say(folder: Path, capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs ``her2desk library …`` on that library."""

    def run(*arguments: object, text: bool = False) -> Said:
        options = [] if text else ["--json"]
        return Said(capfd, "library", *arguments, "--library", folder, *options)

    return run


def test_the_list_is_searched_filtered_and_paged(say: Any) -> None:
    def ids(*options: object) -> list[int]:
        said = say("list", *options)
        assert said.code == 0
        return [case["case_id"] for case in said.document["cases"]]

    assert ids() == [3, 2, 1]
    assert ids("--search", "xiomara 0003") == [3]
    assert ids("--side", "L") == [2]
    assert ids("--status", "imported", "--status", "read") == [3, 2, 1]
    assert ids("--status", "read") == []
    assert ids("--studied-from", "2025-01-02", "--studied-to", "2025-01-02") == [2]
    assert ids("--pathology") == [2]
    assert ids("--no-pathology") == [3, 1]
    assert ids("--imported-since", "2020-01-01") == [3, 2, 1]
    assert ids("--imported-since", "2999-01-01") == []
    said = say("list", "--limit", 1, "--offset", 1)
    assert said.document["count"] == 3
    assert [case["case_id"] for case in said.document["cases"]] == [2]
    assert said.document["cases"][0]["age_years"] == 52
    shown = say("list", "--limit", "2", text=True)
    assert "0003  imported  20250103  R  QX-4711" in shown.out
    assert "2 of 3 cases." in shown.out


def test_a_wrong_status_is_a_sentence(say: Any) -> None:
    said = say("list", "--status", "finished")
    assert (said.code, said.document["error"]["code"]) == (3, "unknown-status")
    assert say("list", "--studied-from", "yesterday").code == 2


def test_backed_up_verified_and_restored(say: Any, folder: Path, tmp_path: Path) -> None:
    settings = Path(os.environ["HER2DESK_HOME"]) / "settings.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('{"reader": "Dr Ada"}')
    target = tmp_path / "backup.zip"
    made = say("backup", target)
    assert (made.code, made.err) == (0, "")
    assert made.document == {
        "backup": str(target),
        "bytes": target.stat().st_size,
        "cases": 3,
        "entries": 7,
        "left_out": [],
        "encrypted": False,
    }
    assert say("verify", target).document == {
        "ok": True, "schema": 3, "cases": 3, "entries": 7, "left_out": [],
    }  # fmt: skip
    assert "3 cases" in say("verify", target, text=True).out
    settings.write_text('{"reader": "somebody else"}')
    restored = say("restore", target, "--settings")
    assert restored.code == 0
    assert restored.document["cases"] == 3
    assert Path(restored.document["aside"]).is_dir()
    assert "Dr Ada" in settings.read_text()
    shown = say("restore", target, text=True)
    assert "Restored 3 cases." in shown.out
    assert "delete it once you are sure" in shown.out
    assert say("list").document["count"] == 3


def test_a_backup_names_what_was_lost_before(say: Any, folder: Path, tmp_path: Path) -> None:
    with open_library(folder) as library:
        library.image_path(1).unlink()
    shown = say("backup", tmp_path / "b.zip", text=True)
    assert "Backed up 3 cases" in shown.out
    assert "The image of 1 case was lost before" in shown.out
    assert "lost before" in say("restore", tmp_path / "b.zip", text=True).out
    said = say("verify")
    assert (said.code, said.document["error"]["code"]) == (3, "store-file-damaged")


def test_a_damaged_backup_and_a_library_in_use_are_refused(
    say: Any, folder: Path, tmp_path: Path
) -> None:
    target = tmp_path / "backup.zip"
    say("backup", target)
    again = say("backup", target)
    assert (again.code, again.document["error"]["code"]) == (3, "backup-exists")
    with open_for_window(folder, "A"):
        said = say("restore", target)
        assert (said.code, said.document["error"]["code"]) == (3, "store-in-use")
        assert str(os.getpid()) in said.document["error"]["message"]
    content = bytearray(target.read_bytes())
    content[1000] ^= 1
    target.write_bytes(content)
    for command in ("restore", "verify"):
        said = say(command, target)
        assert (said.code, said.document["error"]["code"]) == (3, "backup-damaged")


def test_verified_to_the_last_byte(say: Any, folder: Path) -> None:
    said = say("verify")
    assert said.code == 0
    assert (said.document["cases"], said.document["entries"]) == (3, 7)
    assert said.document["last_entry_sha256"] in say("verify", text=True).out


def test_a_patient_is_exported_and_erased(say: Any, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "export"
    exported = say("export", out, "--patient", PATIENT)
    assert exported.code == 0
    assert exported.document["case_ids"] == [1, 3]
    assert (out / "case-0003" / "image.dcm").read_bytes() == b"image 3 of QX-4711"
    counted = say("erase", "--patient", PATIENT)
    assert counted.document == {
        "erased": False, "case_ids": [1, 3], "contents": 4, "files": 2, "copies": [],
    }  # fmt: skip
    assert "give --yes to erase" in say("erase", "--patient", PATIENT, text=True).out
    assert say("list").document["count"] == 3
    erased = say("erase", "--patient", PATIENT, "--yes")
    assert erased.document == {**counted.document, "erased": True}
    assert PATIENT not in erased.out + erased.err
    left = [p for p in folder.rglob("*") if p.is_file() and (
        PATIENT.encode() in p.read_bytes() or NAME.encode() in p.read_bytes())]  # fmt: skip
    assert left == []
    assert say("verify").document["cases"] == 1
    again = say("erase", "--patient", PATIENT, "--yes")
    assert (again.code, again.document["error"]["code"]) == (3, "patient-unknown")


def test_a_case_is_chosen_by_number(say: Any, tmp_path: Path) -> None:
    shown = say("export", tmp_path / "out", "--case", 2, "--case", 1, text=True)
    assert "Exported 2 cases" in shown.out
    shown = say("erase", "--case", 2, "--yes", "--with-copies", text=True)
    assert "Erased 1 case. Entries emptied: 3" in shown.out
    for wrong in ((), ("--patient", "P2", "--case", 1)):
        said = say("erase", *wrong)
        assert (said.code, said.document["error"]["code"]) == (3, "no-patient")
    said = say("export", tmp_path / "other", "--case", 99)
    assert (said.code, said.document["error"]["code"]) == (3, "case-unknown")


def test_a_lost_image_is_told_in_an_export(say: Any, folder: Path, tmp_path: Path) -> None:
    with open_library(folder) as library:
        library.image_path(2).unlink()
    assert "lost before" in say("export", tmp_path / "out", "--case", 2, text=True).out


def test_rolled_back(say: Any, folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes((folder / "library.sqlite").read_bytes())
    said = say("roll-back", copy)
    assert (said.code, said.document["cases"]) == (0, 3)
    shown = say("roll-back", copy, text=True)
    assert "as it was, with 3 cases" in shown.out
    assert "earlier version" in shown.out
    said = say("roll-back", tmp_path / "nothing")
    assert (said.code, said.document["error"]["code"]) == (3, "backup-absent")


def test_the_program_itself_answers(folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "her2desk", "library", "list", "--library", folder, "--json"],
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout)["count"] == 3


def test_a_library_that_cannot_be_written_is_listed_and_backed_up(
    say: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The folder's refusal is made here: whoever runs the tests may be allowed everything."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "read-only")

    monkeypatch.setattr("her2desk.store.opening.make_private_folder", refuse)
    assert say("list").document["count"] == 3
    assert say("backup", tmp_path / "b.zip").document["cases"] == 3
    said = say("erase", "--case", 1, "--yes")
    assert (said.code, said.document["error"]["code"]) == (3, "store-unwritable")


def test_a_damaged_library_is_not_opened_to_read_either(say: Any, folder: Path) -> None:
    (folder / "library.sqlite").write_bytes(b"destroyed " * 500)
    said = say("list")
    assert (said.code, said.document["error"]["code"]) == (3, "store-damaged")
