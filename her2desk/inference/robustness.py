"""How much each feature depends on who drew the outline: the outline jittered, then ICC (V21)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.progress import Progress
from her2desk.domain.roi import MAX_POINTS, Point, Roi
from her2desk.enhancement.enhancer import Enhancer
from her2desk.errors import InputRefused
from her2desk.inference.measuring import MeasuredCase, Outline, measure_outlines
from her2desk.radiomics.feature_cache import FeatureCache
from her2desk.radiomics.profile import Profile
from her2desk.stats.icc import icc_a1
from her2desk.texts import msg

JITTER_MM = 0.5  # chosen, not measured: about six pixels of a linear probe
JITTER_PX = 4.0  # where the pixel size is not known
_WAVES = np.arange(
    2, 7
)  # waves around the outline; one wave is a shift, more are the hand's tremor
_SHIFT_SHARE = 0.5  # of the jitter: how far the whole outline moves along each axis
_LARGEST_SD = 3.0
_SMALLEST_RADIUS = 0.5  # share of its own distance that a point keeps from the centre
_MIN_POINTS = 90
_HALVINGS = 8


class Agreement(NamedTuple):
    """A feature's ICC(A,1) and its 95 % interval; NaN where it had no value on some outline."""

    feature: str
    icc: float
    lower: float
    upper: float


def jittered(roi: Roi, rng: np.random.Generator, sd_px: float, image: UltrasoundImage) -> Roi:
    """The outline as another reader might have drawn it.

    A shift, and along the radius from the centre a smooth sum of five waves, together of standard
    deviation ``sd_px`` and at most three times that. The outline stays inside the image and does
    not become too small to be used; the same generator state gives the same outline.
    """
    points = _dense(roi.polygon)
    centre = np.array(roi.centroid)
    away = points - centre
    radius = np.hypot(away[:, 0], away[:, 1])
    angle = np.arctan2(away[:, 1], away[:, 0])
    shift = rng.normal(scale=_SHIFT_SHARE, size=2)
    waves = _smooth(angle, rng) * math.sqrt(1 - _SHIFT_SHARE**2)
    direction = np.column_stack([np.cos(angle), np.sin(angle)])
    for halving in range(_HALVINGS):
        amplitude = sd_px / 2**halving
        outward = np.clip(amplitude * waves, -_LARGEST_SD * amplitude, _LARGEST_SD * amplitude)
        moved = np.maximum(radius + outward, _SMALLEST_RADIUS * radius)
        bounded = np.clip(amplitude * shift, -_LARGEST_SD * amplitude, _LARGEST_SD * amplitude)
        drawn = centre + bounded + moved[:, None] * direction
        drawn = np.clip(drawn, 0, [image.columns, image.rows])
        other = Roi(roi.frame_index, tuple((float(x), float(y)) for x, y in drawn))
        if other.area_px >= roi.area_px / 2 and _is_usable(other, image):
            return other
    return roi


def _is_usable(roi: Roi, image: UltrasoundImage) -> bool:
    """Cut at the image's edge, an outline may come to cross itself."""
    try:
        roi.check(image)
    except InputRefused:
        return False
    return True


def robustness(
    cases: Sequence[MeasuredCase],
    profile: Profile,
    names: Sequence[str],
    *,
    repeats: int = 2,
    seed: int,
    jobs: int,
    progress: Progress,
    cache: FeatureCache | None = None,
    sd_mm: float = JITTER_MM,
    sd_px: float = JITTER_PX,
    enhancer: Enhancer | None = None,
    scheduler: str | None = None,
) -> NDArray[np.float64]:
    """Features (names, cases, 1 + repeats) of each outline as drawn and jittered ``repeats`` times.

    A jitter is ``sd_mm``, or ``sd_px`` on an image whose pixel size is not known; ``enhancer`` enlarges
    each image after that, as the pack to be judged does. A value is NaN
    where a feature has none. Raises as ``measure_cohort``.
    """
    outlines = []
    for number, measured in enumerate(cases):
        case = measured.case
        rng = np.random.default_rng([seed, number])
        sd = _in_pixels(sd_mm, case.roi.spacing(case.image).mm) or sd_px
        for roi in (case.roi, *(jittered(case.roi, rng, sd, case.image) for _ in range(repeats))):
            outlines.append(Outline.on(measured.row.patient_id, case, roi, enhancer))
    features = measure_outlines(
        outlines,
        profile,
        names,
        cache=cache,
        jobs=jobs,
        progress=progress,
        on_missing="nan",
        finished=lambda n, total: msg("Outline {n} of {total}", n=n, total=total),
        scheduler=scheduler,
    )
    return features.reshape(len(cases), 1 + repeats, len(names)).transpose(2, 0, 1)


def agreements(names: Sequence[str], ratings: NDArray[np.float64]) -> list[Agreement]:
    """ICC(A,1) of each feature, McGraw & Wong 1996; ``ratings`` as ``robustness`` gives them.

    At least two cases. V21 keeps a feature whose ``lower`` is at least 0.75, which NaN is not.
    """
    found = icc_a1(ratings)
    figures = np.column_stack([found.value, found.lower, found.upper]).tolist()
    return [Agreement(name, *row) for name, row in zip(names, figures, strict=True)]


def _in_pixels(sd_mm: float, spacing_mm: tuple[float, float] | None) -> float | None:
    return None if spacing_mm is None else sd_mm / math.sqrt(spacing_mm[0] * spacing_mm[1])


def _smooth(angle: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A random function of the angle, of mean 0 and variance 1 over draws."""
    cosines, sines = rng.normal(size=(2, len(_WAVES))) / math.sqrt(len(_WAVES))
    phase = angle[:, None] * _WAVES
    return np.asarray(np.cos(phase) @ cosines + np.sin(phase) @ sines)


def _dense(polygon: Sequence[Point]) -> NDArray[np.float64]:
    """The polygon's points with others between them, so that a wave fits on a long edge."""
    points = np.asarray(polygon, dtype=np.float64)
    ends = np.roll(points, -1, axis=0)
    length = np.hypot(*(ends - points).T)
    step = max(float(length.sum()) / _MIN_POINTS, 1e-9)
    pieces = np.maximum(1, np.round(length / step)).astype(int)
    if pieces.sum() > MAX_POINTS:
        return points
    edge = np.repeat(np.arange(len(points)), pieces)
    share = (np.arange(len(edge)) - np.repeat(pieces.cumsum() - pieces, pieces)) / pieces[edge]
    return np.asarray(points[edge] + share[:, None] * (ends - points)[edge])
