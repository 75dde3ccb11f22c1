"""What is drawn on an image, as plain data, and its history. No Qt here.

A ``Drawing`` is a closed ROI and an outline in progress, where there are any: the old ROI stays
until a new outline is closed. Points are (column, row) as in ``domain.roi``.
"""

from dataclasses import dataclass, field, replace

from her2desk.domain.roi import MIN_POINTS, Point, Roi
from her2desk.ui.canvas.geometry import clamped_shift, moved

SAME_PLACE_PX = 0.25  # a second click nearer than this adds nothing to an outline
MAX_STEPS = 1000


@dataclass(frozen=True)
class Drawing:
    """The closed ROI and the points of an outline not closed yet, on frame ``pending_frame``."""

    roi: Roi | None = None
    pending: tuple[Point, ...] = ()
    pending_frame: int = 0

    @property
    def is_in_progress(self) -> bool:
        return bool(self.pending)

    @property
    def can_close(self) -> bool:
        """Whether the outline in progress has enough points to enclose something."""
        return len(self.pending) >= MIN_POINTS

    def with_point(self, point: Point, frame_index: int) -> "Drawing":
        """One point more; the first decides the frame, points for other frames are not added."""
        if not self.pending:
            return replace(self, pending=(point,), pending_frame=frame_index)
        last = self.pending[-1]
        is_same_place = max(abs(point[0] - last[0]), abs(point[1] - last[1])) < SAME_PLACE_PX
        if frame_index != self.pending_frame or is_same_place:
            return self
        return replace(self, pending=(*self.pending, point))

    def without_last_point(self) -> "Drawing":
        """One point fewer in the outline in progress."""
        return replace(self, pending=self.pending[:-1])

    def without_pending(self) -> "Drawing":
        """The outline in progress given up; the ROI stays."""
        return Drawing(self.roi)

    def closed(self) -> "Drawing":
        """The outline in progress as the ROI instead of any other; unchanged below three points."""
        return Drawing(Roi(self.pending_frame, self.pending)) if self.can_close else self

    def with_roi(self, roi: Roi) -> "Drawing":
        """``roi`` in place of any other."""
        return Drawing(roi)

    def cleared(self) -> "Drawing":
        """Nothing drawn."""
        return Drawing()


def with_vertex_moved(roi: Roi, index: int, to: Point) -> Roi:
    """The ROI with one vertex elsewhere."""
    return replace(roi, polygon=(*roi.polygon[:index], to, *roi.polygon[index + 1 :]))


def with_vertex_inserted(roi: Roi, edge: int, at: Point) -> Roi:
    """The ROI with a vertex more, on the edge from vertex ``edge`` to the next."""
    return replace(roi, polygon=(*roi.polygon[: edge + 1], at, *roi.polygon[edge + 1 :]))


def with_vertex_deleted(roi: Roi, index: int) -> Roi:
    """The ROI with a vertex fewer; unchanged when only three are left."""
    if len(roi.polygon) <= MIN_POINTS:
        return roi
    return replace(roi, polygon=roi.polygon[:index] + roi.polygon[index + 1 :])


def with_outline_moved(roi: Roi, dx: float, dy: float, columns: int, rows: int) -> Roi:
    """The ROI shifted as a whole, as far as the image goes."""
    shift = clamped_shift(roi.polygon, dx, dy, columns, rows)
    return replace(roi, polygon=moved(roi.polygon, *shift))


@dataclass
class History:
    """All drawings since the case was opened, up to ``MAX_STEPS``, and where in them we are."""

    present: Drawing = field(default_factory=Drawing)
    _past: list[Drawing] = field(default_factory=list)
    _future: list[Drawing] = field(default_factory=list)

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def record(self, drawing: Drawing) -> bool:
        """Make ``drawing`` the present one; False, and nothing recorded, when it is already."""
        if drawing == self.present:
            return False
        self._past.append(self.present)
        del self._past[:-MAX_STEPS]
        self._future.clear()
        self.present = drawing
        return True

    def undo(self) -> bool:
        """Go one step back; False when there is none."""
        if not self._past:
            return False
        self._future.append(self.present)
        self.present = self._past.pop()
        return True

    def redo(self) -> bool:
        """Go one step forward again; False when there is none."""
        if not self._future:
            return False
        self._past.append(self.present)
        self.present = self._future.pop()
        return True

    def reset(self, drawing: Drawing) -> None:
        """Start anew from ``drawing``."""
        self._past.clear()
        self._future.clear()
        self.present = drawing
