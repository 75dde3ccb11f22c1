"""The lesion: a star-shaped contour, its inside, its rim, what it does to the sound behind it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

CONTOUR_POINTS = 180
HARMONICS = np.arange(2, 14)
EDGE_MM = 1.6  # kept free at the sides and below, so that a crop's margin is still tissue
SKIN_MM = 3.0  # kept free above
LARGEST_SHARE = 0.72  # of the picture's width and depth


@dataclass(frozen=True)
class Lesion:
    """One mass. Lengths in mm, levels in dB.

    ``roughness`` (0 smooth, 1 spiculated) was used to draw ``cosines``, ``sines`` and
    ``spicules`` (angle, width in rad, height as a share of the radius). ``echo_db`` is the mean
    level inside, ``heterogeneity_db`` the standard deviation of the patches inside and ``patch_mm``
    their size. ``attenuation_db_per_mm`` above 0 casts a shadow, below 0 enhances.
    ``calcifications`` are (x, y, level in dB) from the centre, in units of the shorter half axis.
    """

    x_mm: float
    y_mm: float
    radius_mm: float
    flatness: float
    tilt: float
    roughness: float
    cosines: tuple[float, ...]
    sines: tuple[float, ...]
    spicules: tuple[tuple[float, float, float], ...]
    margin_mm: float
    echo_db: float
    heterogeneity_db: float
    patch_mm: float
    attenuation_db_per_mm: float
    rim_db: float
    calcifications: tuple[tuple[float, float, float], ...]

    def contour_radius(self, angle: NDArray[np.floating]) -> NDArray[np.float64]:
        """Distance (mm) of the contour from the centre at angles measured from +x towards depth."""
        turned = np.asarray(angle, np.float64) - self.tilt
        ellipse = self.flatness / np.hypot(self.flatness * np.cos(turned), np.sin(turned))
        phase = turned[..., None] * HARMONICS
        ripple = np.cos(phase) @ np.asarray(self.cosines) + np.sin(phase) @ np.asarray(self.sines)
        for where, width, height in self.spicules:
            off = np.angle(np.exp(1j * (turned - where)))
            ripple = ripple + height * np.exp(-np.abs(off) / width)
        radius = self.radius_mm * ellipse * np.clip(1 + ripple, 0.45, 1.9)
        return np.asarray(radius, np.float64)

    def contour_mm(self) -> NDArray[np.float64]:
        """The outline as (x, y) points in mm, shape (CONTOUR_POINTS, 2)."""
        angle = np.linspace(0, 2 * np.pi, CONTOUR_POINTS, endpoint=False)
        radius = self.contour_radius(angle)
        return np.stack(
            [self.x_mm + radius * np.cos(angle), self.y_mm + radius * np.sin(angle)], axis=1
        )


@dataclass(frozen=True)
class LesionTraits:
    """How much of each planted sign of HER-2 positivity a lesion shows.

    0 is none, 1 is what ``signal`` 1 plants; more makes a more irregular lesion, as in the demo.
    """

    texture: float
    margin: float


def draw_lesion(
    rng: np.random.Generator,
    traits: LesionTraits,
    has_calcification: bool,
    width_mm: float,
    depth_mm: float,
) -> Lesion:
    """A random lesion that lies wholly inside a picture of ``width_mm`` × ``depth_mm``."""
    radius = float(np.clip(rng.lognormal(np.log(5.8), 0.25), 3.4, 0.27 * depth_mm))
    flatness = float(rng.uniform(0.58, 0.98))
    roughness = float(np.clip(rng.normal(0.34, 0.16) + 0.19 * traits.margin, 0.0, 1.0))
    # Streams of their own: how many spicules there are must not change what else is drawn.
    ripple_rng, spicule_rng, calcification_rng = rng.spawn(3)
    cosines, sines = _ripples(ripple_rng, roughness)
    attenuation = rng.normal(0.6, 0.5) + 0.5 * (roughness - 0.34)
    lesion = Lesion(
        x_mm=0.0,
        y_mm=0.0,
        radius_mm=radius,
        flatness=flatness,
        tilt=float(rng.normal(0, 0.22)),
        roughness=roughness,
        cosines=cosines,
        sines=sines,
        spicules=_spicules(spicule_rng, roughness),
        margin_mm=float(rng.uniform(0.25, 0.6) + 0.3 * roughness),
        echo_db=float(rng.normal(-50.5, 1.8) + 1.4 * traits.texture),
        heterogeneity_db=float(np.clip(rng.normal(2.6, 0.8) + 1.5 * traits.texture, 0.5, 8.0)),
        patch_mm=float(rng.uniform(0.55, 1.1)),
        attenuation_db_per_mm=float(np.clip(attenuation, -0.6, 1.6)),
        rim_db=float(rng.uniform(2.0, 7.0)),
        calcifications=_calcifications(calcification_rng) if has_calcification else (),
    )
    return placed(lesion, rng.uniform(), rng.normal(0.42, 0.07), width_mm, depth_mm)


def placed(lesion: Lesion, across: float, down: float, width_mm: float, depth_mm: float) -> Lesion:
    """The lesion moved into a picture, shrunk first if it would fill it.

    ``across`` (0–1) goes from the leftmost to the rightmost possible place, ``down`` is the wanted
    depth of the centre as a share of the picture's.
    """
    left, top, right, lower = _extent(lesion)
    room = LARGEST_SHARE * min(width_mm / (right - left), depth_mm / (lower - top))
    if room < 1:
        lesion = replace(lesion, radius_mm=lesion.radius_mm * room)
        left, top, right, lower = _extent(lesion)
    first, last = EDGE_MM - left, width_mm - EDGE_MM - right
    return replace(
        lesion,
        x_mm=first + across * (last - first),
        y_mm=min(max(down * depth_mm, SKIN_MM - top), depth_mm - EDGE_MM - lower),
    )


def _extent(lesion: Lesion) -> tuple[float, float, float, float]:
    """(left, top, right, lower) of the contour from the lesion's centre, in mm."""
    contour = lesion.contour_mm() - (lesion.x_mm, lesion.y_mm)
    (left, top), (right, lower) = contour.min(axis=0), contour.max(axis=0)
    return float(left), float(top), float(right), float(lower)


def _ripples(
    rng: np.random.Generator, roughness: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Fourier coefficients: low harmonics always, high ones (lobulation) with roughness."""
    spread = 0.10 / (HARMONICS / 2) ** 1.7 * (0.5 + roughness) + 0.016 * roughness * np.exp(
        -(((HARMONICS - 8) / 4) ** 2)
    )
    return tuple(rng.normal(0, spread).tolist()), tuple(rng.normal(0, spread).tolist())


def _spicules(rng: np.random.Generator, roughness: float) -> tuple[tuple[float, float, float], ...]:
    count = int(rng.poisson(9 * max(roughness - 0.15, 0.0)))
    return tuple(
        (
            float(rng.uniform(-np.pi, np.pi)),
            float(rng.uniform(0.05, 0.12)),
            float(rng.uniform(0.05, 0.10 + 0.22 * roughness)),
        )
        for _ in range(count)
    )


def _calcifications(rng: np.random.Generator) -> tuple[tuple[float, float, float], ...]:
    """A loose cluster of bright points somewhere inside."""
    count = int(rng.integers(4, 18))
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.4)
    home = np.array([np.cos(angle), np.sin(angle)]) * distance
    points = np.clip(home + rng.normal(0, 0.30, (count, 2)), -0.65, 0.65)
    levels = rng.uniform(-16, 3, count)
    return tuple(
        (float(x), float(y), float(level)) for (x, y), level in zip(points, levels, strict=True)
    )
