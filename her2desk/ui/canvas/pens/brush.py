"""Brush and eraser: a disc that adds to the present frame's outline, or takes from it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from her2desk.domain.roi import Point, Roi
from her2desk.texts import Message, msg
from her2desk.ui.canvas.areas import Outline, erased, painted
from her2desk.ui.canvas.tools import Board, PanPen

STEP_OF_RADIUS = 0.08  # the hand's path is taken in steps of this share of the radius
Sweep = Callable[[Sequence[Point], Sequence[Point], float, int, int], Outline]


class BrushPen(PanPen):
    """Adds what a round brush sweeps; the first stroke on a frame makes its outline."""

    is_dragged = True
    sweep: Sweep = staticmethod(painted)
    left_out = msg("The stroke did not touch the outline, so it was left out.")

    def press(self, board: Board, at: Point) -> bool:
        """Start the stroke."""
        if not board.holds(at, board.brush_radius):
            return False
        board.stroke = [at]
        self._show(board)
        return True

    def move(self, board: Board, at: Point) -> None:
        """Lengthen the stroke and show the outline as it would be."""
        if self._lengthen(board, at, max(0.3, STEP_OF_RADIUS * board.brush_radius)):
            self._show(board)

    def release(self, board: Board, at: Point) -> None:
        """Keep the outline as shown."""
        if not board.stroke:
            return
        self._lengthen(board, at, 0.0)
        outline, drawing, here = self._outline(board), board.drawing, board.frame_index
        board.stroke, board.preview, board.is_wiped = [], None, False
        old = board.kept_here
        if outline.polygon:
            board.history.record(drawing.with_roi(_with(old, here, outline)))
        elif old is not None:
            board.history.record(drawing.without_roi(here))
        if not outline.is_whole:
            board.note = self.left_out

    def _lengthen(self, board: Board, at: Point, step: float) -> bool:
        is_far = bool(board.stroke) and math.dist(at, board.stroke[-1]) > step
        if is_far:
            board.stroke.append(at)
        return is_far

    def _show(self, board: Board) -> None:
        outline = self._outline(board)
        is_left = bool(outline.polygon)
        board.preview = _with(board.kept_here, board.frame_index, outline) if is_left else None
        board.is_wiped = not is_left

    def _outline(self, board: Board) -> Outline:
        old = board.kept_here
        size = board.columns, board.rows
        polygon = old.polygon if old is not None else ()
        return self.sweep(polygon, board.stroke, board.brush_radius, *size)


class EraserPen(BrushPen):
    """Takes away what a round eraser sweeps; nothing left removes the outline."""

    sweep: Sweep = staticmethod(erased)
    left_out: Message = msg("A frame has one outline without holes: its largest part was kept.")


def _with(old: Roi | None, frame_index: int, outline: Outline) -> Roi:
    if old is None:
        return Roi(frame_index, outline.polygon)
    return replace(old, polygon=outline.polygon)
