"""The regions of an ultrasound picture: what each shows, and in which units.

Codes follow DICOM PS3.3 C.8.5.5.1: spatial format 1, data type 2, physical units 15 and 16.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from her2desk.domain.geometry import Rectangle
from her2desk.texts import Message, msg

UNIT_CENTIMETRE = 3
FORMAT_TWO_D = 1
FORMAT_M_MODE = 2
FORMAT_SPECTRAL = 3
FORMAT_GRAPHICS = 5
DATA_TYPE_COLOUR_FLOW = 2
DATA_TYPES_OF_TISSUE_PLANES = (1, DATA_TYPE_COLOUR_FLOW)  # both drawn on the two-dimensional plane
DATA_TYPES_OF_SPECTRA = (3, 4)
DATA_TYPES_OF_BARS = (13, 14)  # the grey and the colour bar beside, or over, the picture
SIZES_MM = (1e-6, 1e6)
REGION_EDGE_TOLERANCE_PX = 1  # Philips and Mindray write the right or lower edge as Columns or Rows


class RegionKind(StrEnum):
    """What a region shows."""

    TISSUE = "tissue"
    COLOUR_FLOW = "colour-flow"
    M_MODE = "m-mode"
    SPECTRAL = "spectral"
    CURVE = "curve"
    GRAPHIC = "graphic"
    UNKNOWN = "unknown"


_KIND_WORDS = {
    RegionKind.TISSUE: msg("tissue, 2-D"),
    RegionKind.COLOUR_FLOW: msg("colour flow, 2-D"),
    RegionKind.M_MODE: msg("M-mode"),
    RegionKind.SPECTRAL: msg("spectral Doppler"),
    RegionKind.CURVE: msg("curve"),
    RegionKind.GRAPHIC: msg("graphic"),
    RegionKind.UNKNOWN: msg("content not stated"),
}

_UNIT_WORDS = (
    *(msg("no unit"), msg("%"), msg("dB"), msg("cm"), msg("s"), msg("Hz"), msg("dB/s")),
    *(msg("cm/s"), msg("cm²"), msg("cm²/s"), msg("cm³"), msg("cm³/s"), msg("degrees")),
)


def kind_words(kind: RegionKind) -> Message:
    """What a region of this kind shows, in a word or two."""
    return _KIND_WORDS[kind]


def unit_words(code: int) -> Message:
    """A physical unit's usual sign; codes that the standard does not have say so."""
    if 0 <= code < len(_UNIT_WORDS):
        return _UNIT_WORDS[code]
    return msg("unknown unit {code}", code=code)


def is_a_size(mm: float) -> bool:
    """Whether a pixel could be so large at all, in mm: with less or more, sums overflow or vanish."""
    least, most = SIZES_MM
    return least <= mm <= most


@dataclass(frozen=True)
class Region:
    """One item of SequenceOfUltrasoundRegions; ``x1`` and ``y1`` are inclusive, as in the file."""

    index: int
    x0: int
    y0: int
    x1: int
    y1: int
    spatial_format: int
    data_type: int
    units_x: int
    units_y: int
    delta_x: float
    delta_y: float

    @property
    def rectangle(self) -> Rectangle:
        """Left, top, right and lower edge in image coordinates."""
        return self.x0, self.y0, self.x1 + 1, self.y1 + 1

    def contains(self, column: float, row: float) -> bool:
        """Whether the position lies on one of the region's pixels."""
        return self.x0 <= column < self.x1 + 1 and self.y0 <= row < self.y1 + 1

    @property
    def kind(self) -> RegionKind:
        """What the region shows; combinations that the standard does not have are unknown."""
        if self.is_tissue_plane:
            is_colour = self.data_type == DATA_TYPE_COLOUR_FLOW
            return RegionKind.COLOUR_FLOW if is_colour else RegionKind.TISSUE
        if self.spatial_format == FORMAT_M_MODE:
            return RegionKind.M_MODE
        if self.spatial_format == FORMAT_SPECTRAL or self.data_type in DATA_TYPES_OF_SPECTRA:
            return RegionKind.SPECTRAL
        if self.spatial_format == FORMAT_GRAPHICS or self.data_type in DATA_TYPES_OF_BARS:
            return RegionKind.GRAPHIC
        return RegionKind.CURVE if self.is_no_picture else RegionKind.UNKNOWN

    @property
    def is_tissue_plane(self) -> bool:
        """A two-dimensional picture of tissue, grey or colour; not M-mode, spectral, a curve."""
        return self.spatial_format == FORMAT_TWO_D and self.data_type in DATA_TYPES_OF_TISSUE_PLANES

    @property
    def is_no_picture(self) -> bool:
        """It says that it shows something other than a plane of tissue.

        A dummy region, which ACUSON writes first and over the true one, says nothing at all.
        """
        is_other_type = self.data_type > max(DATA_TYPES_OF_TISSUE_PLANES)
        return self.spatial_format > FORMAT_TWO_D or is_other_type

    @property
    def spacing_mm(self) -> tuple[float, float] | None:
        """(row, column) spacing in mm, or None when the region is no calibrated tissue plane.

        Negative deltas give a direction, not a size: the magnitude counts (PS3.3 C.8.5.5.1.15).
        """
        if not self.is_tissue_plane:
            return None
        if self.units_x != UNIT_CENTIMETRE or self.units_y != UNIT_CENTIMETRE:
            return None
        row, column = abs(self.delta_y) * 10, abs(self.delta_x) * 10
        return (row, column) if is_a_size(row) and is_a_size(column) else None

    def fits(self, rows: int, columns: int) -> bool:
        """Whether the region lies inside an image of this size, one pixel of slack at each edge."""
        slack = REGION_EDGE_TOLERANCE_PX
        return (
            self.x0 >= 0
            and self.y0 >= 0
            and self.x1 <= columns - 1 + slack
            and self.y1 <= rows - 1 + slack
            and self.x0 <= self.x1
            and self.y0 <= self.y1
        )

    def overlaps(self, other: "Region") -> bool:
        """Whether the two share more than an edge that one of them writes a pixel too far."""
        slack = REGION_EDGE_TOLERANCE_PX
        across = min(self.x1, other.x1) - max(self.x0, other.x0) + 1
        down = min(self.y1, other.y1) - max(self.y0, other.y0) + 1
        return across > slack and down > slack


def views(regions: Sequence[Region]) -> tuple[tuple[Region, ...], ...]:
    """Tissue planes grouped by overlap: pictures side by side are two, colour over grey is one."""
    groups: list[tuple[Region, ...]] = []
    for region in regions:
        if region.is_tissue_plane:
            joined = [group for group in groups if any(region.overlaps(one) for one in group)]
            groups = [group for group in groups if group not in joined]
            groups.append((*(one for group in joined for one in group), region))
    return tuple(groups)
