"""What each drawing tool does with the pointer, in image coordinates. No Qt here.

A tool gets ``press``, ``move`` and ``release`` at positions (column, row) and works on a
``Board``. Everyfinished stroke is one step of the history; until then it is only a preview.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from her2desk.domain.roi import MIN_POINTS, Point, Roi
from her2desk.ui.canvas import drawing as drawings
from her2desk.ui.canvas.drawing import Drawing, History
from her2desk.ui.canvas.geometry import (
    clamp,
    encloses,
    nearest_edge,
    nearest_vertex,
    simplified,
)

SIMPLIFY_PX = 0.5
MIN_STROKE_AREA_PX = 4.0  # a freehand stroke that encloses less was a slip of the hand
MIN_STEP_PX = 0.3


class Tool(StrEnum):
    """What the left mouse button does on the image."""

    PAN = "pan"
    EDIT = "edit"
    POLYGON = "polygon"
    FREEHAND = "freehand"


@dataclass
class Board:
    """The drawing with its history, and what the present stroke shows before it is finished.

    ``reach`` is how near, in image pixels, the pointer must come to take hold of something.
    """

    history: History = field(default_factory=History)
    columns: int = 0
    rows: int = 0
    frame_index: int = 0
    reach: float = 1.0
    preview: Roi | None = None
    stroke: list[Point] = field(default_factory=list)
    selected_vertex: int | None = None
    hot_vertex: int | None = None
    hot_edge: Point | None = None

    @property
    def drawing(self) -> Drawing:
        return self.history.present

    @property
    def roi_here(self) -> Roi | None:
        """The ROI as shown on the present frame, with any drag in progress."""
        roi = self.preview or self.drawing.roi
        return roi if roi is not None and roi.frame_index == self.frame_index else None

    @property
    def pending_here(self) -> tuple[Point, ...]:
        """The outline in progress, when it is on the present frame."""
        here = self.drawing.pending_frame == self.frame_index
        return self.drawing.pending if here else ()

    def holds(self, at: Point) -> bool:
        """Whether the position lies on the image, or near enough to its edge to be meant so."""
        return math.dist(at, self.on_image(at)) <= self.reach

    def on_image(self, at: Point) -> Point:
        """The nearest position on the image."""
        return clamp(at, self.columns, self.rows)

    def forget_pointer(self) -> None:
        """No stroke in progress and nothing under the pointer."""
        self.preview = None
        self.stroke.clear()
        self.hot_vertex = None
        self.hot_edge = None


class Pen(Protocol):
    """The behaviour of one tool."""

    def press(self, board: Board, at: Point) -> bool:
        """Start a stroke; False when the position is nothing to this tool."""

    def move(self, board: Board, at: Point) -> None:
        """Go on with the stroke."""

    def release(self, board: Board, at: Point) -> None:
        """Finish the stroke."""

    def double_click(self, board: Board, at: Point) -> bool:
        """The second click of a pair; False when the position is nothing to this tool."""


class PanPen:
    """Takes nothing, so that the view moves the image."""

    def press(self, board: Board, at: Point) -> bool:
        """Leave the press to the view."""
        return False

    def move(self, board: Board, at: Point) -> None:
        """Do nothing."""

    def release(self, board: Board, at: Point) -> None:
        """Do nothing."""

    def double_click(self, board: Board, at: Point) -> bool:
        """Leave the click to the view."""
        return False


class PolygonPen(PanPen):
    """One point a click; a click on the first point or a double click closes."""

    def press(self, board: Board, at: Point) -> bool:
        """Add a point, or close on the first one."""
        drawing = board.drawing
        if drawing.is_in_progress and drawing.pending_frame != board.frame_index:
            drawing = drawing.without_pending()
        if not drawing.is_in_progress and not board.holds(at):
            return False
        is_on_first = bool(drawing.pending) and math.dist(drawing.pending[0], at) <= board.reach
        if drawing.can_close and is_on_first:
            board.history.record(drawing.closed())
        else:
            board.history.record(drawing.with_point(board.on_image(at), board.frame_index))
        return True

    def double_click(self, board: Board, at: Point) -> bool:
        """Close; the first click of the pair has set the last point."""
        if board.drawing.can_close:
            board.history.record(board.drawing.closed())
            return True
        return self.press(board, at)


class FreehandPen(PanPen):
    """Press, drag around the lesion, release."""

    def press(self, board: Board, at: Point) -> bool:
        """Start the stroke."""
        if not board.holds(at):
            return False
        board.stroke = [board.on_image(at)]
        return True

    def move(self, board: Board, at: Point) -> None:
        """Lengthen the stroke."""
        if not board.stroke:
            return
        point = board.on_image(at)
        if math.dist(point, board.stroke[-1]) >= MIN_STEP_PX:
            board.stroke.append(point)

    def release(self, board: Board, at: Point) -> None:
        """Close the stroke, thinned to at most ``SIMPLIFY_PX`` from what the hand drew."""
        self.move(board, at)
        # Closed before it is thinned, so that the edge back to the start is thinned as well.
        loop = simplified([*board.stroke, *board.stroke[:1]], SIMPLIFY_PX)[:-1]
        board.stroke = []
        roi = Roi(board.frame_index, loop)
        if len(loop) >= MIN_POINTS and roi.area_px >= MIN_STROKE_AREA_PX:
            board.history.record(board.drawing.with_roi(roi))

    def double_click(self, board: Board, at: Point) -> bool:
        """Start a stroke like any other press."""
        return self.press(board, at)


class EditPen(PanPen):
    """Drag a vertex, an edge (which gets a vertex there) or the whole outline."""

    def __init__(self) -> None:
        self._start: Roi | None = None
        self._vertex: int | None = None
        self._from: Point = (0.0, 0.0)

    def press(self, board: Board, at: Point) -> bool:
        """Take hold of what lies under the pointer."""
        roi = board.drawing.roi
        self._start = None
        if roi is None or roi.frame_index != board.frame_index:
            return False
        vertex = nearest_vertex(roi.polygon, at, board.reach)
        edge = nearest_edge(roi.polygon, at, board.reach) if vertex is None else None
        if edge is not None:
            roi = board.preview = drawings.with_vertex_inserted(roi, *edge)
            vertex = edge[0] + 1
        if vertex is None and not encloses(roi.polygon, at):
            board.selected_vertex = None
            return False
        self._start, self._vertex, self._from = roi, vertex, at
        board.selected_vertex = board.hot_vertex = vertex
        board.hot_edge = None
        return True

    def move(self, board: Board, at: Point) -> None:
        """Show the outline as it would be."""
        if self._start is None:
            return
        dx, dy = at[0] - self._from[0], at[1] - self._from[1]
        if self._vertex is None:
            board.preview = drawings.with_outline_moved(
                self._start, dx, dy, board.columns, board.rows
            )
            return
        # By how far the hand went, not to where it is: taking hold must not make a vertex jump.
        column, row = self._start.polygon[self._vertex]
        target = board.on_image((column + dx, row + dy))
        board.preview = drawings.with_vertex_moved(self._start, self._vertex, target)

    def release(self, board: Board, at: Point) -> None:
        """Keep the outline as shown."""
        if board.preview is not None:
            board.history.record(board.drawing.with_roi(board.preview))
        board.preview = None
        self._start = None

    def double_click(self, board: Board, at: Point) -> bool:
        """Take hold like any other press."""
        return self.press(board, at)


def hover(board: Board, at: Point) -> None:
    """Remember which vertex or place on an edge the pointer could take hold of."""
    roi = board.roi_here
    points = roi.polygon if roi is not None else ()
    board.hot_vertex = nearest_vertex(points, at, board.reach)
    edge = nearest_edge(points, at, board.reach) if board.hot_vertex is None else None
    board.hot_edge = edge[1] if edge is not None else None


def delete_vertex(board: Board) -> bool:
    """Delete the vertex under the pointer, else the selected one; False when there is none."""
    roi = board.roi_here
    index = board.hot_vertex if board.hot_vertex is not None else board.selected_vertex
    if roi is None or index is None or index >= len(roi.polygon):
        return False
    board.hot_vertex = board.selected_vertex = None
    return board.history.record(board.drawing.with_roi(drawings.with_vertex_deleted(roi, index)))


def pens() -> dict[Tool, Pen]:
    """A fresh set of tools."""
    return {
        Tool.PAN: PanPen(),
        Tool.EDIT: EditPen(),
        Tool.POLYGON: PolygonPen(),
        Tool.FREEHAND: FreehandPen(),
    }
