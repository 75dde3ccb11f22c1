"""The middle column as the window uses it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QFont, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.dicom.reader import open_image
from her2desk.domain.drawing import Drawing, drawing_of
from her2desk.domain.image import ImageWarning, Region, UltrasoundImage, UserCalibration
from her2desk.domain.roi import Box, Roi
from her2desk.texts import msg
from her2desk.ui.canvas.icon_button import IconButton
from her2desk.ui.canvas.icons import icon
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.canvas.workspace import Workspace
from her2desk.ui.theme import apply_theme, colours

SQUARE = ((20.0, 20.0), (60.0, 20.0), (60.0, 50.0), (20.0, 50.0))
STILL = UltrasoundImage("a" * 64, None, 80, 120, 1, "MONOCHROME2", "image/png")
CINE = replace(
    STILL,
    frames=57,
    frame_time_ms=40.0,
    regions=(
        Region(0, 0, 0, 119, 39, 0, 0, 0, 0, 1.0, 1.0),
        Region(1, 0, 0, 119, 79, 1, 1, 3, 3, -0.0062, 0.0062),
    ),
)
Left = Qt.MouseButton.LeftButton


def grey(index: int) -> NDArray[np.uint8]:
    return np.full((80, 120), index, np.uint8)


@pytest.fixture
def workspace(qtbot: QtBot, qapp: QApplication) -> Workspace:
    apply_theme(qapp, "dark")
    widget = Workspace()
    qtbot.addWidget(widget)
    widget.resize(700, 520)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def draw_square(qtbot: QtBot, workspace: Workspace) -> None:
    view = workspace.view
    for point in (*SQUARE, SQUARE[0]):
        qtbot.mouseClick(view, Left, pos=view.transform.to_view(point).toPoint())


def test_without_a_case_both_ways_to_start_are_offered(qtbot: QtBot, workspace: Workspace) -> None:
    empty = workspace.empty_state
    assert empty.isVisible()
    with qtbot.waitSignal(workspace.open_requested):
        qtbot.mouseClick(empty.open_button, Left)
    with qtbot.waitSignal(workspace.demo_requested):
        qtbot.mouseClick(empty.demo_button, Left)
    assert not workspace.toolbar.fit_action.isEnabled()


def test_a_case_is_shown_with_its_outline_on_its_frame(workspace: Workspace) -> None:
    workspace.show_case(CINE, grey, drawing_of(Roi(11, SQUARE)))
    assert workspace.view.isVisible()
    assert workspace.view.frame_index == workspace.frame_index == 11
    assert workspace.roi() == Roi(11, SQUARE)
    assert workspace.cine.slider.marks().answering == 11
    assert workspace.view.tool is Tool.EDIT
    workspace.clear_case()
    assert workspace.empty_state.isVisible()
    assert workspace.image is None


def test_frames_are_asked_for_and_late_ones_ignored(qtbot: QtBot, workspace: Workspace) -> None:
    with qtbot.waitSignal(workspace.frame_requested) as asked:
        workspace.show_case(CINE)
    assert asked.args == [0]
    assert not workspace.view.has_frame
    workspace.go_to_frame(5)
    workspace.frame_ready(0, grey(0))
    assert not workspace.view.has_frame
    workspace.frame_ready(5, grey(5), "b" * 64)
    assert not workspace.view.has_frame, "of another file"
    with qtbot.waitSignal(workspace.frame_shown):
        workspace.frame_ready(5, grey(5), CINE.sha256)
    assert workspace.view.frame_index == 5


def test_a_frame_without_a_case_is_ignored(workspace: Workspace) -> None:
    workspace.frame_ready(0, grey(0))
    assert not workspace.view.has_frame


def test_a_frame_that_cannot_be_read_says_so(workspace: Workspace) -> None:
    workspace.show_case(CINE)
    before = workspace.view.grab().toImage()
    workspace.frame_failed(3, "late")
    assert workspace.view.grab().toImage() == before
    workspace.frame_failed(0, "Frame 1 cannot be decoded. Export the file anew.")
    assert workspace.view.grab().toImage() != before
    workspace.frame_ready(0, grey(0))
    workspace.frame_failed(0, "Frame 1 cannot be decoded. Export the file anew.")
    assert not workspace.view.has_frame, "nobody draws on what is not this frame"


def test_who_draws_stays_on_the_frame_that_is_drawn_on(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE)
    workspace.frame_ready(0, grey(0))
    workspace.cine.play_action.trigger()
    workspace.go_to_frame(7)
    view = workspace.view
    view.set_tool(Tool.FREEHAND)
    qtbot.mousePress(view, Left, pos=view.transform.to_view(SQUARE[0]).toPoint())
    assert not workspace.cine.is_playing
    workspace.frame_ready(7, grey(7))
    assert view.frame_index == workspace.cine.frame_index == 0
    for point in SQUARE[1:]:
        qtbot.mouseMove(view, view.transform.to_view(point).toPoint())
    qtbot.mouseRelease(view, Left, pos=view.transform.to_view(SQUARE[3]).toPoint())
    roi = workspace.roi()
    assert roi is not None
    assert roi.frame_index == 0


def test_calibration_and_its_source_are_always_on_screen(
    qtbot: QtBot, workspace: Workspace
) -> None:
    workspace.show_case(CINE, grey)
    line = "0.062 mm/px · region 2 of 2 (tissue, 2-D), from the DICOM ultrasound region"
    assert workspace.calibration_text() == line
    workspace.show_case(STILL, grey)
    assert workspace.calibration_text() == "No calibration: sizes are in pixels"
    workspace.show_case(replace(STILL, pixel_spacing_mm=(0.2, 0.1)), grey)
    assert (
        workspace.calibration_text()
        == "0.2 × 0.1 mm/px (down × across) · from the file’s PixelSpacing"
    )


def test_calibration_follows_the_pointer_and_says_why_it_is_missing(
    qtbot: QtBot, workspace: Workspace
) -> None:
    left = Region(0, 0, 0, 59, 79, 1, 1, 3, 3, 0.01, 0.01)
    image = replace(STILL, regions=(left,))
    workspace.show_case(image, grey)
    view = workspace.view
    qtbot.mouseMove(view, view.transform.to_view((100.0, 40.0)).toPoint())
    assert workspace.calibration_text() == "No calibration: sizes are in pixels"
    qtbot.mouseMove(view, QPoint(1, 1))
    assert workspace.calibration_text().startswith("0.1 mm/px")
    workspace.set_drawing(
        drawing_of(Roi(0, ((50.0, 20.0), (65.0, 20.0), (65.0, 60.0), (20.0, 60.0))))
    )
    assert "crosses the edge of its ultrasound region" in workspace.calibration_text()


def test_the_size_is_said_in_mm_and_follows_the_drag(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey)
    assert workspace.size_text() == "No outline yet"
    workspace.set_drawing(drawing_of(Roi(0, SQUARE)))
    # 40 × 30 pixels of 0.062 mm: diagonal 50 px, across it 37.5 px, 1200 px², around it 140 px.
    assert workspace.size_text() == "3.1 × 2.3 mm · 4.6 mm² · circumference 8.7 mm"
    view = workspace.view
    view.set_tool(Tool.EDIT)
    qtbot.mousePress(view, Left, pos=view.transform.to_view(SQUARE[2]).toPoint())
    qtbot.mouseMove(view, view.transform.to_view((100.0, 50.0)).toPoint())
    # The far corner is 85.4 px away, and the size follows a moment later.
    qtbot.waitUntil(lambda: workspace.size_text().startswith("5.3 × "))
    qtbot.mouseRelease(view, Left, pos=view.transform.to_view((100.0, 50.0)).toPoint())
    workspace.go_to_frame(2)
    assert workspace.size_text().endswith("· on frame 1")


def test_the_size_of_an_uncalibrated_outline_is_in_pixels(
    qtbot: QtBot, workspace: Workspace
) -> None:
    workspace.show_case(STILL, grey)
    view = workspace.view
    for point in SQUARE[:2]:
        qtbot.mouseClick(view, Left, pos=view.transform.to_view(point).toPoint())
    assert workspace.size_text() == "2 points"
    qtbot.mouseClick(view, Left, pos=view.transform.to_view(SQUARE[2]).toPoint())
    assert workspace.size_text() == "3 points · Enter or a double click closes"
    workspace.set_drawing(drawing_of(Roi(0, SQUARE)))
    assert workspace.size_text() == "50 × 38 px · 1,200 px² · circumference 140 px"


def test_closing_an_outline_is_told_to_the_window(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey)
    with qtbot.waitSignal(workspace.drawing_changed):
        draw_square(qtbot, workspace)
    bar = workspace.toolbar
    assert bar.tool_actions[Tool.EDIT].isChecked()
    assert bar.undo_action.isEnabled()
    assert bar.clear_action.isEnabled()
    with qtbot.waitSignal(workspace.drawing_changed):
        bar.clear_action.trigger()
    assert workspace.roi() is None
    with qtbot.waitSignal(workspace.drawing_changed):
        bar.undo_action.trigger()
    bar.redo_action.trigger()
    assert workspace.roi() is None


def test_shortcuts_choose_tools_and_views(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey)
    workspace.activateWindow()
    view = workspace.view
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    keys = {
        "G": Tool.PAN,
        "D": Tool.FREEHAND,
        "E": Tool.ELLIPSE,
        "B": Tool.BRUSH,
        "X": Tool.ERASER,
        "A": Tool.ASSIST,
        "R": Tool.RULER,
        "V": Tool.EDIT,
        "P": Tool.POLYGON,
    }
    for key, tool in keys.items():
        qtbot.keyClick(view, key)
        assert view.tool is tool
    view.zoom(2.0)
    view.set_window_level(100, 90)
    zoomed = view.transform
    qtbot.keyClick(view, "F")
    qtbot.keyClick(view, "W")
    assert view.transform != zoomed
    assert view.window_level.is_identity
    qtbot.keyClick(view, "K")
    assert workspace.drawing.key_frames == (0,)
    assert workspace.cine.key_frame_action.isChecked()
    workspace.toolbar.undo_action.trigger()
    assert workspace.drawing.key_frames == ()


def test_every_button_says_what_it_does_and_its_key(workspace: Workspace) -> None:
    workspace.show_case(CINE, grey)
    bare = {"Bounce", "More", "First frame", "Last frame", "Back and forth"}
    for button in workspace.findChildren(IconButton):
        assert button.accessibleName()
        is_bare = button.accessibleName() in bare
        assert is_bare or button.toolTip().endswith(")"), button.toolTip()
        assert button.sizeHint() == button.size()


def shown(workspace: Workspace) -> set[str]:
    buttons = workspace.toolbar.findChildren(IconButton)
    return {button.accessibleName() for button in buttons if button.isVisible()}


def test_what_does_not_fit_moves_into_a_menu(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey)
    bar = workspace.toolbar
    workspace.resize(900, 520)
    assert "More" not in shown(workspace)
    assert bar.overflow() == []
    workspace.resize(600, 520)
    assert {"Pan", "Brush", "Ruler", "Undo", "Heatmap", "More"} <= shown(workspace)
    hidden = [action.text() for action in bar.overflow()]
    assert hidden == ["Copy to previous frame", "Fit", "Reset window"]
    bar.more_menu.aboutToShow.emit()
    assert bar.more_menu.actions() == bar.overflow()
    right = max(button.geometry().right() for button in bar.findChildren(IconButton))
    assert right <= bar.width()
    workspace.view.setFocus()
    workspace.view.zoom(2.0)
    zoomed = workspace.view.transform
    qtbot.keyClick(workspace.view, "F")
    assert workspace.view.transform != zoomed, "keys work from the menu too"
    workspace.resize(900, 520)
    assert bar.overflow() == []


def test_the_brush_has_its_size_beside_it(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey)
    field, view = workspace.toolbar.brush_field, workspace.view
    assert not field.isVisible()
    qtbot.keyClick(view, "B")
    assert field.isVisible()
    assert field.text() == "12 px · 0.7 mm"
    qtbot.keyClick(view, "]")
    assert field.value() == view.brush_radius == 14
    qtbot.keyClick(view, "[")
    field.setValue(30)
    assert view.brush_radius == 30
    assert field.text() == "30 px · 1.9 mm"
    workspace.show_case(replace(STILL, pixel_spacing_mm=(0.2, 0.1)), grey)
    qtbot.keyClick(view, "X")
    assert field.text() == "30 px", "no one size in mm"
    qtbot.keyClick(view, "V")
    assert not field.isVisible()


def test_several_outlines_say_which_of_them_answers(workspace: Workspace) -> None:
    small = ((20.0, 20.0), (40.0, 20.0), (40.0, 40.0))
    workspace.show_case(CINE, grey, drawing_of(Roi(3, small), Roi(11, SQUARE), Roi(20, small)))
    view, marks = workspace.view, workspace.cine.slider.marks()
    assert workspace.frame_index == 11, "opened on the frame that answers"
    assert (marks.outlined, marks.answering) == ((3, 11, 20), 11)
    assert view.outline_text() == "Outline 2 of 3 · the largest, so it answers"
    workspace.go_to_frame(3)
    assert view.outline_text() == "Outline 1 of 3 · the largest, on frame 12, answers"
    assert view.outline_text() in view.accessibleDescription()
    workspace.go_to_frame(5)
    assert view.outline_text() == "3 outlines · the largest, on frame 12, answers"
    assert not workspace.toolbar.clear_action.isEnabled()
    workspace.set_drawing(drawing_of(Roi(3, small)))
    assert view.outline_text() == ""


def test_an_outline_begun_is_opened_where_it_was_begun(workspace: Workspace) -> None:
    workspace.show_case(CINE, grey, Drawing(pending=SQUARE[:2], pending_frame=7))
    assert workspace.frame_index == 7
    assert workspace.view.tool is Tool.POLYGON


def test_a_new_calibration_changes_the_words_and_nothing_else(
    qtbot: QtBot, workspace: Workspace
) -> None:
    image = replace(STILL, frames=3)
    workspace.show_case(image, grey)
    draw_square(qtbot, workspace)
    drawing, frame = workspace.drawing, workspace.view.grab().toImage()
    calibrated = replace(image, user_calibration=UserCalibration(0, (0.0, 0.0), (0.0, 50.0), 10.0))
    with qtbot.assertNotEmitted(workspace.drawing_changed):
        workspace.set_image(calibrated)
    assert workspace.calibration_text().startswith("0.2 mm/px")
    assert workspace.size_text().startswith("10.0 × ")
    assert workspace.drawing == drawing
    assert workspace.view.can_undo
    assert workspace.view.grab().toImage() != frame, "there is a scale bar now"
    with pytest.raises(ValueError, match="present image"):
        workspace.set_image(replace(image, rows=10))


def test_a_ruler_calibrates_a_picture_without_calibration(
    qtbot: QtBot, workspace: Workspace
) -> None:
    workspace.show_case(CINE, grey)
    bar, view = workspace.calibrate_bar, workspace.view
    assert not bar.isVisible()
    workspace.show_case(STILL, grey)
    assert bar.isVisible()
    qtbot.keyClick(view, "R")
    start, end = (view.transform.to_view((10.0, row)).toPoint() for row in (10.0, 60.0))
    qtbot.mousePress(view, Left, pos=start)
    qtbot.mouseMove(view, end)
    qtbot.mouseRelease(view, Left, pos=end)
    bar.field.setText("10 mm")
    with qtbot.waitSignal(bar.calibration_given) as given:
        qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    workspace.set_image(replace(STILL, user_calibration=given.args[0]))
    assert workspace.calibration_text().startswith("0.2 mm/px")


def test_a_note_of_the_program_stands_until_the_next_stroke(
    qtbot: QtBot, workspace: Workspace
) -> None:
    workspace.show_case(CINE, grey)
    workspace.show_note(msg("No outline was found. Draw it by hand."))
    assert workspace.note_text() == "No outline was found. Draw it by hand."
    qtbot.mouseClick(workspace.view, Left, pos=workspace.view.transform.to_view((9, 9)).toPoint())
    assert workspace.note_text() == ""
    workspace.show_note(msg("No outline was found. Draw it by hand."))
    workspace.go_to_frame(2)
    assert workspace.note_text() == ""


def test_the_heatmap_belongs_to_the_outline_that_answers(workspace: Workspace) -> None:
    small = ((20.0, 20.0), (40.0, 20.0), (40.0, 40.0))
    workspace.show_case(CINE, grey, drawing_of(Roi(3, small), Roi(11, SQUARE)))
    workspace.set_heatmap_visible(True)
    workspace.set_heatmap(np.ones((4, 4), np.float32), Box(10, 10, 70, 60))
    assert workspace.view.heatmap_is_shown()
    workspace.go_to_frame(3)
    assert not workspace.view.heatmap_is_shown()
    workspace.go_to_frame(11)
    workspace.view.clear()
    assert not workspace.view.heatmap_is_shown()
    assert workspace.roi() == Roi(3, small)


def test_the_heatmap_is_switched_by_its_button_only(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey, drawing_of(Roi(0, SQUARE)))
    bar = workspace.toolbar
    assert not bar.heatmap_action.isEnabled()
    workspace.set_heatmap(np.ones((4, 4), np.float32), Box(10, 10, 70, 60))
    assert not workspace.view.heatmap_is_shown()
    assert not bar.opacity_slider.isVisible()
    with qtbot.waitSignal(workspace.heatmap_toggled):
        bar.heatmap_action.trigger()
    assert workspace.view.heatmap_is_shown()
    assert bar.opacity_slider.isVisible()
    with qtbot.waitSignal(workspace.heatmap_opacity_changed) as changed:
        bar.opacity_slider.setValue(80)
    assert changed.args == [0.8]
    workspace.set_heatmap_opacity(0.3)
    assert bar.opacity_slider.value() == 30
    workspace.set_heatmap(None, Box(0, 0, 1, 1))
    assert not bar.heatmap_action.isEnabled()
    assert not bar.opacity_slider.isVisible()
    workspace.set_heatmap_visible(False)
    assert not bar.heatmap_action.isChecked()


def test_warnings_about_the_file_stand_above_it(workspace: Workspace) -> None:
    warned = replace(STILL, warnings=(ImageWarning("burned-in", msg("Names may be burned in.")),))
    workspace.show_case(warned, grey)
    assert workspace.warning_text() == "⚠ Names may be burned in."
    workspace.show_case(STILL, grey)
    assert workspace.warning_text() == ""


def files(*urls: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(url) for url in urls])
    return data


def test_files_are_dropped_on_the_workspace(
    qtbot: QtBot, workspace: Workspace, tmp_path: Path
) -> None:
    data = files(QUrl.fromLocalFile(str(tmp_path / "a b.dcm")).toString(), "https://example.org/x")
    action, nothing = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), action, data, Left, nothing)
    before = workspace.grab().toImage()
    QApplication.sendEvent(workspace, enter)
    assert enter.isAccepted()
    assert workspace.grab().toImage() != before, "the frame lights up"
    QApplication.sendEvent(workspace, QDragLeaveEvent())
    assert workspace.grab().toImage() == before
    again = QDragEnterEvent(QPoint(9, 9), action, data, Left, nothing)
    QApplication.sendEvent(workspace, again)
    drop = QDropEvent(QPointF(9, 9), action, data, Left, nothing, QEvent.Type.Drop)
    with qtbot.waitSignal(workspace.files_dropped) as dropped:
        QApplication.sendEvent(workspace, drop)
    assert dropped.args == [[tmp_path / "a b.dcm"]]


def test_what_is_no_file_is_not_welcome(workspace: Workspace) -> None:
    data = files("https://example.org/x")
    event = QDragEnterEvent(
        QPoint(9, 9),
        Qt.DropAction.CopyAction,
        data,
        Left,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    QApplication.sendEvent(workspace, event)
    assert not event.isAccepted()


def test_a_long_calibration_line_is_shortened_and_whole_in_its_tooltip(
    workspace: Workspace,
) -> None:
    workspace.show_case(CINE, grey, drawing_of(Roi(0, SQUARE)))
    font = QFont(workspace.font())
    font.setPixelSize(30)
    line = workspace.readout.calibration_line
    line.setStyleSheet("font-size: 30px")
    workspace.grab()
    assert line.shown_text().endswith("…")
    assert line.toolTip() == workspace.calibration_text()


def test_both_themes_paint(qtbot: QtBot, qapp: QApplication, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey, drawing_of(Roi(0, SQUARE)))
    dark = workspace.toolbar.grab().toImage()
    apply_theme(qapp, "light")
    light = workspace.toolbar.grab().toImage()
    assert dark.pixelColor(400, 3).name() != light.pixelColor(400, 3).name()
    assert light.pixelColor(400, 3).name() == colours().surface


def test_icons_are_sharp_on_dense_screens() -> None:
    sizes = icon("polygon", "#ff0000").availableSizes()
    assert sorted(size.width() for size in sizes) == [20, 40]


def test_a_focused_button_has_a_ring(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey)
    workspace.activateWindow()
    button = next(iter(workspace.toolbar.stops()))
    button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(button.hasFocus)

    def has_ring(image: QImage) -> bool:
        return any(image.pixelColor(x, 1).name() == colours().focus for x in range(8, 24))

    assert has_ring(button.grab().toImage())
    qtbot.mousePress(button, Left)
    button.grab()
    qtbot.mouseRelease(button, Left)


@pytest.mark.data
def test_real_ultrasound_is_shown_frame_by_frame(
    qtbot: QtBot, workspace: Workspace, test_data: Path
) -> None:
    opened = open_image(test_data / "dicom_us" / "go-dicom__I_000031.dcm")
    workspace.show_case(opened.image, opened.frames.frame)
    assert workspace.calibration_text().startswith("0.324 mm/px · region 1 of 1")
    workspace.go_to_frame(63)
    assert workspace.view.frame_index == 63
    shown = {
        workspace.view.grab().toImage().pixelColor(x, 200).lightness() for x in range(100, 600)
    }
    assert len(shown) > 20
