"""The picture in the middle: frame, outline, heatmap, scale bar, and the keys that turn frames."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QAccessible, QImage, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from her2desk.domain.drawing import Drawing
from her2desk.domain.image import Region, UltrasoundImage
from her2desk.domain.roi import Box, Roi
from her2desk.texts import tr, trn
from her2desk.ui.canvas import overlay, overlay_marks
from her2desk.ui.canvas.board_paint import BoardPainter
from her2desk.ui.canvas.calibration import roi_size_text, spacing_for
from her2desk.ui.canvas.comparing_view import ComparingView
from her2desk.ui.canvas.comparison_picture import cover_beside
from her2desk.ui.canvas.outline_words import which_outline
from her2desk.ui.canvas.picture import HeatLayer, heat_layer
from her2desk.ui.letters import legible

SAVED_RATIO = 2.0  # a saved picture is twice as fine as most screens show it

_Key = Qt.Key


class ImageView(ComparingView):
    """What the reader looks at. ``frame_requested`` asks the owner for another frame."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heat_values: tuple[NDArray[np.float32], Box] | None = None
        self._heat: HeatLayer | None = None  # coloured when it is first seen
        self._heat_of: tuple[Roi | None, int] = (None, 0)
        self._heat_words = ""
        self._is_heat_wanted = False
        self._sized: tuple[Roi, UltrasoundImage, str] | None = None
        self.setAccessibleName(tr("Ultrasound image"))
        self.drawing_changed.connect(self._describe)

    def set_image(self, image: UltrasoundImage | None) -> None:
        """Get ready for another image: no frame, nothing drawn, no heatmap, no history."""
        self._heat_values = self._heat = None
        super().set_image(image)
        self._describe()

    def describe_image(self, image: UltrasoundImage) -> None:
        """Know more of the present image; frame, drawing, history and heatmap stay.

        Raises ``ValueError`` for an image of other pixels.
        """
        old = self.image
        size = image.rows, image.columns, image.frames
        if old is None or size != (old.rows, old.columns, old.frames):
            raise ValueError("not a description of the present image")
        self.image = image
        self._describe()
        self.update()

    def show_frame(self, pixels: NDArray[np.uint8], frame_index: int) -> None:
        """Show a frame; uint8, (rows, columns) or (rows, columns, 3), of the image's size."""
        super().show_frame(pixels, frame_index)
        self._describe()

    def set_drawing(self, drawing: Drawing) -> None:
        """Show a drawing as it was saved and start a new history, unless it is shown already."""
        super().set_drawing(drawing)
        self._describe()

    def set_heatmap(
        self,
        values: NDArray[np.float32] | None,
        crop: Box,
        roi: Roi | None = None,
        words: str = "",
    ) -> None:
        """Take the heatmap, 0–1 on any grid, of ``roi`` (the answering one when omitted).

        It is shown only beside that very ROI on its frame, ``words`` under its crop; ``None``
        forgets it.
        """
        self._heat_values = None if values is None else (values, crop)
        self._heat = None
        self._heat_words = words
        home = roi if roi is not None else self.roi()
        self._heat_of = (home, home.frame_index if home is not None else self.frame_index)
        self.update()

    def set_heatmap_visible(self, is_visible: bool) -> None:
        """Whether the heatmap is wanted; off at first."""
        self._is_heat_wanted = is_visible
        self.update()

    def size_text(self, roi: Roi, image: UltrasoundImage) -> str:
        """How large an outline is; kept, so that it is not measured anew at every turned frame."""
        if self._sized is None or self._sized[0] is not roi or self._sized[1] is not image:
            self._sized = roi, image, roi_size_text(roi, image)
        return self._sized[2]

    def outline_text(self) -> str:
        """Which of several outlines is shown, and which answers; empty for fewer than two."""
        return which_outline(self.drawing, self.frame_index)

    def heatmap_is_shown(self) -> bool:
        """Whether a heatmap lies over the picture now."""
        if not self._is_heat_wanted or self._heat_values is None:
            return False
        roi, frame_index = self._heat_of
        board = self._board
        is_changing = board.preview is not None or board.is_wiped
        return self.roi() == roi and self.frame_index == frame_index and not is_changing

    def picture(self) -> QImage:
        """What is seen, with all that is drawn on it; nobody's name, and nothing beside the regions.

        Names stand around the ultrasound regions of a file, so that what the file declares as none
        of them is covered.
        """
        ratio = max(SAVED_RATIO, self.devicePixelRatioF())
        saved = QImage(self.size() * ratio, QImage.Format.Format_RGB32)
        saved.setDevicePixelRatio(ratio)
        painter = QPainter(saved)
        painter.drawPixmap(0, 0, self._ground(ratio))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_comparison(painter)
        if self.image is not None:
            cover_beside(painter, self._transform, self.image, QRectF(self.rect()))
            self._paint_marks(painter, self.image)
        painter.end()
        return saved

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End turn frames, or move the cross; the rest is drawing and zooming."""
        if not (self._point_by_key(event) or self._turn_frame(event)):
            super().keyPressEvent(event)

    def _turn_frame(self, event: QKeyEvent) -> bool:
        frames = self.image.frames if self.image is not None else 1
        targets = {
            int(_Key.Key_Left): self._wanted_frame - 1,
            int(_Key.Key_Right): self._wanted_frame + 1,
            int(_Key.Key_Home): 0,
            int(_Key.Key_End): frames - 1,
        }
        is_plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == (
            Qt.KeyboardModifier.NoModifier
        )
        if frames < 2 or not is_plain or event.key() not in targets:
            return False
        target = min(max(targets[event.key()], 0), frames - 1)
        if target != self._wanted_frame:
            self._wanted_frame = target
            self.frame_requested.emit(target)
        return True

    def _visible_heat(self) -> HeatLayer | None:
        """The heatmap, unless it belongs to another outline or frame than the one shown."""
        if self._heat_values is None or not self.heatmap_is_shown():
            return None
        if self._heat is None:
            self._heat = heat_layer(*self._heat_values)
        return self._heat

    def _paint_over(self, painter: QPainter) -> None:
        if self.image is None:
            return
        painter.setFont(self.font())
        self._paint_comparison(painter)
        region = self._region_under_pointer()
        if region is not None:
            overlay.paint_region(painter, self._transform, region)
        self._paint_marks(painter, self.image)
        self._paint_captions(painter)
        if self.cross is not None:
            overlay_marks.paint_cross(painter, self._transform, self.cross, self._is_drawing)

    def _paint_marks(self, painter: QPainter, image: UltrasoundImage) -> None:
        """What is drawn on the image and measured of it, and what a comparison's sides are."""
        heat = self._visible_heat()
        if heat is not None:
            overlay.paint_crop(painter, self._transform, heat.crop)
        board = BoardPainter(
            painter, self._transform, self._board, self._tool, self._pointer, image
        )
        board.paint()
        if heat is not None:
            overlay.paint_colour_bar(painter, self.width(), self.height())
            foot = self._transform.to_view((heat.crop.x0, heat.crop.y1)) + QPointF(0, 16)
            overlay.paint_words(painter, self._heat_words, foot)
        spacing = spacing_for(image, self.shown_roi(), self._pointer, self.frame_index)
        if spacing.mm is not None:
            overlay.paint_scale_bar(painter, spacing.mm, self._transform.scale, self.height())
        self._paint_sides(painter)

    def _paint_captions(self, painter: QPainter) -> None:
        image, level = self.image, self.window_level
        if image is None:
            return
        side = {"L": tr("left"), "R": tr("right")}.get(image.laterality or "")
        who = " · ".join(part for part in (image.patient_id, side, image.view) if part)
        top = overlay.MARGIN + 10
        overlay.paint_words(painter, legible(who), QPointF(overlay.MARGIN, top))
        right = QPointF(self.width() - overlay.MARGIN, top)
        overlay.paint_words(painter, self.outline_text(), right, is_right=True)
        words = tr("W {width:.0f} · C {centre:.0f} · {zoom:.0f} %").format(
            width=level.width, centre=level.centre, zoom=100 * self._transform.scale
        )
        corner = QPointF(self.width() - overlay.MARGIN, self.height() - overlay.MARGIN)
        overlay.paint_words(painter, words, corner, is_right=True)

    def _region_under_pointer(self) -> Region | None:
        if self.image is None or self._pointer is None or not self.image.regions_are_trusted:
            return None
        region = self.image.region_at(*self._pointer)
        if region is None or (region.x0 <= 1 and region.x1 >= self.image.columns - 2):
            return None  # as wide as the picture: its frame would tell nothing
        return region

    def _describe(self) -> None:
        """The picture in words, for screen readers."""
        if self.image is None:
            self.setAccessibleDescription(tr("No image."))
            return
        sentences = [
            tr("Frame {number} of {count}.").format(
                number=self.frame_index + 1, count=self.image.frames
            )
        ]
        roi = self.roi()
        if roi is None:
            sentences.append(tr("No outline."))
        else:
            points = trn("outline of {n} point", "outline of {n} points", len(roi.polygon))
            sentences.append(
                tr("{size}, {points} on frame {number}.").format(
                    size=self.size_text(roi, self.image), points=points, number=roi.frame_index + 1
                )
            )
        if self.outline_text():
            sentences.append(self.outline_text() + ".")
        self.setAccessibleDescription(" ".join(sentences))
