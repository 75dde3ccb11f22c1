"""The affine map that takes one small picture to another, by what the pixels of both say."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

LEVELS = (8, 4, 2, 1)  # pixels averaged together, from coarse to fine
FEWEST_PX, MOST_PX = 20, 200  # of a level's side: less is too little to go by, more only takes time
STEPS = 12
SMALL_STEP_PX = 0.01
SMOOTHING_PX = 1.0
STRETCH_LIMITS = (0.8, 1.25)  # of tissue between two frames; more than this is a wrong fit
TINY = 1e-6


@dataclass(frozen=True)
class Affine:
    """``matrix`` (2, 2) about the picture's middle, then ``shift`` (x, y) in pixels."""

    matrix: NDArray[np.float64]
    shift: NDArray[np.float64]

    def apply(
        self, points: NDArray[np.float64], middle: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """``points`` (n, 2) as (x, y), moved."""
        moved: NDArray[np.float64] = (points - middle) @ self.matrix.T + middle + self.shift
        return moved

    @property
    def is_plausible(self) -> bool:
        """Whether tissue could move so between two frames."""
        if not np.isfinite(self.matrix).all() or not np.isfinite(self.shift).all():
            return False
        stretches = np.linalg.svd(self.matrix, compute_uv=False)
        least, most = STRETCH_LIMITS
        return bool(least <= stretches.min() and stretches.max() <= most)


def shifted(before: Picture, after: Picture, inner: tuple[slice, slice]) -> Affine:
    """The whole-pixel shift of the part ``inner`` of ``before`` that correlates best with ``after``."""
    from skimage.feature import match_template

    down, across = inner
    scores = match_template(after, before[inner])
    row, column = np.unravel_index(int(scores.argmax()), scores.shape)
    shift = np.array([column - across.start, row - down.start], np.float64)
    return Affine(np.eye(2), shift)


def fitted(before: Picture, after: Picture, weights: Picture, start: Affine) -> Affine:
    """The affine map from ``before`` to ``after`` (both (rows, columns)) that fits best from ``start``.

    ``weights`` (rows, columns) say how much each pixel of ``before`` counts. ``start`` itself where no
    plausible map is found.
    """
    best = start
    for level in _levels(before.shape):
        smaller = Affine(best.matrix, best.shift / level)
        one, two, three = (_shrunk(picture, level) for picture in (before, after, weights))
        small = _fit(one, two, three, smaller)
        best = Affine(small.matrix, small.shift * level)
    return best if best.is_plausible else start


def correlation(before: Picture, after: Picture, weights: Picture, affine: Affine) -> float:
    """Weighted correlation (-1 to 1) of ``before`` with ``after`` seen through ``affine``."""
    from scipy.ndimage import gaussian_filter

    smooth_before, smooth_after = (gaussian_filter(p, SMOOTHING_PX) for p in (before, after))
    x, y = _moved(before.shape, affine)
    inside = _inside(x, y, after.shape)
    own = weights * inside
    if own.sum() < TINY:
        return 0.0
    one = _standard(smooth_before, own)
    two = _standard(_at(smooth_after, x, y), own)
    return float((own * one * two).sum() / own.sum())


def _levels(shape: tuple[int, ...]) -> tuple[int, ...]:
    suitable = [
        level
        for level in LEVELS
        if min(shape) // level >= FEWEST_PX and max(shape) // level <= MOST_PX
    ]
    return tuple(suitable) or (1,)


def _fit(before: Picture, after: Picture, weights: Picture, start: Affine) -> Affine:
    from scipy.ndimage import gaussian_filter

    reference = gaussian_filter(before, SMOOTHING_PX)
    target = gaussian_filter(after, SMOOTHING_PX)
    slope_y, slope_x = np.gradient(target)
    x0, y0 = _grid(before.shape)
    now = start
    for _ in range(STEPS):
        x, y = _moved(before.shape, now)
        own = weights * _inside(x, y, after.shape)
        if own.sum() < TINY:
            return start
        seen = _at(target, x, y)
        spread = _spread(seen, own)
        error = _standard(reference, own) - _standard(seen, own)
        gx, gy = (_at(slope, x, y) / spread for slope in (slope_x, slope_y))
        ones = np.ones_like(x0)
        columns = np.stack([g * u for g in (gx, gy) for u in (x0, y0, ones)], axis=-1).reshape(
            -1, 6
        )
        w = own.ravel()[:, None]
        normal = columns.T @ (w * columns) + TINY * np.eye(6)
        change = np.linalg.solve(normal, columns.T @ (w[:, 0] * error.ravel()))
        step = change.reshape(2, 3)
        now = Affine(now.matrix + step[:, :2], now.shift + step[:, 2])
        if not now.is_plausible:
            return start
        if np.abs(step[:, 2]).max() + np.abs(step[:, :2]).max() * max(before.shape) < SMALL_STEP_PX:
            break
    return now


def _grid(shape: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixel centres from the middle of the picture."""
    rows, columns = shape
    x, y = np.meshgrid(np.arange(columns) + 0.5 - columns / 2, np.arange(rows) + 0.5 - rows / 2)
    return x, y


def _moved(
    shape: tuple[int, ...], affine: Affine
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = _grid(shape)
    (a, b), (c, d) = affine.matrix
    dx, dy = affine.shift
    return a * x + b * y + dx, c * x + d * y + dy


def _inside(
    x: NDArray[np.float64], y: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    rows, columns = shape
    inside: NDArray[np.bool_] = (np.abs(x) <= columns / 2) & (np.abs(y) <= rows / 2)
    return inside


def _at(
    picture: NDArray[Any], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    from scipy.ndimage import map_coordinates

    rows, columns = picture.shape
    where = np.stack([y + rows / 2 - 0.5, x + columns / 2 - 0.5])
    return np.asarray(map_coordinates(picture, where, order=1, mode="nearest"), np.float64)


def _standard(picture: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float64]:
    mean = (weights * picture).sum() / weights.sum()
    return np.asarray((picture - mean) / _spread(picture, weights), np.float64)


def _spread(picture: NDArray[Any], weights: NDArray[Any]) -> float:
    mean = (weights * picture).sum() / weights.sum()
    variance = (weights * (picture - mean) ** 2).sum() / weights.sum()
    return max(float(np.sqrt(variance)), TINY)


def _shrunk(picture: Picture, level: int) -> Picture:
    if level == 1:
        return picture
    rows, columns = (side // level * level for side in picture.shape)
    blocks = picture[:rows, :columns].reshape(rows // level, level, columns // level, level)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)
