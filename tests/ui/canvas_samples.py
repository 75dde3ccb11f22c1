"""A small image on a view, and the mouse on it."""

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from her2desk.domain.image import Region, UltrasoundImage
from her2desk.domain.roi import Point, Roi
from her2desk.ui.canvas.image_view import ImageView
from her2desk.ui.canvas.tools import Tool

Left, Right, Middle = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
)
SQUARE: tuple[Point, ...] = ((20.0, 20.0), (60.0, 20.0), (60.0, 50.0), (20.0, 50.0))
NOTHING = Qt.KeyboardModifier.NoModifier


def an_image(frames: int = 5, regions: tuple[Region, ...] = ()) -> UltrasoundImage:
    return UltrasoundImage(
        "a" * 64,
        None,
        rows=80,
        columns=120,
        frames=frames,
        photometric="MONOCHROME2",
        transfer_syntax="1.2.840.10008.1.2.1",
        regions=regions,
        patient_id="0007",
        laterality="L",
    )


def a_view(
    qtbot: QtBot, image: UltrasoundImage | None = None, tool: Tool = Tool.POLYGON
) -> ImageView:
    """A view of 376 × 256 that shows a grey image of 120 × 80 three times as large."""
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(376, 256)
    view.set_image(image or an_image())
    view.show_frame(grey(), 0)
    view.set_tool(tool)
    view.show()
    qtbot.waitExposed(view)
    return view


def grey(_frame: int = 0) -> np.ndarray:
    return np.full((80, 120), 100, np.uint8)


def at(view: ImageView, point: Point) -> QPoint:
    return view.transform.to_view(point).toPoint()


def click(qtbot: QtBot, view: ImageView, *points: Point) -> None:
    for point in points:
        qtbot.mouseClick(view, Left, pos=at(view, point))


def drag(
    qtbot: QtBot,
    view: ImageView,
    *path: Point,
    button: Qt.MouseButton = Left,
    held: Qt.KeyboardModifier = NOTHING,
) -> None:
    qtbot.mousePress(view, button, held, pos=at(view, path[0]))
    for point in path[1:]:
        qtbot.mouseMove(view, at(view, point))
    qtbot.mouseRelease(view, button, held, pos=at(view, path[-1]))


def pixel(view: ImageView, point: Point) -> QColor:
    return view.grab().toImage().pixelColor(at(view, point))


def nearly(roi: Roi | None, polygon: tuple[Point, ...]) -> bool:
    """Equal to a third of an image pixel, which is one pixel of the view."""
    assert roi is not None
    return bool(np.allclose(roi.polygon, polygon, atol=0.34))
