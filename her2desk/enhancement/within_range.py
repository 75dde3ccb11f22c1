"""Back between black and white, without leaving the pictures that degrade to the image.

Accelerated projected gradient on the dual (Beck & Teboulle, SIAM J. Imaging Sci. 2009). What moves are
multipliers, one a pixel of the image, so a sixteenth of the picture; the picture comes of them by
degrading's transpose and clipping. Along depth the few weights are added row by row.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from her2desk.enhancement.degradation import Degradation, taps

Values = NDArray[np.float32]
STEPS = 24  # at most
NEAR = 0.1 / 255  # less than what rounding to grey levels brings


class RangeProjection:
    """For images of ``rows`` × ``columns``, float32.

    Rows are added by one thread: a thousand short sums a tile, each shared among threads, would wait
    for one another wherever the processor has other work.
    """

    def __init__(self, rows: int, columns: int, degradation: Degradation) -> None:
        depth, lateral = degradation.along_depth(rows), degradation.along_lateral(columns)
        self._scale = degradation.scale
        self._lateral = _tensor(lateral)
        self._depth_inverse = _tensor(np.linalg.inv(depth @ depth.T))
        self._lateral_inverse = _tensor(np.linalg.inv(lateral @ lateral.T))
        places, weights = taps(degradation.scale, degradation.depth_sigma)
        self._taps = [
            (*self._span(int(place), rows), np.float32(weight))
            for place, weight in zip(places, weights, strict=True)
        ]
        self._shares: Values = np.ones((rows, 1), np.float32)
        self._shares /= self._summed(np.ones((rows * self._scale, 1), np.float32))

    def nearest(self, enhanced: Values, x: Values) -> Values:
        """The values 0–1 nearest to ``enhanced`` that degrade to ``x``, to ``NEAR``.

        Both are (rows, columns) of their size. Where no picture between black and white gives the
        image, as around letters, what the last step found is returned, which misses some of it.
        """
        multipliers = ahead = np.zeros_like(x)
        momentum = 1.0
        found = enhanced.clip(0, 1)
        for _ in range(STEPS):
            missing = x - _product(self._summed(found), self._lateral.T)
            if float(np.abs(missing).max()) <= NEAR:
                break
            onward = ahead + _product(missing, self._lateral_inverse, before=self._depth_inverse)
            faster = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
            ahead = onward + np.float32((momentum - 1) / faster) * (onward - multipliers)
            multipliers, momentum = onward, faster
            found = self._spread(_product(ahead, self._lateral), enhanced)
            np.clip(found, 0, 1, out=found)
        return found

    def _summed(self, fine: Values) -> Values:
        """Degraded along depth."""
        sums = np.zeros((len(self._shares), fine.shape[1]), np.float32)
        for own, places, weight in self._taps:
            sums[own] += weight * fine[places]
        sums *= self._shares
        return sums

    def _spread(self, coarse: Values, onto: Values) -> Values:
        """Degrading's transpose along depth, added to ``onto``."""
        shares = coarse * self._shares
        spread = onto.copy()
        for own, places, weight in self._taps:
            spread[places] += weight * shares[own]
        return spread

    def _span(self, place: int, rows: int) -> tuple[slice, slice]:
        """Which pixels have an enhanced one at ``place`` from their first, and where these lie."""
        first = max(0, -(place // self._scale))
        stop = min(rows, (rows * self._scale - 1 - place) // self._scale + 1)
        start = first * self._scale + place
        return slice(first, stop), slice(start, start + (stop - first) * self._scale, self._scale)


@lru_cache(maxsize=4)
def range_projection(rows: int, columns: int, degradation: Degradation) -> RangeProjection:
    """The projection for a size of tile, made once."""
    return RangeProjection(rows, columns, degradation)


def _tensor(matrix: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(matrix.astype(np.float32))


def _product(values: Values, after: torch.Tensor, before: torch.Tensor | None = None) -> Values:
    """By PyTorch, whose threads are there: NumPy's own beside them would take turns with them."""
    tensor = torch.from_numpy(values)
    product: Values = ((tensor if before is None else before @ tensor) @ after).numpy()
    return product
