"""The ROI: what a person drew on one frame, as a polygon in image coordinates."""

import json
import math
from dataclasses import dataclass
from typing import Any

from her2desk.domain.image import Region, Spacing, SpacingSource, UltrasoundImage
from her2desk.errors import InputRefused
from her2desk.texts import msg

MIN_POINTS = 3
MIN_AREA_PX = 64  # below this the texture matrices have too few pairs to mean anything
MAX_POINTS = 20_000

Point = tuple[float, float]


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
    """A closed polygon on one frame; points are (column, row), frames count from 0."""

    frame_index: int
    polygon: tuple[Point, ...]

    @property
    def area_px(self) -> float:
        """Area by the shoelace formula, in pixels."""
        return abs(_signed_area(self.polygon))

    @property
    def centroid(self) -> Point:
        """Centre of area; the mean of the points for a polygon without area."""
        area = _signed_area(self.polygon)
        if math.isclose(area, 0.0, abs_tol=1e-9):
            n = len(self.polygon)
            return sum(x for x, _ in self.polygon) / n, sum(y for _, y in self.polygon) / n
        cx = cy = 0.0
        for (x0, y0), (x1, y1) in _edges(self.polygon):
            cross = x0 * y1 - x1 * y0
            cx += (x0 + x1) * cross
            cy += (y0 + y1) * cross
        return cx / (6 * area), cy / (6 * area)

    def bounds(self) -> tuple[float, float, float, float]:
        """(left, top, right, lower) of the points."""
        xs = [x for x, _ in self.polygon]
        ys = [y for _, y in self.polygon]
        return min(xs), min(ys), max(xs), max(ys)

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

    def spacing(self, image: UltrasoundImage) -> Spacing:
        """The spacing under the whole ROI; unknown when its points lie in different regions."""
        spacing = image.spacing_at(*self.centroid)
        if spacing.source is not SpacingSource.ULTRASOUND_REGION:
            return spacing
        home = next(r for r in image.regions if r.index == spacing.region_index)
        if all(_on(home, point) for point in self.polygon):
            return spacing
        return Spacing(
            None,
            SpacingSource.UNKNOWN,
            None,
            spacing.region_count,
            msg("The outline crosses the edge of its ultrasound region, so it has no one spacing."),
        )

    def to_json(self) -> dict[str, Any]:
        """The ROI as its file holds it."""
        return {
            "frame_index": self.frame_index,
            "polygon": [[float(x), float(y)] for x, y in self.polygon],
        }


def roi_from_json(text: str) -> Roi:
    """An ROI from its JSON text; raises ``InputRefused`` with what is wrong."""
    try:
        raw = json.loads(text)
        frame = raw["frame_index"]
        points = raw["polygon"]
        if isinstance(frame, bool) or not isinstance(frame, int) or not isinstance(points, list):
            raise TypeError
        if len(points) > MAX_POINTS:
            raise ValueError
        polygon = tuple(_point(p) for p in points)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputRefused(
            msg("The outline's file is not an ROI."),
            msg(
                "It should read {example}.",
                example='{"frame_index": 0, "polygon": [[column, row], …]}',
            ),
            code="roi-malformed",
        ) from error
    return Roi(frame, polygon)


def _point(raw: Any) -> Point:
    column, row = raw
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in (column, row)):
        raise TypeError
    point = float(column), float(row)
    if not all(math.isfinite(v) for v in point):
        raise ValueError
    return point


def _edges(polygon: tuple[Point, ...]) -> list[tuple[Point, Point]]:
    return list(zip(polygon, polygon[1:] + polygon[:1], strict=True))


def _signed_area(polygon: tuple[Point, ...]) -> float:
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in _edges(polygon)) / 2


def _on(region: Region, point: Point) -> bool:
    column, row = point
    return region.x0 <= column <= region.x1 + 1 and region.y0 <= row <= region.y1 + 1
