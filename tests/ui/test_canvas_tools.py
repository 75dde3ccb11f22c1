"""Ellipse, brush, eraser, ruler and the assisted outline with a real mouse and real keys."""

from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.domain.drawing import Drawing, Ruler, drawing_of
from her2desk.domain.image import Region
from her2desk.domain.proposal import Prompt
from her2desk.domain.roi import Point, Roi
from her2desk.texts import Message
from her2desk.ui.canvas.image_view import ImageView
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.theme import apply_theme, colours
from tests.ui.canvas_samples import (
    SQUARE,
    Left,
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
Shift = Qt.KeyboardModifier.ShiftModifier
Ctrl = Qt.KeyboardModifier.ControlModifier
Alt = Qt.KeyboardModifier.AltModifier
TISSUE = Region(0, 0, 0, 119, 79, 1, 1, 3, 3, 0.01, 0.02)  # 0.1 mm across, 0.2 mm down


@pytest.fixture
def make(qtbot: QtBot, qapp: QApplication) -> Make:
    apply_theme(qapp, "dark")
    return partial(a_view, qtbot)


def bounds(view: ImageView) -> tuple[float, float, float, float]:
    roi = view.roi()
    assert roi is not None
    return roi.bounds()


@pytest.mark.parametrize(
    ("held", "box"),
    [
        (Qt.KeyboardModifier.NoModifier, (40, 30, 70, 50)),
        (Shift, (40, 30, 70, 60)),
        (Ctrl, (10, 10, 70, 50)),
        (Alt, (10, 10, 70, 50)),
        (Shift | Ctrl, (10, 0, 70, 60)),
    ],
    ids=["corner to corner", "circle", "from the centre", "from the centre too", "both"],
)
def test_an_ellipse_is_dragged(
    qtbot: QtBot, make: Make, held: Qt.KeyboardModifier, box: tuple[int, ...]
) -> None:
    view = make(tool=Tool.ELLIPSE)
    qtbot.mousePress(view, Left, held, pos=at(view, (40.0, 30.0)))
    qtbot.mouseMove(view, at(view, (60.0, 45.0)))
    with qtbot.waitSignal(view.drawing_changed):
        qtbot.mouseRelease(view, Left, held, pos=at(view, (70.0, 50.0)))
    assert bounds(view) == pytest.approx(box, abs=0.5)
    assert view.tool is Tool.EDIT


def test_shift_pressed_in_the_middle_of_a_drag_makes_a_circle(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.ELLIPSE)
    qtbot.mousePress(view, Left, pos=at(view, (40.0, 30.0)))
    qtbot.mouseMove(view, at(view, (70.0, 50.0)))
    qtbot.keyPress(view, Qt.Key.Key_Shift)
    shown = view.shown_roi()
    assert shown is not None
    assert shown.bounds() == pytest.approx((40, 30, 70, 60), abs=0.5)
    qtbot.keyRelease(view, Qt.Key.Key_Shift)
    qtbot.keyPress(view, Qt.Key.Key_Alt)
    shown = view.shown_roi()
    assert shown is not None
    assert shown.bounds() == pytest.approx((10, 10, 70, 50), abs=0.5)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    qtbot.mouseRelease(view, Left, pos=at(view, (70.0, 50.0)))
    assert view.drawing == Drawing()


def test_a_click_with_the_ellipse_draws_nothing(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.ELLIPSE)
    click(qtbot, view, (40.0, 30.0))
    assert view.drawing == Drawing()


def test_the_first_brush_stroke_makes_an_outline_and_the_next_adds(
    qtbot: QtBot, make: Make
) -> None:
    view = make(tool=Tool.BRUSH)
    view.set_brush_radius(10)
    live: list[Roi] = []
    view.roi_changed.connect(live.append)
    with qtbot.waitSignal(view.drawing_changed):
        drag(qtbot, view, (40.0, 40.0), (50.0, 40.0), (60.0, 40.0))
    assert bounds(view) == pytest.approx((30, 30, 70, 50), abs=0.5)
    assert live
    assert view.tool is Tool.BRUSH, "who paints goes on painting"
    drag(qtbot, view, (70.0, 40.0), (80.0, 40.0))
    assert bounds(view) == pytest.approx((30, 30, 90, 50), abs=0.5)
    view.undo()
    assert bounds(view) == pytest.approx((30, 30, 70, 50), abs=0.5)


def test_a_brush_stroke_shows_as_a_veil_until_it_is_let_go(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.BRUSH)
    qtbot.mousePress(view, Left, pos=at(view, (40.0, 40.0)))
    assert pixel(view, (36.0, 40.0)) != QColor(100, 100, 100)
    qtbot.mouseMove(view, at(view, (70.0, 40.0)))
    assert pixel(view, (50.0, 40.0)) != QColor(100, 100, 100)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    qtbot.mouseRelease(view, Left, pos=at(view, (70.0, 40.0)))
    assert pixel(view, (50.0, 40.0)) == QColor(100, 100, 100)
    assert len(view.drawing.rois) == 1


def test_tools_begin_on_the_image_only(qtbot: QtBot, make: Make) -> None:
    for tool in (Tool.ELLIPSE, Tool.BRUSH, Tool.RULER, Tool.ASSIST):
        view = make(tool=tool)
        view.set_brush_radius(2)
        view.zoom(0.4)
        with qtbot.assertNotEmitted(view.assist_requested):
            qtbot.mousePress(view, Left, pos=QPoint(2, 2))
            qtbot.mouseMove(view, QPoint(190, 130))
            qtbot.mouseRelease(view, Left, pos=QPoint(190, 130))
        assert view.drawing == Drawing(), tool


def test_a_brush_at_the_edge_stays_on_the_image(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.BRUSH)
    drag(qtbot, view, (1.0, 1.0), (119.0, 1.0))
    assert bounds(view) == pytest.approx((0, 0, 120, 13), abs=0.5)


def test_the_eraser_takes_away_until_nothing_is_left(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.ERASER)
    view.set_drawing(drawing_of(Roi(0, SQUARE, "e" * 64)))
    view.set_brush_radius(10)
    drag(qtbot, view, (60.0, 10.0), (60.0, 60.0))
    assert bounds(view) == pytest.approx((20, 20, 50, 50), abs=0.5)
    roi = view.roi()
    assert roi is not None
    assert roi.assisted_by == "e" * 64, "an edited outline keeps where it came from"
    view.set_brush_radius(60)
    qtbot.mousePress(view, Left, pos=at(view, (35.0, 35.0)))
    assert view.shown_roi() is None, "already while the button is down"
    assert not view.heatmap_is_shown()
    qtbot.mouseRelease(view, Left, pos=at(view, (35.0, 35.0)))
    assert view.drawing == Drawing()
    view.undo()
    assert bounds(view) == pytest.approx((20, 20, 50, 50), abs=0.5)


def test_the_eraser_with_nothing_to_erase_changes_nothing(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.ERASER)
    before = view.transform
    drag(qtbot, view, (60.0, 10.0), (60.0, 60.0))
    assert view.drawing == Drawing()
    assert view.transform == before, "it does not pan either"


def notes_of(view: ImageView) -> list[str]:
    said: list[str] = []

    def note(message: Message) -> None:
        said.append(message.text())

    view.noted.connect(note)
    return said


def test_what_a_stroke_could_not_do_is_said(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.BRUSH)
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    said = notes_of(view)
    drag(qtbot, view, (100.0, 60.0), (105.0, 65.0))
    assert said == ["The stroke did not touch the outline, so it was left out."]
    assert view.drawing == drawing_of(Roi(0, SQUARE))
    view.set_tool(Tool.ERASER)
    view.set_brush_radius(4)
    drag(qtbot, view, (35.0, 5.0), (35.0, 70.0))
    assert said[1:] == ["A frame has one outline without holes: its largest part was kept."]
    assert bounds(view) == pytest.approx((39, 20, 60, 50), abs=0.5)


def test_keys_and_ctrl_with_the_wheel_change_the_brush(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.BRUSH)
    told: list[float] = []
    view.brush_changed.connect(told.append)
    view.step_brush(1)
    view.step_brush(-1)
    for turn in (120, -120):
        event = QWheelEvent(
            QPointF(100, 90),
            view.mapToGlobal(QPointF(100, 90)),
            QPoint(),
            QPoint(0, turn),
            Qt.MouseButton.NoButton,
            Ctrl,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(view, event)
    assert told == [14, 12, 14, 12]
    assert view.transform.scale == pytest.approx(3.0), "no zoom meanwhile"
    for _ in range(40):
        view.step_brush(-1)
    assert view.brush_radius == 1
    for _ in range(60):
        view.step_brush(1)
    assert view.brush_radius == 200


def test_a_ring_shows_the_brush(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.BRUSH)
    qtbot.mouseMove(view, at(view, (60.0, 40.0)))
    ring = pixel(view, (72.0, 40.0))
    assert ring.red() > 150
    assert ring.blue() < 120
    assert pixel(view, (60.0, 52.0)).red() > 150
    assert pixel(view, (75.0, 40.0)) == QColor(100, 100, 100)


def test_a_ruler_is_drawn_chosen_and_deleted(qtbot: QtBot, make: Make) -> None:
    view = make(an_image(regions=(TISSUE,)), Tool.RULER)
    told: list[Ruler | None] = []
    view.ruler_selected.connect(told.append)
    with qtbot.waitSignal(view.drawing_changed):
        drag(qtbot, view, (20.0, 20.0), (40.0, 25.0), (60.0, 20.0))
    (ruler,) = view.drawing.rulers
    assert (*ruler.start, *ruler.end) == pytest.approx((20, 20, 60, 20), abs=0.34)
    assert told == [ruler]
    chosen = view.grab().toImage().pixelColor(at(view, (40.0, 20.0)))
    assert chosen.blue() > 200
    assert view.tool is Tool.RULER, "the second diameter comes next"
    drag(qtbot, view, (40.0, 10.0), (40.0, 50.0))
    assert len(view.drawing.rulers) == 2
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.drawing.rulers == (ruler,)
    assert told[-1] is None
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.drawing.rulers == (ruler,), "only what is chosen is deleted"
    view.undo()
    assert len(view.drawing.rulers) == 2


def test_a_click_with_the_ruler_draws_none(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.RULER)
    click(qtbot, view, (40.0, 30.0))
    assert view.drawing == Drawing()
    qtbot.mousePress(view, Left, pos=QPoint(-30, -30))
    qtbot.mouseRelease(view, Left, pos=at(view, (40.0, 40.0)))
    assert view.drawing == Drawing()


def test_shift_keeps_a_ruler_straight(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.RULER)
    drag(qtbot, view, (20.0, 20.0), (24.0, 60.0), held=Shift)
    (ruler,) = view.drawing.rulers
    assert ruler.start[0] == ruler.end[0]
    assert ruler.end[1] == pytest.approx(60, abs=0.34)


def test_a_ruler_is_dragged_at_its_ends_and_as_a_whole(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.EDIT)
    view.set_drawing(Drawing(rulers=(Ruler(0, (20.0, 20.0), (60.0, 20.0)),)))
    drag(qtbot, view, (60.0, 20.0), (60.0, 40.0), (60.0, 50.0))
    (ruler,) = view.drawing.rulers
    assert (*ruler.start, *ruler.end) == pytest.approx((20, 20, 60, 50), abs=0.34)
    assert view.selected_ruler() == ruler
    drag(qtbot, view, (20.0, 20.0), (20.0, 50.0))
    drag(qtbot, view, (40.0, 50.0), (40.0, 200.0))
    (ruler,) = view.drawing.rulers
    assert (*ruler.start, *ruler.end) == pytest.approx((20, 80, 60, 80), abs=0.4)
    view.undo()
    view.undo()
    view.undo()
    assert view.drawing.rulers == (Ruler(0, (20.0, 20.0), (60.0, 20.0)),)


def test_a_ruler_cannot_be_dragged_to_nothing(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.EDIT)
    view.set_drawing(Drawing(rulers=(Ruler(0, (20.0, 20.0), (60.0, 20.0)),)))
    drag(qtbot, view, (60.0, 20.0), (-50.0, 20.0), (20.0, 20.0), held=Shift)
    (ruler,) = view.drawing.rulers
    assert ruler.start != ruler.end


def test_the_nearer_of_a_vertex_and_a_rulers_end_is_taken(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.EDIT)
    view.set_drawing(drawing_of(Roi(0, SQUARE)).with_ruler(Ruler(0, (22.0, 20.0), (60.0, 50.0))))
    drag(qtbot, view, (19.7, 20.0), (10.0, 10.0))
    assert nearly(view.roi(), ((10.3, 10.0), *SQUARE[1:]))
    drag(qtbot, view, (60.0, 50.0), (70.0, 60.0))
    assert view.drawing.rulers[0].end == pytest.approx((70, 60), abs=0.34)
    qtbot.mouseMove(view, at(view, (70.0, 60.0)))
    assert view.cursor().shape() == Qt.CursorShape.PointingHandCursor
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.drawing.rulers == ()
    assert view.roi() is not None


def test_the_length_stands_beside_the_ruler_in_mm(qtbot: QtBot, make: Make) -> None:
    from her2desk.domain.measurements import distance

    image = an_image(regions=(TISSUE,))
    view = make(image, Tool.RULER)
    before = view.grab().toImage()
    drag(qtbot, view, (20.0, 20.0), (20.0, 60.0))
    (ruler,) = view.drawing.rulers
    assert distance(image, ruler.start, ruler.end).words.text() == "8.0 mm"
    label = [(x, at(view, (20.0, 60.0)).y() - 10) for x in range(80, 130)]
    after = view.grab().toImage()
    assert any(after.pixelColor(*place) != before.pixelColor(*place) for place in label)


def test_turning_the_frame_lets_go_of_the_ruler(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.RULER)
    drag(qtbot, view, (20.0, 20.0), (60.0, 20.0))
    assert view.selected_ruler() is not None
    with qtbot.waitSignal(view.ruler_selected) as told:
        view.show_frame(grey(), 1)
    assert told.args == [None]
    assert len(view.drawing.rulers) == 1


def asked(qtbot: QtBot, view: ImageView, *path: Point) -> Prompt:
    with qtbot.waitSignal(view.assist_requested) as told:
        drag(qtbot, view, *path)
    prompt = told.args[0]
    assert isinstance(prompt, Prompt)
    return prompt


def test_a_box_or_a_click_asks_for_an_outline(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.ASSIST)
    view.show_frame(grey(), 3)
    box = asked(qtbot, view, (70.0, 60.0), (50.0, 40.0), (20.0, 20.0))
    assert box.frame_index == 3
    assert box.corners == (pytest.approx((20, 20), abs=0.34), pytest.approx((70, 60), abs=0.34))
    spot = asked(qtbot, view, (40.0, 40.0))
    assert spot.is_click
    assert spot.corners[0] == pytest.approx((40, 40), abs=0.34)
    assert asked(qtbot, view, (40.0, 40.0), (80.0, 40.3)).is_click, "a line is no box"
    assert view.drawing == Drawing()
    assert not view.can_undo


def test_the_box_shows_while_it_is_dragged(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.ASSIST)
    qtbot.mousePress(view, Left, pos=at(view, (20.0, 20.0)))
    qtbot.mouseMove(view, at(view, (70.0, 60.0)))
    assert pixel(view, (45.0, 60.0)).red() > 200
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert pixel(view, (45.0, 60.0)) == QColor(100, 100, 100)
    with qtbot.assertNotEmitted(view.assist_requested):
        qtbot.mouseRelease(view, Left, pos=at(view, (70.0, 60.0)))


@pytest.mark.parametrize("how", ["polygon", "freehand", "vertex"])
def test_an_outline_that_crosses_itself_is_mended_and_that_is_said(
    qtbot: QtBot, make: Make, how: str
) -> None:
    knot = ((20.0, 20.0), (80.0, 60.0), (80.0, 20.0), (20.0, 50.0))
    view = make(tool=Tool.FREEHAND if how == "freehand" else Tool.POLYGON)
    said = notes_of(view)
    if how == "vertex":
        view.set_tool(Tool.EDIT)
        view.set_drawing(drawing_of(Roi(0, SQUARE)))
        drag(qtbot, view, SQUARE[0], (80.0, 40.0))
    elif how == "freehand":
        drag(qtbot, view, *knot)
    else:
        click(qtbot, view, *knot)
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert said == ["The outline crossed itself, so only its largest part was kept."]
    roi = view.roi()
    assert roi is not None
    assert len(roi.polygon) == 3
    view.undo()
    if how == "vertex":
        assert view.roi() == Roi(0, SQUARE)
    else:
        assert view.roi() is None


def test_points_on_a_line_are_not_closed(qtbot: QtBot, make: Make) -> None:
    view = make()
    said = notes_of(view)
    click(qtbot, view, (20.0, 20.0), (40.0, 40.0), (60.0, 60.0))
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert said == ["The points enclose almost nothing. Draw around the lesion."]
    assert view.roi() is None
    assert len(view.drawing.pending) == 3, "one more point can save them"


def test_each_frame_has_its_own_outline(qtbot: QtBot, make: Make) -> None:
    view = make()
    click(qtbot, view, *SQUARE, SQUARE[0])
    small = ((30.0, 30.0), (50.0, 30.0), (50.0, 45.0))
    view.show_frame(grey(), 2)
    view.set_tool(Tool.POLYGON)
    click(qtbot, view, *small, small[0])
    assert nearly(view.drawing.on(0), SQUARE)
    assert nearly(view.shown_roi(), small)
    assert view.roi() == view.drawing.on(0), "the larger one answers"
    drag(qtbot, view, small[0], (25.0, 25.0))
    assert nearly(view.drawing.on(2), ((25.0, 25.0), *small[1:]))
    view.clear()
    assert [roi.frame_index for roi in view.drawing.rois] == [0]
    view.show_frame(grey(), 4)
    with qtbot.waitSignal(view.frame_requested) as asked_for:
        view.undo()
    assert asked_for.args == [2]


def test_undo_covers_rulers_and_key_frames_and_turns_to_their_frame(
    qtbot: QtBot, make: Make
) -> None:
    view = make(tool=Tool.RULER)
    drag(qtbot, view, (20.0, 20.0), (60.0, 20.0))
    view.show_frame(grey(), 1)
    view.switch_key_frame()
    assert view.drawing.key_frames == (1,)
    view.show_frame(grey(), 3)
    turned: list[int] = []
    view.frame_requested.connect(turned.append)
    view.undo()
    view.undo()
    assert view.drawing == Drawing()
    view.redo()
    view.redo()
    assert turned == [1, 0, 0, 1]
    assert view.tool is Tool.RULER


def test_undo_of_the_first_point_turns_to_where_it_was(qtbot: QtBot, make: Make) -> None:
    view = make()
    click(qtbot, view, SQUARE[0])
    view.show_frame(grey(), 3)
    with qtbot.waitSignal(view.frame_requested) as turned:
        view.undo()
    assert turned.args == [0]


def test_an_outline_is_dimmed_while_a_freehand_one_replaces_it(qtbot: QtBot, make: Make) -> None:
    view = make(tool=Tool.BRUSH)
    view.set_drawing(drawing_of(Roi(0, SQUARE)))
    assert pixel(view, (40.0, 50.0)) == QColor(colours().roi)
    view.set_tool(Tool.FREEHAND)
    qtbot.mousePress(view, Left, pos=at(view, (80.0, 60.0)))
    qtbot.mouseMove(view, at(view, (90.0, 60.0)))
    assert pixel(view, (40.0, 50.0)) != QColor(colours().roi)
