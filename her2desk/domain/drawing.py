"""All that one reader put on one image: outlines, an outline in progress, rulers, key frames.

Plain data, kept in the library as one document after every stroke. Points are (column, row) as in
``domain.roi``; frames count from 0.
"""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from her2desk.domain.geometry import frame_from_json
from her2desk.domain.roi import MAX_POINTS, MIN_POINTS, Point, Roi, point_from_json, roi_from_raw
from her2desk.errors import InputRefused
from her2desk.texts import msg

SAME_PLACE_PX = 0.25  # a second click nearer than this adds nothing to an outline
MAX_MARKS = 10_000  # outlines, rulers or key frames of one image; a cine has a few hundred frames


@dataclass(frozen=True)
class Ruler:
    """A straight line on one frame, for a distance."""

    frame_index: int
    start: Point
    end: Point


@dataclass(frozen=True)
class Drawing:
    """At most one closed ROI a frame, in order of frame, and what else is drawn.

    ``pending`` are the points of an outline not closed yet, on frame ``pending_frame``; the old ROI
    of that frame stays until the new one is closed.
    """

    rois: tuple[Roi, ...] = ()
    pending: tuple[Point, ...] = ()
    pending_frame: int = 0
    rulers: tuple[Ruler, ...] = ()
    key_frames: tuple[int, ...] = ()

    @property
    def is_in_progress(self) -> bool:
        return bool(self.pending)

    @property
    def can_close(self) -> bool:
        """Whether the outline in progress has enough points to enclose something."""
        return len(self.pending) >= MIN_POINTS

    @cached_property
    def answering(self) -> Roi | None:
        """The ROI that the estimate is made from: the one of largest area, the first of equals.

        The paper's rule for several slices of a lesion. Frames of one image share their pixels'
        size, so areas are compared in pixels.
        """
        return max(self.rois, key=lambda roi: roi.area_px, default=None)

    def on(self, frame_index: int) -> Roi | None:
        """The ROI of a frame."""
        return next((roi for roi in self.rois if roi.frame_index == frame_index), None)

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
        """The outline in progress given up; all else stays."""
        return replace(self, pending=(), pending_frame=0)

    def closed(self) -> "Drawing":
        """The outline in progress as its frame's ROI; unchanged below three points."""
        return self.with_roi(Roi(self.pending_frame, self.pending)) if self.can_close else self

    def with_roi(self, roi: Roi) -> "Drawing":
        """``roi`` in place of any other of its frame, and no outline in progress."""
        others = [other for other in self.rois if other.frame_index != roi.frame_index]
        rois = tuple(sorted((*others, roi), key=lambda one: one.frame_index))
        return replace(self.without_pending(), rois=rois)

    def without_roi(self, frame_index: int) -> "Drawing":
        """No ROI on this frame, and no outline in progress."""
        kept = tuple(roi for roi in self.rois if roi.frame_index != frame_index)
        return replace(self.without_pending(), rois=kept)

    def with_ruler(self, ruler: Ruler) -> "Drawing":
        """One ruler more."""
        return replace(self, rulers=(*self.rulers, ruler))

    def without_ruler(self, ruler: Ruler) -> "Drawing":
        """The same but for this ruler."""
        return replace(self, rulers=tuple(other for other in self.rulers if other != ruler))

    def with_key_frame_switched(self, frame_index: int) -> "Drawing":
        """The frame marked as a key frame, or no longer."""
        marks = set(self.key_frames) ^ {frame_index}
        return replace(self, key_frames=tuple(sorted(marks)))

    def to_json(self) -> dict[str, Any]:
        """The drawing as the library keeps it."""
        return {
            "rois": [roi.to_json() for roi in self.rois],
            "pending": [list(point) for point in self.pending],
            "pending_frame": self.pending_frame,
            "rulers": [
                {"frame_index": r.frame_index, "start": list(r.start), "end": list(r.end)}
                for r in self.rulers
            ],
            "key_frames": list(self.key_frames),
        }


def drawing_of(*rois: Roi) -> Drawing:
    """A drawing of these ROIs; a later one replaces an earlier one of the same frame."""
    by_frame = {roi.frame_index: roi for roi in rois}
    return Drawing(tuple(by_frame[frame] for frame in sorted(by_frame)))


def drawing_from_json(text: str) -> Drawing:
    """A drawing from its JSON text; raises ``InputRefused`` (``drawing-malformed``)."""
    try:
        raw = json.loads(text)
        lists = [raw[name] for name in ("rois", "pending", "rulers", "key_frames")]
        too_long = any(len(values) > MAX_MARKS for values in lists if values is not raw["pending"])
        if too_long or len(raw["pending"]) > MAX_POINTS:
            raise ValueError
        return Drawing(
            rois=drawing_of(*(roi_from_raw(roi) for roi in raw["rois"])).rois,
            pending=tuple(point_from_json(point) for point in raw["pending"]),
            pending_frame=_frame(raw["pending_frame"]),
            rulers=tuple(_ruler(ruler) for ruler in raw["rulers"]),
            key_frames=tuple(sorted({_frame(frame) for frame in raw["key_frames"]})),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputRefused(
            msg("What was drawn on this image cannot be read."),
            msg("Restore the library folder from a backup, or draw again."),
            code="drawing-malformed",
        ) from error


def _ruler(raw: Any) -> Ruler:
    return Ruler(
        _frame(raw["frame_index"]), point_from_json(raw["start"]), point_from_json(raw["end"])
    )


def _frame(raw: Any) -> int:
    frame = frame_from_json(raw)
    if frame < 0:
        raise ValueError
    return frame
