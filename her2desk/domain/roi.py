"""The ROI: what a person drew on one frame, as a polygon in image coordinates."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from her2desk.domain.crossings import TooEntangled, first_crossing
from her2desk.domain.geometry import Point as Point
from her2desk.domain.geometry import bounds, edges, frame_from_json, signed_area
from her2desk.domain.geometry import point_from_json as point_from_json
from her2desk.domain.image import Spacing, UltrasoundImage
from her2desk.errors import InputRefused
from her2desk.texts import msg

MIN_POINTS = 3
MIN_AREA_PX = 64  # below this the texture matrices have too few pairs to mean anything
MAX_POINTS = 20_000


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; ``x1`` and ``y1`` are exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0


@dataclass(frozen=True)
class Roi:
    """A closed polygon on one frame; points are (column, row), frames count from 0.

    ``assisted_by`` is the SHA-256 of the network that first proposed the outline, None for one that
    a hand drew; a builder must not predict a patient whom that network was trained on.
    """

    frame_index: int
    polygon: tuple[Point, ...]
    assisted_by: str | None = None

    @property
    def area_px(self) -> float:
        """Area by the shoelace formula, in pixels."""
        return abs(signed_area(self.polygon))

    @property
    def centroid(self) -> Point:
        """Centre of area; the mean of the points for a polygon without area."""
        area = signed_area(self.polygon)
        if math.isclose(area, 0.0, abs_tol=1e-9):
            n = len(self.polygon)
            return sum(x for x, _ in self.polygon) / n, sum(y for _, y in self.polygon) / n
        cx = cy = 0.0
        for (x0, y0), (x1, y1) in edges(self.polygon):
            cross = x0 * y1 - x1 * y0
            cx += (x0 + x1) * cross
            cy += (y0 + y1) * cross
        return cx / (6 * area), cy / (6 * area)

    def bounds(self) -> tuple[float, float, float, float]:
        """(left, top, right, lower) of the points."""
        return bounds(self.polygon)

    def box(self, margin_px: int, rows: int, columns: int) -> Box:
        """The pixels the polygon touches, widened by ``margin_px``, cut at the image's edge."""
        left, top, right, lower = self.bounds()
        return Box(
            max(0, math.floor(left) - margin_px),
            max(0, math.floor(top) - margin_px),
            min(columns, math.ceil(right) + margin_px),
            min(rows, math.ceil(lower) + margin_px),
        )

    def check(self, image: UltrasoundImage) -> None:
        """Raise ``InputRefused`` unless the ROI can be used on ``image``."""
        self._check_frame(image.frames)
        self._check_points(image.rows, image.columns)
        self._check_crossings()
        if self.area_px < MIN_AREA_PX:
            raise InputRefused(
                msg(
                    "The outline encloses {area:.0f} pixels; texture needs at least {limit}.",
                    area=self.area_px,
                    limit=MIN_AREA_PX,
                ),
                msg("Draw a larger outline around the lesion."),
                code="roi-too-small",
            )

    def _check_frame(self, frames: int) -> None:
        if not 0 <= self.frame_index < frames:
            raise InputRefused(
                msg(
                    "The outline is on frame {frame}, but the image has {frames}.",
                    frame=self.frame_index + 1,
                    frames=frames,
                ),
                msg("Use the outline that was drawn on this image."),
                code="roi-frame",
            )

    def _check_points(self, rows: int, columns: int) -> None:
        if len(self.polygon) < MIN_POINTS:
            raise InputRefused(
                msg(
                    "The outline has {n} points; it needs at least {limit}.",
                    n=len(self.polygon),
                    limit=MIN_POINTS,
                ),
                msg("Draw the outline again and close it."),
                code="roi-too-few-points",
            )
        for column, row in self.polygon:
            if not (0 <= column <= columns and 0 <= row <= rows):
                raise InputRefused(
                    msg(
                        "The outline reaches outside the image, at column {column:.6g}, "
                        "row {row:.6g} (the image is {columns} × {rows}).",
                        column=column,
                        row=row,
                        columns=columns,
                        rows=rows,
                    ),
                    msg("Use the outline that was drawn on this image."),
                    code="roi-outside",
                )

    def _check_crossings(self) -> None:
        """Two edges that cross make what lies inside a matter of opinion; touching is no crossing."""
        try:
            crossing = first_crossing(self.polygon)
        except TooEntangled as error:
            raise InputRefused(
                msg("The outline goes to and fro too often to be checked."),
                msg("Draw the outline again around the lesion."),
                code="roi-too-ragged",
            ) from error
        if crossing is not None:
            raise InputRefused(
                msg(
                    "The outline crosses itself at column {column:.0f}, row {row:.0f}, so its inside "
                    "is not certain.",
                    column=crossing[0],
                    row=crossing[1],
                ),
                msg("Draw the outline again without a loop."),
                code="roi-crosses-itself",
            )

    def spacing(self, image: UltrasoundImage) -> Spacing:
        """The spacing under the whole ROI; unknown when its points lie in different regions."""
        return image.spacing_along(self.polygon, self.frame_index, is_closed=True)

    def to_json(self) -> dict[str, Any]:
        """The ROI as its file holds it."""
        document: dict[str, Any] = {
            "frame_index": self.frame_index,
            "polygon": [[float(x), float(y)] for x, y in self.polygon],
        }
        if self.assisted_by is not None:
            document["assisted_by"] = self.assisted_by
        return document


def roi_from_json(text: str) -> Roi:
    """An ROI from its JSON text; raises ``InputRefused`` with what is wrong."""
    try:
        return roi_from_raw(json.loads(text))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputRefused(
            msg("The outline's file is not an ROI."),
            msg(
                "It should read {example}.",
                example='{"frame_index": 0, "polygon": [[column, row], …]}',
            ),
            code="roi-malformed",
        ) from error


def roi_from_raw(raw: Any) -> Roi:
    """An ROI from its parsed JSON; raises ``ValueError``, ``KeyError`` or ``TypeError``."""
    frame, points = frame_from_json(raw["frame_index"]), raw["polygon"]
    assisted_by = raw.get("assisted_by")
    if not isinstance(points, list):
        raise TypeError
    if len(points) > MAX_POINTS:
        raise ValueError
    if assisted_by is not None and not (
        isinstance(assisted_by, str) and re.fullmatch("[0-9a-f]{64}", assisted_by)
    ):
        raise ValueError
    return Roi(frame, tuple(point_from_json(point) for point in points), assisted_by)
