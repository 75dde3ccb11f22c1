"""Starting the program: arguments, displays, and the demonstration without one."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, QTimer, Signal

from her2desk.last_run import RUNNING_FOLDER, RunMarker
from her2desk.paths import LIBRARY_VARIABLE
from her2desk.settings import Settings, save_settings
from her2desk.ui import app
from her2desk.ui.app import has_display, make_application, make_window
from her2desk.ui.jobs import Background

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


class RecordedProblems:
    def __init__(self) -> None:
        self.told: list[object] = []

    def show_error(self, error: object) -> None:
        self.told.append(error)

    def show_last_run(self, run: object) -> None:
        self.told.append(run)


class RecordedSession(QObject):
    case_opened = Signal(object)


class RecordedWindow:
    """Stands for the window: which of its doings were asked for, in order."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.problems = RecordedProblems()
        self.session = RecordedSession()
        self.background = Background()
        self.next_task = self.standing = None
        self.is_let_go = False
        self.following = SimpleNamespace(tell=lambda _notes: None)

    def show(self) -> None:
        self.done.append("shown")

    def close(self) -> None:
        self.done.append("closed")

    def start(self, _standing: object = None) -> None:
        self.done.append("started")

    def greet(self) -> None:
        """Tour and news have tests of their own."""

    def deleteLater(self) -> None:  # noqa: N802 — Qt's name
        self.is_let_go = True

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
    assert window.is_let_go


def live_once(window: RecordedWindow, qtbot, do):
    """An event loop that ends when ``do`` is done after the start."""

    def live(*_arguments) -> int:
        qtbot.waitUntil(lambda: "started" in window.done)
        do()
        return 0

    return live


def open_window(qapp, qtbot, monkeypatch, library: Path, do) -> RecordedWindow:
    window = RecordedWindow()
    monkeypatch.setattr(app, "has_display", lambda _environment: True)
    monkeypatch.setattr(app, "make_window", lambda *_arguments: window)
    monkeypatch.setattr(type(qapp), "exec", live_once(window, qtbot, do(window)))
    assert app.run(["--library", str(library)]) == 0
    return window


def test_what_nobody_caught_is_shown_and_not_printed(qapp, qtbot, tmp_path, monkeypatch, capfd):
    def raise_in_a_slot(window: RecordedWindow):
        def do() -> None:
            QTimer.singleShot(0, lambda: float("Xylophon"))
            qtbot.waitUntil(lambda: len(window.problems.told) == 1)

        return do

    window = open_window(qapp, qtbot, monkeypatch, tmp_path, raise_in_a_slot)
    (error,) = window.problems.told
    assert "Xylophon" not in str(error)
    assert capfd.readouterr().err == ""
    logged = (tmp_path / "logs" / "her2desk.log").read_text()
    assert f"fault {error.fault.reference}" in logged
    assert "Xylophon" not in logged


@pytest.mark.skipif(sys.platform == "win32", reason="there Qt closes the window itself")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_closes_the_window(qapp, qtbot, tmp_path, monkeypatch, number):
    before = signal.getsignal(number)

    def ask(window: RecordedWindow):
        def do() -> None:
            os.kill(os.getpid(), number)
            qtbot.waitUntil(lambda: "closed" in window.done)

        return do

    window = open_window(qapp, qtbot, monkeypatch, tmp_path, ask)
    assert window.done == ["shown", "started", "closed"]
    assert signal.getsignal(number) is before


def test_the_case_that_was_open_when_it_was_killed_is_told_of_at_the_next_start(
    qapp, qtbot, tmp_path, monkeypatch
):
    marker = RunMarker(tmp_path)

    def open_case_and_die(window: RecordedWindow):
        def do() -> None:
            window.session.case_opened.emit(SimpleNamespace(case_id=31))
            (path,) = (tmp_path / RUNNING_FOLDER).glob("*.json")
            (tmp_path / "left").write_bytes(path.read_bytes())

        return do

    first = open_window(qapp, qtbot, monkeypatch, tmp_path, open_case_and_die)
    assert first.problems.told == []
    assert marker.begin() is None, "it ended as it should"
    marker.end()
    (tmp_path / "left").rename(tmp_path / RUNNING_FOLDER / "killed.json")
    second = open_window(qapp, qtbot, monkeypatch, tmp_path, lambda _window: lambda: None)
    (ended,) = second.problems.told
    assert ended.case_id == 31


CHOOSE_A_FILE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog
from her2desk.settings import Settings
from her2desk.ui.app import make_application
app = make_application(Settings())
dialog = QFileDialog(None, "", sys.argv[1])
dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
dialog.selectFile("a.dcm")
QTimer.singleShot(0, dialog.accept)
dialog.exec()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's dialog is used")
def test_folders_that_were_chosen_from_are_not_remembered(tmp_path):
    """Qt's own dialog writes them to a file of every program; a disc's can have a patient's name."""
    folder = tmp_path / "XYLOPHON_QUINTESSA"
    folder.mkdir()
    (folder / "a.dcm").write_text("")
    config = tmp_path / "config"
    environment = {"XDG_CONFIG_HOME": str(config), "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run(
        [sys.executable, "-c", CHOOSE_A_FILE, str(folder)],
        check=True,
        capture_output=True,
        cwd=Path(app.__file__).parents[2],
        env={**os.environ, **environment},
    )
    assert [path.name for path in config.rglob("*")] == []
