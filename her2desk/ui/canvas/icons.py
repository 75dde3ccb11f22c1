"""The program's own icons: one-colour SVG files, drawn in whatever colour the theme asks for."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from her2desk.paths import assets_dir

SIZE = 20


@lru_cache(maxsize=256)
def icon_image(name: str, colour: str, size: int = SIZE, ratio: float = 1.0) -> QImage:
    """``assets/icons/NAME.svg`` in ``colour`` (#rrggbb); ``size`` in device-independent pixels."""
    # An image, not a pixmap: pixmaps must not outlive the application, cached ones would.
    source = (assets_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))
    side = round(size * ratio)
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def icon(name: str, colour: str, size: int = SIZE) -> QIcon:
    """The same as an icon for menus and buttons, sharp on normal and on dense screens."""
    result = QIcon()
    for ratio in (1.0, 2.0):
        result.addPixmap(QPixmap.fromImage(icon_image(name, QColor(colour).name(), size, ratio)))
    return result
