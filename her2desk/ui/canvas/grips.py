"""What the pointer could take hold of: a vertex, an edge, the whole outline, a ruler. No Qt here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from her2desk.domain.drawing import Ruler
from her2desk.domain.roi import Point
from her2desk.ui.canvas.geometry import distance_to, encloses, nearest_edge, nearest_vertex


class Part(StrEnum):
    """Which part of what is drawn."""

    VERTEX = "vertex"
    EDGE = "edge"
    INSIDE = "inside"
    RULER_START = "ruler start"
    RULER_END = "ruler end"
    RULER = "ruler"


@dataclass(frozen=True)
class Grip:
    """One part and where it is; ``index`` of the vertex, or of the edge's first one."""

    part: Part
    at: Point
    index: int = 0
    ruler: Ruler | None = None

    @property
    def is_small(self) -> bool:
        """Whether it is a thing to aim at, and not an area."""
        return self.part is not Part.INSIDE


def grip_at(
    polygon: Sequence[Point], rulers: Sequence[Ruler], at: Point, reach: float
) -> Grip | None:
    """What lies within ``reach`` of ``at``: points before lines, lines before the outline's inside.

    Of two points the nearer one counts, a ruler's end before a vertex as near.
    """
    points = _ruler_ends(rulers)
    vertex = nearest_vertex(polygon, at, reach)
    if vertex is not None:
        points.append(Grip(Part.VERTEX, polygon[vertex], vertex))
    nearest = min(points, key=lambda grip: math.dist(grip.at, at), default=None)
    if nearest is not None and math.dist(nearest.at, at) <= reach:
        return nearest
    for ruler in reversed(rulers):
        if distance_to(ruler.start, ruler.end, at) <= reach:
            return Grip(Part.RULER, at, ruler=ruler)
    edge = nearest_edge(polygon, at, reach)
    if edge is not None:
        return Grip(Part.EDGE, edge[1], edge[0])
    return Grip(Part.INSIDE, at) if encloses(polygon, at) else None


def _ruler_ends(rulers: Sequence[Ruler]) -> list[Grip]:
    ends: list[Grip] = []
    for ruler in reversed(rulers):  # the last one drawn lies on top
        ends.append(Grip(Part.RULER_END, ruler.end, ruler=ruler))
        ends.append(Grip(Part.RULER_START, ruler.start, ruler=ruler))
    return ends
