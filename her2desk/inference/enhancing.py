"""Enhancement on behalf of an answer or of the window: remembered tile by tile, and judged.

A tile of an enhanced frame is kept in the engine's memory under the enhancement's SHA-256, the frame's
grey values and its place; so what was prepared while the reader still draws, what an answer needs, its
band, and the whole frame on the screen are all made of the same tiles.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.enhancement import EnhancedFrame, EnhancementUse
from her2desk.domain.progress import Progress
from her2desk.domain.roi import Box
from her2desk.enhancement.enhancer import Enhanced, Enhancer, grey_sha256
from her2desk.enhancement.sight import enhanced_box
from her2desk.enhancement.tiles import places
from her2desk.enhancement.trained import NETWORK_METHOD
from her2desk.inference.remembered import Memory, recalled
from her2desk.texts import msg

ENHANCING = msg("Enhancing the image")
PREPARED_SHARE = 0.6  # of the memory, so that what is prepared does not push itself out
MOST_REGIONS = 20

Pixels = NDArray[np.uint8]


class FrameTiles:
    """The enhanced tiles of one frame, in a memory; ``step`` is told the share of the work that is done.

    With no memory nothing is kept.
    """

    def __init__(
        self,
        memory: Memory | None,
        enhancer: Enhancer,
        frame: Pixels,
        step: Callable[[float], None] | None = None,
    ) -> None:
        self._memory = memory
        self._enhancer_sha256 = enhancer.sha256
        self._frame = frame
        self._frame_sha256 = ""
        self._step = step

    def recall(self, place: tuple[int, int], work: Callable[[], Enhanced]) -> Enhanced:
        """The tile at ``place``, remembered or else worked out and kept."""
        if self._memory is not None and not self._frame_sha256:
            self._frame_sha256 = grey_sha256(self._frame)
        return recalled(
            self._memory,
            "tile",
            (self._enhancer_sha256, self._frame_sha256, place),
            work,
            lambda tile: [tile.pixels, *([] if tile.residual is None else [tile.residual])],
        )

    def step(self, fraction: float) -> None:
        """Tell of it; raises ``Cancelled`` where the work is to stop."""
        if self._step is not None:
            self._step(fraction)


def enhanced_frame(
    enhancer: Enhancer, frame: Pixels, progress: Progress, memory: Memory | None = None
) -> EnhancedFrame:
    """The whole of a frame of grey values (rows, columns).

    Raises ``InputRefused`` (``enhancement-too-large``), and ``Cancelled`` from ``progress``.
    """
    whole = Box(0, 0, frame.shape[1], frame.shape[0])
    tiles = FrameTiles(memory, enhancer, frame, lambda share: progress.step(share, ENHANCING))
    enhanced = enhanced_box(enhancer, frame, whole, tiles)
    failing = None
    if enhanced.residual is not None and enhancer.tolerance is not None:
        failing = np.abs(enhanced.residual) > enhancer.tolerance
    return EnhancedFrame(enhanced.pixels, use_of(enhancer, enhanced.residual, whole), failing)


def prepare_frame(enhancer: Enhancer, frame: Pixels, progress: Progress, memory: Memory) -> None:
    """Have a frame's tiles in memory, the middle ones first, as many as there is room for.

    ``progress`` is asked before each tile; raises ``Cancelled`` from it.
    """
    if not works_by_tiles(enhancer):
        return
    rows, columns = frame.shape
    boxes = [place.box for place in places(Box(0, 0, columns, rows), rows, columns)]
    boxes.sort(key=lambda box: _from_middle(box, rows, columns))
    room = PREPARED_SHARE * memory.limit_bytes
    tiles = FrameTiles(memory, enhancer, frame, lambda share: progress.step(share, ENHANCING))
    for box in boxes:
        room -= box.width * box.height * enhancer.scale**2
        if room < 0:
            return
        enhancer.enhance(frame, _middle_pixel(box), tiles)


def works_by_tiles(enhancer: Enhancer) -> bool:
    """Whether what was enhanced is kept tile by tile; interpolation is as fast as remembering it."""
    return enhancer.method == NETWORK_METHOD


def use_of(enhancer: Enhancer, residual: NDArray[np.float32] | None, box: Box) -> EnhancementUse:
    """What there is to say of an enhanced box of a frame; ``residual`` as in ``Enhanced``."""
    said = enhancer.method, enhancer.name, enhancer.version, enhancer.scale, enhancer.sha256
    if residual is None or enhancer.tolerance is None:
        return EnhancementUse(*said)
    away = np.abs(residual)
    failing = away > enhancer.tolerance
    return EnhancementUse(
        *said,
        tolerance=enhancer.tolerance,
        largest_residual=float(away.max()),
        failing_px=int(failing.sum()),
        of_px=failing.size,
        failing=regions(failing, box),
    )


def regions(failing: NDArray[np.bool_], box: Box) -> tuple[Box, ...]:
    """The boxes, in the frame's pixels, of the failing pixels of ``box``: at most ``MOST_REGIONS``.

    Pixels that touch, also at a corner, are in one box; where there are too many, those that lie near
    each other are taken together.
    """
    if not failing.any():
        return ()
    from scipy import ndimage  # the window reads this module's neighbours without it

    away = ndimage.distance_transform_cdt(~failing, "chessboard")
    reach = 0
    while True:
        labels, count = ndimage.label(away <= reach, np.ones((3, 3)))
        if count <= MOST_REGIONS:
            break
        reach = max(1, 2 * reach)
    found = ndimage.find_objects(np.where(failing, labels, 0))
    return tuple(
        Box(
            box.x0 + columns.start,
            box.y0 + rows.start,
            box.x0 + columns.stop,
            box.y0 + rows.stop,
        )
        for rows, columns in found
    )


def _middle_pixel(box: Box) -> Box:
    """What asks for one tile, and seldom for its neighbours: how the residual is found needs a few."""
    x, y = (box.x0 + box.x1) // 2, (box.y0 + box.y1) // 2
    return Box(x, y, x + 1, y + 1)


def _from_middle(box: Box, rows: int, columns: int) -> float:
    return abs(box.x0 + box.x1 - columns) + abs(box.y0 + box.y1 - rows)
