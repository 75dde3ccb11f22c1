"""Scrubbing and playing frames."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from her2desk.ui.canvas.cine_bar import CineBar
from her2desk.ui.theme import colours

Left = Qt.MouseButton.LeftButton


@pytest.fixture
def bar(qtbot: QtBot) -> CineBar:
    bar = CineBar()
    qtbot.addWidget(bar)
    bar.resize(500, 40)
    bar.set_frames(57, 10.0)
    qtbot.waitExposed(bar)
    return bar


def words(bar: CineBar) -> str:
    return bar.findChildren(QLabel)[0].text()


def test_frames_count_from_one_on_screen_and_from_zero_inside(qtbot: QtBot, bar: CineBar) -> None:
    assert words(bar) == "frame 1 / 57"
    with qtbot.waitSignal(bar.frame_selected) as chosen:
        bar.next_action.trigger()
    assert chosen.args == [1]
    assert words(bar) == "frame 2 / 57"
    bar.previous_action.trigger()
    assert bar.frame_index == 0
    assert not bar.previous_action.isEnabled()


def test_a_click_on_the_slider_goes_there_and_dragging_scrubs(qtbot: QtBot, bar: CineBar) -> None:
    slider = bar.slider
    chosen: list[int] = []
    bar.frame_selected.connect(chosen.append)

    def at(frame: int) -> QPoint:
        return QPoint(round(slider.position_of(frame)), slider.height() // 2)

    qtbot.mousePress(slider, Left, pos=at(28))
    qtbot.mouseMove(slider, at(40))
    qtbot.mouseMove(slider, QPoint(5000, 10))
    qtbot.mouseRelease(slider, Left, pos=at(56))
    qtbot.mouseMove(slider, at(3))
    assert chosen == [28, 40, 56]


def test_keys_on_the_slider_step(qtbot: QtBot, bar: CineBar) -> None:
    qtbot.keyClick(bar.slider, Qt.Key.Key_End)
    assert bar.frame_index == 56
    assert not bar.next_action.isEnabled()
    qtbot.keyClick(bar.slider, Qt.Key.Key_Left)
    qtbot.keyClick(bar.slider, Qt.Key.Key_PageDown)
    assert bar.frame_index == 45
    qtbot.keyClick(bar.slider, Qt.Key.Key_Home)
    assert bar.frame_index == 0


def test_showing_a_frame_does_not_ask_for_it(qtbot: QtBot, bar: CineBar) -> None:
    with qtbot.assertNotEmitted(bar.frame_selected):
        bar.set_frame(12)
    assert words(bar) == "frame 13 / 57"


def test_playing_waits_for_each_frame_and_starts_over_at_the_end(
    qtbot: QtBot, bar: CineBar
) -> None:
    bar.set_frame(55)
    chosen: list[int] = []
    bar.frame_selected.connect(chosen.append)
    with qtbot.waitSignal(bar.frame_selected):
        bar.play_action.trigger()
    assert bar.is_playing
    ticks: list[bool] = []
    bar.timer.timeout.connect(lambda: ticks.append(True))
    qtbot.waitUntil(lambda: len(ticks) >= 3)
    assert chosen == [56], "no second frame is asked for before the first has come"
    bar.frame_arrived()
    qtbot.waitUntil(lambda: len(chosen) == 2)
    assert chosen == [56, 0]
    bar.pause()
    assert not bar.is_playing


def test_stepping_stops_the_film(bar: CineBar) -> None:
    bar.play_action.trigger()
    bar.next_action.trigger()
    assert not bar.is_playing


def test_the_rate_is_the_files_own(bar: CineBar) -> None:
    bar.set_frames(8, 66.0)
    assert bar.timer.interval() == 66
    bar.set_frames(8, None)
    assert bar.timer.interval() == 50


def test_a_still_has_no_bar(bar: CineBar) -> None:
    bar.play_action.trigger()
    bar.set_frames(1)
    assert bar.isHidden()
    assert not bar.is_playing
    assert not bar.play_action.isEnabled()


def test_the_frame_with_the_outline_is_marked(bar: CineBar) -> None:
    slider = bar.slider
    x = round(slider.position_of(20))
    assert slider.grab().toImage().pixelColor(x, 4).name() != colours().roi
    bar.set_mark(20)
    assert slider.grab().toImage().pixelColor(x, 4).name() == colours().roi
    assert "ROI on frame 21" in slider.accessibleDescription()
