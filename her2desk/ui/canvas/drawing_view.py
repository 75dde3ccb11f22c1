"""A viewport that is drawn on: the tools' pointer, the history and what it tells the program."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Point, Roi
from her2desk.ui.canvas.drawing import Drawing, History
from her2desk.ui.canvas.tools import Board, Tool, hover, pens
from her2desk.ui.canvas.viewport import Viewport

REACH = 9  # device-independent pixels within which the pointer takes hold of a point or an edge

_Left = Qt.MouseButton.LeftButton
_CURSORS = {
    Tool.PAN: Qt.CursorShape.OpenHandCursor,
    Tool.EDIT: Qt.CursorShape.ArrowCursor,
    Tool.POLYGON: Qt.CursorShape.CrossCursor,
    Tool.FREEHAND: Qt.CursorShape.CrossCursor,
}


class DrawingView(Viewport):
    """One frame and the ROI on it.

    ``roi_closed`` carries the ROI at the end of every stroke that leaves a closed outline (closing,
    a drag let go, undo, redo); ``roi_changed`` the outline during a drag; ``roi_cleared`` says that
    none is left. ``drawing_changed`` carries the whole ``Drawing``, points in progress included,
    for saving at every stroke. What the program sets itself (``set_roi``) is not signalled.
    """

    roi_closed = Signal(object)
    roi_changed = Signal(object)
    roi_cleared = Signal()
    drawing_changed = Signal(object)
    history_changed = Signal(bool, bool)
    tool_changed = Signal(object)
    stroke_begun = Signal()
    position_hovered = Signal(float, float)
    hover_ended = Signal()
    frame_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board = Board()
        self._pens = pens()
        self._tool = Tool.PAN
        self._is_drawing = False
        self._is_space_held = False
        self._pointer: Point | None = None

    @property
    def tool(self) -> Tool:
        return self._tool

    @property
    def drawing(self) -> Drawing:
        """The ROI and the outline in progress, without a drag that is not finished."""
        return self._board.drawing

    @property
    def can_undo(self) -> bool:
        return self._board.history.can_undo

    @property
    def can_redo(self) -> bool:
        return self._board.history.can_redo

    def set_image(self, image: UltrasoundImage | None) -> None:
        """Get ready for another image: no frame, nothing drawn, no history."""
        size = (image.columns, image.rows) if image is not None else (0, 0)
        self._end_stroke()
        self._board = Board(History(), *size)
        self._pointer = None
        super().set_image(image)
        self.history_changed.emit(False, False)

    def show_frame(self, pixels: NDArray[np.uint8], frame_index: int) -> None:
        """Show a frame; a stroke unfinished on another one is dropped."""
        super().show_frame(pixels, frame_index)
        if frame_index != self._board.frame_index:
            self._end_stroke()
        self._board.frame_index = frame_index

    def roi(self) -> Roi | None:
        """The closed ROI, on whatever frame."""
        return self.drawing.roi

    def shown_roi(self) -> Roi | None:
        """The ROI on the present frame as it looks now, in the middle of a drag too."""
        return self._board.roi_here

    def set_roi(self, roi: Roi | None) -> None:
        """Show ``roi`` and start a new history, unless it is the present one already."""
        if roi != self.drawing.roi:
            self.set_drawing(Drawing(roi))

    def set_drawing(self, drawing: Drawing) -> None:
        """Show a drawing as it was saved, points in progress included, and start a new history."""
        self._end_stroke()
        self._board.history.reset(drawing)
        self.history_changed.emit(False, False)
        self.update()

    def set_tool(self, tool: Tool) -> None:
        """Choose what the left button does; an outline in progress is kept."""
        if tool == self._tool:
            return
        self._end_stroke()
        self._tool = tool
        self._update_cursor()
        self.tool_changed.emit(tool)
        self.update()

    def undo(self) -> None:
        """Take back the last step, or the drag in progress."""
        if self._is_drawing:
            self._end_stroke()
        else:
            self._travel(self._board.history.undo)

    def redo(self) -> None:
        """Do again what was taken back."""
        if not self._is_drawing:
            self._travel(self._board.history.redo)

    def clear(self) -> None:
        """Remove ROI and outline in progress; undo brings them back."""
        self._end_stroke()
        self._record(self.drawing.cleared())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Give the press to the tool, else pan or window."""
        if not self._offer(event, is_double=False):
            super().mousePressEvent(event)
        self._update_cursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Close an outline, or fit the image with the pan tool."""
        if self._offer(event, is_double=True):
            return
        if event.button() == _Left and self._tool is Tool.PAN:
            self.fit()
        else:
            super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the stroke, or show what could be taken hold of."""
        if self._dragging is not None:
            super().mouseMoveEvent(event)
            return
        if not self.has_frame:
            return
        at = self._locate(event)
        if self._is_drawing:
            before = self._board.preview
            self._pens[self._tool].move(self._board, at)
            if self._board.preview is not None and self._board.preview != before:
                self.roi_changed.emit(self._board.preview)
        elif self._tool is Tool.EDIT:
            hover(self._board, at)
            self._update_cursor()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish the stroke."""
        if self._is_drawing and event.button() == _Left:
            before = self.drawing
            self._is_drawing = False
            self._pens[self._tool].release(self._board, self._locate(event))
            self._settle(before)
        else:
            super().mouseReleaseEvent(event)
        self._update_cursor()

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the pointer."""
        self._pointer = None
        self._board.hot_vertex = self._board.hot_edge = None
        self.hover_ended.emit()
        self.update()

    def _offer(self, event: QMouseEvent, is_double: bool) -> bool:
        """Whether the tool took the press."""
        is_ours = event.button() == _Left and self._dragging is None and not self._is_space_held
        if not is_ours or not self.has_frame:
            return False
        pen, before, tool = self._pens[self._tool], self.drawing, self._tool
        take = pen.double_click if is_double else pen.press
        if not take(self._board, self._locate(event)):
            self.update()
            return False
        self._is_drawing = tool in (Tool.EDIT, Tool.FREEHAND)
        self.stroke_begun.emit()
        self._settle(before)
        return True

    def _locate(self, event: QMouseEvent) -> Point:
        """The event's position on the image, told to whoever listens."""
        at = self._transform.to_image(event.position())
        self._board.reach = REACH / self._transform.scale
        self._pointer = at if self._board.on_image(at) == at else None
        if self._pointer is None:
            self.hover_ended.emit()
        else:
            self.position_hovered.emit(*at)
        return at

    def _record(self, drawing: Drawing) -> None:
        before = self.drawing
        self._board.history.record(drawing)
        self._settle(before)

    def _travel(self, step: Callable[[], bool]) -> None:
        """Undo or redo, and turn to the frame on which something changed."""
        before = self.drawing
        self._board.selected_vertex = None
        if not step():
            return
        now = self.drawing
        if now.is_in_progress:
            self.set_tool(Tool.POLYGON)
        self._settle(before)
        frame = now.pending_frame if now.is_in_progress else self.frame_index
        if not now.is_in_progress and now.roi is not None and now.roi != before.roi:
            frame = now.roi.frame_index
        if frame != self.frame_index:
            self.frame_requested.emit(frame)

    def _settle(self, before: Drawing) -> None:
        """Show what a step did and tell of it."""
        self.update()
        now = self.drawing
        if now == before:
            return
        is_closed = now.roi is not None and now.roi != before.roi and not now.is_in_progress
        if is_closed and self._tool in (Tool.POLYGON, Tool.FREEHAND):
            self.set_tool(Tool.EDIT)  # a closed outline can be corrected at once
        self.history_changed.emit(self.can_undo, self.can_redo)
        self.drawing_changed.emit(now)
        if now.roi is None and before.roi is not None:
            self.roi_cleared.emit()
        elif now.roi != before.roi:
            self.roi_closed.emit(now.roi)

    def _end_stroke(self) -> None:
        """Drop what is not finished; the history knows nothing of it."""
        self._is_drawing = False
        self._board.forget_pointer()
        self._pens = pens()
        self.update()

    def _update_cursor(self) -> None:
        can_hold = self._board.hot_vertex is not None or self._board.hot_edge is not None
        if self._dragging is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._is_space_held:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._tool is Tool.EDIT and can_hold:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.setCursor(_CURSORS[self._tool])
