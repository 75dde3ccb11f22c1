"""Polygon, freehand and ellipse: tools that draw a whole new outline."""

import math

from her2desk.domain.roi import MIN_POINTS, Point, Roi
from her2desk.texts import msg
from her2desk.ui.canvas.areas import simple
from her2desk.ui.canvas.geometry import ellipse, simplified
from her2desk.ui.canvas.tools import Board, PanPen

SIMPLIFY_PX = 0.5
MIN_STEP_PX = 0.3


def keep(board: Board, roi: Roi) -> bool:
    """Make ``roi`` its frame's ROI, mended where it crosses itself; False when nothing changed.

    An outline that encloses nothing is not kept, and the board's note says so.
    """
    outline = simple(roi.polygon)
    if not outline.polygon:
        board.note = msg("The points enclose almost nothing. Draw around the lesion.")
        return False
    if not outline.is_whole:
        board.note = msg("The outline crossed itself, so only its largest part was kept.")
    mended = Roi(roi.frame_index, outline.polygon, roi.assisted_by)
    return board.history.record(board.drawing.with_roi(mended))


def close(board: Board) -> bool:
    """Close the outline in progress; False when it cannot be closed yet."""
    drawing = board.drawing
    return drawing.can_close and keep(board, Roi(drawing.pending_frame, drawing.pending))


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
            close(board)
        else:
            board.history.record(drawing.with_point(board.on_image(at), board.frame_index))
        return True

    def double_click(self, board: Board, at: Point) -> bool:
        """Close; the first click of the pair has set the last point."""
        if board.drawing.can_close and board.pending_here:
            close(board)
            return True
        return self.press(board, at)


class FreehandPen(PanPen):
    """Press, drag around the lesion, release."""

    is_dragged = True

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
        if len(loop) >= MIN_POINTS and simple(loop).polygon:  # less was a slip of the hand
            keep(board, Roi(board.frame_index, loop))


class EllipsePen(PanPen):
    """Drag from corner to corner, or from the centre."""

    is_dragged = True

    def __init__(self) -> None:
        self._start: Point | None = None

    def press(self, board: Board, at: Point) -> bool:
        """Set the first corner, or the centre."""
        if not board.holds(at):
            return False
        self._start = board.on_image(at)
        return True

    def move(self, board: Board, at: Point) -> None:
        """Show the ellipse as it would be."""
        if self._start is None:
            return
        polygon = ellipse(
            self._start,
            board.on_image(at),
            board.columns,
            board.rows,
            is_circle=board.is_even,
            from_centre=board.is_centred,
        )
        is_real = bool(polygon) and bool(simple(polygon).polygon)
        board.preview = Roi(board.frame_index, polygon) if is_real else None

    def release(self, board: Board, at: Point) -> None:
        """Keep the ellipse as shown."""
        self.move(board, at)
        if board.preview is not None:
            keep(board, board.preview)
        board.preview = None
        self._start = None
