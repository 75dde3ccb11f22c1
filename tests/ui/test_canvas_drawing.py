"""What is drawn is plain data: every step can be taken back, and geometry keeps its promises."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon

from her2desk.domain.drawing import Drawing, drawing_of
from her2desk.domain.roi import Point, Roi
from her2desk.ui.canvas import drawing as drawings
from her2desk.ui.canvas.drawing import History
from her2desk.ui.canvas.geometry import (
    clamp,
    clamped_shift,
    encloses,
    moved,
    nearest_edge,
    nearest_vertex,
    simplified,
)
from her2desk.ui.canvas.pens.brush import BrushPen, EraserPen
from her2desk.ui.canvas.pens.edit import EditPen, delete_chosen
from her2desk.ui.canvas.pens.outline import EllipsePen, FreehandPen, PolygonPen, close
from her2desk.ui.canvas.pens.ruler import RulerPen
from her2desk.ui.canvas.tools import Board, Pen

SQUARE: tuple[Point, ...] = ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0))
COLUMNS, ROWS = 100, 80

coordinates = st.floats(-50, 150, allow_nan=False)
points = st.tuples(coordinates, coordinates)


def a_board(roi: Roi | None = None) -> Board:
    board = Board(columns=COLUMNS, rows=ROWS, reach=2.0)
    board.history.reset(Drawing() if roi is None else drawing_of(roi))
    return board


def drag(board: Board, start: Point, *path: Point) -> None:
    pen = EditPen()
    if pen.press(board, start):
        for at in path:
            pen.move(board, at)
        pen.release(board, path[-1] if path else start)


actions = st.one_of(
    st.tuples(st.just("point"), points),
    st.tuples(st.just("back"), points),
    st.tuples(st.just("close"), points),
    st.tuples(st.just("give up"), points),
    st.tuples(st.just("clear"), points),
    st.tuples(st.just("drag"), points),
    st.tuples(st.just("delete"), points),
    st.tuples(st.just("freehand"), points),
    st.tuples(st.just("ellipse"), points),
    st.tuples(st.just("brush"), points),
    st.tuples(st.just("eraser"), points),
    st.tuples(st.just("ruler"), points),
    st.tuples(st.just("key frame"), points),
    st.tuples(st.just("turn"), points),
)
STROKES: dict[str, tuple[type[Pen], tuple[Point, ...]]] = {
    "freehand": (FreehandPen, ((10.0, 60.0), (80.0, 10.0), (30.0, 0.0))),
    "ellipse": (EllipsePen, ((40.0, 40.0),)),
    "brush": (BrushPen, ((20.0, 20.0), (60.0, 40.0))),
    "eraser": (EraserPen, ((25.0, 0.0), (25.0, 90.0))),
    "ruler": (RulerPen, ((90.0, 70.0),)),
}


def act(board: Board, name: str, at: Point) -> None:
    history, present = board.history, board.history.present
    if name == "point":
        PolygonPen().press(board, at)
    elif name == "close":
        close(board)
    elif name == "back":
        history.record(present.without_last_point())
    elif name == "give up":
        history.record(present.without_pending())
    elif name == "clear":
        history.record(present.without_roi(0))
    elif name == "drag" and board.kept_here is not None:
        drag(board, board.kept_here.polygon[0], at)
    elif name == "delete":
        board.selected_vertex = 0
        delete_chosen(board)
    elif name == "key frame":
        history.record(present.with_key_frame_switched(board.frame_index))
    elif name == "turn":
        board.frame_index = 1 - board.frame_index
    elif name in STROKES:
        kind, path = STROKES[name]
        pen = kind()
        if pen.press(board, at):
            for place in path:
                pen.move(board, place)
            pen.release(board, path[-1])


@given(st.lists(actions, max_size=40))
def test_every_step_can_be_taken_back_and_done_again(steps: list[tuple[str, Point]]) -> None:
    board = a_board()
    states = [board.history.present]
    for name, at in steps:
        act(board, name, at)
        if board.history.present != states[-1]:
            states.append(board.history.present)
    for state in reversed(states):
        assert board.history.present == state
        board.history.undo()
    assert not board.history.can_undo
    for state in states:
        assert board.history.present == state
        board.history.redo()
    assert not board.history.can_redo


@given(st.lists(actions, max_size=40))
def test_nothing_drawn_ever_leaves_the_image_or_crosses_itself(
    steps: list[tuple[str, Point]],
) -> None:
    board = a_board()
    for name, at in steps:
        act(board, name, at)
        drawing = board.history.present
        drawn = [*drawing.pending, *(p for roi in drawing.rois for p in roi.polygon)]
        drawn += [end for ruler in drawing.rulers for end in (ruler.start, ruler.end)]
        assert all(0 <= x <= COLUMNS and 0 <= y <= ROWS for x, y in drawn)
        assert all(Polygon(roi.polygon).is_valid for roi in drawing.rois)
        assert len({roi.frame_index for roi in drawing.rois}) == len(drawing.rois)


def test_a_new_step_forgets_what_was_taken_back() -> None:
    history = History()
    history.record(Drawing().with_point((1.0, 1.0), 0))
    history.undo()
    history.record(Drawing().with_point((2.0, 2.0), 0))
    assert not history.redo()
    assert history.present.pending == ((2.0, 2.0),)


def test_nothing_to_undo_says_so() -> None:
    assert not History().undo()
    assert not History().record(Drawing())


def test_the_history_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawings, "MAX_STEPS", 3)
    history = History()
    for index in range(10):
        history.record(drawing_of(Roi(index, SQUARE)))
    undone = 0
    while history.undo():
        undone += 1
    assert undone == 3


def test_the_last_three_vertices_cannot_be_deleted() -> None:
    roi = Roi(0, SQUARE)
    three = drawings.with_vertex_deleted(roi, 1)
    assert three.polygon == (SQUARE[0], SQUARE[2], SQUARE[3])
    assert drawings.with_vertex_deleted(three, 0) is three


def test_dragging_an_edge_puts_a_vertex_there() -> None:
    board = a_board(Roi(0, SQUARE))
    drag(board, (20.0, 11.0), (20.0, 5.0))
    assert board.drawing.answering == Roi(
        0, ((10.0, 10.0), (20.0, 4.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0))
    )


def test_dragging_the_inside_moves_the_outline_up_to_the_edge_of_the_image() -> None:
    board = a_board(Roi(0, SQUARE))
    drag(board, (20.0, 20.0), (15.0, 500.0))
    assert board.drawing.answering == Roi(0, moved(SQUARE, -5.0, 50.0))


def test_taking_hold_of_a_vertex_beside_its_middle_does_not_move_it() -> None:
    board = a_board(Roi(0, SQUARE))
    drag(board, (11.0, 9.0))
    assert board.drawing.answering == Roi(0, SQUARE)
    assert not board.history.can_undo
    assert board.selected_vertex == 0


def test_a_press_outside_the_outline_lets_go_of_the_selected_vertex() -> None:
    board = a_board(Roi(0, SQUARE))
    board.selected_vertex = 2
    assert not EditPen().press(board, (80.0, 70.0))
    assert board.selected_vertex is None
    EditPen().move(board, (70.0, 70.0))
    assert board.preview is None


def test_an_outline_on_another_frame_cannot_be_taken_hold_of() -> None:
    board = a_board(Roi(1, SQUARE))
    assert not EditPen().press(board, (10.0, 10.0))
    assert not delete_chosen(board)


def test_a_freehand_circle_keeps_its_area_with_far_fewer_points() -> None:
    board, pen = a_board(), FreehandPen()
    circle = [
        (50 + 20 * math.cos(math.radians(a)), 40 + 20 * math.sin(math.radians(a)))
        for a in range(360)
    ]
    pen.press(board, circle[0])
    for at in circle[1:]:
        pen.move(board, at)
    pen.release(board, circle[-1])
    roi = board.drawing.answering
    assert roi is not None
    assert roi.area_px == pytest.approx(math.pi * 400, rel=0.03)
    assert len(roi.polygon) < 40
    assert not board.stroke


def test_a_freehand_slip_draws_nothing() -> None:
    board, pen = a_board(), FreehandPen()
    pen.press(board, (5.0, 5.0))
    pen.move(board, (6.0, 5.0))
    pen.release(board, (6.0, 6.0))
    assert board.drawing == Drawing()


def test_strokes_start_on_the_image_only() -> None:
    board = a_board()
    assert not FreehandPen().press(board, (200.0, 5.0))
    FreehandPen().move(board, (6.0, 5.0))
    assert not board.stroke
    assert not PolygonPen().press(board, (5.0, -40.0))
    assert board.drawing == Drawing()


def test_a_polygon_begun_on_another_frame_is_begun_anew() -> None:
    board = a_board()
    PolygonPen().press(board, (5.0, 5.0))
    board.frame_index = 3
    PolygonPen().press(board, (9.0, 9.0))
    assert board.drawing == Drawing(pending=((9.0, 9.0),), pending_frame=3)


@given(points)
def test_clamping_is_the_nearest_position_on_the_image(at: Point) -> None:
    x, y = clamp(at, COLUMNS, ROWS)
    assert 0 <= x <= COLUMNS
    assert 0 <= y <= ROWS
    corners = [(a, b) for a in (0.0, 50.0, 100.0) for b in (0.0, 40.0, 80.0)]
    assert all(math.dist(at, (x, y)) <= math.dist(at, c) + 1e-9 for c in corners)


@given(coordinates, coordinates)
def test_a_shift_keeps_the_whole_outline_on_the_image(dx: float, dy: float) -> None:
    shift = clamped_shift(SQUARE, dx, dy, COLUMNS, ROWS)
    assert all(
        -1e-9 <= x <= COLUMNS + 1e-9 and -1e-9 <= y <= ROWS + 1e-9 for x, y in moved(SQUARE, *shift)
    )


def distance(at: Point, start: Point, end: Point) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    t = 0.0 if length == 0 else ((at[0] - start[0]) * dx + (at[1] - start[1]) * dy) / length
    t = min(max(t, 0.0), 1.0)
    return math.dist(at, (start[0] + t * dx, start[1] + t * dy))


@given(st.lists(points, min_size=1, max_size=60))
def test_simplifying_keeps_every_point_within_the_tolerance(line: list[Point]) -> None:
    thin = simplified(line, 0.5)
    assert thin[0] == line[0]
    assert thin[-1] == line[-1]
    assert set(thin) <= set(line)
    edges = list(pairwise(thin)) or [(thin[0], thin[0])]
    assert all(min(distance(p, *edge) for edge in edges) <= 0.5 + 1e-6 for p in line)


def test_hits() -> None:
    assert nearest_vertex((), (0.0, 0.0), 5.0) is None
    assert nearest_vertex(SQUARE, (31.0, 9.0), 2.0) == 1
    assert nearest_vertex(SQUARE, (20.0, 20.0), 2.0) is None
    assert nearest_edge(SQUARE, (9.0, 20.0), 2.0) == (3, (10.0, 20.0))
    assert nearest_edge(SQUARE, (20.0, 20.0), 2.0) is None
    assert nearest_edge(((5.0, 5.0), (5.0, 5.0)), (5.0, 6.0), 2.0) == (0, (5.0, 5.0))
    assert encloses(SQUARE, (20.0, 20.0))
    assert not encloses(SQUARE, (40.0, 20.0))
