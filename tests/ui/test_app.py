"""Starting the program: arguments, displays, and the demonstration without one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from her2desk.paths import LIBRARY_VARIABLE
from her2desk.settings import Settings, save_settings
from her2desk.texts import CATALOGUE
from her2desk.ui import app
from her2desk.ui.app import has_display, make_application, make_window

NO_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def start(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {k: v for k, v in os.environ.items() if k not in NO_SCREEN}
    return subprocess.run(
        [sys.executable, "-m", "her2desk", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**bare, LIBRARY_VARIABLE: str(home), **environment},
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be without a display")
def test_without_a_display_the_program_points_to_the_command_line(tmp_path):
    done = start(tmp_path)
    assert done.returncode == 3
    assert "no display" in done.stderr
    assert "her2desk --help" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be without a display")
def test_without_a_display_the_demo_case_becomes_a_report_and_a_screenshot(tmp_path):
    out = tmp_path / "out folder"
    done = start(tmp_path / "home", "--demo", "--out", str(out))
    assert done.returncode == 0, done.stderr
    names = {"report.html", "window.png", "frame.png", "heatmap.png", "nomogram.png"}
    assert names <= {p.name for p in out.iterdir()}
    for name in names:
        assert str(out / name) in done.stdout
    html = (out / "report.html").read_text(encoding="utf-8")
    assert "DEMO" in html
    assert html.count("data:image/png;base64,") == 3
    assert "<script" not in html
    assert not (tmp_path / "home" / "library.sqlite").exists()  # the user's library is untouched


def test_a_library_that_cannot_be_opened_is_a_sentence(qapp, tmp_path, monkeypatch, capsys):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    monkeypatch.setattr(app, "has_display", lambda _environment: True)
    assert app.run(["--library", str(in_the_way)]) == 3
    assert "library folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "w"}, True),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, False),
        ({"QT_QPA_PLATFORM": "linuxfb"}, True),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be without a display")
def test_a_display_is_found_by_its_variable(environment, expected):
    assert has_display(environment) is expected


def test_the_window_takes_the_pack_from_the_settings(qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv(LIBRARY_VARIABLE, str(tmp_path))
    settings = Settings(pack_path=str(tmp_path / "other.h2pack"), reader="Reader Z")
    save_settings(tmp_path / "settings.json", settings)
    make_application(settings)
    window = make_window(tmp_path / "library", settings)
    qtbot.addWidget(window)
    assert window._pack_path == tmp_path / "other.h2pack"
    assert window._library.reader == "Reader Z"
    window.close()


class RecordedWindow:
    """Stands for the window: which of its doings were asked for, in order."""

    def __init__(self) -> None:
        self.done: list[object] = []

    def show(self) -> None:
        self.done.append("shown")

    def start(self) -> None:
        self.done.append("started")

    def open_demo(self) -> None:
        self.done.append("demo")

    def open_files(self, paths: list[Path]) -> None:
        self.done.append(paths)


@pytest.mark.parametrize(
    ("arguments", "opened"),
    [([], []), (["--demo"], ["demo"]), (["a.dcm", "b"], [[Path("a.dcm"), Path("b")]])],
)
def test_the_engine_starts_after_the_first_paint_and_then_what_was_asked_opens(
    qapp, qtbot, tmp_path, monkeypatch, arguments, opened
):
    window = RecordedWindow()
    before_events: list[object] = []

    def live(*_arguments) -> int:
        before_events.extend(window.done)
        qtbot.waitUntil(lambda: len(window.done) == 2 + len(opened))
        return 7

    monkeypatch.setattr(app, "has_display", lambda _environment: True)
    monkeypatch.setattr(app, "make_window", lambda *_arguments: window)
    monkeypatch.setattr(type(qapp), "exec", live)
    assert app.run([*arguments, "--library", str(tmp_path / "library")]) == 7
    assert before_events == ["shown"]
    assert window.done == ["shown", "started", *opened]


def test_a_language_that_this_version_does_not_have_is_english(tmp_path, monkeypatch):
    monkeypatch.setenv(LIBRARY_VARIABLE, str(tmp_path))
    app._use_language(Settings(language="tlh"))
    assert CATALOGUE.language == "en"
