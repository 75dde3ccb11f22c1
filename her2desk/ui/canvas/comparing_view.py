"""A view that can show the enhanced picture of its frame beside the image, place for place."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from her2desk.domain.image import UltrasoundImage
from her2desk.texts import tr
from her2desk.ui.canvas.compare_grip import CompareGrip
from her2desk.ui.canvas.comparison import Compared, CompareMode, Placement, lens_radius
from her2desk.ui.canvas.comparison_paint import ComparisonPainter
from her2desk.ui.canvas.pointing_view import PointingView
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.canvas.transform import ViewTransform

GRAB = 5  # device-independent pixels from the divider within which the pan tool takes hold of it
GRIP_FOOT = 52  # above the view's lower edge, clear of the scale bar and what lies in the middle


class ComparingView(PointingView):
    """The enhanced picture lies right of a divider, or in a lens that follows the pointer.

    It is of one frame of one image, and goes as soon as another is shown or on its way;
    ``comparison_changed`` says whether one is shown. Tools, outlines and lengths know nothing of it.
    """

    comparison_changed = Signal(bool)
    comparison_end_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compared: Compared | None = None
        self._placement = Placement()
        self._is_dividing = False
        self._was_at_grip = False  # the keyboard, when the last enhanced picture went
        self.grip = CompareGrip(self)
        self.grip.moved.connect(self._step)
        self.grip.dragged.connect(self._divide_at)
        self.grip.end_requested.connect(self.comparison_end_requested)
        self.position_hovered.connect(self._take_lens_along)

    @property
    def compared(self) -> Compared | None:
        """The enhanced picture that is shown now."""
        return self._compared

    @property
    def placement(self) -> Placement:
        """Where it begins, or where the lens stands."""
        return self._placement

    def show_comparison(self, compared: Compared) -> None:
        """Show the enhanced picture of the present frame beside it.

        Raises ``ValueError`` for one of another frame or size.
        """
        image = self.image
        is_size = image is not None and compared.layer.frame_size == (image.rows, image.columns)
        is_frame = compared.frame_index == self.frame_index == self._wanted_frame
        if not (is_size and is_frame and self.has_frame):
            raise ValueError("not the enhanced picture of the frame on screen")
        self._compared = compared
        self.grip.show()
        self._place()
        if self._was_at_grip and self.hasFocus():
            self.grip.setFocus(Qt.FocusReason.OtherFocusReason)
        self.comparison_changed.emit(True)

    def drop_comparison(self) -> None:
        """Show the image alone, and keep nothing of the enhanced picture."""
        if self._compared is None:
            return
        self._compared = None
        self._is_dividing = False
        self._was_at_grip = self.grip.hasFocus()
        if self._was_at_grip:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.grip.hide()
        self._update_cursor()
        self.update()
        self.comparison_changed.emit(False)

    def set_compare_mode(self, mode: CompareMode) -> None:
        """Divide the view, or look through a lens."""
        self._placement = replace(self._placement, mode=mode)
        self.grip.set_mode(mode)
        self._place()

    def set_divider(self, x: float) -> None:
        """Put the divider at this column of the view, in device-independent pixels."""
        self._placement = self._placement.divided_at(x, self.size())
        self._place()

    def set_lens(self, column: float, row: float) -> None:
        """Put the middle of the lens at this place of the image."""
        self._placement = replace(self._placement, lens=self._board.on_image((column, row)))
        self._place()

    def set_image(self, image: UltrasoundImage | None) -> None:
        """Get ready for another image, beside which nothing is shown."""
        self.drop_comparison()
        self._placement = Placement(self._placement.mode)
        super().set_image(image)

    def clear_frame(self) -> None:
        """Show no pixels until the next frame."""
        self.drop_comparison()
        super().clear_frame()

    def expect_frame(self, frame_index: int) -> None:
        """Say which frame is on its way; an enhanced picture of another goes at once."""
        if self._compared is not None and self._compared.frame_index != frame_index:
            self.drop_comparison()
        super().expect_frame(frame_index)

    def show_frame(self, pixels: NDArray[np.uint8], frame_index: int) -> None:
        """Show a frame; an enhanced picture of another goes."""
        if self._compared is not None and self._compared.frame_index != frame_index:
            self.drop_comparison()
        super().show_frame(pixels, frame_index)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the divider with the pan tool, else go on to the tools."""
        self._is_dividing = self._is_on_divider(event)
        if not self._is_dividing:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the divider, else go on with the tools."""
        if self._is_dividing:
            self._divide_at(event.position())
            return
        super().mouseMoveEvent(event)
        if self._dragging is None and self._is_near_divider(event.position()):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif self._compared is not None and self._tool is Tool.PAN:
            self._update_cursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of the divider, else go on with the tools."""
        if self._is_dividing:
            self._is_dividing = False
        else:
            super().mouseReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the grip where it belongs."""
        super().resizeEvent(event)
        self._place()

    def fit(self) -> None:
        """Show the whole image; the lens stays where it is on it."""
        super().fit()
        self._place_grip()

    def _paint_comparison(self, painter: QPainter) -> None:
        """The enhanced side and its edge, beneath all that is drawn."""
        if self._compared is None:
            return
        enhanced = self._compared.layer.pixmap(
            self._transform,
            self.size(),
            painter.device().devicePixelRatioF(),
            self.window_level,
            self._visible_heat(),
            self._opacity,
        )
        self._comparison_painter(painter, self._compared).paint_picture(enhanced)

    def _paint_sides(self, painter: QPainter) -> None:
        """What each side is, above all that is drawn."""
        if self._compared is not None:
            self._comparison_painter(painter, self._compared).paint_words()

    def _move_to(self, transform: ViewTransform) -> None:
        super()._move_to(transform)
        self._place_grip()

    def _comparison_painter(self, painter: QPainter, compared: Compared) -> ComparisonPainter:
        return ComparisonPainter(painter, self._transform, self.size(), compared, self._placement)

    def _is_on_divider(self, event: QMouseEvent) -> bool:
        is_left = event.button() == Qt.MouseButton.LeftButton and self._dragging is None
        return is_left and self._is_near_divider(event.position())

    def _is_near_divider(self, position: QPointF) -> bool:
        is_split = self._compared is not None and self._placement.mode is CompareMode.SPLIT
        if not is_split or self._tool is not Tool.PAN or self._is_space_held:
            return False
        return abs(position.x() - self._placement.divider_x(self.size())) <= GRAB

    def _divide_at(self, position: QPointF) -> None:
        self.set_divider(position.x())

    def _take_lens_along(self, column: float, row: float) -> None:
        if self._compared is not None and self._placement.mode is CompareMode.LENS:
            self.set_lens(column, row)

    def _step(self, across: float, down: float) -> None:
        """Move divider or lens by image pixels; by a pixel of the screen at least."""
        if self._placement.mode is CompareMode.SPLIT:
            scale = max(1.0, self._transform.scale)
            self.set_divider(self._placement.divider_x(self.size()) + across * scale)
        else:
            middle = self._placement.lens_middle(self._transform, self.size())
            column, row = self._transform.to_image(middle)
            self.set_lens(column + across, row + down)

    def _place(self) -> None:
        self._place_grip()
        self.grip.set_value(self._where())
        self.update()

    def _place_grip(self) -> None:
        half, size = self.grip.width() / 2, self.size()
        if self._placement.mode is CompareMode.SPLIT:
            x, y = float(self._placement.divider_x(size)), float(size.height() - GRIP_FOOT)
        else:
            middle = self._placement.lens_middle(self._transform, size)
            x, y = middle.x(), middle.y() + lens_radius(size)
        x = min(max(x, half), size.width() - half)
        y = min(max(y, half), size.height() - half)
        self.grip.move(round(x - half), round(y - half))

    def _where(self) -> str:
        """Where divider or lens is, in words."""
        if self._placement.mode is CompareMode.SPLIT:
            return tr("{share:.0f} % of the width").format(share=100 * self._placement.divider)
        middle = self._placement.lens_middle(self._transform, self.size())
        column, row = self._transform.to_image(middle)
        return tr("Column {x:.0f}, row {y:.0f}").format(x=column, y=row)
