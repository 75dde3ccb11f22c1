"""The whole doctor, as it is started by hand: on a fresh computer, and where something is broken."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from her2desk.paths import demo_case_dir
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.opening import open_library

pytestmark = pytest.mark.slow
USER = "Xylophon"


def doctor(home: Path, *arguments: object, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "her2desk", "doctor", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "HER2DESK_HOME": str(home), **environment},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Of a user with blanks and Chinese letters in the path."""
    folder = tmp_path / f"{USER} 张 伟" / "Her2Desk"
    folder.mkdir(parents=True)
    return folder


def by_name(out: str) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(out)["checks"]}


def test_a_fresh_computer_is_well_and_stays_without_a_library(home: Path) -> None:
    code, out, err = doctor(home, "--json")
    found = by_name(out)
    assert (code, [c for c in found.values() if not c["ok"]]) == (0, [])
    assert list(found) == [
        "program", "bundle", "settings", "policy", "clock", "system-libraries", "window", "screen",
        "fonts", "networks", "processor", "device", "radiomics", "decoders", "demo-pack",
        "self-test", "network", "library-place", "disk-space", "library", "kept-packs",
    ]  # fmt: skip
    told = [json.loads(line) for line in err.splitlines()]
    assert [line["check"] for line in told if "check" in line] == list(found.values())
    assert not (home / DATABASE_NAME).exists()


def test_the_support_bundle_of_a_library_names_nobody(home: Path) -> None:
    with open_library(home) as library:
        from her2desk.dicom.reader import open_image

        source = home.parent / f"{USER}.dcm"
        shutil.copy(demo_case_dir() / "demo.dcm", source)
        library.add_image(source, open_image(source).image)
    (home / "pacs.json").write_text(f'{{"nodes": "{USER}"}}')
    place = home.parent / "bundle.zip"
    code, out, err = doctor(home, "--bundle", place, USER=USER, LOGNAME=USER)
    assert code == 3, "the broken network settings"
    lines = out.splitlines()
    assert lines[0].startswith("ok       Program: Her2Desk ")
    assert any(line.startswith("PROBLEM  DICOM network: ") for line in lines)
    assert lines[-1] == f"Written: {place}"
    assert USER not in err
    with zipfile.ZipFile(place) as archive:
        content = {name: archive.read(name).decode() for name in archive.namelist()}
        checks = {check["name"]: check for check in json.loads(archive.read("checks.json"))}
    for words in (USER, "张", str(home.parent), str(Path.home()) + "/", "Phantom^"):
        assert not [name for name, text in content.items() if words in text], words
    assert checks["library"]["message"] == "<path> holds 1 case."
    assert not checks["network"]["ok"]
    assert "JPEG Baseline" in checks["decoders"]["message"]
    assert "PyTorch" in checks["networks"]["message"]
