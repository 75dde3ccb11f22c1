"""Where an enhanced picture does not give the image back: outlined and hatched, pixel by pixel."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QTransform

from her2desk.ui.canvas.overlay import HALO
from her2desk.ui.canvas.transform import ViewTransform

DOUBT_INK = QColor("#ff9d5c")  # the picture is dark in both themes
MOST_PIECES = 6_000  # of a pattern finer than that, groups of pixels are marked as a whole

Mask = NDArray[np.bool_]


class Doubts:
    """The pixels of an image that its enhanced picture does not give back, ready to be painted.

    ``failing`` is (rows, columns). Each is marked with its neighbours, so that a lone one can be seen.
    ``pieces`` are what is marked, in the image's pixels. Making this takes a moment, so it is for a
    worker thread.
    """

    def __init__(self, failing: Mask | None) -> None:
        self.pieces: list[QRectF] = []
        self._edges: list[QLineF] = []
        if failing is None or not failing.any():
            return
        mask, side = _grown(failing), 1
        while len(_runs(mask)) > MOST_PIECES:
            mask, side = _coarser(mask), 2 * side
        self.pieces = [
            QRectF(left * side, row * side, (right - left) * side, side)
            for row, left, right in _runs(mask).tolist()
        ]
        self._edges = list(_edges(mask, side))

    def paint(self, painter: QPainter, transform: ViewTransform) -> None:
        """Hatch and outline them where ``transform`` puts the image."""
        if not self.pieces:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.translate(transform.x, transform.y)
        painter.scale(transform.scale, transform.scale)
        ink = QColor(DOUBT_INK)
        ink.setAlpha(170)
        hatching = QBrush(ink, Qt.BrushStyle.BDiagPattern)
        hatching.setTransform(QTransform.fromScale(1 / transform.scale, 1 / transform.scale))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(hatching)
        painter.drawRects(self.pieces)
        for colour, width in ((HALO, 3), (DOUBT_INK, 1)):
            pen = QPen(colour, width)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawLines(self._edges)
        painter.restore()


def _grown(mask: Mask) -> Mask:
    """With the eight neighbours of each pixel."""
    rows = mask.copy()
    rows[1:] |= mask[:-1]
    rows[:-1] |= mask[1:]
    grown = rows.copy()
    grown[:, 1:] |= rows[:, :-1]
    grown[:, :-1] |= rows[:, 1:]
    return grown


def _coarser(mask: Mask) -> Mask:
    """Whether any of 2 × 2 pixels is."""
    rows, columns = mask.shape
    even: Mask = np.pad(mask, ((0, rows % 2), (0, columns % 2)))
    return even[0::2, 0::2] | even[1::2, 0::2] | even[0::2, 1::2] | even[1::2, 1::2]


def _runs(mask: Mask) -> NDArray[np.int64]:
    """(row, first column, column after the last) of every unbroken piece of a row."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, left = np.nonzero(steps > 0)
    right = np.nonzero(steps < 0)[1]
    return np.stack([rows, left, right], axis=1)


def _edges(mask: Mask, side: int) -> Iterator[QLineF]:
    """The lines between what is marked and what is not, of pixels of ``side``."""
    across = np.diff(np.pad(mask, ((1, 1), (0, 0))).astype(np.int8), axis=0) != 0
    down = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1) != 0
    for row, left, right in (_runs(across) * side).tolist():
        yield QLineF(left, row, right, row)
    for column, top, lower in (_runs(down.T) * side).tolist():
        yield QLineF(column, top, column, lower)
