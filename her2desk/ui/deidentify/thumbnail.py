"""One picture of a group under the mask: drag adds a box to all of them."""

from math import ceil, floor

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from her2desk.dicom.deidentify.preview import Preview
from her2desk.domain.roi import Box
from her2desk.texts import tr
from her2desk.ui.deidentify.mask_edit import MaskEdit
from her2desk.ui.theme import GRID, colours

STEP_PX = 4  # by which an arrow key moves a box
_DRAG_PX = 4  # on screen; less is a click
_BLACK = QColor(0, 0, 0)
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Thumbnail(QWidget):
    """A picture, what is blackened on it, and the boxes that can be changed.

    Keys: arrows move the chosen box, with Shift they resize it; Space chooses the next one, Delete
    removes it, Insert adds one over the top.
    """

    accessible_role = QAccessible.Role.Graphic

    def __init__(self, preview: Preview, edit: MaskEdit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.preview = preview
        self._edit = edit
        self._image = image_of(preview)
        self._outside: tuple[Box, ...] = preview.outside
        self._pressed: QPointF | None = None
        self._dragged: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(150, 110)
        self.setAccessibleName(tr("Picture under the mask"))
        self.setToolTip(_tip(preview))
        edit.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(300, 220)

    def show_outside(self, shown: bool) -> None:
        """Blacken what lies outside the ultrasound regions, or show it."""
        self._outside = self.preview.outside if shown else ()
        self.update()

    def picture_rect(self) -> QRectF:
        """Where the picture is drawn, its proportions kept."""
        room = self.rect().toRectF().adjusted(2, 2, -2, -2)
        scale = min(room.width() / self._image.width(), room.height() / self._image.height())
        size = self._image.width() * scale, self._image.height() * scale
        left = room.left() + (room.width() - size[0]) / 2
        return QRectF(left, room.top() + (room.height() - size[1]) / 2, *size)

    def to_widget(self, column: float, row: float) -> QPointF:
        """A picture position on the widget."""
        rect = self.picture_rect()
        scale = rect.width() / self._image.width()
        return QPointF(rect.left() + column * scale, rect.top() + row * scale)

    def to_picture(self, point: QPointF) -> tuple[float, float]:
        """A position on the widget as (column, row)."""
        rect = self.picture_rect()
        scale = self._image.width() / rect.width()
        return (point.x() - rect.left()) * scale, (point.y() - rect.top()) * scale

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self.picture_rect(), self._image)
        for box in (*self._outside, *self._edit.boxes):
            painter.fillRect(self._rect(box), _BLACK)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._outline(painter)
        if self._pressed is not None and self._dragged is not None:
            painter.setPen(QPen(QColor(colours().roi), 1, Qt.PenStyle.DashLine))
            painter.drawRect(QRectF(self._pressed, self._dragged).normalized())
        edge = colours().focus if self.hasFocus() else colours().border
        painter.setPen(QPen(QColor(edge), 2 if self.hasFocus() else 1))
        painter.drawRect(self.rect().toRectF().adjusted(1, 1, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position(), None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None:
            away = event.position() - self._pressed
            if self._dragged is not None or away.manhattanLength() >= _DRAG_PX:
                self._dragged = event.position()
                self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, dragged = self._pressed, self._dragged
        self._pressed = self._dragged = None
        if pressed is None:
            return
        if dragged is None:
            self._edit.choose_at(*self.to_picture(pressed))
        else:
            rect = QRectF(pressed, event.position()).normalized()
            left, top = self.to_picture(rect.topLeft())
            right, lower = self.to_picture(rect.bottomRight())
            self._edit.add(Box(floor(left), floor(top), ceil(right), ceil(lower)))
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _ARROWS and self._edit.chosen is not None:
            columns, rows = (STEP_PX * way for way in _ARROWS[key])
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._edit.resize(columns, rows)
            else:
                self._edit.move(columns, rows)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._edit.remove()
        elif key == Qt.Key.Key_Space:
            self._edit.choose_next()
        elif key == Qt.Key.Key_Insert:
            self._edit.add_strip()
        else:
            super().keyPressEvent(event)

    def _outline(self, painter: QPainter) -> None:
        """The reader's boxes; the chosen one is thicker and has corners, not only another colour."""
        for index, box in enumerate(self._edit.boxes):
            rect, chosen = self._rect(box), index == self._edit.chosen
            painter.setPen(QPen(QColor(colours().roi), 2.5 if chosen else 1))
            painter.drawRect(rect)
            if chosen:
                size = GRID * 1.5
                for corner in (
                    rect.topLeft(),
                    rect.topRight(),
                    rect.bottomLeft(),
                    rect.bottomRight(),
                ):
                    mark = QRectF(0, 0, size, size)
                    mark.moveCenter(corner)
                    painter.fillRect(mark, QColor(colours().roi))

    def _rect(self, box: Box) -> QRectF:
        return QRectF(self.to_widget(box.x0, box.y0), self.to_widget(box.x1, box.y1))


def image_of(preview: Preview) -> QImage:
    """The preview's picture for painting."""
    picture = np.ascontiguousarray(preview.picture)
    rows, columns = picture.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if picture.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(picture.data, columns, rows, picture.strides[0], kind).copy()


def _tip(preview: Preview) -> str:
    frames = preview.file.frames
    if frames == 1:
        return tr("Drag to blacken a box on all pictures")
    return tr(
        "The brightest of {shown} of its {all} frames. Drag to blacken a box on all pictures"
    ).format(shown=preview.frames_shown, all=frames)
