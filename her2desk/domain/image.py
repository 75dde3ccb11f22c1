"""An ultrasound image, its regions and its spacing.

Terms follow DICOM PS3.3 C.8.5.5 (US Region Calibration). Positions are (column, row) in pixels with
(0, 0) at the outer corner of the top-left pixel, whose centre is (0.5, 0.5), as in SCOORD.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from her2desk.texts import Message, msg

UNIT_CENTIMETRE = 3
FORMAT_TWO_D = 1
DATA_TYPES_OF_TISSUE_PLANES = (1, 2)  # tissue, colour flow: both drawn on the two-dimensional plane
REGION_EDGE_TOLERANCE_PX = 1  # Philips and Mindray write the right or lower edge as Columns or Rows
PIXEL_SPACING_AGREEMENT = 0.01


class SpacingSource(StrEnum):
    """Where a pixel spacing came from."""

    ULTRASOUND_REGION = "ultrasound-region"
    PIXEL_SPACING = "pixel-spacing"
    UNKNOWN = "unknown"


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

    def contains(self, column: float, row: float) -> bool:
        """Whether the position lies on one of the region's pixels."""
        return self.x0 <= column < self.x1 + 1 and self.y0 <= row < self.y1 + 1

    @property
    def is_tissue_plane(self) -> bool:
        """A two-dimensional picture of tissue, grey or colour; not M-mode, spectral, a curve."""
        return self.spatial_format == FORMAT_TWO_D and self.data_type in DATA_TYPES_OF_TISSUE_PLANES

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
        if not (math.isfinite(row) and math.isfinite(column) and row > 0 and column > 0):
            return None
        return row, column

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


@dataclass(frozen=True)
class Spacing:
    """Spacing at one place of an image, where it came from, and what to say about it."""

    mm: tuple[float, float] | None
    source: SpacingSource
    region_index: int | None = None
    region_count: int = 0
    note: Message | None = None

    @property
    def is_known(self) -> bool:
        return self.mm is not None


@dataclass(frozen=True)
class ImageWarning:
    """Something about a file that the reader should know; ``code`` is stable for scripts."""

    code: str
    message: Message


@dataclass(frozen=True)
class UltrasoundImage:
    """All of a file but its pixels.

    ``sha256`` is of the file's bytes; ``sop_instance_uid`` is None for PNG and JPEG.
    ``pixel_spacing_mm`` is (row, column). ``frame_time_ms`` is None for stills.
    """

    sha256: str
    sop_instance_uid: str | None
    rows: int
    columns: int
    frames: int
    photometric: str
    transfer_syntax: str
    regions: tuple[Region, ...] = ()
    pixel_spacing_mm: tuple[float, float] | None = None
    laterality: str | None = None
    view: str | None = None
    frame_time_ms: float | None = None
    patient_id: str = ""
    patient_name: str = ""
    patient_age_years: float | None = None
    study_instance_uid: str = ""
    study_date: str = ""
    manufacturer: str = ""
    model_name: str = ""
    warnings: tuple[ImageWarning, ...] = field(default=())

    @property
    def regions_are_trusted(self) -> bool:
        """False when a region reaches outside the image: then the picture was cropped or scaled."""
        return all(region.fits(self.rows, self.columns) for region in self.regions)

    def region_at(self, column: float, row: float) -> Region | None:
        """The tissue region at a position: the first calibrated one, else the first of any kind."""
        here = [r for r in self.regions if r.is_tissue_plane and r.contains(column, row)]
        calibrated = [r for r in here if r.spacing_mm is not None]
        return next(iter(calibrated or here), None)

    def spacing_at(self, column: float, row: float) -> Spacing:
        """Spacing at a position, from the region there, else PixelSpacing, else unknown."""
        count = len(self.regions)
        if not self.regions_are_trusted:
            return Spacing(
                None,
                SpacingSource.UNKNOWN,
                None,
                count,
                msg(
                    "The file's ultrasound region reaches outside the image, so the picture was "
                    "cropped or scaled after it was calibrated; its spacing is not trusted."
                ),
            )
        region = self.region_at(column, row)
        if region is not None and region.spacing_mm is not None:
            return Spacing(
                region.spacing_mm,
                SpacingSource.ULTRASOUND_REGION,
                region.index,
                count,
                self._disagreement(region.spacing_mm),
            )
        on_other_region = any(
            r.contains(column, row) and not r.is_tissue_plane and r.spatial_format > FORMAT_TWO_D
            for r in self.regions
        )
        if self.pixel_spacing_mm is not None and not on_other_region:
            return Spacing(self.pixel_spacing_mm, SpacingSource.PIXEL_SPACING, None, count)
        return Spacing(None, SpacingSource.UNKNOWN, None, count)

    def _disagreement(self, region_mm: tuple[float, float]) -> Message | None:
        if self.pixel_spacing_mm is None:
            return None
        agrees = all(
            math.isclose(a, b, rel_tol=PIXEL_SPACING_AGREEMENT)
            for a, b in zip(region_mm, self.pixel_spacing_mm, strict=True)
        )
        if agrees:
            return None
        return msg(
            "PixelSpacing ({row:.4g} × {column:.4g} mm) disagrees with the ultrasound region; "
            "the region is used.",
            row=self.pixel_spacing_mm[0],
            column=self.pixel_spacing_mm[1],
        )
