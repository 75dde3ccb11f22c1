"""The ruler: a line whose length is said beside it."""

import math

from her2desk.domain.drawing import Ruler
from her2desk.domain.roi import Point
from her2desk.ui.canvas.geometry import on_axis
from her2desk.ui.canvas.tools import Board, PanPen

MIN_LENGTH_PX = 1.0  # less was a click


class RulerPen(PanPen):
    """Drag from one end to the other; the ruler just drawn is the chosen one."""

    is_dragged = True

    def __init__(self) -> None:
        self._start: Point | None = None

    def press(self, board: Board, at: Point) -> bool:
        """Set the first end."""
        if not board.holds(at):
            return False
        board.select()
        self._start = board.on_image(at)
        return True

    def move(self, board: Board, at: Point) -> None:
        """Show the line."""
        if self._start is None:
            return
        end = board.on_image(at)
        end = on_axis(self._start, end) if board.is_even else end
        is_line = math.dist(self._start, end) >= MIN_LENGTH_PX
        board.ruler_preview = Ruler(board.frame_index, self._start, end) if is_line else None

    def release(self, board: Board, at: Point) -> None:
        """Keep the line as shown."""
        self.move(board, at)
        ruler = board.ruler_preview
        board.ruler_preview = self._start = None
        if ruler is not None:
            board.history.record(board.drawing.with_ruler(ruler))
            board.select(ruler)
