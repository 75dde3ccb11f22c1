"""Texture matrices of one plane: the counts of pyradiomics' C code, by whole-array operations.

All but the differences of ``neighbourhood_differences`` are whole numbers, so that they are the
same whichever way they are counted; those are added pixel after pixel as the C code adds them.
The directions are pyradiomics': down right, down, down left, right.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIRECTIONS = ((1, 1), (1, 0), (1, -1), (0, 1))
_NEIGHBOURS = 2 * len(DIRECTIONS)

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Levels:
    """Binned grey levels of an ROI.

    ``plane`` (rows, columns), unsigned, is 0 outside the ROI; ``places`` are the ROI's pixels,
    counted row after row, and ``inside`` their levels; ``present`` are the different levels among
    them, ascending, and ``count`` says how often each is.
    """

    plane: NDArray[Any]
    places: NDArray[np.intp]
    inside: NDArray[np.intp]
    present: NDArray[np.int64]
    count: NDArray[np.int64]

    @property
    def highest(self) -> int:
        """The highest level."""
        return int(self.present[-1])


def cooccurrences(levels: Levels) -> Counts:
    """How often level i has level j beside it, (level, level, direction), of present levels.

    Each pair is counted one way, from the pixel that comes first.
    """
    size = levels.highest + 1
    scaled = levels.plane.astype(np.int32)
    scaled *= size
    counts = np.empty((size, size, len(DIRECTIONS)))
    for index, step in enumerate(DIRECTIONS):
        here, there = _pairs(step)
        codes = scaled[here] + levels.plane[there]
        counts[..., index] = np.bincount(codes.ravel(), minlength=size * size).reshape(size, size)
    return np.ascontiguousarray(counts[np.ix_(levels.present, levels.present)])


def runs(levels: Levels) -> tuple[Counts, NDArray[np.int64]]:
    """How often a level runs on for a length, (level, length, direction), and the lengths met.

    In a plane with an empty column behind it and row below it, the pixels of a direction follow
    each other at a fixed distance, and an empty one lies between any two lines. A direction in
    which no line meets the ROI twice has no runs, as in pyradiomics.
    """
    rows, columns = levels.plane.shape
    width = columns + 1
    padded = np.zeros((rows + 1, width), dtype=levels.plane.dtype)
    padded[:rows, :columns] = levels.plane
    counts = []
    for down, right in DIRECTIONS:
        distance = down * width + right
        lines = _every(padded.ravel(), distance)
        ends = np.flatnonzero(lines[1:] != lines[:-1])
        level = lines[ends].astype(np.intp)
        length = np.diff(ends, prepend=-1)
        longest = max(rows, columns) + 1
        length[level == 0] = 0
        level *= longest
        level += length
        counts.append(np.bincount(level, minlength=(levels.highest + 1) * longest))
        if not _meets_twice(levels.plane, down, right):
            counts[-1][:] = 0
    by_length = np.stack(counts, axis=-1).reshape(levels.highest + 1, longest, len(DIRECTIONS))
    by_length = by_length[levels.present]
    met = np.flatnonzero(by_length.any(axis=(0, 2)))
    return np.ascontiguousarray(by_length[:, met], dtype=np.float64), met


def zones(levels: Levels) -> tuple[Counts, NDArray[np.int64]]:
    """How often a level has a connected zone of a size, (level, size), and the sizes met."""
    from skimage.measure import label

    zone = label(levels.plane, connectivity=2, background=0).ravel()
    size_of = np.bincount(zone)[1:]
    level_of = np.empty(len(size_of) + 1, dtype=np.intp)
    level_of[zone] = levels.plane.ravel()
    met = np.flatnonzero(np.bincount(size_of))
    place_of = np.empty(met[-1] + 1, dtype=np.intp)
    place_of[met] = np.arange(len(met))
    codes = level_of[1:] * len(met) + place_of[size_of]
    counts = np.bincount(codes, minlength=(levels.highest + 1) * len(met))
    return counts.reshape(-1, len(met))[levels.present].astype(np.float64), met


def dependences(levels: Levels) -> tuple[Counts, NDArray[np.int64]]:
    """How often a level has a number of neighbours like it, (level, number), and the numbers met."""
    alike = np.zeros(levels.plane.shape, dtype=np.uint8)
    for step in DIRECTIONS:
        here, there = _pairs(step)
        same = levels.plane[here] == levels.plane[there]
        alike[here] += same
        alike[there] += same
    size = _NEIGHBOURS + 1
    codes = levels.inside * size
    codes += alike.take(levels.places)
    counts = np.bincount(codes, minlength=(levels.highest + 1) * size).reshape(-1, size)
    counts = counts[levels.present]
    met = np.flatnonzero(counts.any(axis=0))
    return counts[:, met].astype(np.float64), met


def neighbourhood_differences(levels: Levels, neighbours: NDArray[np.uint8]) -> Counts:
    """Number of pixels, sum of differences from their neighbours' mean, and level, (level, 3).

    ``neighbours`` (rows, columns) are each pixel's neighbours in the ROI.
    """
    wide = levels.plane.astype(np.int32)
    sums = np.zeros(wide.shape, dtype=np.int32)
    for step in DIRECTIONS:
        here, there = _pairs(step)
        sums[here] += wide[there]
        sums[there] += wide[here]
    number = neighbours.take(levels.places)
    means = sums.take(levels.places) / np.maximum(number, 1)
    differences = np.abs(np.subtract(levels.inside, means, out=means), out=means)
    differences[number == 0] = 0
    size = levels.highest + 1
    counts = np.empty((size, 3))
    counts[:, 0] = np.bincount(levels.inside, minlength=size)
    counts[:, 1] = np.bincount(levels.inside, weights=differences, minlength=size)
    counts[:, 2] = np.arange(size)
    return counts[levels.present]


def neighbours_inside(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """How many of each pixel's eight neighbours the mask holds, (rows, columns)."""
    counts = np.zeros(mask.shape, dtype=np.uint8)
    for step in DIRECTIONS:
        here, there = _pairs(step)
        counts[here] += mask[there]
        counts[there] += mask[here]
    return counts


def _pairs(step: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Places in a plane of pixels with a neighbour a step (down, right) away, and of those."""
    down, right = step
    upper, lower = slice(None, -down or None), slice(down, None)
    if right < 0:
        return (upper, slice(1, None)), (lower, slice(None, -1))
    return (upper, slice(None, -right or None)), (lower, slice(right, None))


def _meets_twice(plane: NDArray[Any], down: int, right: int) -> bool:
    """Whether a line in this direction holds two pixels of the ROI."""
    if np.count_nonzero(plane) >= sum(plane.shape):  # there are fewer lines
        return True
    row, column = np.nonzero(plane)
    line = row * right - column * down
    return len(np.unique(line)) < len(line)


def _every(flat: NDArray[Any], distance: int) -> NDArray[Any]:
    """The values in steps of ``distance`` from the first, then from the second, and so on; then 0."""
    steps = -(-len(flat) // distance)
    whole = np.zeros(steps * distance + 1, dtype=flat.dtype)
    whole[: len(flat)] = flat
    whole[:-1] = whole[:-1].reshape(steps, distance).T.ravel()
    return whole
