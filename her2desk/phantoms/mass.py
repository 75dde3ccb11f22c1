"""A lesion put into the tissue: its inside, rim, calcifications, and the shadow behind it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from her2desk.phantoms.anatomy import Tissue
from her2desk.phantoms.grid import Field, Grid, SmoothNoise, smoothstep
from her2desk.phantoms.lesion import Lesion

LOSS_RANGE_DB = (-7.0, 18.0)  # strongest enhancement and deepest shadow
SHADOW_BLUR_MM = 2.4  # the beam is this wide: a shadow has no sharp side
TABLE_ANGLES = 1024
CALCIFICATION_MM = 0.08
STRAND_ANGLE = 0.022  # rad
STRAND_MM = 2.2  # a strand fades over this length


@dataclass(frozen=True)
class MassTexture:
    """The fields inside one lesion, fixed in its own coordinates."""

    patches: SmoothNoise
    streaks: SmoothNoise
    frays: SmoothNoise

    @classmethod
    def draw(cls, rng: np.random.Generator, lesion: Lesion) -> "MassTexture":
        extent = 3.0 * lesion.radius_mm
        cell = lesion.patch_mm
        return cls(
            SmoothNoise(rng, extent, extent, (0.8 * cell, 1.2 * cell)),
            SmoothNoise(rng, 60.0, extent, (60.0, 1.1)),
            SmoothNoise(rng, extent, extent, (0.45, 0.6)),
        )


@dataclass(frozen=True)
class _Polar:
    """Where each pixel is, seen from the lesion: offsets, and distance outside the contour, mm.

    ``strand`` is the amplitude of the bright strands that run outwards at the pixel's angle.
    """

    dx_mm: Field
    dy_mm: Field
    outside_mm: Field
    strand: Field

    @classmethod
    def of(cls, grid: Grid, lesion: Lesion) -> "_Polar":
        dx = grid.x_mm[None, :] - np.float32(lesion.x_mm)
        dy = grid.y_mm[:, None] - np.float32(lesion.y_mm)
        distance = np.hypot(dx, dy)
        angles = np.linspace(-np.pi, np.pi, TABLE_ANGLES)
        table = lesion.contour_radius(angles)
        position = (np.arctan2(dy, dx) + np.pi) * ((TABLE_ANGLES - 1) / (2 * np.pi))
        index = np.rint(position).astype(np.intp)
        outside = distance - np.take(table.astype(np.float32), index)
        strand = np.take(_strands(angles, lesion), index)
        return cls(dx, dy, np.asarray(outside, np.float32), strand)


def _strands(angles: NDArray[np.float64], lesion: Lesion) -> Field:
    """Bright strands of a desmoplastic reaction: one along each spicule."""
    amplitude = np.zeros_like(angles)
    for where, _, height in lesion.spicules:
        off = np.angle(np.exp(1j * (angles - lesion.tilt - where)))
        amplitude += height * np.exp(-((off / STRAND_ANGLE) ** 2))
    amplitude *= np.abs(np.cos(angles)) ** 1.5  # a strand along the beam reflects little
    return np.asarray(amplitude, np.float32)


def with_mass(tissue: Tissue, grid: Grid, lesion: Lesion, texture: MassTexture) -> Tissue:
    """The tissue with the lesion in it."""
    polar = _Polar.of(grid, lesion)
    down, across = polar.dy_mm[:, 0], polar.dx_mm[0]
    frays = texture.frays(down, across)
    frayed = polar.outside_mm + 0.5 * lesion.margin_mm * frays
    inside = smoothstep(np.asarray(0.5 - frayed / (2 * lesion.margin_mm), np.float32))
    rim = np.exp(-(((frayed - 0.9) / 0.9) ** 2)) * (1 - inside)
    core = lesion.echo_db + lesion.heterogeneity_db * texture.patches(down, across)
    scatter = tissue.scatter_db + lesion.rim_db * rim
    scatter = scatter + (core - scatter) * inside
    strand = (
        0.5
        * polar.strand
        * smoothstep(0.6 + 0.5 * frays)
        * np.exp(-np.abs(polar.outside_mm) / STRAND_MM)
    )
    mirror = (tissue.mirror + strand) * (1 - inside)
    mirror = mirror + _face(polar, lesion) + _calcifications(grid, lesion)
    loss = tissue.loss_db + _shadow(grid, polar, inside, lesion, texture)
    return Tissue(scatter, np.asarray(mirror, np.float32), np.asarray(loss, np.float32))


def _face(polar: _Polar, lesion: Lesion) -> Field:
    """The near and far faces of a smooth mass reflect where they face the probe."""
    facing = np.abs(polar.dy_mm) / np.maximum(np.hypot(polar.dx_mm, polar.dy_mm), 0.2)
    line = np.exp(-((polar.outside_mm / 0.14) ** 2)) * facing**4
    return np.asarray(0.05 * (1 - lesion.roughness) ** 2 * line, np.float32)


def _calcifications(grid: Grid, lesion: Lesion) -> Field:
    bright = np.zeros((grid.rows, grid.columns), np.float32)
    for x, y, level in lesion.calcifications:
        reach = lesion.radius_mm * lesion.flatness
        across = np.exp(-(((grid.x_mm - lesion.x_mm - x * reach) / CALCIFICATION_MM) ** 2))
        down = np.exp(-(((grid.y_mm - lesion.y_mm - y * reach) / CALCIFICATION_MM) ** 2))
        bright += 10 ** (level / 20) * down[:, None] * across[None, :]
    return bright


def _shadow(
    grid: Grid, polar: _Polar, inside: Field, lesion: Lesion, texture: MassTexture
) -> Field:
    """Loss gathered along each beam through the mass, and thin shadows off its sides."""
    streaks = 1 + 0.25 * texture.streaks(np.zeros(1, np.float32), polar.dx_mm[0])
    loss = np.cumsum(inside, axis=0) * grid.spacing_mm * lesion.attenuation_db_per_mm * streaks
    width = max(1, round(SHADOW_BLUR_MM / grid.spacing_mm))
    loss = uniform_filter1d(loss, width, axis=1, mode="nearest")
    # A shadow fills in slowly with depth: beams from other angles reach behind the mass.
    below = np.clip(polar.dy_mm - lesion.radius_mm * lesion.flatness, 0, None)
    return np.asarray(np.clip(loss * np.exp(-below / 28), *LOSS_RANGE_DB), np.float32)
