"""Whether the window can open."""

import pytest

from her2desk.diagnostics import window
from her2desk.diagnostics.check import Check
from her2desk.diagnostics.children import Ended
from her2desk.diagnostics.window import screen_check, system_libraries_check, window_checks
from tests.unit.diagnostics.answers import Answers

SCREEN = {"width": 1920, "height": 1080, "scale": 1.0}
FOUND = {"qt": "6.11", "platform": "xcb", "has_display": True, "screens": [SCREEN]}


def fault(said: str, environment: dict[str, str] | None = None, code: int = -6) -> Check:
    (check,) = window_checks(Answers({}, Ended(code, said)), environment or {})
    assert check.name == "window"
    assert not check.ok
    return check


def test_a_window_and_its_screen() -> None:
    opened, screen = window_checks(Answers({"window": FOUND}))
    assert opened.message.text() == "Qt 6.11 opens windows through “xcb”."
    assert screen.message.text() == "Size and scaling: 1920 × 1080, 100 %."
    assert not screen.remedy.text()


def test_without_a_display_the_command_line_remains() -> None:
    opened, screen = window_checks(Answers({"window": {**FOUND, "has_display": False}}))
    assert opened.ok
    assert "no display" in opened.message.text()
    assert "her2desk --help" in opened.remedy.text()
    assert screen.ok


def test_a_small_screen_is_advice_and_one_that_is_large_enough_will_do() -> None:
    small = {"width": 1024, "height": 576, "scale": 1.25}
    check = screen_check([small])
    assert check.ok
    assert "1024 × 576, 125 %" in check.message.text()
    assert "1280 × 720" in check.remedy.text()
    assert not screen_check([small, SCREEN]).remedy.text()


def test_a_missing_shared_library_is_named_with_the_command() -> None:
    check = fault("libEGL.so.1: cannot open shared object file: No such file or directory", code=0)
    assert check.message.text() == "The window cannot open without libEGL.so.1."
    assert "apt-get install -y --no-install-recommends libegl1" in check.remedy.text()
    other = fault("ImportError: libodd.so.3: cannot open shared object file: No such file")
    assert "libodd.so.3" in other.remedy.text()


def test_a_missing_platform_comes_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    words = 'qt.qpa.plugin: Could not find the Qt platform plugin "wayland" in ""'
    check = fault(words, {"QT_QPA_PLATFORM": "wayland"})
    assert check.message.text() == "Qt cannot open windows through “wayland”."
    assert "QT_QPA_PLATFORM" in check.remedy.text()
    monkeypatch.setattr(window, "missing_libraries", lambda: ("libxcb-cursor.so.0",))
    assert "libxcb-cursor0" in fault(words).remedy.text()
    monkeypatch.setattr(window, "missing_libraries", tuple)
    assert "Install Her2Desk again" in fault(words).remedy.text()


def test_a_display_that_does_not_answer() -> None:
    check = fault('qt.qpa.xcb: could not connect to display :7\nCould not load the Qt platform "x"')
    assert "does not answer" in check.message.text()
    assert "DISPLAY" in check.remedy.text()


def test_any_other_end_is_told_as_it_was() -> None:
    assert "SIGSEGV" in fault("", code=-11).message.text()


def test_missing_system_libraries_come_with_the_exact_command() -> None:
    assert system_libraries_check(tuple).ok
    check = system_libraries_check(lambda: ("libxcb-icccm.so.4", "libEGL.so.1"))
    assert not check.ok
    assert "apt-get install -y --no-install-recommends libegl1 libxcb-icccm4" in (
        check.remedy.text()
    )
