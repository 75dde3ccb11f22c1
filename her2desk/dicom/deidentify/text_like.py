"""Looks for what may be writing: small bright shapes of one height in a row.

It raises suspicion and nothing else: that it finds nothing is no proof, and a person looks at what
it finds. Depth marks, measurement crosses and single letters are meant to pass.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.pixels import Frame, grey

BRIGHT = 110  # least grey value of a stroke
CONTRAST = 70  # by which a stroke is brighter than what lies within REACH_PX of it
REACH_PX = 4
HEIGHTS_PX = (6, 40)
WIDEST = 1.6  # times the height; wider shapes are no letters
LETTERS = 3  # in a row
LEVEL = 0.25  # of the height, by which letters of a row may stand higher or be taller
GAP = 1.0  # of the height, between neighbouring letters
FILL = (0.15, 0.85)  # share of its box that a letter's strokes cover
MOST_SHAPES = 20_000


@dataclass(frozen=True)
class _Shape:
    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top


def looks_written(frame: Frame, kept: NDArray[np.bool_]) -> bool:
    """Whether the kept part of a frame, (rows, columns) or RGB, shows a row of letter-like shapes."""
    shapes = _shapes(_strokes(grey(frame)) & kept)
    by_left = sorted(shapes, key=lambda shape: shape.left)
    return any(_row_from(index, by_left) >= LETTERS for index in range(len(by_left)))


def _strokes(values: Frame) -> NDArray[np.bool_]:
    """Bright pixels with a much darker one near by, left or right or above or below."""
    from scipy.ndimage import minimum_filter

    darkest = minimum_filter(values, size=2 * REACH_PX + 1)
    strokes: NDArray[np.bool_] = (values >= BRIGHT) & (
        values.astype(np.int16) - darkest >= CONTRAST
    )
    return strokes


def _shapes(strokes: NDArray[np.bool_]) -> list[_Shape]:
    from scipy.ndimage import find_objects, label

    labels, count = label(strokes, np.ones((3, 3), int))
    if count > MOST_SHAPES:
        return []  # speckle of the whole picture
    found = []
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    for number, (rows, columns) in enumerate(find_objects(labels), start=1):
        shape = _Shape(rows.start, rows.stop, columns.start, columns.stop)
        width, height = shape.right - shape.left, shape.height
        fill = areas[number] / (width * height)
        low, high = HEIGHTS_PX
        thin = width <= 3  # an I or a 1 fills its box
        if (
            low <= height <= high
            and width <= WIDEST * height
            and (FILL[0] <= fill <= FILL[1] or thin)
        ):
            found.append(shape)
    return found


def _row_from(start: int, by_left: list[_Shape]) -> int:
    """How many shapes follow one another from this one on a common line, itself included."""
    last = first = by_left[start]
    letters = 1
    for shape in by_left[start + 1 :]:
        slack = LEVEL * first.height
        if shape.left - last.right > GAP * first.height:
            break
        if (
            shape.left >= last.right - 1
            and abs(shape.bottom - first.bottom) <= slack
            and abs(shape.top - first.top) <= slack
        ):
            last = shape
            letters += 1
    return letters
