"""An enhanced frame as pixels for a view: only what is in sight is windowed and drawn."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QPainter, QPixmap

from her2desk.ui.canvas.doubts import Doubts
from her2desk.ui.canvas.picture import (
    BACKDROP,
    PIXELS_VISIBLE_FROM,
    HeatLayer,
    draw_heat,
    draw_in_sight,
    span_in_sight,
)
from her2desk.ui.canvas.transform import ViewTransform
from her2desk.ui.canvas.window_level import WindowLevel

COARSEST_SHOWN = 0.5  # screen pixels to one of a grain's; below it, sampling would skip pixels


class EnhancedLayer:
    """An enhanced frame in several grains, each half as fine as the one before.

    Making one takes a moment, so it is for a worker thread. ``pixels`` are uint8 (rows·scale,
    columns·scale) of a frame whose places (column, row) become (column·scale, row·scale); ``scale`` is
    a power of two. ``failing`` (rows, columns) marks the frame's pixels that it does not give back.
    """

    def __init__(
        self, pixels: NDArray[np.uint8], scale: int, failing: NDArray[np.bool_] | None = None
    ) -> None:
        self.scale = scale
        self.doubts = Doubts(failing)
        self._grains = {scale: np.ascontiguousarray(pixels)}
        side = scale
        while side > 1:
            self._grains[side // 2] = _halved(self._grains[side])
            side //= 2
        self._cache: QPixmap | None = None
        self._cache_key: object = None

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The frame as it came, in its finest grain."""
        return self._grains[self.scale]

    @property
    def frame_size(self) -> tuple[int, int]:
        """Rows and columns of the frame that was enhanced."""
        rows, columns = self._grains[1].shape
        return rows, columns

    def pixmap(
        self,
        transform: ViewTransform,
        size: QSize,
        ratio: float,
        level: WindowLevel,
        heat: HeatLayer | None = None,
        opacity: float = 0.0,
    ) -> QPixmap:
        """A view's ground with the frame where ``transform`` puts the image, doubts marked."""
        key = (transform, size.toTuple(), ratio, level, heat, opacity)
        if self._cache is None or key != self._cache_key:
            self._cache = self._render(transform, size, ratio, level)
            self._cache_key = key
            painter = QPainter(self._cache)
            if heat is not None:
                draw_heat(painter, transform, heat, opacity)
            self.doubts.paint(painter, transform)
            painter.end()
        return self._cache

    def _render(
        self, transform: ViewTransform, size: QSize, ratio: float, level: WindowLevel
    ) -> QPixmap:
        pixmap = QPixmap(size * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(BACKDROP)
        side = self._grain_for(transform.scale * ratio)
        pixels, own = self._grains[side], replace(transform, scale=transform.scale / side)
        left, top, right, lower = span_in_sight(own, size, pixels.shape[1], pixels.shape[0])
        if right <= left or lower <= top:
            return pixmap
        part = level.apply(np.ascontiguousarray(pixels[top:lower, left:right]))
        grey = QImage(
            part.data, right - left, lower - top, right - left, QImage.Format.Format_Grayscale8
        )
        image = grey.convertToFormat(QImage.Format.Format_RGB32)  # is sampled three times as fast
        painter = QPainter(pixmap)
        is_smooth = own.scale < PIXELS_VISIBLE_FROM
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
        draw_in_sight(painter, image, own.shifted(own.scale * left, own.scale * top), size, ratio)
        painter.end()
        return pixmap

    def _grain_for(self, scale: float) -> int:
        """The finest grain whose pixels are not skipped at this many screen pixels to the image's."""
        return max((side for side in self._grains if scale / side >= COARSEST_SHOWN), default=1)


def _halved(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The means of 2 × 2 pixels; both sides are even."""
    upper = pixels[0::2].astype(np.uint16) + pixels[1::2]
    return ((upper[:, 0::2] + upper[:, 1::2] + 2) >> 2).astype(np.uint8)
