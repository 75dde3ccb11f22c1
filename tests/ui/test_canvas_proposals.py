"""Proposed outlines on the workspace: kept, dropped, withdrawn; copied on to the next frame."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.domain.drawing import Drawing, drawing_of
from her2desk.domain.proposal import Proposal, ProposalOrigin
from her2desk.domain.roi import Point, Roi
from her2desk.texts import msg
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.canvas.workspace import Workspace
from her2desk.ui.theme import apply_theme
from tests.ui.canvas_samples import SQUARE, Left, an_image, at, click, drag, grey, pixel

MOVED: tuple[Point, ...] = ((25.0, 22.0), (65.0, 22.0), (65.0, 52.0), (25.0, 52.0))
NETWORK = "d" * 64


@pytest.fixture
def workspace(qtbot: QtBot, qapp: QApplication) -> Workspace:
    apply_theme(qapp, "dark")
    widget = Workspace()
    qtbot.addWidget(widget)
    widget.resize(700, 520)
    widget.show_case(an_image(), grey, drawing_of(Roi(1, SQUARE)))
    widget.show()
    qtbot.waitExposed(widget)
    widget.activateWindow()
    widget.view.setFocus()
    qtbot.waitUntil(widget.view.hasFocus)
    return widget


def a_proposal(frame: int = 1, polygon: tuple[Point, ...] = MOVED) -> Proposal:
    return Proposal(Roi(frame, polygon, NETWORK), ProposalOrigin.ASSISTED)


def answers_of(workspace: Workspace) -> list[bool]:
    said: list[bool] = []
    workspace.proposal_answered.connect(lambda _, is_kept: said.append(is_kept))
    return said


@pytest.mark.parametrize("how", ["enter", "button"])
def test_a_proposal_is_kept_as_one_step(qtbot: QtBot, workspace: Workspace, how: str) -> None:
    said = answers_of(workspace)
    workspace.show_proposal(a_proposal())
    assert workspace.note_text() == "Proposed outline: Enter keeps, Esc drops"
    assert workspace.drawing == drawing_of(Roi(1, SQUARE)), "nothing is kept unasked"
    with qtbot.waitSignal(workspace.drawing_changed) as changed:
        if how == "enter":
            qtbot.keyClick(workspace.view, Qt.Key.Key_Return)
        else:
            qtbot.mouseClick(workspace._page.cover.bar.keep_button, Left)
    assert changed.args == [drawing_of(Roi(1, MOVED, NETWORK))]
    assert said == [True]
    assert workspace.note_text() == ""
    workspace.view.undo()
    assert workspace.drawing == drawing_of(Roi(1, SQUARE))


@pytest.mark.parametrize("how", ["escape", "button", "stroke", "frame"])
def test_a_proposal_is_dropped(qtbot: QtBot, workspace: Workspace, how: str) -> None:
    said = answers_of(workspace)
    workspace.show_proposal(a_proposal())
    if how == "escape":
        qtbot.keyClick(workspace.view, Qt.Key.Key_Escape)
    elif how == "button":
        qtbot.mouseClick(workspace._page.cover.bar.drop_button, Left)
    elif how == "stroke":
        workspace.view.set_tool(Tool.POLYGON)
        click(qtbot, workspace.view, (100.0, 70.0))
    else:
        qtbot.keyClick(workspace.view, Qt.Key.Key_Right)
    assert said == [False]
    assert workspace.view.proposal is None
    assert workspace.note_text() == ""
    assert workspace.roi() == Roi(1, SQUARE)


def test_what_the_program_withdraws_is_not_answered(qtbot: QtBot, workspace: Workspace) -> None:
    said = answers_of(workspace)
    workspace.show_proposal(a_proposal())
    workspace.withdraw_proposal()
    assert workspace.note_text() == ""
    workspace.show_proposal(a_proposal())
    workspace.set_drawing(Drawing())
    assert workspace.view.proposal is None
    workspace.show_proposal(a_proposal())
    workspace.show_case(an_image(), grey)
    assert workspace.view.proposal is None
    assert said == []
    qtbot.keyClick(workspace.view, Qt.Key.Key_Return)
    workspace.view.keep_proposal()
    assert workspace.drawing == Drawing()


def test_a_proposal_for_a_frame_left_meanwhile_is_ignored(workspace: Workspace) -> None:
    workspace.show_proposal(a_proposal(frame=3))
    assert workspace.view.proposal is None
    workspace.clear_case()
    workspace.show_proposal(a_proposal(frame=0))
    assert workspace.view.proposal is None


def test_a_proposal_that_crosses_itself_is_mended_when_kept(
    qtbot: QtBot, workspace: Workspace
) -> None:
    knot = ((20.0, 20.0), (80.0, 60.0), (80.0, 20.0), (20.0, 50.0))
    workspace.show_proposal(a_proposal(polygon=knot))
    qtbot.keyClick(workspace.view, Qt.Key.Key_Enter)
    roi = workspace.roi()
    assert roi is not None
    assert (len(roi.polygon), roi.assisted_by) == (3, NETWORK)
    assert workspace.note_text().startswith("The outline crossed itself")
    qtbot.mouseClick(workspace._page.cover.bar.close_button, Left)
    assert workspace.note_text() == ""


def test_a_proposal_shows_dashed_with_what_may_be_wrong_with_it(workspace: Workspace) -> None:
    noted = replace(a_proposal(), note=msg("Look at the lower edge."))
    workspace.show_proposal(noted)
    assert workspace.note_text().endswith("\nLook at the lower edge.")
    image = workspace.view.grab().toImage()
    row = at(workspace.view, (0.0, 52.0)).y()
    left, right = at(workspace.view, (27.0, 0.0)).x(), at(workspace.view, (63.0, 0.0)).x()
    pink = [image.pixelColor(x, row).red() > 200 for x in range(left, right)]
    assert any(pink)
    assert not all(pink)


def test_the_words_stand_where_the_proposal_does_not(workspace: Workspace) -> None:
    bar, view = workspace._page.cover.bar, workspace.view
    workspace.show_proposal(a_proposal(polygon=tuple((x, y + 20) for x, y in SQUARE)))
    assert bar.y() < 100
    workspace.show_proposal(a_proposal(polygon=tuple((x, y - 20) for x, y in SQUARE)))
    assert bar.y() > view.height() - 120
    workspace.resize(420, 520)
    assert bar.x() >= 0
    assert bar.geometry().right() <= view.width()


def test_waiting_for_an_outline_shows(workspace: Workspace) -> None:
    busy = workspace._page.cover.busy
    workspace.set_assist_busy(True)
    assert busy.isVisible()
    assert busy.width() == workspace.view.width()
    workspace.show_proposal(a_proposal())
    assert not busy.isVisible()


def test_escape_drops_a_proposal_before_the_window_hears_of_it(workspace: Workspace) -> None:
    def override() -> bool:
        event = QKeyEvent(
            QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier
        )
        event.ignore()
        workspace.view.event(event)
        return event.isAccepted()

    assert not override()
    workspace.show_proposal(a_proposal())
    assert override()


def test_the_assisted_tool_asks_and_gives_way_to_editing(
    qtbot: QtBot, workspace: Workspace
) -> None:
    qtbot.keyClick(workspace.view, "A")
    assert workspace.view.tool is Tool.ASSIST
    with qtbot.waitSignal(workspace.assist_requested) as asked:
        drag(qtbot, workspace.view, (10.0, 10.0), (70.0, 60.0))
    assert asked.args[0].frame_index == 1
    workspace.show_proposal(a_proposal())
    said = answers_of(workspace)
    with qtbot.waitSignal(workspace.assist_requested):
        click(qtbot, workspace.view, (40.0, 40.0))
    assert said == [False], "another question drops the first answer"
    workspace.show_proposal(a_proposal())
    qtbot.keyClick(workspace.view, Qt.Key.Key_Return)
    assert workspace.view.tool is Tool.EDIT


def test_an_outline_is_copied_on_and_back(qtbot: QtBot, workspace: Workspace) -> None:
    asked: list[tuple[Roi, int]] = []
    workspace.track_requested.connect(lambda roi, frame: asked.append((roi, frame)))
    view = workspace.view
    qtbot.keyClick(view, "N")
    assert (workspace.frame_index, view.frame_index) == (2, 2)
    workspace.show_proposal(a_proposal(frame=2))
    assert pixel(view, (45.0, 52.0)) != pixel(view, (45.0, 60.0))
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert [roi.frame_index for roi in workspace.drawing.rois] == [1, 2]
    qtbot.keyClick(view, "N", Qt.KeyboardModifier.ShiftModifier)
    assert asked == [(Roi(1, SQUARE), 2), (Roi(2, MOVED, NETWORK), 1)]


def test_a_proposal_may_come_before_its_frame_is_read(qtbot: QtBot, workspace: Workspace) -> None:
    workspace.show_case(an_image(), None, drawing_of(Roi(1, SQUARE)))
    workspace.frame_ready(1, grey())
    workspace.copy_outline(1)
    workspace.show_proposal(a_proposal(frame=2))
    before = workspace.view.grab().toImage()
    qtbot.keyClick(workspace.view, Qt.Key.Key_Return)
    assert workspace.drawing == drawing_of(Roi(1, SQUARE)), "nobody keeps what is not in sight"
    workspace.frame_ready(2, grey())
    assert workspace.view.proposal == a_proposal(frame=2)
    assert workspace.view.grab().toImage() != before


def test_only_an_outline_that_is_there_can_be_copied(qtbot: QtBot, workspace: Workspace) -> None:
    bar = workspace.toolbar
    assert bar.copy_next_action.isEnabled()
    assert bar.copy_previous_action.isEnabled()
    workspace.go_to_frame(0)
    assert not bar.copy_next_action.isEnabled()
    with qtbot.assertNotEmitted(workspace.track_requested):
        workspace.copy_outline(1)
    workspace.set_drawing(drawing_of(Roi(0, SQUARE)))
    assert bar.copy_next_action.isEnabled()
    assert not bar.copy_previous_action.isEnabled()
    with qtbot.assertNotEmitted(workspace.track_requested):
        workspace.copy_outline(-1)
