"""A picture that is panned, zoomed and windowed; what is drawn on it comes in ``image_view``."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from her2desk.domain.image import UltrasoundImage
from her2desk.ui.canvas.overlay import INK
from her2desk.ui.canvas.picture import HeatLayer, Picture
from her2desk.ui.canvas.transform import ViewTransform, fitted
from her2desk.ui.canvas.window_level import WindowLevel
from her2desk.ui.theme import colours

ZOOM_STEP = 1.25
WHEEL_BASE = 1.0015  # per eighth of a degree: one notch of a mouse wheel is about 1.2×
LEVEL_STEP = 8.0

_Button = Qt.MouseButton
_Reason = Qt.FocusReason
_BY_KEY = (_Reason.TabFocusReason, _Reason.BacktabFocusReason, _Reason.ShortcutFocusReason)


class Viewport(QWidget):
    """Shows one frame. Left or middle drag pans, right drag windows, the wheel zooms."""

    window_level_changed = Signal(float, float)
    """Width and centre, after any change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image: UltrasoundImage | None = None
        self.frame_index = 0
        self._picture = Picture()
        self._transform = ViewTransform()
        self._is_fitted = True
        self._dragging: Qt.MouseButton | None = None
        self._last = QPointF()
        self._notice = ""
        self._opacity = 0.45
        self._is_ringed = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)  # right drag windows
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(240, 180)

    @property
    def has_frame(self) -> bool:
        return not self._picture.is_empty

    @property
    def transform(self) -> ViewTransform:
        """Where the image lies in this widget."""
        return self._transform

    @property
    def window_level(self) -> WindowLevel:
        return self._picture.level

    def sizeHint(self) -> QSize:
        """Room for a usual ultrasound frame."""
        return QSize(800, 600)

    def set_image(self, image: UltrasoundImage | None) -> None:
        """Get ready for ``image``; nothing is shown until ``show_frame``."""
        self.image = image
        self.frame_index = 0
        self._picture.clear()
        self._is_fitted = True
        self._notice = ""
        self.reset_window_level()
        self.update()

    def show_frame(self, pixels: NDArray[np.uint8], frame_index: int) -> None:
        """Show a frame: uint8, (rows, columns) or (rows, columns, 3), of the image's size."""
        if self.image is None or pixels.shape[:2] != (self.image.rows, self.image.columns):
            raise ValueError(f"the frame is no frame of this image: {pixels.shape}")
        self._picture.set_pixels(pixels)
        self.frame_index = frame_index
        self._notice = ""
        self._refit()
        self.update()

    def clear_frame(self) -> None:
        """Show no pixels until the next frame."""
        self._picture.clear()
        self.update()

    def show_notice(self, words: str) -> None:
        """Put a sentence in the middle of the picture; empty to take it away."""
        self._notice = words
        self.update()

    def fit(self) -> None:
        """Show the whole image, and keep it whole when the widget changes size."""
        self._is_fitted = True
        self._refit()
        self.update()

    def zoom(self, factor: float, about: QPointF | None = None) -> None:
        """Enlarge by ``factor`` about a position of this widget, its middle when omitted."""
        if self.image is None or not self.has_frame:
            return
        middle = QPointF(self.width() / 2, self.height() / 2)
        self._move_to(self._transform.zoomed(factor, about if about is not None else middle))

    def set_window_level(self, width: float, centre: float) -> None:
        """Window the grey values; colour pictures channel by channel."""
        self._set_level(WindowLevel(width, centre).adjusted(0, 0))  # within its limits

    def reset_window_level(self) -> None:
        """Show grey values as they are in the file."""
        self._set_level(WindowLevel())

    def set_heatmap_opacity(self, opacity: float) -> None:
        """How much the heatmap covers, 0–1."""
        self._opacity = min(max(opacity, 0.0), 1.0)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start panning or windowing."""
        if self._dragging is None and self.has_frame:
            self._dragging = event.button()
            self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan or window."""
        if self._dragging is None:
            return
        step = event.position() - self._last
        self._last = event.position()
        if self._dragging == _Button.RightButton:
            # Right is wider, up is brighter, as on review workstations.
            self._set_level(self.window_level.adjusted(step.x(), step.y()))
        else:
            self._move_to(self._transform.shifted(step.x(), step.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Stop panning or windowing."""
        if event.button() == self._dragging:
            self._dragging = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A right double click resets the window; others count as presses."""
        if event.button() == _Button.RightButton:
            self.reset_window_level()
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        self.zoom(WHEEL_BASE ** event.angleDelta().y(), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom with + and −, window with Shift and the arrows."""
        key, is_shifted = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        levels = {
            Qt.Key.Key_Left: (-LEVEL_STEP, 0.0),
            Qt.Key.Key_Right: (LEVEL_STEP, 0.0),
            Qt.Key.Key_Up: (0.0, -LEVEL_STEP),
            Qt.Key.Key_Down: (0.0, LEVEL_STEP),
        }
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM_STEP)
        elif is_shifted and key in levels:
            self._set_level(self.window_level.adjusted(*levels[Qt.Key(key)]))
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit again, or keep the image in sight."""
        self._refit()
        if not self._is_fitted:
            self._move_to(self._transform)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys are for the picture, where keys led here; a click needs no frame about it."""
        super().focusInEvent(event)
        self._is_ringed = event.reason() in _BY_KEY
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keys are for something else."""
        super().focusOutEvent(event)
        self._is_ringed = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint picture, overlays and notice."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground(self.devicePixelRatioF()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.has_frame:
            self._paint_over(painter)
        if self._notice:
            self._paint_notice(painter)
        if self._is_ringed:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours().focus), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _ground(self, ratio: float) -> QPixmap:
        """The picture alone, in so many device pixels to each of the view's."""
        return self._picture.pixmap(
            self._transform, self.size(), ratio, self._visible_heat(), self._opacity
        )

    def _visible_heat(self) -> HeatLayer | None:
        """The heatmap to lay over the picture now."""
        return None

    def _paint_over(self, painter: QPainter) -> None:
        """Paint what lies over the picture."""

    def _paint_notice(self, painter: QPainter) -> None:
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        room = self.rect().adjusted(48, 24, -48, -24)
        box = painter.boundingRect(room, flags, self._notice)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 170))
        painter.drawRoundedRect(box.adjusted(-16, -12, 16, 12), 6, 6)
        painter.setPen(INK)
        painter.drawText(room, flags, self._notice)

    def _refit(self) -> None:
        if self._is_fitted and self.image is not None:
            size = self.width(), self.height()
            self._transform = fitted(*size, self.image.columns, self.image.rows)

    def _move_to(self, transform: ViewTransform) -> None:
        if self.image is None:
            return
        self._is_fitted = False
        self._transform = transform.kept_in(
            self.width(), self.height(), self.image.columns, self.image.rows
        )
        self.update()

    def _set_level(self, level: WindowLevel) -> None:
        if level == self.window_level:
            return
        self._picture.set_level(level)
        self.window_level_changed.emit(level.width, level.centre)
        self.update()
