"""Steps of a drawing: edits of its outlines, and the history of them all. No Qt here."""

from dataclasses import dataclass, field, replace

from her2desk.domain.drawing import Drawing
from her2desk.domain.roi import MIN_POINTS, Point, Roi
from her2desk.ui.canvas.geometry import clamped_shift, moved

MAX_STEPS = 1000


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


def frames_changed(before: Drawing, now: Drawing) -> list[int]:
    """The frames on which two drawings differ, an outline in progress first."""
    rois = {roi.frame_index for roi in set(before.rois) ^ set(now.rois)}
    rulers = {ruler.frame_index for ruler in set(before.rulers) ^ set(now.rulers)}
    found = sorted(rois | rulers | (set(before.key_frames) ^ set(now.key_frames)))
    if before.pending == now.pending:
        return found
    if now.is_in_progress:
        return [now.pending_frame, *found]
    return [*found, before.pending_frame]


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
