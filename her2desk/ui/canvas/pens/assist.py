"""Asking for an outline: a box around the lesion, or a click inside it."""

from her2desk.domain.proposal import Prompt
from her2desk.domain.roi import Point
from her2desk.ui.canvas.tools import Board, PanPen

MIN_SIDE_PX = 4.0  # a thinner box was a click


class AssistPen(PanPen):
    """Drag a box, or click; the board's prompt then says what was shown."""

    is_dragged = True

    def press(self, board: Board, at: Point) -> bool:
        """Set the first corner, or the place."""
        if not board.holds(at):
            return False
        start = board.on_image(at)
        board.box = start, start
        return True

    def move(self, board: Board, at: Point) -> None:
        """Show the box."""
        if board.box is not None:
            board.box = board.box[0], board.on_image(at)

    def release(self, board: Board, at: Point) -> None:
        """Ask."""
        self.move(board, at)
        if board.box is None:
            return
        (x0, y0), (x1, y1) = board.box
        is_box = min(abs(x1 - x0), abs(y1 - y0)) >= MIN_SIDE_PX
        corners = ((min(x0, x1), min(y0, y1)), (max(x0, x1), max(y0, y1)))
        board.box = None
        board.prompt = Prompt(board.frame_index, corners if is_box else ((x0, y0),))
