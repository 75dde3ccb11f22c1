"""Drawing without a mouse: a cross that keys move, and every tool that follows it."""

from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.ui.accessible import install
from her2desk.ui.canvas.image_view import ImageView
from her2desk.ui.canvas.pointing_view import LEAP_PX, STEP_PX
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.theme import apply_theme
from tests.ui.canvas_samples import SQUARE, a_view, at, nearly

Key = Qt.Key
SHIFT, NONE = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
Make = Callable[..., ImageView]


@pytest.fixture
def make(qtbot: QtBot, qapp: QApplication) -> Make:
    apply_theme(qapp, "dark")
    return partial(a_view, qtbot)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a screen reader is told to say."""
    found: list[str] = []

    def keep(event: object) -> None:
        if hasattr(event, "message"):
            found.append(event.message())

    monkeypatch.setattr(QAccessible, "updateAccessibility", keep)
    return found


def go_to(view: ImageView, column: float, row: float) -> None:
    """Move the cross there, by tens and by ones."""
    for axis, keys in ((0, (Key.Key_Left, Key.Key_Right)), (1, (Key.Key_Up, Key.Key_Down))):
        assert view.cross is not None
        way = (column, row)[axis] - view.cross[axis]
        leaps, steps = divmod(abs(way), LEAP_PX)
        for _ in range(round(leaps)):
            QTest.keyClick(view, keys[way > 0], SHIFT)
        for _ in range(round(steps / STEP_PX)):
            QTest.keyClick(view, keys[way > 0])


def press(view: ImageView, *keys: Key) -> None:
    for key in keys:
        QTest.keyClick(view, key)


def test_a_polygon_is_drawn_closed_and_taken_back(make: Make, said: list[str]) -> None:
    view = make(tool=Tool.POLYGON)
    view.setFocus()
    press(view, Key.Key_Q)
    assert view.cross == pytest.approx((60, 40), abs=1)
    for column, row in SQUARE:
        go_to(view, column, row)
        press(view, Key.Key_Space)
    assert said[-1].startswith("Point 4. Column 20, row 50")
    press(view, Key.Key_Return)
    assert nearly(view.roi(), SQUARE)
    assert "outline of 4 points" in view.accessibleDescription()
    view.undo()
    assert view.roi() is None


def test_dragged_tools_take_hold_and_let_go(make: Make, said: list[str]) -> None:
    view = make(tool=Tool.ELLIPSE)
    press(view, Key.Key_Q)
    go_to(view, 30, 20)
    press(view, Key.Key_Space)
    assert said[-1] == "Taken hold of. Arrow keys drag, Space lets go."
    go_to(view, 70, 60)
    assert view.roi() is None
    press(view, Key.Key_Space)
    roi = view.roi()
    assert roi is not None
    assert roi.bounds() == pytest.approx((30, 20, 70, 60), abs=1)
    assert said[-1].startswith("Outline of")


def test_a_vertex_is_moved_by_keys(make: Make) -> None:
    view = make(tool=Tool.POLYGON)
    press(view, Key.Key_Q)
    for column, row in SQUARE:
        go_to(view, column, row)
        press(view, Key.Key_Space)
    press(view, Key.Key_Return)
    assert view.tool is Tool.EDIT
    go_to(view, 20, 20)
    press(view, Key.Key_Space, Key.Key_Left, Key.Key_Left, Key.Key_Space)
    assert nearly(view.roi(), ((18.0, 20.0), *SQUARE[1:]))


def test_escape_gives_up_the_stroke_then_the_cross(make: Make) -> None:
    view = make(tool=Tool.RULER)
    press(view, Key.Key_Q, Key.Key_Space, Key.Key_Right, Key.Key_Escape)
    assert view.drawing.rulers == ()
    assert view.cross is not None
    press(view, Key.Key_Escape)
    assert view.cross is None


def test_the_cross_stays_on_the_image_and_in_sight(make: Make) -> None:
    view = make(tool=Tool.POLYGON)
    press(view, Key.Key_Q)
    for _ in range(9):
        view.zoom(1.25)
    for _ in range(20):
        QTest.keyClick(view, Key.Key_Right, SHIFT)
    assert view.cross is not None
    assert view.cross[0] == 120
    assert view.rect().contains(at(view, view.cross))


def test_without_the_cross_arrows_turn_frames_and_the_mouse_takes_it_away(
    make: Make, qtbot: QtBot
) -> None:
    view = make(tool=Tool.POLYGON)
    with qtbot.waitSignal(view.frame_requested) as asked:
        press(view, Key.Key_Right)
    assert asked.args == [1]
    press(view, Key.Key_Q)
    with qtbot.assertNotEmitted(view.frame_requested):
        press(view, Key.Key_Right)
    qtbot.mouseMove(view, at(view, (10.0, 10.0)))
    assert view.cross is None


def test_the_cross_is_seen(make: Make) -> None:
    view = make(tool=Tool.POLYGON)
    before = view.grab().toImage()
    press(view, Key.Key_Q)
    assert view.grab().toImage() != before


def test_a_screen_reader_knows_a_picture(make: Make, qapp: QApplication) -> None:
    install(qapp)
    view = make()
    spoken = QAccessible.queryAccessibleInterface(view)
    assert spoken is not None
    assert spoken.role() == QAccessible.Role.Graphic
    assert spoken.text(QAccessible.Text.Name) == "Ultrasound image"
