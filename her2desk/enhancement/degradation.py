"""How an image of a sixteenth of the pixels comes from one enhanced ×4: blur along each axis, decimation.

Each of the image's pixels is a weighted mean of enhanced ones around its centre. The weights are those of
a Gaussian along depth (rows) times one along the lateral direction (columns), of different widths, for a
pulse is shorter than a beam is wide. They act on the grey values as they are, after log compression: the
speckle of the enhanced picture is what is blurred, and none is drawn and added.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

TRUNCATE_SIGMAS = 3.0
NARROWEST = 0.25  # enhanced pixels: below a sixth no pixel would have a weight
BROADEST = 0.625  # of a pixel: what undoes more reaches further than a tile's margin


@dataclass(frozen=True)
class Degradation:
    """Widths (standard deviations) in enhanced pixels; ``scale`` enhanced pixels to one.

    Raises ``ValueError`` for a scale below 2, and for a width below ``NARROWEST`` or above
    ``BROADEST``·scale.
    """

    scale: int
    depth_sigma: float
    lateral_sigma: float

    def __post_init__(self) -> None:
        sigmas = self.depth_sigma, self.lateral_sigma
        if self.scale < 2 or not all(NARROWEST <= s <= BROADEST * self.scale for s in sigmas):
            raise ValueError(f"no such degradation: {self}")

    @property
    def reach_px(self) -> int:
        """How many pixels away an enhanced one may lie and still be in a pixel's mean."""
        broadest = TRUNCATE_SIGMAS * max(self.depth_sigma, self.lateral_sigma)
        return math.ceil(max(0.0, broadest / self.scale - 0.5))

    def along_depth(self, rows: int) -> NDArray[np.float64]:
        """Matrix (rows, rows·scale) that degrades along the first axis; its rows sum to 1."""
        return _matrix(rows, self.scale, self.depth_sigma)

    def along_lateral(self, columns: int) -> NDArray[np.float64]:
        """Matrix (columns, columns·scale) that degrades along the second axis; its rows sum to 1."""
        return _matrix(columns, self.scale, self.lateral_sigma)

    def applied(self, enhanced: NDArray[Any]) -> NDArray[np.float64]:
        """An enhanced picture (rows·scale, columns·scale) brought down again, not rounded.

        At the edge the weights that are left sum to 1. A pixel's bits depend on nothing but the
        enhanced pixels in its mean. Raises ``ValueError`` where the sides are no multiple of the scale.
        """
        if any(side % self.scale for side in enhanced.shape):
            raise ValueError(f"sides {enhanced.shape} are no multiple of {self.scale}")
        along_depth = _means(enhanced, self.scale, self.depth_sigma)
        return _means(along_depth.T, self.scale, self.lateral_sigma).T


def back_projector(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least change of enhanced values that undoes a difference: Dᵀ(DDᵀ)⁻¹, of shape Dᵀ."""
    return np.asarray(np.linalg.solve(matrix @ matrix.T, matrix).T, np.float64)


def _means(values: NDArray[Any], scale: int, sigma: float) -> NDArray[np.float64]:
    """Weighted means along the first axis, weight by weight: no matrix product, whose bits may vary."""
    count = len(values) // scale
    places, weights = taps(scale, sigma)
    reach = max(0, -int(places[0]))
    padded = np.pad(values, ((reach, reach), (0, 0)))
    inside = np.pad(np.ones(len(values)), reach)
    sums = np.zeros((count, values.shape[1]))
    shares = np.zeros(count)
    for place, weight in zip(places, weights, strict=True):
        taken = slice(place + reach, place + reach + count * scale, scale)
        sums += weight * padded[taken]
        shares += weight * inside[taken]
    return sums / shares[:, None]


def taps(scale: int, sigma: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Places of enhanced pixels, from the first that is a pixel's own, and their weights in its mean."""
    most = math.ceil(TRUNCATE_SIGMAS * sigma)
    places = np.arange(-most, scale + most)
    away = (places + 0.5 - scale / 2) / sigma
    near = np.abs(away) <= TRUNCATE_SIGMAS
    return places[near], np.exp(-(away[near] ** 2) / 2)


@lru_cache(maxsize=8)
def _matrix(count: int, scale: int, sigma: float) -> NDArray[np.float64]:
    matrix = np.zeros((count, count * scale))
    for place, weight in zip(*taps(scale, sigma), strict=True):
        columns = np.arange(count) * scale + place
        there = (columns >= 0) & (columns < count * scale)
        matrix[np.arange(count)[there], columns[there]] = weight
    matrix /= matrix.sum(axis=1, keepdims=True)
    matrix.setflags(write=False)
    return matrix
