"""Pictures of a comparison to be saved: the words burnt in, and nobody's name."""

from PySide6.QtCore import QBuffer, QIODevice, QRectF
from PySide6.QtGui import QFont, QImage, QPainter, QPainterPath

from her2desk.domain.image import UltrasoundImage
from her2desk.ui.canvas.comparison import Compared
from her2desk.ui.canvas.comparison_paint import paint_plate, plate_for
from her2desk.ui.canvas.overlay import MARGIN, WORDS_SIZE
from her2desk.ui.canvas.picture import BACKDROP
from her2desk.ui.canvas.transform import ViewTransform
from her2desk.ui.canvas.window_level import WindowLevel

USUAL_WIDTH = 1000  # pixels of a picture in which words have their usual size


def enhanced_picture(
    compared: Compared, level: WindowLevel, image: UltrasoundImage, font: QFont
) -> QImage:
    """The whole enhanced frame, pixel for pixel under this window, with what is to be said of it."""
    pixels = level.apply(compared.layer.pixels)
    rows, columns = pixels.shape
    grey = QImage(pixels.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
    saved = grey.convertToFormat(QImage.Format.Format_RGB32)
    transform, whole = ViewTransform(float(compared.layer.scale)), QRectF(saved.rect())
    times = max(1.0, columns / USUAL_WIDTH)
    painter = QPainter(saved)
    painter.setFont(font)
    compared.layer.doubts.paint(painter, transform)
    cover_beside(painter, transform, image, whole)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    words, size, margin = compared.burnt_in(), WORDS_SIZE * times, MARGIN * times
    plate = plate_for(words, font, columns - 2 * margin, size)
    paint_plate(painter, plate.translated(margin, margin), words, size)
    painter.end()
    return saved


def cover_beside(
    painter: QPainter, transform: ViewTransform, image: UltrasoundImage, room: QRectF
) -> None:
    """Black out what lies in none of the file's ultrasound regions, where scanners write names."""
    if not image.regions or not image.regions_are_trusted:
        return
    beside, shown = QPainterPath(), QPainterPath()
    beside.addRect(room)
    for region in image.regions:
        shown.addRect(transform.rect(*region.rectangle))
    painter.fillPath(beside.subtracted(shown.simplified()), BACKDROP)


def png_of(picture: QImage, words: str) -> bytes:
    """A picture as PNG; ``words`` stand in it as its description, for programs to read."""
    described = QImage(picture)
    described.setText("Description", words)
    described.setDevicePixelRatio(1.0)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # PySide's stub wants bytes for the format, it takes a name
    described.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())
