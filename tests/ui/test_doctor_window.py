"""Help › Check this computer: what the doctor finds is shown as it comes, with what to do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from her2desk.diagnostics.check import Check
from her2desk.paths import demo_pack_path
from her2desk.settings import Settings
from her2desk.store.opening import open_library
from her2desk.ui.app import make_application
from her2desk.ui.doctor.doctor_window import DoctorWindow
from her2desk.ui.doctor.entrance import DoctorEntrance
from her2desk.ui.doctor.findings import Begun, Finding, Grade, event_of
from her2desk.ui.jobs import Background
from her2desk.ui.main_window import MainWindow
from tests.ui.doctor_stand_in import (
    ANSWERS,
    CRASHES,
    FINE,
    HANGS,
    SICK,
    asked_of,
    doctor_that_says,
)

LEFT = Qt.MouseButton.LeftButton
Opened = Callable[..., DoctorWindow]


@pytest.fixture
def window_on(qtbot: QtBot, tmp_path: Path) -> Iterator[Opened]:
    """A window on a doctor that says these things; it is shown."""
    make_application(Settings())
    background = Background()

    def opened(
        checks: tuple[Check, ...] = SICK, end: str = ANSWERS, of: int | None = None
    ) -> DoctorWindow:
        window = DoctorWindow(
            tmp_path / "library",
            tmp_path / "settings.json",
            background,
            command=doctor_that_says(checks, tmp_path, end, of),
        )
        qtbot.addWidget(window)
        window.show()
        return window

    yield opened
    background.close()


@pytest.fixture
def finished(window_on: Opened, qtbot: QtBot) -> DoctorWindow:
    window = window_on()
    qtbot.waitSignal(window.finished).wait()
    return window


def titles(window: DoctorWindow, grade: Grade) -> list[str]:
    return [finding.title for finding in window.found.findings(grade)]


class TestWhatIsFound:
    def test_is_sorted_by_what_there_is_to_do(self, finished: DoctorWindow) -> None:
        assert titles(finished, Grade.PROBLEM) == ["Free disk space", "Demo model pack"]
        assert titles(finished, Grade.ADVICE) == ["Backup"]
        assert titles(finished, Grade.GOOD) == ["Clock"]
        tops = {row.finding.title: row.y() for row in finished.found.rows}
        assert tops["Free disk space"] < tops["Demo model pack"] < tops["Backup"] < tops["Clock"]

    def test_is_said_in_a_line(self, finished: DoctorWindow) -> None:
        assert finished.headline.text() == "2 problems were found"
        assert finished.step.full_text() == "4 checks · 1 piece of advice"

    def test_has_its_remedy_under_it_and_its_grade_in_words(self, finished: DoctorWindow) -> None:
        row = next(r for r in finished.found.rows if r.finding.title == "Free disk space")
        words = [label.text() for label in row.findChildren(QLabel)]
        assert words == [
            "Free disk space",
            "Problem",
            "0.1 GiB free.",
            "What to do: Free some space.",
        ]
        assert row.accessibleName() == "Problem: Free disk space"
        assert row.accessibleDescription() == "0.1 GiB free. Free some space."

    def test_a_problem_has_the_keyboard_and_tab_goes_to_the_next(
        self, finished: DoctorWindow, qtbot: QtBot
    ) -> None:
        window = finished
        window.activateWindow()
        qtbot.waitUntil(lambda: window.focusWidget() is not None)
        first = next(r for r in window.found.rows if r.finding.grade is Grade.PROBLEM)
        assert window.focusWidget() is first
        first.grab()  # with its frame
        seen = set()
        for _ in range(8):
            seen.add(window.focusWidget())
            qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        assert {row for row in window.found.rows if row.finding.remedy} <= seen
        assert {window.copy, window.save, window.again} <= seen
        assert not {row for row in window.found.rows if not row.finding.remedy} & seen

    def test_the_arrows_go_through_all(self, finished: DoctorWindow, qtbot: QtBot) -> None:
        finished.activateWindow()
        qtbot.waitUntil(lambda: finished.focusWidget() is not None)
        walked = [finished.focusWidget()]
        for _ in range(4):
            qtbot.keyClick(finished.focusWidget(), Qt.Key.Key_Down)
            walked.append(finished.focusWidget())
        shown = finished.found.shown()
        assert walked == [*shown, shown[-1]]
        qtbot.keyClick(finished.focusWidget(), Qt.Key.Key_Up)
        assert finished.focusWidget() is shown[-2]

    def test_where_nothing_is_to_do_tab_comes_to_the_first(
        self, window_on: Opened, qtbot: QtBot
    ) -> None:
        window = window_on((FINE, FINE))
        qtbot.waitSignal(window.finished).wait()
        first, second = window.found.shown()
        assert first.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert not second.focusPolicy() & Qt.FocusPolicy.TabFocus

    def test_nothing_is_everything(self, window_on: Opened, qtbot: QtBot) -> None:
        window = window_on((FINE,))
        qtbot.waitSignal(window.finished).wait()
        assert window.headline.text() == "Everything is in order"
        assert window.step.full_text() == "1 check"
        assert window.focusWidget() is window.again

    def test_is_asked_of_this_library(self, finished: DoctorWindow, tmp_path: Path) -> None:
        assert asked_of(tmp_path) == [
            "doctor", "--json", "--progress", "json", "--library", str(tmp_path / "library")
        ]  # fmt: skip


class TestMeanwhile:
    def test_the_window_is_there_before_the_first_finding(self, window_on: Opened) -> None:
        window = window_on()
        assert window.isVisible()
        assert not window.found.rows

    def test_findings_come_one_by_one_and_how_far_it_is_is_shown(
        self, window_on: Opened, qtbot: QtBot
    ) -> None:
        window = window_on(SICK, HANGS, of=9)
        qtbot.waitUntil(lambda: len(window.found.rows) == len(SICK))
        assert window.is_checking
        assert window.headline.text() == "Checking this computer…"
        assert window.step.full_text() == "4 of 9: Demo model pack"
        assert (window.bar.value(), window.bar.maximum()) == (3, 9)
        assert not window.copy.isEnabled()
        assert not window.again.isVisible()

    def test_it_can_be_stopped_and_begun_again(self, window_on: Opened, qtbot: QtBot) -> None:
        window = window_on(SICK, HANGS, of=9)
        qtbot.waitUntil(lambda: len(window.found.rows) == len(SICK))
        with qtbot.waitSignal(window.finished):
            qtbot.mouseClick(window.stop, LEFT)
        assert window.headline.text() == "Stopped"
        assert len(window.found.rows) == len(SICK), "what was found stays"
        qtbot.mouseClick(window.again, LEFT)
        assert window.is_checking
        assert not window.found.rows

    def test_closing_ends_the_child(self, window_on: Opened, qtbot: QtBot) -> None:
        window = window_on(SICK, HANGS)
        qtbot.waitUntil(lambda: bool(window.found.rows))
        child = psutil.Process(window._child.pid)
        qtbot.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
        assert not window.isVisible()
        assert not window.is_checking
        assert not child.is_running()

    def test_a_doctor_that_falls_over_leaves_what_it_found(
        self, window_on: Opened, qtbot: QtBot
    ) -> None:
        window = window_on(SICK, CRASHES)
        qtbot.waitSignal(window.finished).wait()
        assert window.headline.text() == "The check could not be finished"
        assert "support bundle" in window.note.text()
        assert len(window.found.rows) == len(SICK)


class TestAfterwards:
    def test_it_is_copied_as_text(self, finished: DoctorWindow, qtbot: QtBot) -> None:
        qtbot.mouseClick(finished.copy, LEFT)
        lines = QGuiApplication.clipboard().text().splitlines()
        assert lines[1] == "2 problems were found"
        assert lines[3:5] == [
            "Problem: Free disk space: 0.1 GiB free.",
            "    → Free some space.",
        ]
        assert lines[-1] == "In order: Clock: The clock says 2026-11-22 06:00 UTC."
        assert "Copied" in finished.note.text()

    def test_a_support_bundle_is_saved_where_one_says(
        self, finished: DoctorWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = tmp_path / "for support.zip"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(place), ""))
        with qtbot.waitSignal(finished.saving.written):
            qtbot.mouseClick(finished.save, LEFT)
            assert not finished.save.isEnabled()
        assert place.read_text() == "a bundle"
        assert "for support.zip" in finished.note.text()
        assert finished.save.isEnabled()

    def test_one_that_cannot_be_saved_is_a_sentence(
        self, finished: DoctorWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = tmp_path / "absent" / "b.zip"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(place), ""))
        with qtbot.waitSignal(finished.saving.refused):
            qtbot.mouseClick(finished.save, LEFT)
        assert "cannot be written" in finished.note.text()
        assert finished.save.isEnabled()


class TestEntrance:
    def test_opens_one_window_and_another_after_it_was_closed(
        self, qtbot: QtBot, tmp_path: Path
    ) -> None:
        make_application(Settings())
        entrance = DoctorEntrance(
            tmp_path,
            tmp_path / "settings.json",
            command=doctor_that_says(SICK, tmp_path, HANGS),
        )
        first = entrance.open()
        assert entrance.open() is first
        first.close()
        second = entrance.open()
        assert second is not first
        entrance.close()
        assert not second.isVisible()
        assert not second.is_checking

    def test_that_was_never_used_closes_too(self, tmp_path: Path) -> None:
        DoctorEntrance(tmp_path, tmp_path / "settings.json").close()


def test_the_key_in_the_main_window_opens_it_and_it_closes_with_the_window(
    qtbot: QtBot, tmp_path: Path
) -> None:
    make_application(Settings())
    folder = tmp_path / "library"
    library = open_library(folder, "Reader A")
    window = MainWindow(library, folder, Settings(), tmp_path / "settings.json", demo_pack_path())
    qtbot.addWidget(window)
    window.tools.doctor._command = doctor_that_says(SICK, tmp_path, HANGS)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_F1, keys)
    opened = window.tools.doctor.window
    assert opened is not None
    assert opened.isVisible()
    names = [action.text() for action in window.header.help_button.menu().actions()]
    assert "Check this computer…" in names
    qtbot.waitUntil(lambda: bool(opened.found.rows))
    assert asked_of(tmp_path)[-1] == str(folder)
    window.close()
    assert window.tools.doctor.window is None


class TestLines:
    def test_are_read(self) -> None:
        begun = '{"begun": {"name": "x", "title": "X", "number": 2, "of": 9}}'
        assert event_of(begun) == Begun("X", 2, 9)
        check = '{"check": {"name": "x", "title": "X", "ok": true, "message": "m", "remedy": ""}}'
        assert event_of(check) == Finding("X", True, "m", "")

    @pytest.mark.parametrize(
        "line",
        [
            "", "noise", "[]", "7", "{}", '{"begun": 1}', '{"begun": {"title": "X"}}',
            '{"check": []}', '{"check": {"title": "X", "ok": 1, "message": "m"}}', "[" * 100_000,
        ],
    )  # fmt: skip
    def test_that_are_something_else_are_passed_over(self, line: str) -> None:
        assert event_of(line) is None
