"""A viewport with a drawing on it: tools, steps and the way back, and what the program is told."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from her2desk.domain.drawing import Drawing, Ruler
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Point, Roi
from her2desk.ui.canvas.drawing import History, frames_changed
from her2desk.ui.canvas.pens.case import pens
from her2desk.ui.canvas.tools import CLOSING_TOOLS, MAX_BRUSH_PX, MIN_BRUSH_PX, Board, Tool
from her2desk.ui.canvas.viewport import Viewport

_CURSORS = {Tool.PAN: Qt.CursorShape.OpenHandCursor, Tool.EDIT: Qt.CursorShape.ArrowCursor}


class BoardView(Viewport):
    """One frame and what is drawn on it.

    ``drawing_changed`` carries the whole ``Drawing`` after every finished stroke, undo and redo,
    points in progress included, for saving; ``roi_changed`` the outline during a drag. What the
    program sets itself (``set_drawing``) is not signalled. ``ruler_selected`` carries the chosen
    ``Ruler`` or None, ``assist_requested`` a ``Prompt``, ``noted`` a ``Message`` about a stroke.
    """

    roi_changed = Signal(object)
    drawing_changed = Signal(object)
    history_changed = Signal(bool, bool)
    tool_changed = Signal(object)
    brush_changed = Signal(float)
    stroke_begun = Signal()
    ruler_selected = Signal(object)
    assist_requested = Signal(object)
    noted = Signal(object)
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
        self._told_ruler: Ruler | None = None

    @property
    def tool(self) -> Tool:
        return self._tool

    @property
    def drawing(self) -> Drawing:
        """All that is drawn, without a stroke that is not finished."""
        return self._board.drawing

    @property
    def can_undo(self) -> bool:
        return self._board.history.can_undo

    @property
    def can_redo(self) -> bool:
        return self._board.history.can_redo

    @property
    def brush_radius(self) -> float:
        """Radius of brush and eraser in image pixels."""
        return self._board.brush_radius

    def set_image(self, image: UltrasoundImage | None) -> None:
        """Get ready for another image: no frame, nothing drawn, no history."""
        size = (image.columns, image.rows) if image is not None else (0, 0)
        self._end_stroke()
        self._board = Board(History(), *size, brush_radius=self.brush_radius)
        self._pointer = None
        super().set_image(image)
        self.history_changed.emit(False, False)
        self._tell_ruler()

    def show_frame(self, pixels: NDArray[np.uint8], frame_index: int) -> None:
        """Show a frame; a stroke unfinished on another one is dropped."""
        super().show_frame(pixels, frame_index)
        if frame_index != self._board.frame_index:
            self._end_stroke()
            self._board.select()
        self._board.frame_index = frame_index
        self._tell_ruler()

    def roi(self) -> Roi | None:
        """The ROI that the estimate is made from, on whatever frame."""
        return self.drawing.answering

    def shown_roi(self) -> Roi | None:
        """The ROI on the present frame as it looks now, in the middle of a drag too."""
        return self._board.roi_here

    def selected_ruler(self) -> Ruler | None:
        """The ruler that Delete would remove."""
        return self._board.selected_ruler

    def set_drawing(self, drawing: Drawing) -> None:
        """Show a drawing and start a new history, unless it is the present one already."""
        if drawing == self.drawing:
            return
        self._end_stroke()
        self._board.select()
        self._board.history.reset(drawing)
        self.history_changed.emit(False, False)
        self._tell_ruler()

    def set_tool(self, tool: Tool) -> None:
        """Choose what the left button does; an outline in progress is kept."""
        if tool == self._tool:
            return
        self._end_stroke()
        self._tool = tool
        self._update_cursor()
        self.tool_changed.emit(tool)

    def set_brush_radius(self, radius: float) -> None:
        """Choose the radius of brush and eraser, in image pixels."""
        radius = min(max(radius, MIN_BRUSH_PX), MAX_BRUSH_PX)
        if radius == self.brush_radius:
            return
        self._board.brush_radius = radius
        self.brush_changed.emit(radius)
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
        """Remove the present frame's ROI and an outline in progress; undo brings them back."""
        self._end_stroke()
        self.record(self.drawing.without_roi(self._board.frame_index))

    def switch_key_frame(self) -> None:
        """Mark the present frame as a key frame, or no longer."""
        self.record(self.drawing.with_key_frame_switched(self._board.frame_index))

    def record(self, drawing: Drawing) -> None:
        """Make ``drawing`` the present one, as a step that can be taken back."""
        before = self.drawing
        self._board.history.record(drawing)
        self._settle(before)

    def _travel(self, step: Callable[[], bool]) -> None:
        """Undo or redo, and turn to the frame on which something changed."""
        before = self.drawing
        if not step():
            return
        now = self.drawing
        self._board.select()
        if now.is_in_progress and now.pending != before.pending:
            self.set_tool(Tool.POLYGON)
        self._settle(before)
        frames = frames_changed(before, now)
        if frames and self.frame_index not in frames:
            self.frame_requested.emit(frames[0])

    def _settle(self, before: Drawing) -> None:
        """Show what a step did and tell of it, of its notes and its questions."""
        self.update()
        now, here = self.drawing, self._board.frame_index
        if now != before:
            is_closed = now.on(here) not in (None, before.on(here)) and not now.is_in_progress
            if is_closed and self._tool in CLOSING_TOOLS:
                self.set_tool(Tool.EDIT)  # a closed outline can be corrected at once
            self.history_changed.emit(self.can_undo, self.can_redo)
            self.drawing_changed.emit(now)
        self._tell_ruler()
        note, prompt = self._board.note, self._board.prompt
        self._board.note = self._board.prompt = None
        if note is not None:
            self.noted.emit(note)
        if prompt is not None:
            self.assist_requested.emit(prompt)

    def _tell_ruler(self) -> None:
        ruler = self._board.selected_ruler
        if ruler != self._told_ruler:
            self._told_ruler = ruler
            self.ruler_selected.emit(ruler)
        self.update()

    def _end_stroke(self) -> None:
        """Drop what is not finished; the history knows nothing of it."""
        self._is_drawing = False
        self._board.forget_pointer()
        self._pens = pens()
        self.update()

    def _update_cursor(self) -> None:
        if self._dragging is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._is_space_held:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._tool is Tool.EDIT and self._board.hot is not None:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.setCursor(_CURSORS.get(self._tool, Qt.CursorShape.CrossCursor))
