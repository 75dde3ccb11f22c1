"""Paints a board: the present frame's outline, rulers, stroke in progress and proposal."""

from dataclasses import dataclass

from PySide6.QtGui import QColor, QPainter

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.measurements import distance
from her2desk.domain.roi import Point
from her2desk.ui.canvas import overlay, overlay_marks
from her2desk.ui.canvas.grips import Part
from her2desk.ui.canvas.tools import BRUSH_TOOLS, Board, Tool
from her2desk.ui.canvas.transform import ViewTransform
from her2desk.ui.theme import colours


@dataclass(frozen=True)
class BoardPainter:
    """One painting of a board. ``pointer`` is where the mouse is on the image, if it is."""

    painter: QPainter
    transform: ViewTransform
    board: Board
    tool: Tool
    pointer: Point | None
    image: UltrasoundImage

    def paint(self) -> None:
        """All that is drawn on the present frame, the thing in hand last."""
        colour = QColor(colours().roi)
        self._paint_roi(colour)
        self._paint_stroke(colour)
        self._paint_rulers()
        self._paint_proposal()
        self._paint_hints(colour)

    def _paint_roi(self, colour: QColor) -> None:
        board, roi = self.board, self.board.roi_here
        if roi is None:
            return
        is_replaced = bool(board.pending_here) or board.proposal is not None
        is_loop = bool(board.stroke) and self.tool not in BRUSH_TOOLS
        style = overlay.OutlineStyle(
            colour,
            has_handles=self.tool is Tool.EDIT and board.proposal is None,
            is_dimmed=is_replaced or is_loop,
            hot_vertex=board.hot_vertex,
            selected_vertex=board.selected_vertex,
        )
        overlay.paint_outline(self.painter, self.transform, roi.polygon, style)

    def _paint_stroke(self, colour: QColor) -> None:
        board = self.board
        if board.pending_here:
            pointer = self.pointer if self.tool is Tool.POLYGON else None
            overlay.paint_pending(self.painter, self.transform, board.pending_here, pointer, colour)
        if board.stroke and self.tool in BRUSH_TOOLS:
            overlay_marks.paint_trail(
                self.painter, self.transform, board.stroke, board.brush_radius, self._brush_ink()
            )
        elif board.stroke:
            overlay.paint_stroke(self.painter, self.transform, board.stroke, colour)
        if board.box is not None:
            overlay_marks.paint_box(self.painter, self.transform, board.box)

    def _paint_rulers(self) -> None:
        board = self.board
        chosen = board.ruler_preview or board.selected_ruler
        for ruler in board.rulers_here:
            length = distance(self.image, ruler.start, ruler.end, ruler.frame_index)
            words = length.words.text()
            is_chosen = ruler == chosen
            overlay_marks.paint_ruler(self.painter, self.transform, ruler, words, is_chosen)

    def _paint_proposal(self) -> None:
        proposal = self.board.proposal
        if proposal is not None and proposal.roi.frame_index == self.board.frame_index:
            overlay_marks.paint_proposal(self.painter, self.transform, proposal.roi.polygon)

    def _paint_hints(self, colour: QColor) -> None:
        hot = self.board.hot
        if hot is not None and hot.part in (Part.EDGE, Part.RULER_START, Part.RULER_END):
            ink = colour if hot.part is Part.EDGE else overlay_marks.RULER_INK
            overlay.paint_edge_hint(self.painter, self.transform, hot.at, ink)
        if self.tool in BRUSH_TOOLS and self.pointer is not None:
            overlay_marks.paint_ring(
                self.painter,
                self.transform,
                self.pointer,
                self.board.brush_radius,
                self._brush_ink(),
            )

    def _brush_ink(self) -> QColor:
        return QColor(colours().roi) if self.tool is Tool.BRUSH else overlay.INK
