"""The right face for the arguments, and only that one loaded."""

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

import her2desk.__main__ as entry
from her2desk import __version__
from her2desk.cli import app
from her2desk.cli.commands import COMMANDS
from her2desk.settings import Settings, save_settings
from her2desk.texts import CATALOGUE


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "image.dcm"
    path.write_bytes(b"")
    return str(path)


def test_the_window_opens_for_nothing_for_files_and_for_its_own_options(file: str) -> None:
    for arguments in (
        [],
        ["--demo"],
        [file],
        [file, file],
        ["--library", "/anywhere"],
        ["--library=/anywhere", file],
        ["--demo", "--out", "pictures"],
        ["--pack", "p.h2pack", "--library", "x", file],
    ):
        assert entry.wants_window(arguments), arguments


def test_everything_else_is_a_command(file: str) -> None:
    for arguments in (
        ["import", file],
        ["--help"],
        ["--version"],
        ["nothing-of-this-name"],
        ["--json"],
        ["--library", "/anywhere", "import"],
        *([command] for command in COMMANDS),
    ):
        assert not entry.wants_window(arguments), arguments


def test_a_commands_name_wins_over_a_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("import").write_bytes(b"")
    assert not entry.wants_window(["import"])
    assert entry.wants_window(["./import"])


def test_the_window_is_run_with_the_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    window = types.ModuleType("her2desk.ui.app")
    window.run = lambda arguments: 40 + len(arguments)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "her2desk.ui.app", window)
    monkeypatch.setattr(sys, "argv", ["her2desk", "--library", "/anywhere"])
    assert entry.main() == 42


def test_a_command_is_run_with_the_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["her2desk", "--version"])
    assert entry.main() == 0
    assert capsys.readouterr().out == f"her2desk {__version__}\n"


def test_the_names_of_the_commands_are_those_that_exist() -> None:
    application = app.build_app()
    commands = {command.name for command in application.registered_commands}
    groups = {group.name for group in application.registered_groups}
    assert commands | groups == set(COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [["import"], ["import", "--nonsense", "x"], ["nonsense"], ["phantom", "d", "--patients", "no"]],
)
def test_wrong_usage_is_exit_2_in_both_voices(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "--help" in err
    assert app.main([*arguments, "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["code"] == "usage"
    assert document["error"]["message"]
    assert "--help" in document["error"]["remedy"]


def test_every_command_has_help_library_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    grouped = ("pack", "outline", "library", "pacs", "settings", "policy")
    commands = [[name] for name in COMMANDS if name not in grouped]
    groups = (
        ["pack", "info"],
        ["pack", "verify"],
        ["outline", "convert"],
        ["library", "backup"],
        ["library", "erase"],
        ["pacs", "send"],
        ["settings", "import"],
        ["policy", "check"],
    )
    for command in (*commands, *groups):
        assert app.main([*command, "--help"]) == 0
        text = capsys.readouterr().out
        assert "--json" in text, command
        assert "--library" in text, command


def test_a_language_that_is_not_here_is_english(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_settings(own_home / "settings.json", Settings(language="xx"))
    assert app.main(["--version"]) == 0
    assert CATALOGUE.language == "en"


def test_a_console_that_lacks_a_character_does_not_stop_the_command() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    run = subprocess.run(
        [sys.executable, "-m", "her2desk", "import", "王.dcm"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert run.returncode == 3
    assert "\\u738b.dcm" in run.stdout
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import her2desk.cli.app; her2desk.cli.app.build_app()", "PySide6 torch pydicom scipy"),
        (
            "from her2desk.__main__ import wants_window; wants_window([])",
            "typer rich torch PySide6",
        ),
    ],
)
def test_one_face_does_not_load_the_other(code: str, absent: str) -> None:
    program = f"import sys; {code}; print(*{{m.partition('.')[0] for m in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not set(run.stdout.split()) & set(absent.split())
