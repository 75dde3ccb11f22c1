"""How late the window is: what counts as a stall, where it was, and what developers see of it."""

import logging
import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from her2desk.ui.stall_overlay import KEYS, VARIABLE, StallOverlay, add_stall_overlay
from her2desk.ui.stalls import Beats, StackWatch, Stall, StallMonitor, places_of


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 10.0

    def __call__(self) -> float:
        return self.now


def test_a_beat_is_late_by_what_it_came_after_its_interval() -> None:
    beats = Beats(interval_ms=4)
    beats.begin(1.0, 0.5)
    assert beats.beat(1.004, 0.501).late_ms == pytest.approx(0)
    found = beats.beat(1.084, 0.511)
    assert (found.late_ms, found.worked_ms) == (pytest.approx(76), pytest.approx(10))


def test_figures_are_of_all_beats_and_the_percentile_leaves_out_the_worst_in_a_hundred() -> None:
    beats = Beats(interval_ms=1)
    beats.begin(0.0, 0.0)
    now = 0.0
    for number in range(200):
        now += 0.091 if number == 50 else 0.001
        beats.beat(now, now / 2)
    found = beats.figures()
    assert found.beats == 200
    assert found.longest_ms == pytest.approx(90)
    assert found.p99_ms == pytest.approx(0, abs=1e-6)
    assert found.longest_work_ms == pytest.approx(45.5)


def test_old_beats_are_forgotten_and_none_gives_zeros() -> None:
    beats = Beats(interval_ms=1, kept=10)
    assert beats.figures().longest_ms == 0
    beats.begin(0.0, 0.0)
    beats.beat(1.0, 0.0)
    for number in range(10):
        beats.beat(1.0 + (number + 1) / 1000, 0.0)
    assert beats.figures().longest_ms == pytest.approx(0, abs=1e-6)


def test_the_stack_is_looked_at_once_and_only_when_the_beat_is_overdue() -> None:
    clock = Clock()
    watch = StackWatch(50, clock)
    watch.look()
    assert watch.beat() == ()
    clock.now += 0.06
    watch.look()
    clock.now += 0.06
    watch.look()  # is seen already
    places = watch.beat()
    assert any("StackWatch.look" in place for place in places)
    assert watch.beat() == ()


def test_what_was_seen_before_a_beat_is_not_told_of_the_next() -> None:
    clock = Clock()
    watch = StackWatch(50, clock)
    clock.now += 0.06
    watch.look()
    watch.beat()
    clock.now += 0.06
    assert watch.beat() == ()


def test_places_name_code_and_nothing_of_its_values() -> None:
    def deed(patient: str) -> tuple[str, ...]:
        assert patient
        return places_of(sys._getframe())

    places = deed("Jane Doe")
    assert places[0].startswith("tests/ui/test_stalls.py:")
    assert "deed" in places[0]
    assert "Jane" not in "".join(places)
    assert places_of(None) == ()


def test_the_watching_thread_finds_the_line_that_holds_up_the_watched_one() -> None:
    clock = Clock()
    looked = threading.Event()

    class Watch(StackWatch):
        def look(self) -> None:
            super().look()
            if self._seen[0] == self._beat[0]:
                looked.set()

    watch = Watch(1, clock)
    clock.now += 1
    watch.start()
    try:
        assert looked.wait(10)
    finally:
        watch.stop()
    assert any("test_the_watching_thread" in place for place in watch.beat())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def monitor(qtbot: QtBot, clock: Clock) -> Iterator[StallMonitor]:
    made = StallMonitor(limit_ms=50, clock=clock, work=lambda: clock.now / 10)
    made.start()
    yield made
    made.stop()


def test_a_late_beat_is_told_and_logged_and_one_in_time_is_not(
    monitor: StallMonitor, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Stall] = []
    monitor.stalled.connect(told.append)
    with caplog.at_level(logging.WARNING, "her2desk.ui.stalls"):
        clock.now += 0.011
        monitor.beat()
        assert not told
        assert monitor.last is None
        clock.now += 0.081
        monitor.beat()
    assert [stall.late_ms for stall in told] == [pytest.approx(80)]
    assert told[0].worked_ms == pytest.approx(8.1)
    assert monitor.last == told[0]
    assert len(caplog.records) == 1


def test_a_monitor_that_starts_anew_forgets(monitor: StallMonitor, clock: Clock) -> None:
    clock.now += 1
    monitor.beat()
    assert monitor.figures().longest_ms > 900
    monitor.start()
    assert monitor.last is None
    assert monitor.figures().beats == 0


def test_a_stopped_monitor_leaves_no_thread_behind(qtbot: QtBot) -> None:
    monitor = StallMonitor()
    monitor.start()
    assert monitor.is_running
    assert "stalls" in {thread.name for thread in threading.enumerate()}
    monitor.stop()
    assert not monitor.is_running
    assert "stalls" not in {thread.name for thread in threading.enumerate()}


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    widget.resize(800, 600)
    qtbot.addWidget(widget)
    return widget


def test_the_overlay_is_hidden_until_its_keys_are_pressed(
    qtbot: QtBot, window: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    overlay = add_stall_overlay(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    assert not overlay.isVisible()
    assert not overlay.monitor.is_running
    combination = QKeySequence(KEYS)[0]
    qtbot.keyClick(window, combination.key(), combination.keyboardModifiers())
    assert overlay.isVisible()
    assert overlay.monitor.is_running
    qtbot.keyClick(window, combination.key(), combination.keyboardModifiers())
    assert not overlay.isVisible()
    assert not overlay.monitor.is_running


def test_the_environment_opens_the_overlay_with_the_window(
    window: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    overlay = add_stall_overlay(window)
    window.show()
    assert overlay.isVisible()
    overlay.stop()


def test_the_overlay_says_the_last_stall_and_its_place(window: QWidget) -> None:
    overlay = StallOverlay(window)
    overlay.refresh()
    assert overlay.lines[-1] == "no stall of 50 ms yet"
    overlay.monitor.last = Stall(73.4, 12.0, ("her2desk/ui/case_list.py:7 CaseList.fill",))
    overlay.refresh()
    assert overlay.lines[-2:] == ("last stall 73 ms in", "her2desk/ui/case_list.py:7 CaseList.fill")


def test_repaints_of_the_window_are_counted_as_frames(window: QWidget) -> None:
    overlay = StallOverlay(window)
    window.show()
    overlay.toggle()
    overlay.refresh()
    for _ in range(31):
        QCoreApplication.sendEvent(window, QEvent(QEvent.Type.UpdateRequest))
    overlay.refresh()
    assert "60 frames a second" in overlay.lines[1]  # 30 in half a second: one was its own
    overlay.stop()


def test_the_overlay_lets_every_click_through_and_stays_in_its_corner(window: QWidget) -> None:
    overlay = StallOverlay(window)
    window.show()
    overlay.toggle()
    window.resize(900, 700)
    assert overlay.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    assert window.rect().contains(overlay.geometry())
    assert overlay.geometry().bottom() < window.height()
    assert not overlay.grab().toImage().isNull()
    overlay.stop()
