"""Draws the program's icon for Windows (.ico) or macOS (.icns); run in the build's environment."""

import io
import os
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice, QRectF
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SIDE_PX = 1024


def draw(svg: Path, icon: Path) -> None:
    """Write ``icon`` in the format of its ending."""
    renderer, picture = (
        QSvgRenderer(str(svg)),
        QImage(SIDE_PX, SIDE_PX, QImage.Format.Format_ARGB32),
    )
    picture.fill(0)
    painter = QPainter(picture)
    renderer.render(painter, QRectF(0, 0, SIDE_PX, SIDE_PX))
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    Image.open(io.BytesIO(buffer.data().data())).save(icon)


if __name__ == "__main__":
    app = QGuiApplication([])
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
