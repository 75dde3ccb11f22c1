"""Three-dimensional shape of a volume of one slice.

pyradiomics 3.0.1 gives the same numbers: it walks over the volume's cubes, and compares every pair
of the mesh's points.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Volume, in 48ths of a voxel, that pyradiomics' marching cubes enclose above and below each 2 × 2
# pixels of a slice; bits 0 to 3 are the upper left, upper right, lower left and lower right pixel.
_VOLUME_48 = np.array([0, 2, 2, 12, 2, 12, 4, 34, 2, 4, 12, 34, 12, 34, 34, 48])
_EIGENVALUE_ERROR = 1e-10  # pyradiomics' own bound on rounding below 0

Pixels = NDArray[np.bool_]


class Mesh(NamedTuple):
    """Marching-cubes mesh of a mask: surface area, volume, and greatest distances of its points.

    ``diameters`` are pyradiomics': in a slice, in a column, in a row, in space.
    """

    area: float
    volume: float
    diameters: tuple[float, float, float, float]


def mesh(mask: Pixels, spacing: NDArray[np.float64]) -> Mesh:
    """The mesh of a volume whose one slice is ``mask`` (rows, columns).

    ``spacing`` is (slice, row, column). Area and volume are sums over the 2 × 2 pixels of the
    slice, each by its pattern. The mesh's points lie half a pixel outside the mask's pixels.
    """
    padded = np.pad(mask, 1)
    bits = padded.view(np.uint8)
    patterns = bits[:-1, :-1] + 2 * bits[:-1, 1:] + 4 * bits[1:, :-1] + 8 * bits[1:, 1:]
    count = np.bincount(patterns.ravel(), minlength=16)
    area = float(count @ np.array(_areas(*spacing.tolist())))
    volume = float(count @ _VOLUME_48) / 48 * float(np.prod(spacing))
    return Mesh(area, volume, _diameters(padded, spacing))


def eigenvalues(points: NDArray[np.int64], spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variances along the principal axes of points (n, d), ascending, as pyradiomics computes them."""
    physical = points * spacing[None, :]
    physical -= np.mean(physical, axis=0)
    physical /= np.sqrt(len(points))
    covariance = np.dot(physical.T.copy(), physical)
    values = np.real(np.linalg.eigvals(covariance)).astype(np.float64)
    values[(values < 0) & (values > -_EIGENVALUE_ERROR)] = 0
    values.sort()
    return values


@lru_cache(maxsize=16)
def _areas(*spacing: float) -> tuple[float, ...]:
    """The mesh's area over each pattern of 2 × 2 pixels."""
    from radiomics import cShape

    areas = []
    for pattern in range(16):
        alone = np.zeros((3, 2, 2), dtype=bool)
        alone[1].ravel()[:] = [pattern >> bit & 1 for bit in range(4)]
        areas.append(float(cShape.calculate_coefficients(alone, np.array(spacing))[0]))
    return tuple(areas)


def _diameters(padded: Pixels, spacing: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Greatest distances of the mesh's points: in its slice, rows, columns, and all.

    Points lie above and below each pixel inside, half a slice away, and in the slice, half way
    to each neighbour outside. Coordinates are counted in halves of a pixel, in whole numbers.
    """
    faces, rims = _halves(padded)
    corners = [_convex_hull(faces), _convex_hull(rims)]
    points = np.concatenate(
        [np.insert(corners[level % 2 == 0], 0, level, axis=1) for level in (1, 2, 3)]
    )
    squares = _squared_distances(points[:, None], points[None], spacing)
    is_level = points[:, None, 0] == points[None, :, 0]
    in_rows = _longest_row(faces, rims, spacing)
    in_columns = _longest_row(*_halves(padded.T), spacing[[0, 2, 1]])
    longest = squares[is_level].max(), in_rows, in_columns, squares.max()
    in_slice, in_row, in_column, in_space = np.sqrt(longest).tolist()
    return in_slice, in_row, in_column, in_space


def _halves(padded: Pixels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row, first and last column (n, 3), in halves, of the mesh's points over pixels and in the slice."""
    faces = 2 * _ends(padded)
    between = 2 * _ends(padded[1:] ^ padded[:-1]) + np.array([1, 0, 0])
    rims = np.concatenate([faces + np.array([0, -1, 1]), between])
    return faces, rims[rims[:, 0].argsort()]


def _ends(mask: Pixels) -> NDArray[np.int64]:
    """Row, first and last column (n, 3) of each row that the mask meets."""
    rows = np.flatnonzero(mask.any(axis=1))
    met = mask[rows]
    last = met.shape[1] - 1 - met[:, ::-1].argmax(axis=1)
    return np.column_stack([rows, met.argmax(axis=1), last])


def _longest_row(
    faces: NDArray[np.int64], rims: NDArray[np.int64], spacing: NDArray[np.float64]
) -> np.float64:
    """Greatest squared distance of two points of one row."""
    own = rims[rims[:, 0] % 2 == 0]
    places = [
        (level, lines, end) for level, lines in ((1, faces), (3, faces), (2, own)) for end in (1, 2)
    ]
    points = np.stack([_ending(level, lines, end) for level, lines, end in places])
    squares = _squared_distances(points[:, None], points[None], spacing)
    across = _squared_distances(_ending(2, rims, 1), _ending(2, rims, 2), spacing)
    return np.float64(max(squares.max(), across.max()))


def _ending(level: int, lines: NDArray[np.int64], end: int) -> NDArray[np.int64]:
    """The points (n, 3) at one end of each line."""
    return np.column_stack([np.full(len(lines), level), lines[:, 0], lines[:, end]])


def _squared_distances(
    a: NDArray[np.int64], b: NDArray[np.int64], spacing: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of points (..., 3) in halves; rounded as pyradiomics' C code rounds."""
    off = a / 2 * spacing - b / 2 * spacing
    off *= off
    squares: NDArray[np.float64] = off[..., 0] + off[..., 1] + off[..., 2]
    return squares


def _convex_hull(lines: NDArray[np.int64]) -> NDArray[np.int64]:
    """Corners (row, column) of the convex hull of lines (row, first and last column), rows ascending."""
    return np.concatenate([_outermost(lines[:, [0, 1]], -1), _outermost(lines[:, [0, 2]], 1)])


def _outermost(chain: NDArray[np.int64], outwards: int) -> NDArray[np.int64]:
    """What is left of a chain of points once none lies on or within the line of its neighbours."""
    while len(chain) > 2:
        before, after = chain[1:-1] - chain[:-2], chain[2:] - chain[1:-1]
        turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
        is_corner = np.concatenate([[True], turn * outwards < 0, [True]])
        if is_corner.all():
            break
        chain = chain[is_corner]
    return chain
