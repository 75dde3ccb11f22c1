"""Which shared libraries the window needs of the system, and how they are installed."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from her2desk import system_libraries


def test_present_ones_are_not_missed(capsys: pytest.CaptureFixture[str]) -> None:
    assert system_libraries.main([], missing=tuple) == 0
    assert "present" in capsys.readouterr().out


def test_missing_ones_are_named_with_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert system_libraries.main([], missing=lambda: ("libxcb-keysyms.so.1",)) == 1
    assert "install -y --no-install-recommends libxcb-keysyms1\n" in capsys.readouterr().err


def test_install_runs_apt_as_root_and_looks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(system_libraries, "_may_install", lambda: True)
    answers = iter([("libEGL.so.1",), ()])
    commands: list[tuple[str, ...]] = []

    def run(command: tuple[str, ...]) -> int:
        commands.append(command)
        return 0

    assert system_libraries.main(["--install"], lambda: next(answers), run) == 0
    assert commands == [
        ("apt-get", "update"),
        ("apt-get", "install", "-y", "--no-install-recommends", "libegl1"),
    ]


def test_an_install_that_fails_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_libraries, "_may_install", lambda: True)
    absent = lambda: ("libEGL.so.1",)  # noqa: E731
    assert system_libraries.main(["--install"], absent, lambda command: 100) == 1
    assert "could not be installed" in capsys.readouterr().err


def test_install_without_the_right_only_names_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(system_libraries, "_may_install", lambda: False)
    absent = lambda: ("libEGL.so.1",)  # noqa: E731

    def run(command: tuple[str, ...]) -> int:
        raise AssertionError("nothing may be installed")

    assert system_libraries.main(["--install"], absent, run) == 1


def test_other_systems_need_none() -> None:
    assert system_libraries.missing_libraries("win32") == ()


def test_the_loader_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"libc.so.6": "libc6", "libnothere-her2desk.so.1": "nothere"}
    monkeypatch.setattr(system_libraries, "PACKAGE_OF_LIBRARY", table)
    if sys.platform == "linux":
        assert system_libraries.missing_libraries() == ("libnothere-her2desk.so.1",)


@pytest.mark.skipif(sys.platform != "linux", reason="ldd is Linux's")
def test_the_table_covers_what_the_loader_misses_for_qt() -> None:

    spec = find_spec("PySide6")
    if shutil.which("ldd") is None or spec is None or spec.origin is None:
        pytest.skip("needs ldd and PySide6")
    platforms = Path(spec.origin).parent / "Qt" / "plugins" / "platforms"
    for plugin in ("libqxcb.so", "libqoffscreen.so"):
        run = subprocess.run(
            ["ldd", str(platforms / plugin)], capture_output=True, text=True, check=True
        )
        missing = {line.split()[0] for line in run.stdout.splitlines() if "not found" in line}
        assert missing <= set(system_libraries.PACKAGE_OF_LIBRARY)
        assert missing <= set(system_libraries.missing_libraries())


def test_only_root_with_apt_may_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for user, apt, may in ((0, "/usr/bin/apt-get", True), (0, None, False), (1000, "x", False)):
        monkeypatch.setattr(system_libraries.os, "geteuid", lambda user=user: user, raising=False)
        monkeypatch.setattr(system_libraries.shutil, "which", lambda name, apt=apt: apt)
        assert system_libraries._may_install() is may
