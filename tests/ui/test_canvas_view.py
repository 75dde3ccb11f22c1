"""Drawing, moving and windowing with a real mouse and real keys."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QEnterEvent, QImage, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.domain.drawing import Drawing, drawing_of
from her2desk.domain.image import Region, UltrasoundImage
from her2desk.domain.roi import Box, Roi
from her2desk.ui.canvas.image_view import ImageView
from her2desk.ui.canvas.picture import HeatLayer, heat_layer
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.theme import apply_theme, colours
from tests.ui.canvas_samples import (
    SQUARE,
    Left,
    Middle,
    Right,
    a_view,
    an_image,
    at,
    click,
    drag,
    grey,
    nearly,
    pixel,
)

Make = Callable[..., ImageView]


@pytest.fixture
def make(qtbot: QtBot, qapp: QApplication) -> Make:
    """A view of 376 × 256 that shows a grey image of 120 × 80 three times as large."""
    apply_theme(qapp, "dark")
    return partial(a_view, qtbot)


def test_the_image_fits_and_is_three_times_as_large(make: Make) -> None:
    view = make()
    assert view.transform.scale == pytest.approx(3.0)
    assert pixel(view, (60.5, 40.5)) == QColor(100, 100, 100)


def test_clicks_and_a_click_on_the_first_point_close_an_outline(qtbot: QtBot, make: Make) -> None:
    view = make()
    click(qtbot, view, *SQUARE)
    assert view.roi() is None
    with qtbot.waitSignal(view.drawing_changed) as changed:
        click(qtbot, view, SQUARE[0])
    assert nearly(view.roi(), SQUARE)
    assert changed.args == [view.drawing]
    assert view.tool is Tool.EDIT, "a closed outline can be edited at once"


def test_a_double_click_closes_with_its_own_point_as_the_last(qtbot: QtBot, make: Make) -> None:
    view = make()
    click(qtbot, view, *SQUARE)
    qtbot.mouseDClick(view, Left, pos=at(view, SQUARE[3]))
    assert nearly(view.roi(), SQUARE)


def test_a_double_click_on_two_points_goes_on_drawing(qtbot: QtBot, make: Make) -> None:
    view = make()
    click(qtbot, view, SQUARE[0])
    qtbot.mouseDClick(view, Left, pos=at(view, SQUARE[1]))
    assert view.roi() is None
    assert len(view.drawing.pending) == 2


def test_enter_closes_backspace_takes_back_escape_gives_up(qtbot: QtBot, make: Make) -> None:
    view = make()
    click(qtbot, view, *SQUARE)
    qtbot.keyClick(view, Qt.Key.Key_Backspace)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert nearly(view.roi(), SQUARE[:3])
    view.set_tool(Tool.POLYGON)
    click(qtbot, view, (80.0, 20.0), (90.0, 20.0))
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.drawing.pending == ()
    assert nearly(view.roi(), SQUARE[:3]), "the old outline is still there"


def test_escape_is_ours_while_an_outline_is_in_progress(qtbot: QtBot, make: Make) -> None:
    view = make()

    def override() -> bool:
        event = QKeyEvent(
            QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier
        )
        event.ignore()
        view.event(event)
        return event.isAccepted()

    assert not override()
    click(qtbot, view, SQUARE[0])
    assert override()


def test_undo_of_closing_goes_on_where_the_drawing_was(qtbot: QtBot, make: Make) -> None:
    view = make()
    click(qtbot, view, *SQUARE, SQUARE[0])
    with qtbot.waitSignal(view.drawing_changed):
        view.undo()
    assert view.roi() is None
    assert view.tool is Tool.POLYGON
    assert len(view.drawing.pending) == 4
    view.undo()
    assert len(view.drawing.pending) == 3
    view.redo()
    with qtbot.waitSignal(view.drawing_changed):
        view.redo()
    assert not view.can_redo
    assert nearly(view.roi(), SQUARE)


def test_history_is_told_to_the_buttons(qtbot: QtBot, make: Make) -> None:
    view = make()
    told: list[tuple[bool, bool]] = []
    view.history_changed.connect(lambda undo, redo: told.append((undo, redo)))
    click(qtbot, view, SQUARE[0])
    view.undo()
    assert told == [(True, False), (False, True)]


def test_every_stroke_is_told_for_saving(qtbot: QtBot, make: Make) -> None:
    view = make()
    told: list[Drawing] = []
    view.drawing_changed.connect(told.append)
    click(qtbot, view, *SQUARE[:3])
    view.clear()
    assert [len(d.pending) for d in told] == [1, 2, 3, 0]
    other = make()
    other.set_drawing(told[1])
    assert other.drawing == told[1]
    assert not other.can_undo


def test_freehand_closes_when_let_go(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.FREEHAND)
    with qtbot.waitSignal(view.drawing_changed):
        drag(qtbot, view, *SQUARE)
    assert nearly(view.roi(), SQUARE)


def test_a_frame_turned_in_the_middle_of_a_stroke_drops_it(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.FREEHAND)
    qtbot.mousePress(view, Left, pos=at(view, SQUARE[0]))
    for point in SQUARE[1:]:
        qtbot.mouseMove(view, at(view, point))
    view.show_frame(np.zeros((80, 120), np.uint8), 1)
    qtbot.mouseRelease(view, Left, pos=at(view, SQUARE[3]))
    assert view.drawing == Drawing()


def test_undo_with_nothing_to_undo_does_nothing(qtbot: QtBot, make: Make) -> None:
    view = make()
    with qtbot.assertNotEmitted(view.history_changed):
        view.undo()


def test_quick_presses_are_strokes_too(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.FREEHAND)
    qtbot.mousePress(view, Left, pos=at(view, SQUARE[0]))
    qtbot.mouseRelease(view, Left, pos=at(view, SQUARE[0]))
    for tool, path in ((Tool.FREEHAND, SQUARE), (Tool.EDIT, ((20.0, 20.0), (15.0, 15.0)))):
        view.set_tool(tool)
        pos = at(view, path[0])
        QApplication.sendEvent(
            view,
            QMouseEvent(
                QEvent.Type.MouseButtonDblClick,
                QPointF(pos),
                view.mapToGlobal(QPointF(pos)),
                Left,
                Left,
                Qt.KeyboardModifier.NoModifier,
            ),
        )
        for point in path[1:]:
            qtbot.mouseMove(view, at(view, point))
        qtbot.mouseRelease(view, Left, pos=at(view, path[-1]))
    assert nearly(view.roi(), ((15.0, 15.0), *SQUARE[1:]))


def test_an_old_outline_is_dimmed_while_a_new_one_is_drawn(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.POLYGON)
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    click(qtbot, view, (80.0, 60.0))
    along = {pixel(view, (x, 20.0)).name() for x in np.arange(25.0, 55.0, 0.34)}
    assert colours().roi not in along


def test_a_view_too_low_for_the_colour_bar_does_without(make: Make) -> None:
    view = make(tool=Tool.PAN)
    view.set_heatmap(HOT, Box(60, 40, 80, 60))
    view.set_heatmap_visible(True)

    def has_bar() -> bool:
        image, hot = view.grab().toImage(), QColor(253, 231, 37)
        pixels = [image.pixelColor(358, y) for y in range(view.height())]
        return any(abs(p.red() - hot.red()) + abs(p.blue() - hot.blue()) < 40 for p in pixels)

    assert has_bar()
    view.setMinimumHeight(100)
    view.resize(376, 140)
    assert not has_bar()


def test_a_freehand_stroke_shows_and_can_be_given_up(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.FREEHAND)
    qtbot.mousePress(view, Left, pos=at(view, SQUARE[0]))
    qtbot.mouseMove(view, at(view, SQUARE[1]))
    assert pixel(view, (40.0, 20.0)) == QColor(colours().roi)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    qtbot.mouseRelease(view, Left, pos=at(view, SQUARE[1]))
    assert view.drawing == Drawing()
    assert pixel(view, (40.0, 20.0)) == QColor(100, 100, 100)


def test_drawing_off_the_image_stays_on_it(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.FREEHAND)
    drag(qtbot, view, (60.0, 40.0), (121.5, 40.0), (121.5, 81.0), (60.0, 81.0))
    assert nearly(view.roi(), ((60.0, 40.0), (120.0, 40.0), (120.0, 80.0), (60.0, 80.0)))


def test_dragging_a_vertex_tells_live_and_closes_at_the_end(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.EDIT)
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    live: list[Roi] = []
    view.roi_changed.connect(live.append)
    with qtbot.waitSignal(view.drawing_changed):
        drag(qtbot, view, SQUARE[2], (65.0, 55.0), (70.0, 60.0))
    assert nearly(live[0], (*SQUARE[:2], (65.0, 55.0), SQUARE[3]))
    assert nearly(view.roi(), (*SQUARE[:2], (70.0, 60.0), SQUARE[3]))
    view.undo()
    assert view.roi() == Roi(0, SQUARE)


def test_a_click_on_an_edge_adds_a_vertex_and_delete_removes_it(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.EDIT)
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    click(qtbot, view, (40.0, 20.0))
    assert nearly(view.roi(), (SQUARE[0], (40.0, 20.0), *SQUARE[1:]))
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.roi() == Roi(0, SQUARE)


def test_undo_in_the_middle_of_a_drag_drops_the_drag_only(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.EDIT)
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    qtbot.mousePress(view, Left, pos=at(view, SQUARE[0]))
    qtbot.mouseMove(view, at(view, (5.0, 5.0)))
    assert view.shown_roi() != view.roi()
    view.redo()
    view.undo()
    qtbot.mouseRelease(view, Left, pos=at(view, (5.0, 5.0)))
    assert view.shown_roi() == view.roi() == Roi(0, SQUARE)
    assert not view.can_undo


def test_clearing_can_be_taken_back(qtbot: QtBot, make: Make) -> None:
    view = make()
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    with qtbot.waitSignal(view.drawing_changed):
        view.clear()
    assert view.roi() is None
    view.undo()
    assert view.roi() == Roi(0, SQUARE)


def test_setting_the_same_drawing_keeps_the_history(qtbot: QtBot, make: Make) -> None:
    view = make()
    click(qtbot, view, *SQUARE, SQUARE[0])
    view.set_drawing(view.drawing)
    assert view.can_undo
    view.set_drawing(drawing_of(Roi(0, SQUARE[:3])))
    assert not view.can_undo


def test_the_outline_is_painted_on_its_own_frame_only(make: Make) -> None:
    view = make()
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    assert pixel(view, (40.0, 20.0)) == QColor(colours().roi)
    view.show_frame(np.full((80, 120), 100, np.uint8), 1)
    assert pixel(view, (40.0, 20.0)) == QColor(100, 100, 100)
    assert view.shown_roi() is None


def test_undo_turns_to_the_frame_that_it_changes(qtbot: QtBot, make: Make) -> None:
    view = make()
    click(qtbot, view, *SQUARE, SQUARE[0])
    view.clear()
    view.show_frame(np.zeros((80, 120), np.uint8), 3)
    with qtbot.waitSignal(view.frame_requested) as asked:
        view.undo()
    assert asked.args == [0]
    view.show_frame(np.zeros((80, 120), np.uint8), 4)
    with qtbot.waitSignal(view.frame_requested) as asked:
        view.undo()
    assert asked.args == [0], "the outline in progress is on frame 0"


def test_a_rubber_band_follows_the_pointer(qtbot: QtBot, make: Make) -> None:
    view = make()
    click(qtbot, view, (20.0, 20.0))
    qtbot.mouseMove(view, at(view, (80.0, 20.0)))

    def is_yellow(colour: QColor) -> bool:
        return colour.red() > 140 and colour.blue() < 100

    along = [is_yellow(pixel(view, (x, 20.0))) for x in np.arange(30.0, 70.0, 1.0)]
    assert any(along)
    assert not all(along), "dashed, so that it cannot be taken for the outline"
    assert not any(is_yellow(pixel(view, (x, 30.0))) for x in np.arange(30.0, 70.0, 5.0))


def test_space_and_the_middle_button_pan_whatever_the_tool(qtbot: QtBot, make: Make) -> None:
    view = make()
    before = view.transform
    qtbot.keyPress(view, Qt.Key.Key_Space)
    drag(qtbot, view, (50.0, 40.0), (60.0, 40.0))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert view.transform.x - before.x == pytest.approx(30, abs=1)
    drag(qtbot, view, (50.0, 40.0), (50.0, 50.0), button=Middle)
    assert view.transform.y - before.y == pytest.approx(30, abs=1)
    assert view.drawing == Drawing()


def test_the_image_cannot_be_moved_out_of_sight(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.PAN)
    for _ in range(8):
        drag(qtbot, view, (60.0, 40.0), (5.0, 5.0))
    corner = view.transform.to_view((120.0, 80.0))
    assert corner.x() >= 40
    assert corner.y() >= 40


def test_a_double_click_with_the_pan_tool_fits(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.PAN)
    fitted = view.transform
    view.zoom(2.0)
    assert view.transform.scale == pytest.approx(6.0)
    qtbot.mouseDClick(view, Left, pos=QPoint(100, 100))
    assert view.transform == fitted


def test_the_wheel_zooms_about_the_pointer(qtbot: QtBot, make: Make) -> None:
    view = make()
    pointer = QPointF(100, 90)
    before = view.transform.to_image(pointer)
    event = QWheelEvent(
        pointer,
        view.mapToGlobal(pointer),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)
    assert view.transform.scale == pytest.approx(3.0 * 1.0015**120)
    assert view.transform.to_image(pointer) == pytest.approx(before)


def test_plus_and_minus_zoom_and_resizing_keeps_a_zoomed_view(qtbot: QtBot, make: Make) -> None:
    view = make()
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.transform.scale == pytest.approx(3.75)
    view.resize(500, 400)
    assert view.transform.scale == pytest.approx(3.75)
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    view.fit()
    view.resize(376, 256)
    assert view.transform.scale == pytest.approx(3.0)


def test_pixels_are_shown_as_they_are_when_enlarged_and_smoothed_before(make: Make) -> None:
    view = make(an_image(frames=1))
    stripes = np.zeros((80, 120), np.uint8)
    stripes[:, ::2] = 200
    view.show_frame(stripes, 0)

    def greys() -> set[int]:
        image = view.grab().toImage()
        row = at(view, (0.0, 40.5)).y()
        left, right = at(view, (50.0, 0.0)).x(), at(view, (70.0, 0.0)).x()
        return {image.pixelColor(x, row).red() for x in range(left, right)}

    assert len(greys()) > 2
    view.zoom(2.0)
    assert greys() == {0, 200}
    view.zoom(0.05)
    assert greys() <= set(range(60, 140)), "shrinking averages"


def test_the_right_button_windows_and_a_right_double_click_resets(qtbot: QtBot, make: Make) -> None:
    view = make()
    with qtbot.waitSignal(view.window_level_changed) as changed:
        drag(qtbot, view, (60.0, 40.0), (60.0, 30.0), button=Right)
    assert changed.args == [256.0, pytest.approx(98, abs=1)]
    assert pixel(view, (60.5, 40.5)).red() > 120, "up is brighter"
    qtbot.mouseDClick(view, Right, pos=QPoint(100, 100))
    assert pixel(view, (60.5, 40.5)).red() == 100


def test_a_narrow_window_makes_black_and_white(make: Make) -> None:
    view = make()
    view.set_window_level(2, 101)
    assert pixel(view, (60.5, 40.5)).red() == 0
    view.set_window_level(2, 99)
    assert pixel(view, (60.5, 40.5)).red() == 255


def test_shift_and_the_arrows_window(qtbot: QtBot, make: Make) -> None:
    view = make()
    qtbot.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert (view.window_level.width, view.window_level.centre) == (248, 136)


def test_colour_is_shown_in_colour_from_read_only_frames(make: Make) -> None:
    view = make()
    frame = np.zeros((80, 120, 3), np.uint8)
    frame[...] = (200, 30, 10)
    frame.setflags(write=False)
    view.show_frame(frame, 0)
    assert pixel(view, (60.5, 40.5)) == QColor(200, 30, 10)


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((80, 121), np.uint8),
        np.zeros((80, 120), np.uint16),
        np.zeros((80, 120, 4), np.uint8),
    ],
    ids=["other size", "16 bits", "four channels"],
)
def test_a_frame_that_is_none_of_this_image_is_refused(make: Make, frame: np.ndarray) -> None:
    view = make()
    with pytest.raises(ValueError, match=r"no frame|not a grey"):
        view.show_frame(frame, 0)


def test_arrows_home_and_end_ask_for_frames(qtbot: QtBot, make: Make) -> None:
    view = make()
    asked: list[int] = []
    view.frame_requested.connect(asked.append)
    keys = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Home)
    for key in keys:
        qtbot.keyClick(view, key)
    assert asked == [1, 2, 4, 0], "before the first there is none"


def test_a_still_asks_for_no_frames(qtbot: QtBot, make: Make) -> None:
    view = make(an_image(frames=1))
    with qtbot.assertNotEmitted(view.frame_requested):
        qtbot.keyClick(view, Qt.Key.Key_Right)


def test_the_pointers_position_is_told_in_image_coordinates(qtbot: QtBot, make: Make) -> None:
    view = make()
    with qtbot.waitSignal(view.position_hovered) as hovered:
        qtbot.mouseMove(view, at(view, (30.0, 20.0)))
    assert hovered.args == pytest.approx([30.0, 20.0], abs=0.34)
    with qtbot.waitSignal(view.hover_ended):
        qtbot.mouseMove(view, QPoint(1, 1))
    with qtbot.waitSignal(view.hover_ended):
        QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))


def test_what_can_be_taken_hold_of_shows_under_the_pointer(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.EDIT)
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    for point in (SQUARE[1], (40.0, 20.0)):
        qtbot.mouseMove(view, at(view, point))
        assert view.cursor().shape() == Qt.CursorShape.PointingHandCursor
        assert pixel(view, point) != QColor(100, 100, 100)
    qtbot.mouseMove(view, at(view, (100.0, 70.0)))
    assert view.cursor().shape() == Qt.CursorShape.ArrowCursor


HOT = np.ones((4, 4), np.float32)


def test_the_heatmap_lies_on_its_crop_and_nowhere_else(make: Make) -> None:
    view = make(tool=Tool.PAN)
    view.set_heatmap(HOT, Box(60, 40, 80, 60))
    assert not view.heatmap_is_shown(), "off until asked for"
    view.set_heatmap_visible(True)
    view.set_heatmap_opacity(1.0)
    assert pixel(view, (70.0, 50.0)) == QColor(253, 231, 37), "the hot end of viridis"
    assert pixel(view, (40.0, 30.0)) == QColor(100, 100, 100)
    view.set_heatmap_opacity(0.0)
    assert pixel(view, (70.0, 50.0)) == QColor(100, 100, 100)


def test_no_heat_leaves_the_ultrasound_as_it_is(make: Make) -> None:
    view = make(tool=Tool.PAN)
    view.set_heatmap(np.zeros((4, 4), np.float32), Box(60, 40, 80, 60))
    view.set_heatmap_visible(True)
    view.set_heatmap_opacity(1.0)
    assert pixel(view, (70.0, 50.0)) == QColor(100, 100, 100)


def test_the_heatmap_goes_when_the_outline_it_was_computed_from_changes(
    qtbot: QtBot, make: Make
) -> None:
    view = make(tool=Tool.EDIT)
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    view.set_heatmap(HOT, Box(10, 10, 70, 60))
    view.set_heatmap_visible(True)
    assert view.heatmap_is_shown()
    qtbot.mousePress(view, Left, pos=at(view, SQUARE[0]))
    qtbot.mouseMove(view, at(view, (15.0, 15.0)))
    assert not view.heatmap_is_shown(), "already while dragging"
    qtbot.mouseRelease(view, Left, pos=at(view, (15.0, 15.0)))
    assert not view.heatmap_is_shown()
    view.undo()
    assert view.heatmap_is_shown(), "the very outline is back"
    view.show_frame(np.zeros((80, 120), np.uint8), 1)
    assert not view.heatmap_is_shown(), "another frame"


def test_a_late_heatmap_of_another_outline_is_not_shown(make: Make) -> None:
    view = make()
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    view.set_heatmap_visible(True)
    view.set_heatmap(HOT, Box(10, 10, 70, 60), Roi(0, SQUARE[:3]))
    assert not view.heatmap_is_shown()
    view.set_heatmap(None, Box(0, 0, 1, 1))
    assert not view.heatmap_is_shown()


def bright(image: QImage, area: tuple[int, int, int, int]) -> int:
    """Pixels of words and bars in an area given as left, top, right, lower."""
    left, top, right, lower = area
    return sum(
        image.pixelColor(x, y).lightness() > 200
        for x in range(left, right)
        for y in range(top, lower)
    )


def test_a_calibrated_image_has_a_scale_bar(make: Make) -> None:
    region = Region(0, 0, 0, 119, 79, 1, 1, 3, 3, 0.01, 0.01)
    corner = (8, 236, 80, 250)
    plain = make(tool=Tool.PAN).grab().toImage()
    calibrated = make(an_image(regions=(region,)), Tool.PAN).grab().toImage()
    assert bright(plain, corner) == 0
    assert bright(calibrated, corner) > 50
    # 0.1 mm a pixel at three times: 5 mm are 150 pixels, the longest round length up to 160.
    assert bright(calibrated, (160, 236, 164, 240)) > 0


def test_rows_and_columns_of_different_size_get_an_upright_bar_too(make: Make) -> None:
    region = Region(0, 0, 0, 119, 79, 1, 1, 3, 3, 0.02, 0.01)
    image = make(an_image(regions=(region,)), Tool.PAN).grab().toImage()
    assert bright(image, (10, 120, 15, 230)) > 80


def test_the_region_under_the_pointer_is_framed(qtbot: QtBot, make: Make) -> None:
    region = Region(0, 10, 10, 70, 60, 1, 1, 3, 3, 0.01, 0.01)
    view = make(an_image(regions=(region,)), Tool.PAN)

    def is_framed() -> bool:
        return any(pixel(view, (x, 10.0)).red() > 110 for x in np.arange(20, 40, 0.34))

    assert not is_framed()
    qtbot.mouseMove(view, at(view, (30.0, 30.0)))
    assert is_framed()


def test_a_notice_stands_in_the_middle_until_the_next_frame(make: Make) -> None:
    view = make()
    view.show_notice("This frame cannot be decoded.")
    assert bright(view.grab().toImage(), (90, 115, 290, 140)) > 100
    view.show_frame(np.zeros((80, 120), np.uint8), 0)
    assert bright(view.grab().toImage(), (90, 115, 290, 140)) == 0


def test_before_a_frame_there_is_nothing_to_draw_on(qtbot: QtBot, make: Make) -> None:
    view = make()
    view.set_image(an_image())
    click(qtbot, view, (20.0, 20.0))
    qtbot.mouseMove(view, QPoint(50, 50))
    view.zoom(2.0)
    assert view.drawing == Drawing()
    assert not view.has_frame


def test_screen_readers_hear_what_is_drawn(qtbot: QtBot, make: Make) -> None:
    view = make()
    assert view.accessibleDescription() == "Frame 1 of 5. No outline."
    click(qtbot, view, *SQUARE, SQUARE[0])
    assert "outline of 4 points on frame 1" in view.accessibleDescription()
    view.set_image(None)
    assert view.accessibleDescription() == "No image."


def test_other_keys_are_left_to_the_window(qtbot: QtBot, make: Make) -> None:
    view = make()
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        event = QKeyEvent(kind, Qt.Key.Key_J, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(view, event)
        assert not event.isAccepted()
    enter = QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5))
    QApplication.sendEvent(view, enter)


def test_turning_frames_measures_the_outline_once(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Roi] = []

    def measure(roi: Roi, _image: UltrasoundImage) -> str:
        measured.append(roi)
        return f"{len(measured)} mm"

    monkeypatch.setattr("her2desk.ui.canvas.image_view.roi_size_text", measure)
    view = make()
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    for frame in range(5):
        view.show_frame(grey(), frame)
    assert len(measured) == 1
    moved = Roi(0, (*SQUARE[:3], (20.0, 60.0)))
    view.set_drawing(drawing_of(moved))
    assert measured[1:] == [moved]
    assert "2 mm" in view.accessibleDescription()
    assert view.image is not None
    view.describe_image(replace(view.image, pixel_spacing_mm=(0.1, 0.1)))
    assert len(measured) == 3


def test_a_heatmap_nobody_looks_at_is_not_coloured(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    coloured: list[Box] = []

    def colour(values: np.ndarray, crop: Box) -> HeatLayer:
        coloured.append(crop)
        return heat_layer(values, crop)

    monkeypatch.setattr("her2desk.ui.canvas.image_view.heat_layer", colour)
    view = make()
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    view.set_heatmap(np.ones((4, 4), np.float32), Box(10, 10, 70, 60))
    view.grab()
    assert not coloured
    view.set_heatmap_visible(True)
    assert view.heatmap_is_shown()
    view.grab()
    view.grab()
    assert coloured == [Box(10, 10, 70, 60)]
