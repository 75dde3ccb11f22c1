"""pyradiomics' three-dimensional local binary patterns, of a volume of one slice.

pyradiomics 3.0.1 gives the same numbers: it samples, voxel by voxel, spheres of which all but a
circle lies outside the slice.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from her2desk.radiomics.box import Box

_SPHERE_LEVELS = 2
_SUBDIVISIONS = 1
_TAPS = 4  # of a cubic spline
_BLOCK_PX = 16384  # so many that numpy's calls are few, so few that the terms stay in the cache
_NEAR, _EQUAL = 1e-9, 1e-3  # of the spline's greatest coefficient
_TIE = 1e-11  # 300 times what quick samples change a kurtosis by on public images
_LANES = 8  # of numpy's sum

Plane = NDArray[np.float64]


def lbp_3d(
    grey: Plane, mask: NDArray[np.bool_], box: Box, wanted: Set[str]
) -> Iterator[tuple[str, Plane]]:
    """pyradiomics' local binary patterns on spheres, (name, plane of the box); zero off the mask.

    Banerjee et al. 2013, "3D LBP-based rotationally invariant region description". ``grey`` and
    ``mask`` are (rows, columns), ``wanted`` names out of lbp-3D-m1, lbp-3D-m2 and lbp-3D-k.
    """
    inside = mask[box.places]
    circle = Circle(grey, mask, box)
    values: dict[str, NDArray[np.float64]] = {}
    if wanted & {"lbp-3D-m1", "lbp-3D-m2"}:
        norms = _level_norms(circle.samples[:, inside], grey[box.places][inside])
        values = {f"lbp-3D-m{level}": norm for level, norm in enumerate(norms, start=1)}
    if "lbp-3D-k" in wanted:
        spread = kurtosis(circle.samples[:, inside], _in_slice())
        if _has_near_ties(spread[circle.is_quick[inside]]):
            circle.make_exact(inside)
            spread = kurtosis(circle.samples[:, inside], _in_slice())
        values["lbp-3D-k"] = spread
    for name in sorted(wanted):
        plane = np.zeros(inside.shape)
        plane[inside] = values[name]
        yield name, plane


class Circle:
    """Grey levels on the sphere's points in the slice: ``samples`` (points, rows, columns of a box).

    They are those of scipy's ``map_coordinates`` of order 3, 0 outside the slice: to rounding where
    ``is_quick`` (rows, columns), and else to the last bit, as where a pixel of the mask could equal
    its sample or where rounding is all that tells samples apart.
    """

    def __init__(self, grey: Plane, mask: NDArray[np.bool_], box: Box):
        from scipy.ndimage import spline_filter

        rows, columns = (np.arange(part.start, part.stop) for part in box.places)
        self._spline = _Spline(spline_filter(grey, order=3))
        # between whole pixels no weight depends on the place: one picture serves all such steps
        beside = self._spline.exact(*(np.arange(p[0] - 1, p[-1] + 2.0) for p in (rows, columns)))
        steps = _sphere()[0][_in_slice(), 1:]
        self.samples = np.empty((len(steps), len(rows), len(columns)))
        self.is_quick = np.ones(self.samples.shape[1:], dtype=np.bool_)
        self._between = []
        for sample, (down, right) in zip(self.samples, steps, strict=True):
            if down % 1 == right % 1 == 0:
                top, left = int(down) + 1, int(right) + 1
                sample[:] = beside[top : top + len(rows), left : left + len(columns)]
            else:
                self._between.append((sample, rows + down, columns + right))
                sample[:] = self._spline.quick(rows + down, columns + right)
        quick = [sample for sample, _, _ in self._between]
        doubtful = _is_doubtful(quick, grey[box.places], self._spline.scale)
        self.make_exact(mask[box.places] & doubtful)

    def make_exact(self, pixels: NDArray[np.bool_]) -> None:
        """Work out the samples of these pixels (rows, columns) again, to the last bit of scipy's."""
        if not pixels.any():
            return
        part = Box(pixels)
        for sample, down, right in self._between:
            sample[part.places] = self._spline.exact(down[part.rows], right[part.columns])
        self.is_quick[part.places] = False


def _has_near_ties(values: NDArray[np.float64]) -> bool:
    """Whether some are equal but for rounding: its last bits then decide what a percentile cuts off.

    So it is where many pixels have the same surroundings, as in a test pattern.
    """
    return bool((np.diff(np.sort(values)) < _TIE).any())


def _is_doubtful(samples: Sequence[Plane], centres: Plane, scale: float) -> NDArray[np.bool_]:
    """Where rounding could decide whether a pixel is darker than a sample, or all that samples are.

    ``scale`` is the spline's greatest coefficient. A sample is a sum of 64 coefficients, each with
    a product of three weights, none below 0 and all together 1: two ways of adding them differ by
    no more than 2 × 67 × 2⁻⁵³ = 1.5e-14 of ``scale``. That is far below the limit of what is near;
    it changes a kurtosis, which is the same for all equal samples, by less than 1e-9 of its
    difference from that where the samples are not as good as equal.
    """
    nearest = np.abs(samples[0] - centres)
    furthest = nearest.copy()
    off = np.empty_like(centres)
    for sample in samples[1:]:
        np.abs(np.subtract(sample, centres, out=off), out=off)
        np.minimum(nearest, off, out=nearest)
        np.maximum(furthest, off, out=furthest)
    return (nearest < _NEAR * scale) | (furthest < _EQUAL * scale)


class _Spline:
    """A cubic spline through a slice's pixels, from its ``coefficients`` (rows, columns)."""

    def __init__(self, coefficients: Plane):
        self._shape = coefficients.shape
        self._padded = np.pad(coefficients, _TAPS, mode="reflect")
        self.scale = float(max(coefficients.max(), -coefficients.min()))

    def quick(self, rows: Plane, columns: Plane) -> Plane:
        """Grey levels where ``rows`` and ``columns``, each in steps of 1, cross; 0 off the slice.

        The spline's first pixel lies equally far from all, so that it is a filter of each axis.
        """
        top, by_row = _weights(rows)
        left, by_column = _weights(columns)
        top, left = top + _TAPS, left + _TAPS
        seen = self._padded[:, left : left + len(columns) + _TAPS - 1]
        lines = _filtered(lambda tap: seen[top + tap : top + tap + len(rows)], by_row[:, :, None])
        samples = _filtered(lambda tap: lines[:, tap : tap + len(columns)], by_column[:, None])
        return self._cut_off(samples, rows, columns)

    def exact(self, rows: Plane, columns: Plane) -> Plane:
        """As ``quick``, the products and their sum in scipy's order: across the slice first."""
        first_row, row_weights = _weights(rows)
        first_column, column_weights = _weights(columns)
        samples = np.empty((len(rows), len(columns)))
        height = max(_BLOCK_PX // len(columns), 1)
        for start in range(0, len(rows), height):
            stop = min(start + height, len(rows))
            top, left = first_row + start + _TAPS, first_column + _TAPS
            seen = self._padded[top : top + stop - start + 3, left : left + len(columns) + 3]
            _add_up(seen, row_weights[:, start:stop], column_weights, samples[start:stop])
        return self._cut_off(samples, rows, columns)

    def _cut_off(self, samples: Plane, rows: Plane, columns: Plane) -> Plane:
        samples[(rows < 0) | (rows > self._shape[0] - 1)] = 0
        samples[:, (columns < 0) | (columns > self._shape[1] - 1)] = 0
        return samples


def _filtered(part: Callable[[int], Plane], weights: Plane) -> Plane:
    sums: Plane = part(0) * weights[0]
    term = np.empty_like(sums)
    for tap in range(1, _TAPS):
        sums += np.multiply(part(tap), weights[tap], out=term)
    return sums


def _weights(places: Plane) -> tuple[int, Plane]:
    """First pixel that the first place's spline looks at, and the weights (4, n) of each place."""
    before = np.floor(places)
    y = places - before
    z = 1 - y
    weights = np.empty((_TAPS, len(places)))
    weights[0] = z * z * z / 6
    weights[1] = (y * y * (y - 2) * 3 + 4) / 6
    weights[2] = (z * z * (z - 2) * 3 + 4) / 6
    weights[3] = 1 - weights[0] - weights[1] - weights[2]
    return int(before[0]) - 1, weights


def _add_up(seen: Plane, row_weights: Plane, column_weights: Plane, sums: Plane) -> None:
    """The spline's 64 terms of each pixel in scipy's order: across the slice, rows, columns.

    The slice is met by all four weights across it, of which the first and the third are equal.
    """
    across = _weights(np.zeros(1))[1][:, 0]
    shape = sums.shape
    scaled, line = np.empty_like(seen), np.empty_like(seen[: shape[0]])
    kept, passing = np.empty((_TAPS * _TAPS, *shape)), np.empty(shape)
    sums[:] = 0
    for layer, weight in enumerate(across):
        if layer == 2:
            for term in kept:
                sums += term
            continue
        np.multiply(seen, weight, out=scaled)
        for row, column in product(range(_TAPS), repeat=2):
            if column == 0:
                by_row = row_weights[row][:, None]
                np.multiply(scaled[row : row + shape[0]], by_row, out=line)
            term = kept[_TAPS * row + column] if layer == 0 else passing
            np.multiply(line[:, column : column + shape[1]], column_weights[column], out=term)
            sums += term


@cache
def _sphere() -> tuple[NDArray[np.float64], NDArray[np.complex128], NDArray[np.int64]]:
    """Points of the unit sphere (v, 3), spherical harmonics there (v, 4) and their degrees (4,)."""
    from scipy.special import sph_harm_y
    from trimesh.creation import icosphere

    points = np.array(icosphere(_SUBDIVISIONS, 1).vertices)
    # the names are pyradiomics', which takes the polar angle for the azimuth and the reverse
    azimuth, polar = np.arccos(points[:, 2]), np.arctan2(points[:, 1], points[:, 0])
    orders = [(n, m) for n in range(_SPHERE_LEVELS) for m in range(-n, n + 1)]
    harmonics = np.column_stack([sph_harm_y(n, m, polar, azimuth) for n, m in orders])
    return points, harmonics, np.array([n for n, _ in orders])


def _in_slice() -> NDArray[np.bool_]:
    in_slice: NDArray[np.bool_] = _sphere()[0][:, 0] == 0
    return in_slice


def _level_norms(
    samples: NDArray[np.float64], centres: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Norm (n,) of each degree of the spherical expansion of ``samples >= centres``.

    ``samples`` (points, n) are those in the slice; the others are 0.
    """
    codes = (centres <= 0).astype(np.uint16) << len(samples)
    for bit, sample in enumerate(samples):
        codes |= (sample >= centres).astype(np.uint16) << bit
    return [norms[codes] for norms in _norms_of_patterns().T]


@cache
def _norms_of_patterns() -> NDArray[np.float64]:
    """Norms (pattern, degree) of every pattern; bits are the samples in the slice, then the others.

    Patterns that are turned on the sphere have the same norm but for rounding, on which a
    percentile's rank depends, so that the steps and their order are pyradiomics'.
    """
    points, harmonics, degrees = _sphere()
    in_slice = _in_slice()
    number = int(np.count_nonzero(in_slice))
    codes = np.arange(2 << number)
    patterns = np.empty((len(codes), len(points)), dtype=np.int64)
    patterns[:, ~in_slice] = (codes >> number)[:, None]
    patterns[:, in_slice] = codes[:, None] >> np.arange(number) & 1
    weights = np.multiply(patterns[:, :, None], harmonics[None]).sum(axis=1)
    expanded = [
        np.multiply(weights[:, None, own], harmonics[None, :, own]).sum(axis=2, keepdims=True)
        for own in (degrees == degree for degree in range(_SPHERE_LEVELS))
    ]
    norms: NDArray[np.float64] = np.real(
        np.sqrt((np.concatenate(expanded, axis=2) ** 2).sum(axis=1))
    )
    return norms


def kurtosis(samples: NDArray[np.float64], is_sample: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Excess kurtosis (n,) of values that are 0 but for ``samples`` (points, n), NaN where all are.

    ``is_sample`` (v,) says which of the values are samples. The bits are those of scipy's
    ``kurtosis``: the terms are the same, and are added in the order of numpy's sum over a row.
    """
    count = len(is_sample)
    values: NDArray[np.float64] = np.empty_like(samples[0])
    for start in range(0, len(values), _BLOCK_PX):
        block = slice(start, start + _BLOCK_PX)
        own = samples[:, block]
        mean = _added(iter(own), np.zeros_like(own[0]), is_sample) / count
        off = own - mean
        squares, zeros_square = off * off, mean * mean
        second = _added(iter(squares), zeros_square, is_sample) / count
        fourths, zeros_fourth = squares * squares, zeros_square * zeros_square
        fourth = _added(iter(fourths), zeros_fourth, is_sample) / count
        values[block] = np.where(second == 0, np.nan, fourth / (second * second)) - 3
    return values


def _added(
    samples: Iterator[NDArray[np.float64]],
    other: NDArray[np.float64],
    is_sample: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """The sum of a row's terms as numpy adds up to 128 of them: eight sums, then the rest."""
    terms = [next(samples) if known else other for known in is_sample]
    whole = len(terms) // _LANES * _LANES
    lanes = [term.copy() for term in terms[:_LANES]]
    for place in range(_LANES, whole):
        lanes[place % _LANES] += terms[place]
    while len(lanes) > 1:
        lanes = [a + b for a, b in zip(lanes[::2], lanes[1::2], strict=True)]
    for term in terms[whole:]:
        lanes[0] += term
    return lanes[0]
