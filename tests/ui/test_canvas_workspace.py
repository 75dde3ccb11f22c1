"""The middle column as the window uses it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QFont, QImage
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from her2desk.dicom.reader import open_image
from her2desk.domain.image import ImageWarning, Region, UltrasoundImage
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
    workspace.show_case(CINE, grey, Roi(11, SQUARE))
    assert workspace.view.isVisible()
    assert workspace.view.frame_index == workspace.frame_index == 11
    assert workspace.roi() == Roi(11, SQUARE)
    assert workspace.cine.slider.mark() == 11
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
    line = "0.062 mm/px · region 2 of 2, from the DICOM ultrasound region"
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
    workspace.set_roi(Roi(0, ((50.0, 20.0), (65.0, 20.0), (65.0, 60.0), (20.0, 60.0))))
    assert "crosses the edge of its ultrasound region" in workspace.calibration_text()


def test_the_size_is_said_in_mm_and_follows_the_drag(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey)
    assert workspace.size_text() == "No outline yet"
    workspace.set_roi(Roi(0, SQUARE))
    # 40 × 30 pixels of 0.062 mm: 2.48 × 1.86 mm, 4.61 mm².
    assert workspace.size_text() == "ROI 2.5 × 1.9 mm · 4.61 mm²"
    view = workspace.view
    view.set_tool(Tool.EDIT)
    qtbot.mousePress(view, Left, pos=view.transform.to_view(SQUARE[2]).toPoint())
    qtbot.mouseMove(view, view.transform.to_view((100.0, 50.0)).toPoint())
    assert workspace.size_text().startswith("ROI 5.0 × 1.9 mm")
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
    workspace.set_roi(Roi(0, SQUARE))
    assert workspace.size_text() == "ROI 40 × 30 px · 1,200 px²"


def test_closing_an_outline_is_told_to_the_window(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey)
    with qtbot.waitSignals([workspace.roi_closed, workspace.drawing_changed]):
        draw_square(qtbot, workspace)
    bar = workspace.toolbar
    assert bar.tool_actions[Tool.EDIT].isChecked()
    assert bar.undo_action.isEnabled()
    assert bar.clear_action.isEnabled()
    with qtbot.waitSignal(workspace.roi_cleared):
        bar.clear_action.trigger()
    with qtbot.waitSignal(workspace.roi_closed):
        bar.undo_action.trigger()
    bar.redo_action.trigger()
    assert workspace.roi() is None


def test_shortcuts_choose_tools_and_views(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey)
    workspace.activateWindow()
    view = workspace.view
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    for key, tool in (("G", Tool.PAN), ("D", Tool.FREEHAND), ("V", Tool.EDIT), ("P", Tool.POLYGON)):
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
    assert workspace.cine.is_playing
    qtbot.keyClick(view, "K")
    assert not workspace.cine.is_playing


def test_every_button_says_what_it_does_and_its_key(workspace: Workspace) -> None:
    workspace.show_case(CINE, grey)
    buttons = workspace.findChildren(IconButton)
    assert len(buttons) == 13
    for button in buttons:
        assert button.accessibleName()
        assert button.toolTip().endswith(")"), button.toolTip()
        assert button.sizeHint() == button.size()
    names = {button.accessibleName() for button in workspace.findChildren(QToolButton)}
    assert not names & {"Ellipse", "Brush"}, "no dead buttons"


def test_the_heatmap_is_switched_by_its_button_only(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey, Roi(0, SQUARE))
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
    workspace.show_case(CINE, grey, Roi(0, SQUARE))
    font = QFont(workspace.font())
    font.setPixelSize(30)
    line = workspace.readout.calibration_line
    line.setStyleSheet("font-size: 30px")
    workspace.grab()
    assert line.shown_text().endswith("…")
    assert line.toolTip() == workspace.calibration_text()


def test_both_themes_paint(qtbot: QtBot, qapp: QApplication, workspace: Workspace) -> None:
    workspace.show_case(CINE, grey, Roi(0, SQUARE))
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
    button = workspace.toolbar.findChildren(IconButton)[0]
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
