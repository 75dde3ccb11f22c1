"""The line beneath the picture: its calibration, and the size of what is drawn."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from her2desk.domain.roi import Point
from her2desk.texts import msg, tr, trn
from her2desk.ui.canvas.calibration import calibration_text, spacing_for
from her2desk.ui.canvas.elided_label import ElidedLabel
from her2desk.ui.canvas.ground import paint_ground
from her2desk.ui.canvas.image_view import ImageView
from her2desk.ui.theme import set_role

_MEANING = msg(
    "Longest diameter × longest line across at a right angle to it, area and circumference of the "
    "outline"
)


class Readout(QWidget):
    """Two labels; ``tell`` brings them up to date with a view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.calibration_line = ElidedLabel(self)
        self.size_label = ElidedLabel(self)
        self.calibration_line.setAccessibleName(tr("Calibration of the image"))
        self.size_label.setAccessibleName(tr("Size of the outline"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(16)
        # The size keeps its room; the calibration takes what is left and ends in ….
        self.calibration_line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row.addWidget(self.calibration_line, 1)
        row.addWidget(self.size_label)
        self.size_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for label in (self.calibration_line, self.size_label):
            set_role(label, "small")

    def tell(self, view: ImageView, pointer: Point | None) -> None:
        """Say calibration and size as they are now."""
        words = _size_text(view)
        self.size_label.set_words(words)
        if view.image is not None and view.shown_roi() is not None:
            self.size_label.setToolTip(f"{words}\n{_MEANING.text()}")
        self.tell_calibration(view, pointer)

    def tell_calibration(self, view: ImageView, pointer: Point | None) -> None:
        """Say the calibration under the ROI, else under ``pointer``."""
        words = ""
        if view.image is not None:
            spacing = spacing_for(view.image, view.shown_roi(), pointer, view.frame_index)
            words = calibration_text(spacing)
        self.calibration_line.set_words(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground."""
        paint_ground(self, is_below=True)


def _size_text(view: ImageView) -> str:
    drawing, image = view.drawing, view.image
    roi = view.shown_roi() or view.roi()
    if image is None:
        return ""
    if drawing.is_in_progress:
        points = trn("{n} point", "{n} points", len(drawing.pending))
        how = (tr("Enter or a double click closes"),) if drawing.can_close else ()
        return " · ".join((points, *how))
    if roi is None:
        return tr("No outline yet")
    parts = [view.size_text(roi, image)]
    if roi.frame_index != view.frame_index:
        parts.append(tr("on frame {number}").format(number=roi.frame_index + 1))
    return " · ".join(parts)
