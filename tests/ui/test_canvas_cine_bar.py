"""Scrubbing and playing frames."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from her2desk.ui.canvas.cine_bar import PATIENCE_S, CineBar
from her2desk.ui.canvas.frame_slider import FrameSlider
from her2desk.ui.theme import colours

Left = Qt.MouseButton.LeftButton
Key = Qt.Key


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bar(qtbot: QtBot, clock: Clock) -> CineBar:
    bar = CineBar(clock=clock)
    qtbot.addWidget(bar)
    bar.resize(800, 40)
    bar.set_frames(57, 40.0)
    qtbot.waitExposed(bar)
    return bar


@pytest.fixture
def chosen(bar: CineBar) -> list[int]:
    """What the bar asks for; nothing arrives unless the test says so."""
    frames: list[int] = []
    bar.frame_selected.connect(frames.append)
    return frames


@pytest.fixture
def prompt(bar: CineBar, chosen: list[int]) -> list[int]:
    """What the bar asks for; every frame arrives at once."""
    bar.frame_selected.connect(lambda _frame: bar.frame_arrived())
    return chosen


def words(bar: CineBar) -> str:
    return bar.slider.accessibleDescription()


def wheel(target: QWidget, notches: float, sideways: bool = False) -> None:
    """Turn the wheel over ``target``; away from the hand, and left, are positive."""
    angle = round(120 * notches)
    window = target.window()
    at = QPointF(target.mapTo(window, target.rect().center()))
    turned = QPoint(angle, 0) if sideways else QPoint(0, angle)
    QTest.wheelEvent(window.windowHandle(), at, turned)


def tick(bar: CineBar) -> None:
    """The timer runs out now, however long it was set for."""
    bar.timer.timeout.emit()


def test_frames_count_from_one_on_screen_and_from_zero_inside(
    bar: CineBar, prompt: list[int]
) -> None:
    assert words(bar) == "frame 1 / 57"
    bar.next_action.trigger()
    assert prompt == [1]
    assert words(bar) == "frame 2 / 57"
    assert bar.field.value() == 2
    bar.previous_action.trigger()
    assert bar.frame_index == 0
    assert not bar.previous_action.isEnabled()


def test_first_and_last(bar: CineBar, prompt: list[int]) -> None:
    bar.last_action.trigger()
    bar.first_action.trigger()
    assert prompt == [56, 0]


def test_a_click_on_the_slider_goes_there_and_dragging_scrubs(
    qtbot: QtBot, bar: CineBar, prompt: list[int]
) -> None:
    slider = bar.slider

    def at(frame: int) -> QPoint:
        return QPoint(round(slider.position_of(frame)), slider.height() // 2)

    qtbot.mousePress(slider, Left, pos=at(28))
    qtbot.mouseMove(slider, at(40))
    qtbot.mouseMove(slider, QPoint(5000, 10))
    qtbot.mouseRelease(slider, Left, pos=at(56))
    qtbot.mouseMove(slider, at(3))
    assert prompt == [28, 40, 56]


def test_scrubbing_asks_for_the_next_frame_when_the_last_one_is_on_screen(
    bar: CineBar, chosen: list[int]
) -> None:
    for frame in range(1, 9):
        bar.slider.setValue(frame)
    assert chosen == [1], "what the hand passed over meanwhile is not worth decoding"
    bar.frame_arrived()
    assert chosen == [1, 8], "but where it stopped is"
    bar.frame_arrived()
    assert chosen == [1, 8]


def test_a_frame_that_never_comes_does_not_hold_up_the_next(
    bar: CineBar, clock: Clock, chosen: list[int]
) -> None:
    bar.slider.setValue(1)
    clock.now += PATIENCE_S
    bar.slider.setValue(2)
    assert chosen == [1, 2]


def test_a_frame_shown_for_another_reason_ends_the_wait(bar: CineBar, chosen: list[int]) -> None:
    bar.slider.setValue(5)
    bar.slider.setValue(9)
    bar.set_frame(5)  # a stroke was begun on what is on screen
    bar.frame_arrived()
    assert chosen == [5]
    assert bar.frame_index == 5


def test_keys_on_the_slider_step(qtbot: QtBot, bar: CineBar) -> None:
    qtbot.keyClick(bar.slider, Key.Key_End)
    assert bar.frame_index == 56
    assert not bar.next_action.isEnabled()
    assert not bar.last_action.isEnabled()
    qtbot.keyClick(bar.slider, Key.Key_Left)
    qtbot.keyClick(bar.slider, Key.Key_PageDown)
    assert bar.frame_index == 45
    qtbot.keyClick(bar.slider, Key.Key_Home)
    assert bar.frame_index == 0


def test_a_typed_number_is_gone_to_once_it_is_whole(
    qtbot: QtBot, bar: CineBar, prompt: list[int]
) -> None:
    bar.field.selectAll()
    qtbot.keyClicks(bar.field, "34")
    assert prompt == []
    qtbot.keyClick(bar.field, Key.Key_Return)
    assert prompt == [33]
    assert bar.frame_index == 33


@pytest.mark.parametrize("over", ["bar", "slider", "field"])
def test_the_wheel_turns_single_frames(bar: CineBar, prompt: list[int], over: str) -> None:
    target = bar if over == "bar" else getattr(bar, over)
    wheel(target, -1)
    wheel(target, -3)
    wheel(target, 1)
    wheel(target, -1, sideways=True)
    assert prompt == [1, 4, 3, 4]


def test_a_touch_pad_turns_by_whole_frames(bar: CineBar, prompt: list[int]) -> None:
    for _ in range(5):
        wheel(bar, -0.5)
    assert prompt == [1, 2]


def test_showing_a_frame_does_not_ask_for_it(qtbot: QtBot, bar: CineBar) -> None:
    with qtbot.assertNotEmitted(bar.frame_selected):
        bar.set_frame(12)
    assert words(bar) == "frame 13 / 57"


class TestPlaying:
    def test_space_on_the_bar_plays_and_pauses(self, qtbot: QtBot, bar: CineBar) -> None:
        qtbot.keyClick(bar.slider, Key.Key_Space)
        assert bar.is_playing
        qtbot.keyClick(bar.slider, Key.Key_Space)
        assert not bar.is_playing
        qtbot.keyClick(bar.slider, Key.Key_A)
        assert not bar.is_playing

    def test_frames_follow_at_the_files_own_rate_and_start_over(
        self, bar: CineBar, clock: Clock, prompt: list[int]
    ) -> None:
        bar.set_frame(54)
        bar.play_action.trigger()
        assert bar.timer.isActive()
        for _ in range(4):
            clock.now += 0.040
            tick(bar)
        assert prompt == [55, 56, 0, 1]
        assert bar.timer.interval() == 40

    def test_a_late_timer_neither_lags_nor_drifts(
        self, bar: CineBar, clock: Clock, prompt: list[int]
    ) -> None:
        bar.play_action.trigger()
        for late in (0.047, 0.009, 0.039, 0.025):
            clock.now += late
            tick(bar)
        assert prompt == [1, 2, 3]
        assert bar.timer.interval() == 40
        clock.now += 0.5  # the window was busy
        tick(bar)
        assert prompt == [1, 2, 3, 15]

    def test_frames_are_left_out_when_decoding_is_slower(
        self, bar: CineBar, clock: Clock, chosen: list[int]
    ) -> None:
        bar.play_action.trigger()
        clock.now += 0.040
        tick(bar)
        clock.now += 0.100
        tick(bar)
        assert chosen == [1], "no second frame is asked for before the first has come"
        bar.frame_arrived()
        assert chosen == [1, 3]

    def test_a_frame_that_came_late_is_followed_at_once(
        self, bar: CineBar, clock: Clock, chosen: list[int]
    ) -> None:
        bar.play_action.trigger()
        clock.now += 0.040
        tick(bar)
        clock.now += 0.100
        bar.frame_arrived()
        assert bar.timer.interval() == 0
        tick(bar)
        assert chosen == [1, 3]

    def test_the_timer_itself_goes_on(self, qtbot: QtBot) -> None:
        bar = CineBar()
        qtbot.addWidget(bar)
        bar.set_frames(5, 10.0)
        frames: list[int] = []
        bar.frame_selected.connect(frames.append)
        bar.frame_selected.connect(lambda _frame: bar.frame_arrived())
        bar.play_action.trigger()
        qtbot.waitUntil(lambda: len(frames) >= 6)
        bar.pause()
        assert set(frames) <= set(range(5))

    def test_back_and_forth(self, bar: CineBar, clock: Clock, prompt: list[int]) -> None:
        bar.set_frames(4, 40.0)
        bar.bounce_action.trigger()
        bar.play_action.trigger()
        for _ in range(7):
            clock.now += 0.040
            tick(bar)
        assert prompt == [1, 2, 3, 2, 1, 0, 1]

    def test_turning_over_to_back_and_forth_goes_on_from_here(
        self, bar: CineBar, clock: Clock, prompt: list[int]
    ) -> None:
        bar.set_frames(4, 40.0)
        bar.play_action.trigger()
        for _ in range(5):
            clock.now += 0.040
            tick(bar)
            if bar.frame_index == 2:
                bar.bounce_action.trigger()
        assert prompt == [1, 2, 3, 2, 1]

    def test_speeds(self, bar: CineBar, clock: Clock, prompt: list[int]) -> None:
        button = bar.speed.button
        assert (button.text(), bar.speed.frames_per_s) == ("×1", 25)
        bar.play_action.trigger()
        button.click()
        assert (button.text(), bar.speed.frames_per_s) == ("×2", 50)
        clock.now += 0.020
        tick(bar)
        button.click()
        assert (button.text(), bar.speed.frames_per_s) == ("×0.5", 12.5)
        clock.now += 0.080
        tick(bar)
        assert prompt == [1, 2]
        button.click()
        assert bar.speed.frames_per_s == 25

    def test_a_hand_stops_the_film(self, qtbot: QtBot, bar: CineBar) -> None:
        slider = bar.slider
        for stop in (
            bar.next_action.trigger,
            lambda: wheel(bar, -1),
            lambda: qtbot.keyClick(slider, Key.Key_Left),
            lambda: qtbot.mouseClick(slider, Left, pos=slider.rect().center()),
        ):
            bar.play_action.trigger()
            assert bar.is_playing
            stop()
            assert not bar.is_playing
            assert not bar.timer.isActive()

    def test_a_frame_shown_for_another_reason_is_played_on_from(
        self, bar: CineBar, clock: Clock, prompt: list[int]
    ) -> None:
        bar.play_action.trigger()
        bar.set_frame(30)
        clock.now += 0.040
        tick(bar)
        assert prompt == [31]

    def test_a_timer_that_rang_as_it_was_stopped_does_nothing(
        self, bar: CineBar, chosen: list[int]
    ) -> None:
        tick(bar)
        assert chosen == []

    @pytest.mark.parametrize("frame_time_ms", [None, 0.5])
    def test_a_file_that_gives_no_rate_is_played_at_a_usual_one_and_that_is_said(
        self, bar: CineBar, frame_time_ms: float | None
    ) -> None:
        bar.set_frames(8, frame_time_ms)
        assert bar.speed.frames_per_s == 15
        assert "the file gives no rate" in bar.speed.button.toolTip()
        assert rate_shown(bar) == "15/s, not in the file"

    def test_the_files_rate_is_said(self, bar: CineBar) -> None:
        bar.set_frames(8, 1000 / 30)
        assert rate_shown(bar) == "30/s"
        assert "the file’s own rate is 30" in bar.speed.button.toolTip()


def rate_shown(bar: CineBar) -> str:
    return bar.speed.label.text()


def test_a_still_has_no_bar(bar: CineBar) -> None:
    bar.play_action.trigger()
    bar.set_frames(1)
    assert bar.isHidden()
    assert not bar.is_playing
    assert not any(action.isEnabled() for action in bar.actions())


class TestMarks:
    def colour_at(self, slider: FrameSlider, frame: int, y: float) -> str:
        return slider.grab().toImage().pixelColor(round(slider.position_of(frame)), int(y)).name()

    def test_the_frame_of_the_estimate_is_told_from_other_outlined_ones(self, bar: CineBar) -> None:
        slider = bar.slider
        assert self.colour_at(slider, 20, 3) != colours().roi
        bar.set_marks((20, 40), 20)
        assert self.colour_at(slider, 20, 3) == colours().roi
        assert self.colour_at(slider, 40, 4) == colours().roi
        painted = slider.grab().toImage()
        ground = painted.pixelColor(round(slider.position_of(30)), 2).name()
        corners = [round(slider.position_of(frame)) + 4 for frame in (20, 40)]
        is_wide = [painted.pixelColor(x, 2).name() != ground for x in corners]
        assert is_wide == [True, False], "one is a triangle, the other a dot"
        assert "estimate from frame 21; also outlined: 41" in words(bar)
        assert slider.toolTip() == "estimate from frame 21; also outlined: 41"

    def test_key_frames_are_marked_below(self, bar: CineBar) -> None:
        below = bar.slider.height() - 4
        assert self.colour_at(bar.slider, 7, below) != colours().text
        bar.set_marks(key_frames=(7,))
        assert self.colour_at(bar.slider, 7, below) == colours().text
        assert words(bar) == "frame 1 / 57; key frames: 8"

    def test_many_marks_are_not_all_read_out(self, bar: CineBar) -> None:
        bar.set_marks(key_frames=tuple(range(20)))
        assert words(bar).endswith("10, 11, 12 and more")

    def test_the_button_asks_and_the_owner_decides(self, qtbot: QtBot, bar: CineBar) -> None:
        with qtbot.waitSignal(bar.key_frame_toggled):
            bar.key_frame_action.trigger()
        assert not bar.key_frame_action.isChecked()
        bar.set_marks(key_frames=(0,))
        assert bar.key_frame_action.isChecked()
        bar.set_frame(1)
        assert not bar.key_frame_action.isChecked()

    def test_from_mark_to_mark(self, bar: CineBar, prompt: list[int]) -> None:
        bar.set_marks((9, 30), 30, (20,))
        for action in (bar.next_mark_action,) * 3:
            action.trigger()
        assert not bar.next_mark_action.isEnabled()
        bar.previous_mark_action.trigger()
        assert prompt == [9, 20, 30, 20]
        bar.set_frame(0)
        assert not bar.previous_mark_action.isEnabled()

    def test_without_marks_there_is_nowhere_to_go(self, bar: CineBar, chosen: list[int]) -> None:
        bar._to_next_mark()
        bar._to_previous_mark()
        assert chosen == []
        assert not bar.next_mark_action.isEnabled()

    def test_another_image_begins_without_marks(self, bar: CineBar) -> None:
        bar.set_marks((3,), 3, (4,))
        bar.set_frames(9)
        assert bar.slider.marks().all() == []


def test_where_there_is_little_room_the_slider_keeps_it(qtbot: QtBot, bar: CineBar) -> None:
    bar.set_frames(300)
    bar.resize(600, 40)
    qtbot.waitUntil(lambda: bar.slider.width() >= 150)
    assert rate_shown(bar) == "15/s"


def test_every_control_has_a_name_and_says_what_it_does(bar: CineBar) -> None:
    controls = [*bar.findChildren(QToolButton), bar.slider, bar.field]
    assert len(controls) == 12
    for control in controls:
        assert control.accessibleName()
        assert control.toolTip()
