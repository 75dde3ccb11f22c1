"""Made-up lesions: an outline with a wavy rim on speckle, of any area."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.geometry import Point
from her2desk.domain.regions import FORMAT_TWO_D, UNIT_CENTIMETRE, Region
from her2desk.domain.roi import Roi
from her2desk.inference.measuring import Outline
from her2desk.phantoms.files import PatientHeader, write_still
from her2desk.phantoms.scanner import Scanner
from her2desk.radiomics.mask import rasterise

ROWS, COLUMNS = 400, 500
LARGE_ROWS, LARGE_COLUMNS = 800, 1000
SMALL_FRAME_PX = 100_000  # outlines above it need the large frame
SPACING_MM = 0.1
POINTS = 200
FLATNESS = 0.7  # height by width
WAVE, WAVES = 0.1, 5
WANDER_PX = 8  # how far outlines of other seeds lie from the middle
TISSUE, LESION, SPECKLE = 90, 50, 30  # grey levels
DATA_TYPE_TISSUE = 1  # PS3.3 C.8.5.5.1.3


@dataclass(frozen=True)
class LesionPicture:
    """A frame (rows, columns), uint8, with one lesion of about ``area_px`` pixels in its middle."""

    area_px: int
    seed: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns; larger where the lesion would not fit."""
        if self.area_px > SMALL_FRAME_PX:
            return LARGE_ROWS, LARGE_COLUMNS
        return ROWS, COLUMNS

    def grey(self) -> NDArray[np.uint8]:
        """The picture."""
        rows, columns = self.shape
        noise = np.random.default_rng(self.seed).normal(size=(rows + 4, columns + 4))
        speckle = np.zeros((rows, columns))
        for row in range(5):
            for column in range(5):
                speckle += noise[row : row + rows, column : column + columns] / 5
        inside = rasterise(self.polygon(0), rows, columns)
        grey = TISSUE - (TISSUE - LESION) * inside + SPECKLE * speckle
        return np.clip(grey, 0, 255).astype(np.uint8)

    def polygon(self, drawn: int) -> tuple[Point, ...]:
        """The outline as the ``drawn``-th hand draws it: each another place and another rim."""
        rows, columns = self.shape
        turn = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
        even = math.sqrt(self.area_px / math.pi / FLATNESS)
        radius = even * (1 + WAVE * np.sin(WAVES * turn + drawn))
        across, down = WANDER_PX * math.sin(1.7 * drawn), WANDER_PX * math.sin(2.3 * drawn)
        x = columns / 2 + across + radius * np.cos(turn)
        y = rows / 2 + down + FLATNESS * radius * np.sin(turn)
        return tuple((float(c), float(r)) for c, r in zip(x, y, strict=True))

    def roi(self, drawn: int) -> Roi:
        """The same outline as an ROI on the first frame."""
        return Roi(0, self.polygon(drawn))

    def outline(self, drawn: int, grey: NDArray[np.uint8] | None = None) -> Outline:
        """What features are measured on; ``grey`` where the picture is there already."""
        mask = rasterise(self.polygon(drawn), *self.shape)
        pixels = self.grey() if grey is None else grey
        return Outline(f"{self.area_px}-{drawn}", pixels, mask, (SPACING_MM, SPACING_MM))

    def write(self, path: Path) -> None:
        """The picture as a calibrated ultrasound DICOM file, uncompressed."""
        rows, columns = self.shape
        scanner = _scanner(rows, columns)
        header = PatientHeader("B1", "Benchmark", 50, "L", f"benchmark-{self.area_px}-{self.seed}")
        write_still(path, self.grey(), header, scanner, [_whole(scanner)])


def with_vertex_moved(roi: Roi, step: int) -> Roi:
    """The ROI with one vertex drawn inwards by some pixels, which leaves its bounding box as it is."""
    points = list(roi.polygon)
    left, top, right, lower = roi.bounds()
    free = [
        i for i, (x, y) in enumerate(points) if x not in (left, right) and y not in (top, lower)
    ]
    moved = free[7 * step % len(free)]
    (x, y), (centre_x, centre_y) = points[moved], roi.centroid
    share = 0.02 + 0.01 * (step % 5)
    points[moved] = (x + share * (centre_x - x), y + share * (centre_y - y))
    return Roi(roi.frame_index, tuple(points))


def _whole(scanner: Scanner) -> Region:
    """All of the screen shows tissue."""
    return Region(
        index=0,
        x0=0,
        y0=0,
        x1=scanner.columns - 1,
        y1=scanner.rows - 1,
        spatial_format=FORMAT_TWO_D,
        data_type=DATA_TYPE_TISSUE,
        units_x=UNIT_CENTIMETRE,
        units_y=UNIT_CENTIMETRE,
        delta_x=SPACING_MM / 10,
        delta_y=SPACING_MM / 10,
    )


def _scanner(rows: int, columns: int) -> Scanner:
    return Scanner(
        model_name="Benchmark",
        site="Benchmark",
        frequency_mhz=12.0,
        spacing_mm=SPACING_MM,
        rows=rows,
        columns=columns,
        picture_left=0,
        picture_top=0,
        picture_columns=columns,
        picture_rows=rows,
        dynamic_range_db=60.0,
        gain_db=0.0,
        looks=4,
        gamma=1.0,
    )
