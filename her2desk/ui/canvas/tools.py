"""The tools' common ground: what is drawn, what the present stroke shows, what a pen is. No Qt here.

A tool gets ``press``, ``move`` and ``release`` at positions (column, row) and works on a ``Board``.
Every finished stroke is one step of the history; until then it is only a preview.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from her2desk.domain.drawing import Drawing, Ruler
from her2desk.domain.proposal import Prompt, Proposal
from her2desk.domain.roi import Point, Roi
from her2desk.texts import Message
from her2desk.ui.canvas.drawing import History
from her2desk.ui.canvas.geometry import clamp
from her2desk.ui.canvas.grips import Grip, Part

USUAL_BRUSH_PX = 12.0
MIN_BRUSH_PX, MAX_BRUSH_PX = 1.0, 200.0


class Tool(StrEnum):
    """What the left mouse button does on the image."""

    PAN = "pan"
    EDIT = "edit"
    POLYGON = "polygon"
    FREEHAND = "freehand"
    ELLIPSE = "ellipse"
    BRUSH = "brush"
    ERASER = "eraser"
    RULER = "ruler"
    ASSIST = "assist"


CLOSING_TOOLS = (Tool.POLYGON, Tool.FREEHAND, Tool.ELLIPSE, Tool.ASSIST)
BRUSH_TOOLS = (Tool.BRUSH, Tool.ERASER)


@dataclass
class Board:
    """The drawing with its history, and what the present stroke shows before it is finished.

    ``reach`` is how near, in image pixels, the pointer must come to take hold of something.
    ``is_wiped`` says that the present stroke would leave no outline. ``is_even`` and ``is_centred``
    are the keys held down: a circle or a straight ruler, and an ellipse about its centre. ``note``
    and ``prompt`` are what a stroke has to say and to ask; whoever passes them on takes them away.
    """

    history: History = field(default_factory=History)
    columns: int = 0
    rows: int = 0
    frame_index: int = 0
    reach: float = 1.0
    brush_radius: float = USUAL_BRUSH_PX
    is_even: bool = False
    is_centred: bool = False
    preview: Roi | None = None
    is_wiped: bool = False
    stroke: list[Point] = field(default_factory=list)
    box: tuple[Point, Point] | None = None
    ruler_preview: Ruler | None = None
    selected_ruler: Ruler | None = None
    selected_vertex: int | None = None
    hot: Grip | None = None
    proposal: Proposal | None = None
    note: Message | None = None
    prompt: Prompt | None = None

    @property
    def drawing(self) -> Drawing:
        return self.history.present

    @property
    def kept_here(self) -> Roi | None:
        """The present frame's ROI without what the present stroke does to it."""
        return self.drawing.on(self.frame_index)

    @property
    def roi_here(self) -> Roi | None:
        """The present frame's ROI as it looks now, in the middle of a stroke too."""
        if self.preview is not None and self.preview.frame_index == self.frame_index:
            return self.preview
        return None if self.is_wiped else self.kept_here

    @property
    def pending_here(self) -> tuple[Point, ...]:
        """The outline in progress, when it is on the present frame."""
        here = self.drawing.pending_frame == self.frame_index
        return self.drawing.pending if here else ()

    @property
    def rulers_here(self) -> tuple[Ruler, ...]:
        """The present frame's rulers as they look now, the one in hand last."""
        held, preview = self.selected_ruler, self.ruler_preview
        rest = tuple(
            ruler
            for ruler in self.drawing.rulers
            if ruler.frame_index == self.frame_index and (preview is None or ruler != held)
        )
        return rest if preview is None else (*rest, preview)

    @property
    def hot_vertex(self) -> int | None:
        """The vertex under the pointer."""
        return self.hot.index if self.hot is not None and self.hot.part is Part.VERTEX else None

    def holds(self, at: Point, reach: float = 0.0) -> bool:
        """Whether the position lies on the image, or near enough to its edge to be meant so."""
        return math.dist(at, self.on_image(at)) <= max(self.reach, reach)

    def on_image(self, at: Point) -> Point:
        """The nearest position on the image."""
        return clamp(at, self.columns, self.rows)

    def select(self, ruler: Ruler | None = None, vertex: int | None = None) -> None:
        """Choose a ruler, a vertex or nothing; what Delete removes."""
        self.selected_ruler, self.selected_vertex = ruler, vertex

    def forget_pointer(self) -> None:
        """No stroke in progress and nothing under the pointer."""
        self.preview = self.ruler_preview = self.box = self.hot = None
        self.is_wiped = False
        self.stroke = []


class Pen(Protocol):
    """The behaviour of one tool. ``is_dragged`` when a press goes on until the button is let go."""

    is_dragged: bool

    def press(self, board: Board, at: Point) -> bool:
        """Start a stroke; False when the position is nothing to this tool."""

    def move(self, board: Board, at: Point) -> None:
        """Go on with the stroke."""

    def release(self, board: Board, at: Point) -> None:
        """Finish the stroke."""

    def double_click(self, board: Board, at: Point) -> bool:
        """The second click of a pair; False when the position is nothing to this tool."""


class PanPen:
    """Takes nothing, so that the view moves the image; the other pens begin from it."""

    is_dragged = False

    def press(self, board: Board, at: Point) -> bool:
        """Leave the press to the view."""
        return False

    def move(self, board: Board, at: Point) -> None:
        """Do nothing."""

    def release(self, board: Board, at: Point) -> None:
        """Do nothing."""

    def double_click(self, board: Board, at: Point) -> bool:
        """Start a stroke like any other press."""
        return self.press(board, at)
