"""A frame in tiles on a fixed grid, each enhanced by itself with a margin of its neighbours.

The grid is the frame's, so that the numbers of an enhanced pixel do not depend on which part of it was
asked for. Tiles lie within the frame, all of one size: where the frame ends, the network sees it end.
Memory is bounded by one tile; the margin is as wide as anything reaches, so that no seam shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Box
from her2desk.enhancement.enhancer import Enhanced, TileMemory
from her2desk.enhancement.geometry import moved_box, scaled_box

CORE_PX = 128
MARGIN_PX = 16
TILE_PX = CORE_PX + 2 * MARGIN_PX


@dataclass(frozen=True)
class Place:
    """A tile of the grid: its row and column, what it sees of the frame, and the box that is its own."""

    row: int
    column: int
    seen: Box
    box: Box


@dataclass(frozen=True)
class _Span:
    """A tile along one axis."""

    number: int
    seen: tuple[int, int]
    own: tuple[int, int]


def places(box: Box, rows: int, columns: int) -> tuple[Place, ...]:
    """The tiles that a box of a frame of ``rows`` × ``columns`` touches, row by row."""
    return tuple(
        Place(
            down.number,
            across.number,
            Box(across.seen[0], down.seen[0], across.seen[1], down.seen[1]),
            Box(across.own[0], down.own[0], across.own[1], down.own[1]),
        )
        for down in _spans(rows, box.y0, box.y1)
        for across in _spans(columns, box.x0, box.x1)
    )


def enhanced_by_tiles(
    frame: NDArray[np.uint8],
    box: Box,
    scale: int,
    work: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    memory: TileMemory | None,
) -> NDArray[np.uint8]:
    """The box of a frame from its tiles; ``work`` enhances what one sees."""
    pixels = np.empty((box.height * scale, box.width * scale), np.uint8)
    every = places(box, *frame.shape)
    for done, place in enumerate(every):
        if memory is not None:
            memory.step(done / len(every))
        tile = _own_part(frame, place, scale, work, memory)
        shared = _shared(place.box, box)
        pixels[_slices(shared, box, scale)] = tile[_slices(shared, place.box, scale)]
    return pixels


def _own_part(
    frame: NDArray[np.uint8],
    place: Place,
    scale: int,
    work: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    memory: TileMemory | None,
) -> NDArray[np.uint8]:
    """What is kept of a tile: its own box, without the margin."""

    def worked() -> Enhanced:
        seen = place.seen
        whole = work(np.ascontiguousarray(frame[seen.y0 : seen.y1, seen.x0 : seen.x1]))
        return Enhanced(whole[_slices(place.box, seen, scale)].copy())

    known = worked() if memory is None else memory.recall((place.row, place.column), worked)
    return known.pixels


def _spans(side: int, start: int, stop: int) -> list[_Span]:
    """The tiles along an axis of ``side`` pixels that ``start`` to ``stop`` touches."""
    count = max(1, -(-(side - 2 * MARGIN_PX) // CORE_PX))
    borders = [0, *(i * CORE_PX + MARGIN_PX for i in range(1, count)), side]
    spans = []
    for number, own in enumerate(pairwise(borders)):
        if own[0] < stop and start < own[1]:
            first = max(0, min(number * CORE_PX, side - TILE_PX))
            spans.append(_Span(number, (first, min(first + TILE_PX, side)), own))
    return spans


def _shared(one: Box, other: Box) -> Box:
    x0, y0 = max(one.x0, other.x0), max(one.y0, other.y0)
    return Box(x0, y0, min(one.x1, other.x1), min(one.y1, other.y1))


def _slices(part: Box, whole: Box, scale: int) -> tuple[slice, slice]:
    """Where the enhanced pixels of ``part`` lie among those of ``whole``."""
    there = scaled_box(moved_box(part, (whole.x0, whole.y0)), scale)
    return slice(there.y0, there.y1), slice(there.x0, there.x1)
