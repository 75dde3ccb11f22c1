"""``her2desk settings``: shown, exported, imported; wholly or not at all."""

import json
from pathlib import Path

import pytest

from her2desk.cli.app import main
from her2desk.errors import InputRefused
from her2desk.in_force import device_in_force, settings_in_force
from her2desk.inference.threads import AUTOMATIC, choose_threads, thread_count
from her2desk.paths import settings_path
from her2desk.settings import Settings, load_settings, save_settings
from tests.policies import under_policy
from tests.ready_processes import run_her2desk

Say = pytest.CaptureFixture[str]


def say(capsys: Say, *arguments: object) -> tuple[int, dict[str, object]]:
    code = main([*map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_they_travel_from_one_computer_to_another(
    capsys: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(settings_path(), Settings(theme="light", reader="Dr Ada", threads=2))
    assert say(capsys, "settings", "export", tmp_path / "s.json")[0] == 0
    monkeypatch.setenv("HER2DESK_HOME", str(tmp_path / "other computer"))
    code, document = say(capsys, "settings", "import", tmp_path / "s.json")
    assert code == 0
    assert document["left"] == []
    assert load_settings(settings_path()) == Settings(theme="light", threads=2)


def test_names_and_folders_go_along_only_when_both_ask(
    capsys: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "new library"
    save_settings(settings_path(), Settings(reader="Dr Ada", library=str(place)))
    say(capsys, "settings", "export", tmp_path / "s.json", "--personal")
    monkeypatch.setenv("HER2DESK_HOME", str(tmp_path / "other"))
    _, document = say(capsys, "settings", "import", tmp_path / "s.json")
    assert document["left"] == ["library", "pack_path", "reader"]
    assert settings_in_force().reader == "Reader A"
    say(capsys, "settings", "import", tmp_path / "s.json", "--personal")
    assert settings_in_force() == Settings(reader="Dr Ada", library=str(place))


def test_a_file_with_a_fault_changes_nothing(capsys: Say, tmp_path: Path) -> None:
    save_settings(settings_path(), Settings(reader="Dr Li"))
    before = settings_path().read_bytes()
    say(capsys, "settings", "export", tmp_path / "s.json")
    document = json.loads((tmp_path / "s.json").read_text())
    document["settings"] |= {"theme": "light", "threads": "two"}
    (tmp_path / "s.json").write_text(json.dumps(document))
    code, answer = say(capsys, "settings", "import", tmp_path / "s.json")
    assert (code, answer["error"]["code"]) == (3, "settings-file")
    assert 'The setting threads is "two", but may be a whole number' in answer["error"]["message"]
    assert settings_path().read_bytes() == before


def test_a_library_that_cannot_be_used_is_not_taken(capsys: Say, tmp_path: Path) -> None:
    occupied = tmp_path / "thesis"
    occupied.mkdir()
    (occupied / "thesis.docx").touch()
    file = tmp_path / "s.json"
    document = {"format": "her2desk-settings", "format_version": 1}
    file.write_text(json.dumps({**document, "settings": {"library": str(occupied)}}))
    code, answer = say(capsys, "settings", "import", file, "--personal")
    assert (code, answer["error"]["code"]) == (3, "place-occupied")
    assert settings_in_force() == Settings()


def test_they_are_shown_with_who_set_them(
    capsys: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(settings_path(), Settings(theme="light"))
    file = under_policy(monkeypatch, tmp_path / "etc", {"settings": {"device": "cpu"}})
    assert main(["settings", "show"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "theme = light  (chosen)" in lines
    assert "device = cpu  (set by your administrator)" in lines
    assert "threads = 0  (standard)" in lines
    _, document = say(capsys, "settings", "show")
    assert (document["locked"], document["policy"]) == (["device"], [str(file)])


def test_what_is_locked_stays_at_an_import(
    capsys: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(settings_path(), Settings(theme="light"))
    say(capsys, "settings", "export", tmp_path / "s.json")
    settings_path().unlink()
    under_policy(monkeypatch, tmp_path / "etc", {"settings": {"theme": "dark"}})
    _, document = say(capsys, "settings", "import", tmp_path / "s.json")
    assert document["left"] == ["theme"]
    assert settings_in_force().theme == "dark"


def test_a_command_works_with_the_threads_and_the_device_of_the_settings(capsys: Say) -> None:
    save_settings(settings_path(), Settings(threads=3, device="cpu"))
    try:
        main(["settings", "show"])
        assert thread_count() == 3
    finally:
        choose_threads(AUTOMATIC)
    assert (device_in_force(None), device_in_force("cuda")) == ("cpu", "cuda")


def test_a_locked_device_cannot_be_named_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_policy(monkeypatch, tmp_path / "etc", {"settings": {"device": "cpu"}})
    assert device_in_force(None) == device_in_force("cpu") == "cpu"
    with pytest.raises(InputRefused) as refused:
        device_in_force("cuda")
    assert refused.value.code == "policy-device"


def test_as_a_process_of_its_own(tmp_path: Path, own_home: Path) -> None:
    done = run_her2desk("settings", "export", tmp_path / "no" / "folder.json")
    assert done.returncode == 3
    assert "folder.json cannot be written." in done.stderr
