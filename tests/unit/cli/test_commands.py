"""What the commands say, in words and as JSON."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from her2desk.cli import app
from her2desk.domain.prediction import PackIdentity
from her2desk.packs import pack as packs
from her2desk.packs.archive import Archive
from her2desk.phantoms import cohort as cohorts
from her2desk.store.opening import open_library


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "one.png"
    Image.fromarray(np.full((40, 60), 90, np.uint8)).save(file)
    return file


def test_import_in_words(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = picture.with_name("notes.txt")
    notes.write_text("notes")
    assert app.main(["import", str(picture), str(notes)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"imported: {picture}"
    assert lines[1].startswith(f"refused: {notes} – ")
    assert app.main(["import", str(picture)]) == 0
    assert capsys.readouterr().out.startswith(f"already there: {picture} – ")


def test_import_into_the_library_that_is_named(
    picture: Path, tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["import", str(picture), "--library", str(tmp_path / "l"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["status"] == "imported"
    with open_library(tmp_path / "l") as library:
        assert [case.file_name for case in library.cases()] == ["one.png"]
    assert not own_home.exists()


def test_import_of_nothing_is_exit_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert app.main(["import", str(tmp_path / "empty")]) == 3
    assert capsys.readouterr().out == "No files were found there.\n"


def test_phantom_passes_on_what_was_asked_and_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[object, ...]] = []

    def write_cohort(*arguments: object, **_: object) -> cohorts.WrittenCohort:
        asked.append(arguments)
        return cohorts.WrittenCohort(tmp_path, patients=9, positive=2, negative=6, unknown=1)

    monkeypatch.setattr(cohorts, "write_cohort", write_cohort)
    arguments = ["phantom", str(tmp_path), "--patients", "9", "--seed", "3", "--signal", "0.5"]
    assert app.main([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {"cohort": str(tmp_path), "patients": 9, "positive": 2, "unknown": 1}
    assert asked == [(tmp_path, 9, 3, 0.5)]
    assert app.main(arguments) == 0
    assert capsys.readouterr().out == (
        f"9 patients in {tmp_path}: 2 positive, 1 unknown (IHC 2+ without FISH).\n"
    )


class AManifest(SimpleNamespace):
    def model_dump(self, mode: str) -> dict[str, object]:
        assert mode == "json"
        return {"name": self.name}


@pytest.fixture
def a_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    training = SimpleNamespace(patients=200, positive=50, description="simulated")
    manifest = AManifest(
        name="Phantom demo",
        classes=("HER-2 negative", "HER-2 positive"),
        intended_use="Showing how it works.",
        training=training,
        provenance=SimpleNamespace(held_out_opened=2, builds=3),
        licence="CC0",
    )
    identity = PackIdentity("Phantom demo", "1.0", "ab" * 32, demo=True)
    opened = SimpleNamespace(
        identity=identity,
        digest=identity.sha256,
        manifest=manifest,
        archive=Archive("ab" * 32, {}),
        network_weights=dict,
    )
    monkeypatch.setattr(packs, "open_pack", lambda path: opened)


UNSIGNED = {
    "standing": "unsigned",
    "fingerprint": None,
    "signer": None,
    "message": "The model pack is not signed: nobody vouches for where it comes from.",
}


@pytest.mark.usefixtures("a_pack")
def test_pack_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["pack", "info", "p.h2pack", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "sha256": "ab" * 32,
        "signed": False,
        "trust": UNSIGNED,
        "manifest": {"name": "Phantom demo"},
    }
    assert app.main(["pack", "info", "p.h2pack"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Phantom demo 1.0 – DEMO\n")
    assert "Trained on 200 patients, 50 positive: simulated" in out
    assert "Held-out opened 2 times, 3 builds on this cohort" in out


@pytest.mark.usefixtures("a_pack")
def test_pack_verify(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["pack", "verify", "p.h2pack", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "ok": True,
        "name": "Phantom demo",
        "version": "1.0",
        "sha256": "ab" * 32,
        "demo": True,
        "signed": False,
        "trust": UNSIGNED,
    }
    assert app.main(["pack", "verify", "p.h2pack"]) == 0
    assert "every file matches its hash" in capsys.readouterr().out


def test_a_pack_that_is_none_is_exit_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.h2pack").write_text("no pack")
    for command in ("info", "verify"):
        assert app.main(["pack", command, str(tmp_path / "p.h2pack"), "--json"]) == 4
        assert json.loads(capsys.readouterr().out)["error"]["remedy"]
