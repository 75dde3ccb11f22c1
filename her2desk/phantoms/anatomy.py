"""The breast in layers: skin, fat lobules, gland, retromammary fat, pectoral muscle, chest wall.

Levels are in dB below full white of a typical preset. The order and look of the layers follow a
supine breast under a linear probe: skin 1–2 mm between two bright lines, dark fat with Cooper's
ligaments, echogenic gland, striated muscle between bright fasciae, perhaps a rib with its shadow.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from her2desk.phantoms.grid import Field, Grid, SmoothNoise, along_layers, smoothstep

SKIN_DB, FAT_DB, GLAND_DB, MUSCLE_DB, DEEP_DB = -34.0, -42.5, -36.5, -45.0, -49.0
RIB_SHARE = 0.35  # of pictures


@dataclass(frozen=True)
class Tissue:
    """What the sound meets, each of shape (rows, columns).

    ``scatter_db`` is the level of diffuse scattering, ``mirror`` the amplitude (0–1) of smooth
    interfaces, ``loss_db`` the echo's loss on its way beyond what the scanner makes up for.
    """

    scatter_db: Field
    mirror: Field
    loss_db: Field


@dataclass(frozen=True)
class Line:
    """A bright interface at a depth: ``level`` of full white, ``width_mm``, ``breaks`` 0–1."""

    level: float
    width_mm: float
    breaks: float


# Lower face of skin, fat, gland, retromammary fat (the pectoral fascia) and muscle.
FACES = (
    Line(0.10, 0.10, 0.5),
    Line(0.09, 0.10, 1.0),
    Line(0.06, 0.10, 1.0),
    Line(0.15, 0.11, 0.75),
    Line(0.20, 0.13, 0.6),
)


@dataclass(frozen=True)
class Rib:
    """A rib cut across: centre and half axes in mm."""

    x_mm: float
    y_mm: float
    half_width_mm: float
    half_height_mm: float


class Breast:
    """One random breast: fixed layers and fields that can be sampled on any grid."""

    def __init__(self, rng: np.random.Generator, width_mm: float, depth_mm: float):
        def noise(down: float, across: float) -> SmoothNoise:
            return SmoothNoise(rng, depth_mm, width_mm, (down, across))

        self._depths_mm = (
            rng.uniform(1.2, 1.9),
            depth_mm * rng.uniform(0.20, 0.32),
            depth_mm * rng.uniform(0.60, 0.70),
            depth_mm * rng.uniform(0.71, 0.77),
            depth_mm * rng.uniform(0.88, 0.99),
        )
        tilt = rng.normal(0, 0.05)
        self._slopes = (0.0, rng.normal(0, 0.05), tilt, tilt, tilt)
        self._bumps = [noise(60.0, cell) for cell in (14.0, 7.0, 9.0, 16.0, 17.0)]
        self._middle_mm = width_mm / 2
        self._gland_db = GLAND_DB + rng.normal(0.0, 1.5)
        self._fat_db = FAT_DB + rng.normal(0.0, 1.0)
        self._islands_from = rng.uniform(0.5, 1.8)
        self._lobules = noise(2.4, 5.5)
        self._septa = noise(0.9, 3.4)
        self._ligaments = noise(1.0, 4.6)
        self._bands = noise(0.40, 2.8)
        self._islands = noise(1.3, 3.6)
        self._fibres = noise(0.22, 4.0)
        self._fascicles = noise(0.5, 7.0)
        self._mottle = noise(1.2, 1.8)
        self._breaks = noise(0.8, 1.7)
        self._fade = noise(2.2, 4.5)
        self._folds = noise(2.5, 3.2)
        self._roughness = noise(0.35, 0.8)
        self._contact = noise(60.0, 1.5)
        self._rib = self._draw_rib(rng, width_mm) if rng.random() < RIB_SHARE else None

    def _draw_rib(self, rng: np.random.Generator, width_mm: float) -> Rib:
        return Rib(
            float(rng.uniform(0, width_mm)),
            float(self._depths_mm[4] + rng.uniform(0.5, 1.5)),
            float(rng.uniform(4.0, 6.5)),
            float(rng.uniform(2.0, 3.0)),
        )

    def tissue(self, grid: Grid) -> Tissue:
        """The layers on ``grid``, without a lesion."""
        y, x = grid.y_mm, grid.x_mm
        # Living tissue has no straight line: every depth is bent by folds and a fine roughness.
        bend = 0.28 * self._folds(y, x) * smoothstep((y[:, None] - 2.0) / 4.0)
        bend = bend + 0.045 * self._roughness(y, x)
        depth = y[:, None] + bend
        below = [np.asarray(depth - s[None, :], np.float32) for s in self._surfaces(x)]
        scatter = self._scatter(grid, below)
        mirror = self._mirror(grid, depth, below)
        contact = np.clip(self._contact(np.zeros(1, np.float32), x) - 1.1, 0, None)
        loss = 6.0 * contact * np.exp(-y[:, None] / 30) + np.zeros_like(scatter)
        tissue = Tissue(scatter, mirror, np.asarray(loss, np.float32))
        return tissue if self._rib is None else with_rib(tissue, grid, self._rib)

    def _surfaces(self, x_mm: Field) -> list[Field]:
        """Depth of the lower face of skin, fat, gland, retromammary fat and muscle, per column."""
        bump_mm = (0.08, 1.2, 0.9, 0.45, 0.5)
        flat = np.zeros(1, np.float32)
        surfaces: list[Field] = []
        for depth, slope, bump, height in zip(
            self._depths_mm, self._slopes, self._bumps, bump_mm, strict=True
        ):
            surface = depth + slope * (x_mm - self._middle_mm) + height * bump(flat, x_mm)[0]
            if surfaces:
                surface = np.maximum(surface, surfaces[-1] + 0.6)
            surfaces.append(np.asarray(surface, np.float32))
        return surfaces

    def _scatter(self, grid: Grid, below: list[Field]) -> Field:
        """Level of diffuse scattering in dB."""
        y, x = grid.y_mm, grid.x_mm
        mottle = self._mottle(y, x)
        bands = along_layers(self._bands, grid, below[1])
        islands = smoothstep((self._islands(y, x) - self._islands_from) / 0.5 + 0.5)
        fibres = along_layers(self._fibres, grid, below[3])
        fat = self._fat_db + 0.8 * mottle + 0.8 * bands
        gland = self._gland_db + 2.8 * bands + 1.4 * mottle
        gland = gland + (fat - gland) * islands
        muscle = MUSCLE_DB + 3.4 * fibres
        deep = DEEP_DB + 2.2 * fibres + 1.5 * mottle
        level = SKIN_DB + 1.2 * mottle + 1.5 * bands
        for tissue, under, blur in zip(
            (fat, gland, fat - 1.0, muscle, deep), below, (0.15, 0.6, 0.6, 0.3, 0.4), strict=True
        ):
            level = level + (tissue - level) * smoothstep(under / blur + 0.5)
        return np.asarray(level, np.float32)

    def _mirror(self, grid: Grid, depth: Field, below: list[Field]) -> Field:
        """Amplitude of smooth interfaces: layer faces, Cooper's ligaments, perimysium."""
        y, x = grid.y_mm, grid.x_mm
        present = smoothstep(0.45 + 0.5 * self._breaks(y, x)) * smoothstep(
            0.6 + 0.6 * self._fade(y, x)
        )
        mirror = 0.35 * np.exp(-(((depth - 0.2) / 0.10) ** 2)) + np.zeros_like(present)
        for under, line in zip(below, FACES, strict=True):
            ridge = np.exp(-((under / line.width_mm) ** 2))
            mirror = mirror + line.level * ridge * (1 - line.breaks + line.breaks * present)
        fat, gland, retro, muscle = (
            smoothstep(upper / 0.6) * smoothstep(-lower / 0.6) for upper, lower in pairwise(below)
        )
        lobules = crests(self._lobules(y, x), grid, 0.09, steepness=1.5)
        septa = crests(self._septa(y, x), grid, 0.07, steepness=3.0)
        ligaments = crests(along_layers(self._ligaments, grid, below[1]), grid, 0.08, 2.0)
        fascicles = crests(along_layers(self._fascicles, grid, below[3]), grid, 0.07, 3.0)
        mirror = mirror + present * (
            fat * (0.15 * lobules + 0.08 * septa)
            + gland * (0.13 * ligaments + 0.10 * septa)
            + retro * (0.08 * lobules + 0.10 * septa)
            + muscle * 0.09 * fascicles
        )
        return np.asarray(mirror, np.float32)


def crests(noise: Field, grid: Grid, width_mm: float, steepness: float) -> Field:
    """Thin curved lines where a noise field crosses zero, brightest where they face the probe.

    Distance to the line is |value| / |gradient|; ``steepness`` is the power of the cosine of the
    angle between the line's normal and the beam.
    """
    down, across = np.gradient(noise, grid.spacing_mm)
    slope = np.hypot(down, across) + 1e-3
    distance = np.abs(noise) / slope
    facing = (np.abs(down) / slope) ** steepness
    return np.asarray(np.exp(-((distance / width_mm) ** 2)) * facing, np.float32)


def with_rib(tissue: Tissue, grid: Grid, rib: Rib) -> Tissue:
    """A rib: a bright cap, little inside, and nothing heard from behind it."""
    across = (grid.x_mm[None, :] - rib.x_mm) / rib.half_width_mm
    down = (grid.y_mm[:, None] - rib.y_mm) / rib.half_height_mm
    distance = np.hypot(across, down)
    inside = smoothstep((1.0 - distance) / 0.15)
    cap = np.exp(-(((distance - 1.0) * rib.half_height_mm / 0.2) ** 2)) * np.clip(-down, 0, 1) ** 2
    hidden = np.maximum.accumulate(inside, axis=0) * smoothstep((1.05 - np.abs(across)) / 0.3)
    return Tissue(
        np.asarray(tissue.scatter_db + (-50.0 - tissue.scatter_db) * inside, np.float32),
        np.asarray(tissue.mirror * (1 - inside) + 0.16 * cap, np.float32),
        np.asarray(tissue.loss_db + 14.0 * hidden * smoothstep((distance - 0.6) / 2), np.float32),
    )
