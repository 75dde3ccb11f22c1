"""The picture with the outlines of several readers, told apart by colour and by line."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QAccessible, QColor, QFontMetricsF, QKeyEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.texts import listed, tr
from her2desk.ui.canvas import overlay
from her2desk.ui.canvas.viewport import Viewport

MAX_NAME = 24  # characters of a reader's name in the legend
_SAMPLE = 36.0
_LINE = 20.0
_Pen = Qt.PenStyle


@dataclass(frozen=True)
class ReaderLine:
    """How one reader's outline is drawn; the dash pattern is in units of the line's width."""

    colour: str
    style: Qt.PenStyle
    dashes: tuple[float, ...] = ()


LINES = (  # the picture is dark in both themes; colours of Okabe and Ito
    ReaderLine("#f0e442", _Pen.SolidLine),
    ReaderLine("#56b4e9", _Pen.CustomDashLine, (5, 3)),
    ReaderLine("#c87ea9", _Pen.CustomDashLine, (1, 2)),
    ReaderLine("#f28a45", _Pen.CustomDashLine, (6, 2, 1, 2)),
)


class OutlinesView(Viewport):
    """Shows, pans and zooms; draws nothing. ``step_asked`` carries rows up or down."""

    accessible_role = QAccessible.Role.Graphic

    step_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._outlines: dict[str, Roi] = {}
        self.setAccessibleName(tr("Outlines of the readers"))

    def set_case(self, image: UltrasoundImage, outlines: Mapping[str, Roi]) -> None:
        """Get ready for a case: its outlines lie on the picture once its frame is shown."""
        self._outlines = dict(outlines)
        self.set_image(image)
        self.setAccessibleDescription(
            tr("Outlines of {readers}.").format(readers=listed(outlines))
            if outlines
            else tr("No outline.")
        )

    def clear_case(self) -> None:
        """Show nothing."""
        self._outlines = {}
        self.set_image(None)
        self.setAccessibleDescription("")

    def outlines(self) -> Mapping[str, Roi]:
        """The outlines on the picture, by reader."""
        return self._outlines

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down go to another case; the rest zooms and windows."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        is_plain = not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if is_plain and event.key() in steps:
            self.step_asked.emit(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _paint_over(self, painter: QPainter) -> None:
        if self.image is None:
            return
        painter.setFont(self.font())
        rois = list(self._outlines.values())
        for line, roi in zip(_lines(len(rois)), rois, strict=True):
            if roi.frame_index == self.frame_index:
                places = QPolygonF([self._transform.to_view(point) for point in roi.polygon])
                _paint_line(painter, places, line)
        spacing_mm = rois[0].spacing(self.image).mm if rois else None
        if spacing_mm is not None:
            overlay.paint_scale_bar(painter, spacing_mm, self._transform.scale, self.height())
        self._paint_legend(painter)

    def _paint_legend(self, painter: QPainter) -> None:
        if not self._outlines:
            return
        names = [
            name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…" for name in self._outlines
        ]
        metrics = QFontMetricsF(painter.font())
        width = _SAMPLE + 32 + max(metrics.horizontalAdvance(name) for name in names)
        box = QRectF(overlay.MARGIN, overlay.MARGIN, width, _LINE * len(names) + 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(overlay.PLATE)
        painter.drawRoundedRect(box, 4, 4)
        for row, (line, name) in enumerate(zip(_lines(len(names)), names, strict=True)):
            middle = box.top() + 6 + _LINE * (row + 0.5)
            left = QPointF(box.left() + 10, middle)
            sample = QPolygonF([left, left + QPointF(_SAMPLE, 0)])
            _paint_line(painter, sample, line, is_closed=False)
            words_at = left + QPointF(_SAMPLE + 10, overlay.WORDS_SIZE / 3)
            overlay.paint_words(painter, name, words_at)


def _lines(count: int) -> list[ReaderLine]:
    return [LINES[place % len(LINES)] for place in range(count)]


def _paint_line(
    painter: QPainter, places: QPolygonF, line: ReaderLine, *, is_closed: bool = True
) -> None:
    """A dark line below, so that it shows on bright tissue, and the reader's own on it."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = QPen(QColor(line.colour), 2.0, line.style)
    if line.dashes:
        pen.setDashPattern(line.dashes)
    for own in (QPen(overlay.OUTLINE_HALO, 4.0), pen):
        own.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
        painter.setPen(own)
        (painter.drawPolygon if is_closed else painter.drawPolyline)(places)
