"""The diagnostic bundle: what helps to repair the program, and nothing of a patient."""

import json
import logging
import zipfile
from pathlib import Path

import pytest

from her2desk import __version__
from her2desk.diagnostics.bundle import write_bundle
from her2desk.diagnostics.check import Check
from her2desk.diagnostics.facts import (
    _bundle_facts,
    library_facts,
    pack_facts,
    policy_facts,
    program_facts,
    settings_facts,
)
from her2desk.errors import InputRefused
from her2desk.logs import logging_to
from her2desk.paths import demo_pack_path
from her2desk.policy import Allowance, Policy
from her2desk.settings import Settings, save_settings
from her2desk.store.opening import open_library
from her2desk.store.vault_converting import encrypt_library
from her2desk.texts import msg
from tests.quick_vaults import PASSPHRASE, use_quick_vaults

CRASH = """Fatal Python error: Segmentation fault

Current thread 0x00007f0000000000 (most recent call first):
  File "/home/xylophon/her2desk/ui/app.py", line 12 in run
  File "<string>", line 1 in <module>
  <no Python frame>
Extension modules: numpy._core (total: 1)
something else, of Xylophon
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library of Xylophon"
    open_library(folder).close()
    return folder


def bundle(library: Path, checks: list[dict[str, object]] | None = None) -> dict[str, str]:
    path = library.parent / "bundle.zip"
    write_bundle(path, library, library / "settings.json", checks or [])
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_tells_how_the_program_is_installed(library: Path) -> None:
    found = bundle(library)
    facts = json.loads(found["facts.json"])
    assert facts["program"]["her2desk"] == __version__
    assert facts["program"]["python"].startswith("3.")
    assert facts["library"]["exists"]
    assert facts["library"]["schema"] >= 3
    assert facts["library"]["cases"] == 0
    assert len(facts["pack"]["digest"]) == 64
    assert "numpy" in json.loads(found["packages.json"])
    assert "no names" in found["README.txt"]


def test_the_readers_name_and_paths_stay_here(library: Path) -> None:
    save_settings(library / "settings.json", Settings(reader="Xylophon", pack_path="/x/Xylophon"))
    found = bundle(library)
    chosen = json.loads(found["settings.json"])
    assert chosen["theme"] == "dark"
    assert not any("Xylophon" in text for text in found.values())
    assert settings_facts(Settings()).keys() == chosen.keys()


def test_has_the_logs_as_this_version_writes_them(library: Path) -> None:
    with logging_to(library):
        logging.getLogger("her2desk.x").info("a line")
        try:
            float("Xylophon")
        except ValueError:
            logging.getLogger("her2desk.x").exception("failed")
    with (library / "logs" / "her2desk.log").open("a") as log:
        log.write('ValueError: could not convert "Xylophon"\nXylophon\n')
    (library / "logs" / "empty.log").touch()
    (library / "logs" / "folder").mkdir()
    found = bundle(library)
    assert {name for name in found if name.startswith("logs/")} == {"logs/her2desk.log"}
    lines = found["logs/her2desk.log"].splitlines()
    assert lines[0].endswith("INFO her2desk.x: a line")
    assert lines[-2:] == ["raised ValueError", "(2 lines that this version does not write)"]


def test_crashes_are_places_in_the_code_only(library: Path) -> None:
    (library / "logs").mkdir()
    (library / "logs" / "window-7.crash").write_text(CRASH)
    lines = bundle(library)["logs/window-7.crash"].splitlines()
    assert lines[0] == "Fatal Python error: Segmentation fault"
    assert "  app.py:12 in run" in lines
    assert "  <string>:1 in <module>" in lines
    assert lines[-1] == "(1 lines that this version does not write)"
    assert not any("xylophon" in line.lower() for line in lines)


def test_a_log_that_cannot_be_read_is_left_out(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (library / "logs").mkdir()
    (library / "logs" / "her2desk.log").write_text("x")
    read = Path.read_text

    def refuse(path: Path, **how: str) -> str:
        if path.suffix == ".log":
            raise PermissionError(13, "no")
        return read(path, **how)

    monkeypatch.setattr(Path, "read_text", refuse)
    assert not [name for name in bundle(library) if name.startswith("logs/")]


def test_the_doctors_checks_come_without_values(library: Path) -> None:
    check = Check("library", False, msg("{folder} holds {n} cases.", folder=library, n=3))
    found = bundle(library, [check.without_values()])
    assert json.loads(found["checks.json"]) == [
        {"name": "library", "ok": False, "message": "<path> holds 3 cases."}
    ]


def test_is_for_its_owner_alone(library: Path) -> None:
    bundle(library)
    assert (library.parent / "bundle.zip").stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_is_a_sentence(library: Path) -> None:
    with pytest.raises(InputRefused) as refused:
        write_bundle(library / "absent" / "b.zip", library, library / "settings.json")
    assert refused.value.code == "unwritable"


class TestFacts:
    def test_of_the_program_are_names_of_variables_without_what_they_hold(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("QT_QPA_PLATFORM_PLUGIN_PATH", "/home/xylophon/plugins")
        facts = program_facts()
        assert "QT_QPA_PLATFORM_PLUGIN_PATH" in facts["variables"]
        assert "xylophon" not in json.dumps(facts)
        assert facts["memory_gib"] > 0
        assert facts["bundle"] is None

    def test_of_a_build_name_it(self, tmp_path: Path) -> None:
        manifest = {
            "format": 1, "version": "1.0", "commit": "abc", "variant": "cpu", "system": "Linux",
            "machine": "x86_64", "files": {"her2desk": [1, "00"]},
        }  # fmt: skip
        (tmp_path / "bundle.json").write_text(json.dumps(manifest))
        assert _bundle_facts(tmp_path) == {"version": "1.0", "commit": "abc", "variant": "cpu"}
        assert _bundle_facts(tmp_path / "absent") is None

    def test_of_a_policy_hold_no_value_and_no_place(self) -> None:
        policy = Policy(
            locked={"library": "/x/Xylophon"},
            forbidden=frozenset({Allowance.NETWORK}),
            contact="Dr Xylophon",
            files=(Path("/etc/Xylophon.json"),),
        )
        facts = policy_facts(policy)
        assert (facts["locked"], facts["forbidden"]) == (["library"], ["network"])
        assert "Xylophon" not in json.dumps(facts)

    def test_of_a_library_that_is_not_there(self, tmp_path: Path) -> None:
        assert library_facts(tmp_path / "absent") == {"exists": False}

    def test_of_an_encrypted_one_say_only_that(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use_quick_vaults(monkeypatch)
        encrypt_library(tmp_path / "library", PASSPHRASE)
        facts = library_facts(tmp_path / "library")
        assert facts["encrypted"]
        assert not {"schema", "cases", "unreadable"} & facts.keys()

    def test_of_one_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "library.sqlite").write_text("Xylophon" * 100)
        assert library_facts(tmp_path)["unreadable"] == "DatabaseError"

    def test_count_what_others_can_read(self, library: Path) -> None:
        before = library_facts(library)["open_to_others"]
        (library / "shared").touch()
        (library / "shared").chmod(0o644)
        assert library_facts(library)["open_to_others"] == before + 1

    def test_of_a_pack_that_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "packs").mkdir()
        (tmp_path / "packs" / "abc.h2pack").write_text("x")
        found = pack_facts(Settings(pack_path=str(tmp_path / "none.h2pack")), tmp_path)
        assert found["kept"] == ["abc"]
        assert found["refused"]
        assert pack_facts(Settings(pack_path=str(demo_pack_path())), tmp_path)["demo"]
