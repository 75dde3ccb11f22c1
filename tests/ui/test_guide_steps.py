"""What the guide tells a reader to do is done here, with mouse and keys, page by page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from her2desk.paths import demo_case_dir
from her2desk.ui.keys import fixed_keys
from her2desk.ui.rehearsal import demo_roi
from her2desk.ui.shortcuts_dialog import drawing_rows
from tests.ui.seat import CTRL, LEFT, SHIFT, Seat, button, click, type_into, wait_until
from tests.unit.help.guide_words import DOCS, GUIDE, keys_in, portable

KEY = Qt.Key
CORNERS = 14


@pytest.fixture
def seat(tmp_path: Path, qapp: QApplication) -> Iterator[Seat]:
    seat = Seat(tmp_path / "home")
    yield seat
    seat.close()


def draw_round_the_lesion(seat: Seat) -> None:
    """Polygon by its key, a click at each corner, Enter."""
    view = seat.window.workspace.view
    view.setFocus()
    QTest.keyClick(view, KEY.Key_P)
    points = demo_roi().polygon
    for corner in range(CORNERS):
        place = view.transform.to_view(points[corner * len(points) // CORNERS]).toPoint()
        QTest.mouseMove(view, place)
        QTest.mouseClick(view, LEFT, pos=place)
    QTest.keyClick(view, KEY.Key_Return)


@pytest.mark.slow
def test_first_steps(tmp_path: Path, qapp: QApplication) -> None:
    seat = Seat(tmp_path / "home", answers=True)
    window = seat.window
    click(button(window.workspace, "Try the demo case"))
    wait_until(lambda: window.workspace.view.has_frame)
    window.workspace.go_to_frame(demo_roi().frame_index)
    wait_until(lambda: window.workspace.view.frame_index == demo_roi().frame_index)
    draw_round_the_lesion(seat)
    wait_until(lambda: window.session.pack is not None)
    seat.press(KEY.Key_3, CTRL)
    click(button(window.clinical.rows["pr"], "Positive"))
    seat.answer()
    assert window.session.prediction is not None
    assert window.header.demo_badge.isVisible()
    assert seat.says_saved()
    for key, page in ((KEY.Key_4, window.nomogram), (KEY.Key_5, window.why)):
        seat.press(key, CTRL)
        assert window.tabs.currentWidget() is page
    seat.press(KEY.Key_A, Qt.KeyboardModifier.AltModifier)
    wait_until(window.right.decision.again.isVisible)
    seat.close()


@pytest.mark.slow
def test_bring_images_in(seat: Seat, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    seat.drop(demo_case_dir() / "demo.dcm", tmp_path / "notes.txt")
    wait_until(lambda: len(seat.rows()) == 1 and not seat.window.importer.is_busy)
    seat.press(KEY.Key_I, CTRL)
    assert seat.window.import_table.isVisible()
    seat.window.import_table.close()
    seat.press(KEY.Key_F, CTRL)
    QTest.keyClicks(seat.window.cases.search, "nobody")
    wait_until(lambda: seat.rows() == [])


@pytest.mark.slow
def test_size_by_a_ruler(seat: Seat, tmp_path: Path) -> None:
    Image.new("L", (640, 480), 90).save(tmp_path / "plain.png")
    seat.bring_in(tmp_path / "plain.png")
    workspace = seat.window.workspace
    view, bar = workspace.view, workspace.calibrate_bar
    assert bar.isVisible()
    view.setFocus()
    QTest.keyClick(view, KEY.Key_R)
    start, end = (view.transform.to_view((600.0, y)).toPoint() for y in (100.0, 200.0))
    QTest.mousePress(view, LEFT, pos=start)
    for step in range(1, 5):
        QTest.mouseMove(view, start + (end - start) * step / 4)
    QTest.mouseRelease(view, LEFT, pos=end)
    type_into(bar.field, "1 cm")
    QTest.keyClick(bar.field, KEY.Key_Return)
    wait_until(lambda: "by the user" in workspace.calibration_text())
    click(bar.remove_button)
    wait_until(lambda: "by the user" not in workspace.calibration_text())


@pytest.mark.slow
def test_cine_and_frames(seat: Seat) -> None:
    seat.open_demo()
    view = seat.window.workspace.view
    view.setFocus()
    before = view.frame_index
    QTest.keyClick(view, KEY.Key_Right)
    wait_until(lambda: view.frame_index == before + 1)
    QTest.keyClick(view, KEY.Key_Home)
    wait_until(lambda: view.frame_index == 0)
    QTest.keyClick(view, KEY.Key_K)
    QTest.keyClick(view, KEY.Key_End)
    wait_until(lambda: view.frame_index > 1)
    QTest.keyClick(view, KEY.Key_Left, CTRL)
    wait_until(lambda: view.frame_index == 0)


@pytest.mark.slow
def test_draw_and_take_back(seat: Seat) -> None:
    seat.open_demo()
    draw_round_the_lesion(seat)
    session = seat.window.session
    assert session.roi is not None
    view = seat.window.workspace.view
    for _ in range(CORNERS + 2):
        QTest.keyClick(view, KEY.Key_Z, CTRL)
    assert session.roi is None
    for _ in range(CORNERS + 2):
        QTest.keyClick(view, KEY.Key_Z, CTRL | SHIFT)
    assert session.roi is not None
    QTest.mouseClick(view, LEFT, pos=QPoint(4, 4))
    QTest.keyClick(view, KEY.Key_Escape)
    assert session.roi is not None


def test_every_key_that_the_guide_names_does_something(seat: Seat) -> None:
    there = keys_there(seat) | {"Shift", "Ctrl"}
    for path in (*GUIDE, DOCS / "index.md", DOCS / "researcher.md"):
        named = {portable(key) or key for key in keys_in(path.read_text(encoding="utf-8"))}
        assert named <= there, path.stem


def keys_there(seat: Seat) -> set[str]:
    """Of the main window, its picture, the report, and what widgets listen to themselves."""
    tools = [*seat.window.workspace.toolbar.actions(), *seat.window.workspace.cine.actions()]
    report = seat.window.tools.report.open()
    actions = [*seat.window.actions(), *tools]
    style = QKeySequence.SequenceFormat.PortableText
    found = {keys.toString(style) for action in actions for keys in action.shortcuts()}
    buttons = report.findChildren(QPushButton)
    found |= {one.shortcut().toString(style) for one in buttons}
    return found | set(fixed_keys()) | {keys for keys, _words in drawing_rows()}
