"""The picture as pixels: a frame under its window and level, the heatmap over it, both cached."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from her2desk.domain.roi import Box
from her2desk.ui.canvas.heat_colours import heat_picture
from her2desk.ui.canvas.transform import ViewTransform
from her2desk.ui.canvas.window_level import WindowLevel

BACKDROP = QColor("#07090b")  # ultrasound is read on black in either theme
PIXELS_VISIBLE_FROM = 4.0  # magnification from which the pixels themselves are shown
MAX_HEAT_SIDE = 1024


@dataclass(frozen=True, eq=False)
class HeatLayer:
    """A heatmap as a picture and the box of the image it lies on."""

    picture: QImage
    crop: Box


def heat_layer(values: NDArray[np.float32], crop: Box) -> HeatLayer:
    """A heat grid 0–1 spread over its crop."""
    rows, columns = min(crop.height, MAX_HEAT_SIDE), min(crop.width, MAX_HEAT_SIDE)
    pixels = heat_picture(values, rows, columns)
    image = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
    # Premultiplied is what the raster engine blends; converting also copies out of numpy's buffer.
    return HeatLayer(image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied), crop)


class Picture:
    """Renders frame and heatmap for a view, and keeps the result until something changes."""

    def __init__(self) -> None:
        self._pixels: NDArray[np.uint8] | None = None
        self._shown: QImage | None = None
        self._level = WindowLevel()
        self._cache: QPixmap | None = None
        self._cache_key: object = None

    @property
    def is_empty(self) -> bool:
        return self._pixels is None

    @property
    def level(self) -> WindowLevel:
        return self._level

    def clear(self) -> None:
        """Show nothing."""
        self._pixels = self._shown = None
        self._cache_key = None

    def set_pixels(self, pixels: NDArray[np.uint8]) -> None:
        """Show ``pixels``: uint8, (rows, columns) grey or (rows, columns, 3) RGB."""
        is_picture = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)
        if pixels.dtype != np.uint8 or not is_picture:
            raise ValueError(f"not a grey or RGB picture of uint8: {pixels.dtype} {pixels.shape}")
        self._pixels = np.ascontiguousarray(pixels)
        self._shown = None
        self._cache_key = None

    def set_level(self, level: WindowLevel) -> None:
        """Show the same pixels under another window."""
        self._level = level
        self._shown = None
        self._cache_key = None

    def pixmap(
        self,
        transform: ViewTransform,
        size: QSize,
        ratio: float,
        heat: HeatLayer | None,
        opacity: float,
    ) -> QPixmap:
        """The view's background; ``ratio`` is device pixels per device-independent one."""
        key = (transform, size.toTuple(), ratio, heat, opacity)
        if self._cache is None or key != self._cache_key:
            self._cache = self._render(transform, size, ratio, heat, opacity)
            self._cache_key = key
        return self._cache

    def _render(
        self,
        transform: ViewTransform,
        size: QSize,
        ratio: float,
        heat: HeatLayer | None,
        opacity: float,
    ) -> QPixmap:
        pixmap = QPixmap(size * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(BACKDROP)
        image = self._image()
        if image is None:
            return pixmap
        painter = QPainter(pixmap)
        is_smooth = transform.scale < PIXELS_VISIBLE_FROM
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
        draw_in_sight(painter, image, transform, size, ratio)
        if heat is not None:
            draw_heat(painter, transform, heat, opacity)
        painter.end()
        return pixmap

    def _image(self) -> QImage | None:
        if self._shown is None and self._pixels is not None:
            self._shown = _as_qimage(self._level.apply(self._pixels))
        return self._shown


def _as_qimage(pixels: NDArray[np.uint8]) -> QImage:
    rows, columns = pixels.shape[:2]
    form = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    image = QImage(pixels.data, columns, rows, pixels.strides[0], form)
    # RGB32 is the raster engine's own format: converted once, not at every repaint.
    return image.convertToFormat(QImage.Format.Format_RGB32)


def draw_heat(painter: QPainter, transform: ViewTransform, heat: HeatLayer, opacity: float) -> None:
    """Lay a heatmap over what is painted, on its crop."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setOpacity(opacity)
    crop = heat.crop
    painter.drawImage(
        transform.rect(crop.x0, crop.y0, crop.x1, crop.y1),
        heat.picture,
        QRectF(heat.picture.rect()),
    )
    painter.setOpacity(1.0)


def span_in_sight(
    transform: ViewTransform, size: QSize, columns: int, rows: int
) -> tuple[int, int, int, int]:
    """Which pixels of a picture a view of this size shows: left, top, right, lower, the last exclusive."""
    left, top = transform.to_image(QRectF(0, 0, 0, 0).topLeft())
    right, lower = left + size.width() / transform.scale, top + size.height() / transform.scale
    left, top = max(0, int(left) - 1), max(0, int(top) - 1)
    return left, top, min(columns, int(right) + 2), min(rows, int(lower) + 2)


def draw_in_sight(
    painter: QPainter, image: QImage, transform: ViewTransform, size: QSize, ratio: float
) -> None:
    """Draw the part of a picture that a view of this size shows, where ``transform`` puts it."""
    target = transform.rect(0, 0, image.width(), image.height())
    if transform.scale * ratio < 0.5:
        # Bilinear sampling skips pixels when shrinking; averaging keeps speckle from flickering.
        shrunk = image.scaled(
            (target.size() * ratio).toSize(),
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        painter.drawImage(target, shrunk, QRectF(shrunk.rect()))
        return
    # Only the visible part: at 64× the whole image would be a hundred thousand pixels wide.
    left, top, right, lower = span_in_sight(transform, size, image.width(), image.height())
    source = QRectF(left, top, right - left, lower - top)
    painter.drawImage(transform.rect(left, top, right, lower), image, source)
