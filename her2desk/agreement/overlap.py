"""How far two outlines of one lesion agree: Dice, Hausdorff and mean surface distance (V21)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from her2desk.agreement.limits import DICE_BELOW, HAUSDORFF_OVER_MM
from her2desk.domain.image import Spacing, UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg

if TYPE_CHECKING:
    from shapely import Geometry

STEP_PX = 0.1  # pieces of a boundary whose distances are taken; the error is half of it at most

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class OverlapFigures:
    """What two outlines of one frame have in common.

    ``dice`` is 2|A∩B| ÷ (|A|+|B|) of the enclosed areas. ``hausdorff`` is the largest distance from a
    place of either boundary to the other boundary; ``mean_distance`` the mean of that distance along
    both boundaries. The mm figures are None where no spacing holds for both outlines; ``note`` then
    says why.
    """

    dice: float
    hausdorff_px: float
    mean_distance_px: float
    hausdorff_mm: float | None
    mean_distance_mm: float | None
    areas_px: tuple[float, float]
    note: Message | None = None

    def to_json(self) -> dict[str, Any]:
        """The figures for scripts."""
        return {
            "dice": self.dice,
            "hausdorff_mm": self.hausdorff_mm,
            "mean_distance_mm": self.mean_distance_mm,
            "hausdorff_px": self.hausdorff_px,
            "mean_distance_px": self.mean_distance_px,
        }


def compare(a: Roi, b: Roi, image: UltrasoundImage) -> OverlapFigures:
    """The figures of two outlines on the same frame of ``image``.

    Areas and boundaries are those of the polygons, not of their pixels, so that Dice does not depend
    on how a mask is filled. Distances in mm are measured in the plane stretched by row and column
    spacing, in px in the picture as stored. Boundaries are walked in pieces of at most 0.1 px (the
    largest and the mean distance after Taha & Hanbury, BMC Med Imaging 2015). Raises
    ``InputRefused`` with code ``readers-frames`` for outlines of different frames and with what
    ``Roi.check`` raises.
    """
    if a.frame_index != b.frame_index:
        raise InputRefused(
            msg(
                "The readers outlined different frames, {a} and {b}.",
                a=a.frame_index + 1,
                b=b.frame_index + 1,
            ),
            msg("Compare outlines of the same frame."),
            code="readers-frames",
        )
    for roi in (a, b):
        roi.check(image)
    first, second = _area(a), _area(b)
    areas = first.area, second.area
    common = first.intersection(second).area
    largest_px, mean_px = _distances(first, second, (1.0, 1.0))
    spacing, note = _common_spacing(a, b, image)
    in_mm: tuple[float, float] | tuple[None, None] = (None, None)
    if spacing.mm is not None and spacing.mm[0] == spacing.mm[1]:
        in_mm = largest_px * spacing.mm[0], mean_px * spacing.mm[0]
    elif spacing.mm is not None:
        in_mm = _distances(first, second, spacing.mm)
    return OverlapFigures(
        dice=min(1.0, 2 * common / sum(areas)),
        hausdorff_px=largest_px,
        mean_distance_px=mean_px,
        hausdorff_mm=in_mm[0],
        mean_distance_mm=in_mm[1],
        areas_px=areas,
        note=note,
    )


def needs_third_reader(
    figures: OverlapFigures,
    dice_below: float = DICE_BELOW,
    hausdorff_over_mm: float = HAUSDORFF_OVER_MM,
) -> bool:
    """Whether a third reader is called for; see ``third_reader_reasons``."""
    return bool(third_reader_reasons(figures, dice_below, hausdorff_over_mm))


def third_reader_reasons(
    figures: OverlapFigures,
    dice_below: float = DICE_BELOW,
    hausdorff_over_mm: float = HAUSDORFF_OVER_MM,
) -> tuple[Message, ...]:
    """Why a third reader is called for (V21); empty where the two agree well enough.

    Why these limits: ``agreement.limits``. Without calibration only Dice can be asked.
    """
    reasons = []
    if figures.dice < dice_below:
        reasons.append(
            msg("Dice {dice:.2f} is below {limit:.2f}.", dice=figures.dice, limit=dice_below)
        )
    if figures.hausdorff_mm is not None and figures.hausdorff_mm > hausdorff_over_mm:
        reasons.append(
            msg(
                "The outlines lie up to {mm:.1f} mm apart, more than {limit:g} mm.",
                mm=figures.hausdorff_mm,
                limit=hausdorff_over_mm,
            )
        )
    return tuple(reasons)


def _common_spacing(a: Roi, b: Roi, image: UltrasoundImage) -> tuple[Spacing, Message | None]:
    """The spacing under both outlines, or an unknown one and the reason."""
    of_a, of_b = a.spacing(image), b.spacing(image)
    for spacing in (of_a, of_b):
        if spacing.mm is None:
            unknown = msg("The size of a pixel is not known, so distances are in pixels only.")
            return spacing, spacing.note or unknown
    if of_a.mm != of_b.mm:
        apart = msg("The outlines lie on parts of the image with different pixel sizes.")
        return Spacing(None, of_a.source, None, of_a.region_count, apart), apart
    return of_a, None


def _area(roi: Roi) -> "Geometry":
    """What the outline encloses; one that touches itself encloses several parts."""
    from shapely import Polygon, make_valid

    polygon = Polygon(roi.polygon)
    return polygon if polygon.is_valid else make_valid(polygon)


def _distances(
    a: "Geometry", b: "Geometry", spacing_mm: tuple[float, float]
) -> tuple[float, float]:
    """(largest, mean) distance between two boundaries, in the unit of the (row, column) spacing."""
    row_mm, column_mm = spacing_mm
    step = STEP_PX * min(spacing_mm)
    edges = [_edges(_scaled(area, column_mm, row_mm)) for area in (a, b)]
    largest, total, length = 0.0, 0.0, 0.0
    for own, other in zip(edges, reversed(edges), strict=True):
        corners, middles, lengths = _walk(own, step)
        along = _nearest(middles, other)
        largest = max(largest, float(along.max()), float(_nearest(corners, other).max()))
        total += float(along @ lengths)
        length += float(lengths.sum())
    return largest, total / length


def _scaled(area: "Geometry", x: float, y: float) -> "Geometry":
    from shapely import transform

    return transform(area, lambda places: places * np.array([x, y]))


def _edges(area: "Geometry") -> Matrix:
    """The edges (n, 2, 2) of all rings of an area's boundary."""
    from shapely import get_coordinates, get_parts

    rings = [get_coordinates(ring) for ring in get_parts(area.boundary)]
    return np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])


def _walk(edges: Matrix, step: float) -> tuple[Matrix, Matrix, Matrix]:
    """Corners (n, 2), and the edges in pieces of at most ``step``: middles (m, 2), lengths (m,)."""
    start, across = edges[:, 0], edges[:, 1] - edges[:, 0]
    length = np.hypot(across[:, 0], across[:, 1])
    pieces = np.maximum(1, np.ceil(length / step)).astype(int)
    edge = np.repeat(np.arange(len(edges)), pieces)
    place = np.arange(len(edge)) - np.repeat(pieces.cumsum() - pieces, pieces)
    share = (place + 0.5) / pieces[edge]
    middles = start[edge] + share[:, None] * across[edge]
    return start, middles, (length / pieces)[edge]


def _nearest(places: Matrix, edges: Matrix) -> Matrix:
    """How far each place (n, 2) is from the nearest of the edges."""
    from shapely import STRtree, distance, linestrings, points

    lines, asked = linestrings(edges), points(places)
    found: Matrix = distance(asked, lines[STRtree(lines).nearest(asked)])
    return found
