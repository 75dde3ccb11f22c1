"""All pens, one for each tool."""

from her2desk.ui.canvas.pens.assist import AssistPen
from her2desk.ui.canvas.pens.brush import BrushPen, EraserPen
from her2desk.ui.canvas.pens.edit import EditPen
from her2desk.ui.canvas.pens.outline import EllipsePen, FreehandPen, PolygonPen
from her2desk.ui.canvas.pens.ruler import RulerPen
from her2desk.ui.canvas.tools import PanPen, Pen, Tool


def pens() -> dict[Tool, Pen]:
    """A fresh set of tools."""
    return {
        Tool.PAN: PanPen(),
        Tool.EDIT: EditPen(),
        Tool.POLYGON: PolygonPen(),
        Tool.FREEHAND: FreehandPen(),
        Tool.ELLIPSE: EllipsePen(),
        Tool.BRUSH: BrushPen(),
        Tool.ERASER: EraserPen(),
        Tool.RULER: RulerPen(),
        Tool.ASSIST: AssistPen(),
    }
