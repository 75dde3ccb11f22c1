"""Editing: drag a vertex, an edge, the whole outline or a ruler; remove what is chosen."""

from dataclasses import replace

from her2desk.domain.drawing import Ruler
from her2desk.domain.roi import Point, Roi
from her2desk.ui.canvas.drawing import (
    with_outline_moved,
    with_vertex_deleted,
    with_vertex_inserted,
    with_vertex_moved,
)
from her2desk.ui.canvas.geometry import clamped_shift, moved, on_axis
from her2desk.ui.canvas.grips import Grip, Part, grip_at
from her2desk.ui.canvas.pens.outline import keep
from her2desk.ui.canvas.tools import Board, PanPen


class EditPen(PanPen):
    """Drag a vertex, an edge (which gets a vertex there), the whole outline or a ruler."""

    is_dragged = True

    def __init__(self) -> None:
        self._grip: Grip | None = None
        self._roi: Roi | None = None
        self._from: Point = (0.0, 0.0)

    def press(self, board: Board, at: Point) -> bool:
        """Take hold of what lies under the pointer."""
        roi = board.kept_here
        grip = grip_under(board, at)
        self._grip, self._roi, self._from = grip, roi, at
        if grip is None:
            board.select()
            return False
        if grip.part is Part.EDGE and roi is not None:
            self._roi = board.preview = with_vertex_inserted(roi, grip.index, grip.at)
            grip = self._grip = Grip(Part.VERTEX, grip.at, grip.index + 1)
        board.select(grip.ruler, grip.index if grip.part is Part.VERTEX else None)
        board.hot = grip if grip.is_small else None
        return True

    def move(self, board: Board, at: Point) -> None:
        """Show the outline or the ruler as it would be."""
        grip, roi = self._grip, self._roi
        if grip is None:
            return
        # By how far the hand went, not to where it is: taking hold must not make a vertex jump.
        dx, dy = at[0] - self._from[0], at[1] - self._from[1]
        if grip.ruler is not None:
            board.ruler_preview = _ruler_moved(board, grip, dx, dy)
        elif roi is not None and grip.part is Part.INSIDE:
            board.preview = with_outline_moved(roi, dx, dy, board.columns, board.rows)
        elif roi is not None:
            column, row = roi.polygon[grip.index]
            target = board.on_image((column + dx, row + dy))
            board.preview = with_vertex_moved(roi, grip.index, target)

    def release(self, board: Board, at: Point) -> None:
        """Keep what is shown."""
        if board.preview is not None:
            keep(board, board.preview)
            _forget_lost_vertex(board)
        old, new = board.selected_ruler, board.ruler_preview
        board.preview = board.ruler_preview = self._grip = None
        if old is not None and new is not None and new != old:
            board.history.record(board.drawing.without_ruler(old).with_ruler(new))
            board.select(new)


def grip_under(board: Board, at: Point) -> Grip | None:
    """What of the present frame could be taken hold of at a position."""
    roi = board.roi_here
    return grip_at(roi.polygon if roi is not None else (), board.rulers_here, at, board.reach)


def hover(board: Board, at: Point) -> None:
    """Remember what the pointer could take hold of."""
    grip = grip_under(board, at)
    board.hot = grip if grip is not None and grip.is_small else None


def delete_chosen(board: Board) -> bool:
    """Delete the vertex under the pointer, else the chosen ruler or vertex; False for none."""
    if board.hot_vertex is None and board.selected_ruler is not None:
        ruler = board.selected_ruler
        board.select()
        board.hot = None
        return board.history.record(board.drawing.without_ruler(ruler))
    roi = board.kept_here
    index = board.hot_vertex if board.hot_vertex is not None else board.selected_vertex
    if roi is None or index is None or index >= len(roi.polygon):
        return False
    board.hot = None
    board.select()
    return keep(board, with_vertex_deleted(roi, index))


def _ruler_moved(board: Board, grip: Grip, dx: float, dy: float) -> Ruler | None:
    ruler = grip.ruler
    if ruler is None:
        return None
    if grip.part is Part.RULER:
        shift = clamped_shift((ruler.start, ruler.end), dx, dy, board.columns, board.rows)
        start, end = moved((ruler.start, ruler.end), *shift)
        return replace(ruler, start=start, end=end)
    is_end = grip.part is Part.RULER_END
    held, fixed = (ruler.end, ruler.start) if is_end else (ruler.start, ruler.end)
    to = board.on_image((held[0] + dx, held[1] + dy))
    to = on_axis(fixed, to) if board.is_even else to
    if to == fixed:
        return board.ruler_preview  # a ruler without length could not be taken hold of again
    return replace(ruler, end=to) if is_end else replace(ruler, start=to)


def _forget_lost_vertex(board: Board) -> None:
    """Choose no vertex any more where mending the outline has renumbered them."""
    roi = board.kept_here
    index, preview = board.selected_vertex, board.preview
    is_lost = roi is None or preview is None or roi.polygon != preview.polygon
    if index is not None and is_lost:
        board.select()
        board.hot = None
