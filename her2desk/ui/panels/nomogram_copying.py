"""A nomogram on the clipboard: as a picture, as a drawing, and as its arithmetic in words."""

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QRect, QSize
from PySide6.QtGui import QFont, QImage, QPainter, Qt

from her2desk.domain.nomogram import NomogramGeometry
from her2desk.ui.panels.nomogram_layout import NomogramLayout
from her2desk.ui.panels.nomogram_painter import Markers, lanes_needed, paint_nomogram
from her2desk.ui.theme import LIGHT

SVG_TYPE = "image/svg+xml"
PNG_TYPE = "image/png"
_WIDTH = 760
_SCALE = 2  # pixels of the picture for one of the drawing


def mime_of(
    geometry: NomogramGeometry, markers: Markers, shift: float, font: QFont, text: str
) -> QMimeData:
    """The nomogram as PNG, SVG and plain ``text``, on white whatever the window's theme."""
    layout = NomogramLayout(geometry, _WIDTH, shift)
    layout = NomogramLayout(geometry, _WIDTH, shift, lanes_needed(layout, font))
    image = _image(layout, markers, font)
    mime = QMimeData()
    mime.setText(text)
    mime.setImageData(image)
    mime.setData(PNG_TYPE, _png(image))
    mime.setData(SVG_TYPE, _svg(layout, markers, font))
    return mime


def _image(layout: NomogramLayout, markers: Markers, font: QFont) -> QImage:
    image = QImage(QSize(_WIDTH, layout.height) * _SCALE, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.scale(_SCALE, _SCALE)
    paint_nomogram(painter, layout, markers, LIGHT, font)
    painter.end()
    return image


def _png(image: QImage) -> QByteArray:
    target = QBuffer()
    target.open(QIODevice.OpenModeFlag.WriteOnly)
    # PySide's stub wants bytes for the format, it takes a name
    image.save(target, "PNG")  # type: ignore[call-overload]
    return target.data()


def _svg(layout: NomogramLayout, markers: Markers, font: QFont) -> QByteArray:
    from PySide6.QtSvg import QSvgGenerator  # only who copies needs it

    target = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(target)
    generator.setSize(QSize(_WIDTH, layout.height))
    generator.setViewBox(QRect(0, 0, _WIDTH, layout.height))
    painter = QPainter(generator)
    painter.fillRect(QRect(0, 0, _WIDTH, layout.height), Qt.GlobalColor.white)
    paint_nomogram(painter, layout, markers, LIGHT, font)
    painter.end()
    return target.data()
