"""One simulated patient: the table row, and the picture of the lesion with its outline."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.domain.regions import FORMAT_TWO_D, UNIT_CENTIMETRE, Region
from her2desk.domain.roi import Point, Roi
from her2desk.phantoms.anatomy import Breast
from her2desk.phantoms.clinical import patient_streams, simulate_record
from her2desk.phantoms.grid import Grid
from her2desk.phantoms.lesion import Lesion, LesionTraits, draw_lesion
from her2desk.phantoms.mass import MassTexture, with_mass
from her2desk.phantoms.scanner import SCANNER_SHARES, SCANNERS, Scanner
from her2desk.phantoms.screen import on_screen
from her2desk.phantoms.speckle import Exposure, b_mode, scatterers
from her2desk.radiomics.mask import rasterise

DATA_TYPE_TISSUE = 1


@dataclass(frozen=True)
class SimulatedPatient:
    """One patient with one still picture of one lesion.

    ``image`` is the whole screen, uint8 (rows, columns); ``mask`` is bool of the same shape;
    ``polygon`` points are (column, row) as in SCOORD. ``her2_positive`` and ``age_years`` are
    the truth even where ``pathology`` and ``clinical`` leave them out.
    """

    index: int
    patient_id: str
    image: NDArray[np.uint8]
    region: Region
    spacing_mm: float
    polygon: tuple[Point, ...]
    mask: NDArray[np.bool_]
    laterality: str
    age_years: int
    clinical: ClinicalRecord
    pathology: Pathology
    her2_positive: bool
    scanner: Scanner

    @property
    def roi(self) -> Roi:
        return Roi(0, self.polygon)


def simulate_patient(
    index: int, seed: int, signal: float, *, missing: float = 0.0
) -> SimulatedPatient:
    """Patient ``index`` (from 0) of the cohort of ``seed``, however many others there are.

    ``signal`` (0–1) is the strength with which the HER-2 label is planted in the lesion's texture,
    in its margin and in PR. At 0 nothing but the pathology depends on the label.
    """
    record = simulate_record(index, seed, signal, missing=missing)
    streams = patient_streams(index, seed)
    scanner = SCANNERS[int(streams["scanner"].choice(len(SCANNERS), p=SCANNER_SHARES))]
    planted = signal if record.her2_positive else 0.0
    lesion = draw_lesion(
        streams["lesion"],
        LesionTraits(texture=planted, margin=planted),
        record.calcification,
        scanner.width_mm,
        scanner.depth_mm,
    )
    picture = _picture(scanner, lesion, streams)
    polygon = screen_polygon(lesion, scanner)
    return SimulatedPatient(
        index=index,
        patient_id=patient_id(index),
        image=on_screen(picture, scanner, lesion.y_mm),
        region=picture_region(scanner),
        spacing_mm=scanner.spacing_mm,
        polygon=polygon,
        mask=rasterise(polygon, scanner.rows, scanner.columns),
        laterality=record.laterality,
        age_years=record.age_years,
        clinical=record.clinical,
        pathology=record.pathology,
        her2_positive=record.her2_positive,
        scanner=scanner,
    )


def patient_id(index: int) -> str:
    """``PH-0001`` for index 0."""
    return f"PH-{index + 1:04d}"


def picture_region(scanner: Scanner) -> Region:
    """The picture's place on the screen as DICOM's ultrasound region."""
    return Region(
        index=0,
        x0=scanner.picture_left,
        y0=scanner.picture_top,
        x1=scanner.picture_left + scanner.picture_columns - 1,
        y1=scanner.picture_top + scanner.picture_rows - 1,
        spatial_format=FORMAT_TWO_D,
        data_type=DATA_TYPE_TISSUE,
        units_x=UNIT_CENTIMETRE,
        units_y=UNIT_CENTIMETRE,
        delta_x=scanner.spacing_mm / 10,
        delta_y=scanner.spacing_mm / 10,
    )


def screen_polygon(lesion: Lesion, scanner: Scanner, left_mm: float = 0.0) -> tuple[Point, ...]:
    """The lesion's contour in screen coordinates, to a hundredth of a pixel."""
    contour = lesion.contour_mm()
    columns = scanner.picture_left + (contour[:, 0] - left_mm) / scanner.spacing_mm
    rows = scanner.picture_top + contour[:, 1] / scanner.spacing_mm
    return tuple(
        (round(float(c), 2), round(float(r), 2)) for c, r in zip(columns, rows, strict=True)
    )


def _picture(
    scanner: Scanner, lesion: Lesion, streams: dict[str, np.random.Generator]
) -> NDArray[np.uint8]:
    grid = Grid(scanner.picture_rows, scanner.picture_columns, scanner.spacing_mm)
    breast = Breast(streams["breast"], scanner.width_mm, scanner.depth_mm)
    texture = MassTexture.draw(streams["inside"], lesion)
    tissue = with_mass(breast.tissue(grid), grid, lesion, texture)
    exposure = Exposure.draw(streams["exposure"], scanner, lesion.y_mm)
    noise = scatterers(streams["echo"], scanner.looks, grid.rows, grid.columns)
    return b_mode(tissue, noise, grid, scanner, exposure)
