"""Phantoms with small structures planted before the picture is made, and the same without them.

Present and absent share breast, mass, gain and every scatterer: only the structure differs. Beside the
speckled picture stands the one expected over all scatterers; the difference that a structure makes to it,
in a window around its place, is the template of the matched filter that looks for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from her2desk.phantoms.anatomy import Breast, Tissue
from her2desk.phantoms.clinical import patient_streams
from her2desk.phantoms.grid import Grid
from her2desk.phantoms.lesion import Lesion, LesionTraits, draw_lesion, placed
from her2desk.phantoms.mass import MassTexture, with_mass
from her2desk.phantoms.scanner import SCANNER_SHARES, SCANNERS, Scanner
from her2desk.phantoms.speckle import (
    AXIAL_SIGMA_WAVELENGTHS,
    Exposure,
    b_mode,
    lateral_sigma_mm,
    log_compressed,
    scatterers,
    through_pulse,
)

Grey = NDArray[np.uint8]
Matrix = NDArray[np.float64]

RADIUS_MM, ECHO_DB, MARGIN_MM = 7.0, -46.0, 0.3  # of the mass that all is planted in
SHARP_MM, BLURRED_MM = 0.1, 0.9
SECTORS = 12  # of a margin, each a structure of its own
SECTOR_REACH_MM = 2.0
SPICULES = 5
SPICULE_WIDTHS, SPICULE_HEIGHTS = (0.05, 0.08, 0.11), (0.12, 0.20, 0.28)  # rad, of the radius
SPOT_RADII_MM, SPOT_CONTRASTS_DB = (0.05, 0.10, 0.20), (6.0, 10.0, 16.0)
LINE_WIDTHS_MM, LINE_CONTRASTS_DB = (0.08, 0.16, 0.32), (6.0, 10.0, 14.0)
LINE_SIGMA_MM = 0.8  # a line fades over this length to both sides
SPOTS, LINES = 6, 4  # asked for in each mass; as many as fit are planted
SPOT_ROOM_MM, LINE_ROOM_MM = 0.8, 1.6
TRIES = 400
EDGE_ROOM_MM = 0.6


@dataclass(frozen=True)
class Spot:
    """A bright point: a Gaussian reflector of ``radius_mm``, ``contrast_db`` above the mass around it."""

    x_mm: float
    y_mm: float
    radius_mm: float
    contrast_db: float

    @property
    def group(self) -> str:
        """What it is counted with."""
        return f"spot {self.radius_mm:.2f} mm"


@dataclass(frozen=True)
class Line:
    """A septum of ``width_mm`` at ``angle`` to the lateral direction; a negative contrast is dark."""

    x_mm: float
    y_mm: float
    angle: float
    width_mm: float
    contrast_db: float

    @property
    def group(self) -> str:
        """What it is counted with."""
        tone = "bright" if self.contrast_db > 0 else "dark"
        return f"{tone} septum {self.width_mm:.2f} mm"


@dataclass(frozen=True, eq=False)
class Site:
    """A place where a structure is or is not: its group, contrast, and the filter that looks there.

    ``rows`` and ``columns`` cut the window out of a picture; ``weights`` of its pixels sum to 0, the
    positive ones to 1, so that a score is a contrast in grey levels.
    """

    group: str
    contrast_db: float
    rows: slice
    columns: slice
    weights: Matrix

    def score(self, picture: Grey) -> float:
        """How much of the structure a picture (rows, columns) shows, in grey levels."""
        return float((self.weights * picture[self.rows, self.columns]).sum())


@dataclass(frozen=True, eq=False)
class Pair:
    """One picture with structures and one without, and the sites in which they differ."""

    name: str
    present: Grey
    absent: Grey
    sites: tuple[Site, ...]


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything of one phantom but the structures."""

    grid: Grid
    scanner: Scanner
    breast: Tissue
    lesion: Lesion
    texture: MassTexture
    exposure: Exposure
    noise: NDArray[np.complex64]
    rng: np.random.Generator

    @classmethod
    def draw(cls, index: int, seed: int) -> Self:
        """Phantom ``index`` of ``seed``: a smooth mass without calcification or spicules."""
        streams = patient_streams(index, seed)
        scanner = SCANNERS[int(streams["scanner"].choice(len(SCANNERS), p=SCANNER_SHARES))]
        size = scanner.width_mm, scanner.depth_mm
        drawn = draw_lesion(streams["lesion"], LesionTraits(0.0, 0.0), False, *size)
        plain = replace(
            drawn, radius_mm=RADIUS_MM, echo_db=ECHO_DB, margin_mm=MARGIN_MM, spicules=()
        )
        lesion = placed(plain, float(streams["inside"].uniform()), 0.45, *size)
        grid = Grid(scanner.picture_rows, scanner.picture_columns, scanner.spacing_mm)
        return cls(
            grid,
            scanner,
            Breast(streams["breast"], *size).tissue(grid),
            lesion,
            MassTexture.draw(streams["inside"], lesion),
            Exposure.draw(streams["exposure"], scanner, lesion.y_mm),
            scatterers(streams["echo"], scanner.looks, grid.rows, grid.columns),
            np.random.default_rng((seed, index)),
        )

    def tissue(
        self, lesion: Lesion, spots: Sequence[Spot] = (), lines: Sequence[Line] = ()
    ) -> Tissue:
        """What the sound meets with this mass and these structures in it."""
        tissue = with_mass(self.breast, self.grid, lesion, self.texture)
        x, y = self.grid.x_mm[None, :], self.grid.y_mm[:, None]
        scatter, mirror = tissue.scatter_db.copy(), tissue.mirror.copy()
        for line in lines:
            along, across = _turned(x - line.x_mm, y - line.y_mm, line.angle)
            shape = np.exp(-((across / line.width_mm) ** 2) - (along / LINE_SIGMA_MM) ** 2 / 2)
            scatter += np.float32(line.contrast_db) * shape
        for spot in spots:
            squared = (x - spot.x_mm) ** 2 + (y - spot.y_mm) ** 2
            mirror += self._amplitude(spot) * np.exp(-squared / np.float32(spot.radius_mm**2))
        return Tissue(
            np.asarray(scatter, np.float32), np.asarray(mirror, np.float32), tissue.loss_db
        )

    def picture(self, tissue: Tissue) -> Grey:
        """The B-mode picture (rows, columns)."""
        return b_mode(tissue, self.noise, self.grid, self.scanner, self.exposure)

    def expected(self, tissue: Tissue) -> Grey:
        """The picture of the echo power expected over all scatterers: without speckle."""
        along, across = self._pulse_px
        passed = 10 ** (-tissue.loss_db / 20)
        diffuse = (10 ** (tissue.scatter_db / 20) * passed) ** 2
        phase = 2.5 * self.exposure.phases(self.grid.y_mm, self.grid.x_mm)
        smooth = (tissue.mirror * passed * np.exp(1j * phase)).astype(np.complex64)
        mirror = through_pulse(smooth, along, across)
        own = through_pulse(diffuse.astype(np.complex64), along / np.sqrt(2), across / np.sqrt(2))
        power = own.real + np.abs(mirror) ** 2
        return log_compressed(np.asarray(power, np.float32), self.grid, self.scanner, self.exposure)

    def pairs(self) -> tuple[Pair, ...]:
        """Spots and septa, spicules against a smooth margin, a sharp margin against a blurred one."""
        plain = self.tissue(self.lesion)
        spots, lines = self._structures()
        spiculated = replace(self.lesion, spicules=self._spicules())
        sharp, blurred = (replace(self.lesion, margin_mm=mm) for mm in (SHARP_MM, BLURRED_MM))
        absent, nothing = self.picture(plain), self.expected(plain)
        with_structures = self.tissue(self.lesion, spots, lines)
        with_spicules = self.tissue(spiculated)
        with_edge, without_edge = self.tissue(sharp), self.tissue(blurred)
        shown = self.expected(with_structures)
        places = [
            (s.group, s.contrast_db, self._disc(s.x_mm, s.y_mm, room))
            for some, room in ((spots, SPOT_ROOM_MM), (lines, LINE_ROOM_MM))
            for s in some
        ]
        tips = [("spicule", 100 * s[2], self._around_spicule(s)) for s in spiculated.spicules]
        edges = [("sharp margin", 0.0, self._sector(k)) for k in range(SECTORS)]
        return (
            Pair(
                "structures", self.picture(with_structures), absent, _sites(places, shown, nothing)
            ),
            Pair(
                "spicules",
                self.picture(with_spicules),
                absent,
                _sites(tips, self.expected(with_spicules), nothing),
            ),
            Pair(
                "margins",
                self.picture(with_edge),
                self.picture(without_edge),
                _sites(edges, self.expected(with_edge), self.expected(without_edge)),
            ),
        )

    @property
    def absent(self) -> Grey:
        """The picture with nothing planted."""
        return self.picture(self.tissue(self.lesion))

    @cached_property
    def outside_mm(self) -> Matrix:
        """How far each pixel lies outside the mass's contour (rows, columns), negative within."""
        dx, dy = self._offsets
        return np.asarray(np.hypot(dx, dy) - self.lesion.contour_radius(np.arctan2(dy, dx)))

    @cached_property
    def _offsets(self) -> tuple[Matrix, Matrix]:
        dx = self.grid.x_mm[None, :] - self.lesion.x_mm + 0 * self.grid.y_mm[:, None]
        dy = self.grid.y_mm[:, None] - self.lesion.y_mm + 0 * self.grid.x_mm[None, :]
        return np.asarray(dx, np.float64), np.asarray(dy, np.float64)

    @property
    def _pulse_px(self) -> tuple[float, NDArray[np.float32]]:
        mm = self.grid.spacing_mm
        across = lateral_sigma_mm(self.grid.y_mm, self.scanner, self.exposure.focus_mm)
        return AXIAL_SIGMA_WAVELENGTHS * self.scanner.wavelength_mm / mm, across / np.float32(mm)

    def _amplitude(self, spot: Spot) -> float:
        """So bright that behind pulse and tissue the point stands ``contrast_db`` above the mass."""
        along, across = self._pulse_px
        row = int(spot.y_mm / self.grid.spacing_mm)
        own = spot.radius_mm / np.sqrt(2)
        passed = 1.0
        for pulse in (along, float(across[row])):
            passed *= own / np.hypot(own, pulse * self.grid.spacing_mm)
        return float(10 ** ((self.lesion.echo_db + spot.contrast_db) / 20) / passed)

    def _structures(self) -> tuple[list[Spot], list[Line]]:
        """As many as fit into the mass, no two near each other, sizes and contrasts in turn."""
        taken: list[tuple[float, float, float]] = []
        lines, spots = [], []
        turn = int(self.rng.integers(9))
        for k in range(LINES):
            if (place := self._free_place(LINE_ROOM_MM, taken)) is not None:
                width, contrast = _turn(LINE_WIDTHS_MM, LINE_CONTRASTS_DB, turn + k)
                sign = 1 if (turn + k) % 2 else -1
                angle = float(self.rng.uniform(-1.0, 1.0))
                lines.append(Line(*place, angle, width, sign * contrast))
        for k in range(SPOTS):
            if (place := self._free_place(SPOT_ROOM_MM, taken)) is not None:
                spots.append(Spot(*place, *_turn(SPOT_RADII_MM, SPOT_CONTRASTS_DB, turn + k)))
        return spots, lines

    def _free_place(
        self, room_mm: float, taken: list[tuple[float, float, float]]
    ) -> tuple[float, float] | None:
        inside = np.argwhere(self.outside_mm < -room_mm - EDGE_ROOM_MM)
        for _ in range(TRIES if len(inside) else 0):
            row, column = inside[self.rng.integers(len(inside))]
            x, y = float(self.grid.x_mm[column]), float(self.grid.y_mm[row])
            if all(np.hypot(x - a, y - b) > room_mm + other for a, b, other in taken):
                taken.append((x, y, room_mm))
                return x, y
        return None

    def _spicules(self) -> tuple[tuple[float, float, float], ...]:
        """Evenly around the mass, each a little off its place."""
        start, turn = self.rng.uniform(0, 2 * np.pi), int(self.rng.integers(9))
        found = []
        for k in range(SPICULES):
            width, height = _turn(SPICULE_WIDTHS, SPICULE_HEIGHTS, turn + k)
            angle = start + 2 * np.pi * (k + self.rng.uniform(-0.2, 0.2)) / SPICULES
            found.append((float(np.angle(np.exp(1j * angle))), width, height))
        return tuple(found)

    def _disc(self, x_mm: float, y_mm: float, radius_mm: float) -> NDArray[np.bool_]:
        x, y = self.grid.x_mm[None, :], self.grid.y_mm[:, None]
        return np.asarray(np.hypot(x - x_mm, y - y_mm) <= radius_mm, np.bool_)

    def _around_spicule(self, spicule: tuple[float, float, float]) -> NDArray[np.bool_]:
        angle, _, height = spicule
        angle += self.lesion.tilt
        radius = float(self.lesion.contour_radius(np.array(angle)))
        middle = radius * (1 + height / 2)
        x, y = self.lesion.x_mm + middle * np.cos(angle), self.lesion.y_mm + middle * np.sin(angle)
        return self._disc(x, y, max(1.0, radius * height))

    def _sector(self, k: int) -> NDArray[np.bool_]:
        dx, dy = self._offsets
        turns = (np.arctan2(dy, dx) / (2 * np.pi)) % 1.0
        near = np.abs(self.outside_mm) <= SECTOR_REACH_MM
        return np.asarray((np.floor(turns * SECTORS) == k) & near, np.bool_)


def _turn(sizes: Sequence[float], contrasts: Sequence[float], k: int) -> tuple[float, float]:
    """Size and contrast number ``k``: every size with every contrast in turn."""
    return sizes[k % len(sizes)], contrasts[(k // len(sizes) + k) % len(contrasts)]


def _turned(
    dx: NDArray[np.floating], dy: NDArray[np.floating], angle: float
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    return dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)


def matched(window: NDArray[np.bool_], difference: Matrix) -> Matrix | None:
    """Weights of a window's pixels from the difference that a structure makes there.

    They sum to 0, the positive ones to 1; None where the structure changes nothing.
    """
    weights = np.where(window, difference - difference[window].mean(), 0.0)
    total = np.clip(weights, 0, None).sum()
    return None if total <= 0 else np.asarray(weights / total)


def _sites(
    places: Sequence[tuple[str, float, NDArray[np.bool_]]], present: Grey, absent: Grey
) -> tuple[Site, ...]:
    difference = present.astype(np.float64) - absent
    found = []
    for group, contrast, window in places:
        if not window.any():
            continue
        rows, columns = (
            slice(int(where.min()), int(where.max()) + 1) for where in np.nonzero(window)
        )
        weights = matched(window[rows, columns], difference[rows, columns])
        if weights is not None:
            found.append(Site(group, contrast, rows, columns, weights))
    return tuple(found)
