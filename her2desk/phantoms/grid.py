"""The picture's grid in millimetres, and smooth random fields on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

# Cubic B-spline weights are sixths; their squares sum to 0.479 on average over positions, so
# dividing by the root of that too gives unit variance along each axis.
WEIGHT_SCALE = np.float32(6 * np.sqrt(0.4794))


@dataclass(frozen=True)
class Grid:
    """Pixel centres of a picture: ``rows`` × ``columns`` of ``spacing_mm``, from ``left_mm``.

    A shift of ``left_mm`` moves the probe sideways over the same tissue.
    """

    rows: int
    columns: int
    spacing_mm: float
    left_mm: float = 0.0

    @property
    def x_mm(self) -> Field:
        """Lateral positions of the columns, shape (columns,)."""
        return np.asarray(
            self.left_mm + (np.arange(self.columns) + 0.5) * self.spacing_mm, np.float32
        )

    @property
    def y_mm(self) -> Field:
        """Depths of the rows, shape (rows,)."""
        return np.asarray((np.arange(self.rows) + 0.5) * self.spacing_mm, np.float32)


class SmoothNoise:
    """A Gaussian random field of unit variance and given correlation lengths, known everywhere.

    White coefficients on a coarse lattice, joined by cubic B-splines one axis after the other, so a
    field can be sampled on a moving grid at no great cost.
    """

    def __init__(
        self, rng: np.random.Generator, height_mm: float, width_mm: float, cell: tuple[float, float]
    ):
        self._cell = cell
        self._margin_mm = 12.0  # room for tissue above the skin line and beside the probe
        self._coefficients = rng.standard_normal(
            tuple(
                int(np.ceil((extent + 2 * self._margin_mm) / step)) + 4
                for extent, step in zip((height_mm, width_mm), cell, strict=True)
            ),
            dtype=np.float32,
        )

    def __call__(self, y_mm: Field, x_mm: Field) -> Field:
        """Values at the crossings of the two axes, shape (len(y_mm), len(x_mm))."""
        down = self._blend(self._coefficients, y_mm, 0)
        both = self._blend(np.ascontiguousarray(down.T), x_mm, 1)
        return np.ascontiguousarray(both.T)

    def _blend(self, nodes: Field, position_mm: Field, axis: int) -> Field:
        """Rows of ``nodes`` joined by cubic B-splines at each position, scaled to unit variance."""
        u = np.clip((position_mm + self._margin_mm) / self._cell[axis] + 1, 1, len(nodes) - 2.001)
        first = u.astype(np.intp)
        t = u - first
        t2, t3 = t * t, t * t * t
        weights = ((1 - 3 * t + 3 * t2 - t3), (4 - 6 * t2 + 3 * t3), (1 + 3 * (t + t2 - t3)), t3)
        # Not a matrix product: BLAS may round otherwise with another number of threads.
        total = np.zeros((len(u), nodes.shape[1]), np.float32)
        for offset, weight in enumerate(weights):
            total += (weight / WEIGHT_SCALE).astype(np.float32)[:, None] * nodes[first - 1 + offset]
        return total


def along_layers(noise: SmoothNoise, grid: Grid, below_mm: Field) -> Field:
    """The noise bent to follow a layer: sampled at each pixel's depth below it, (rows, columns)."""
    step = grid.spacing_mm
    first = float(below_mm.min()) - step
    depths = np.arange(first, float(below_mm.max()) + 3 * step, step)
    straight = noise(np.asarray(depths, np.float32), grid.x_mm)
    position = (below_mm - np.float32(first)) / np.float32(step)
    upper = position.astype(np.intp)
    share = position - upper.astype(np.float32)
    a = np.take_along_axis(straight, upper, axis=0)
    b = np.take_along_axis(straight, upper + 1, axis=0)
    return np.asarray(a + (b - a) * share, np.float32)


def smoothstep(value: Field) -> Field:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(value, 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
