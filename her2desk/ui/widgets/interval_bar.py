"""A probability with its interval on a line from 0 to 1, and a threshold to drag.

A thin second band under the interval shows how the answer moves with the outline.
"""

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import SIZE_SMALL, Palette, colours

_MARGIN = 16
_TRACK_Y = 38
_BAND_Y = _TRACK_Y + 11
_HEIGHT = 72
_WORDS_Y = 3
_GAP = 10  # between the words over the track
_GRAB_PX = 12
_STEPS = 100


class IntervalBar(QAbstractSlider):
    """Point estimate, 95 % interval, stability band and threshold.

    The slider's value is the threshold in hundredths, so keys and screen readers work as on any
    slider: arrows move by 0.01, Page keys by 0.10. ``threshold_dragged`` tells only of the reader's
    own moves. The wheel scrolls the panel and never moves the threshold.
    """

    threshold_dragged = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._estimate: tuple[float, float, float] | None = None
        self._band: tuple[float, float] | None = None
        self._threshold = 0.5
        self._is_stale = False
        self._grab: float | None = None
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setRange(1, _STEPS - 1)
        self.setSingleStep(1)
        self.setPageStep(10)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            tr("Drag the threshold, or use the arrow keys. The estimate itself does not move.")
        )
        self.valueChanged.connect(self._moved)
        self._describe()

    def set_estimate(self, probability: float, lower: float, upper: float) -> None:
        """Show a probability and its interval (0–1)."""
        self._estimate = (probability, lower, upper)
        self._describe()
        self.update()

    def set_band(self, band: tuple[float, float] | None) -> None:
        """Show how far the answer moves with the outline (V22); None while that is not known."""
        self._band = band
        self._describe()
        self.update()

    def band(self) -> tuple[float, float] | None:
        """The stability band that is shown."""
        return self._band

    def set_threshold(self, threshold: float) -> None:
        """Place the threshold without a signal; it is painted at its exact value."""
        self._threshold = threshold
        with QSignalBlocker(self):
            self.setValue(round(threshold * _STEPS))
        self._describe()
        self.update()

    def threshold(self) -> float:
        """Where the threshold stands."""
        return self._threshold

    def set_stale(self, is_stale: bool) -> None:
        """Paint without colour: what is shown belongs to earlier inputs."""
        self._is_stale = is_stale
        self.update()

    def x_of(self, share: float) -> float:
        """Horizontal position, in the widget's pixels, of a value from 0 to 1."""
        return _MARGIN + share * (self.width() - 2 * _MARGIN)

    def sizeHint(self) -> QSize:
        return QSize(280, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        offset = event.position().x() - self.x_of(self._threshold)
        if event.button() == Qt.MouseButton.LeftButton and abs(offset) <= _GRAB_PX:
            self._grab = offset
            self.setSliderDown(True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._grab is not None:
            share = (x - self._grab - _MARGIN) / max(self.width() - 2 * _MARGIN, 1)
            self.setValue(round(share * _STEPS))
        near = self._grab is not None or abs(x - self.x_of(self._threshold)) <= _GRAB_PX
        self.setCursor(Qt.CursorShape.SizeHorCursor if near else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grab = None
        self.setSliderDown(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def _moved(self, hundredths: int) -> None:
        self._threshold = hundredths / _STEPS
        self._describe()
        self.update()
        self.threshold_dragged.emit(self._threshold)

    def _describe(self) -> None:
        self.setAccessibleName(tr("Threshold {value:.2f}").format(value=self._threshold))
        if self._estimate is None:
            self.setAccessibleDescription(tr("No estimate yet."))
            return
        probability, lower, upper = self._estimate
        text = tr(
            "Estimate {probability:.2f}, 95 % interval {lower:.2f} to {upper:.2f}, "
            "threshold {threshold:.2f}."
        ).format(probability=probability, lower=lower, upper=upper, threshold=self._threshold)
        if self._band is not None:
            moved = tr("With the outline changed a little: {lower:.2f} to {upper:.2f}.")
            text += " " + moved.format(lower=self._band[0], upper=self._band[1])
        self.setAccessibleDescription(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(SIZE_SMALL)
        painter.setFont(font)
        self._paint_scale(painter, palette)
        if self._estimate is not None:
            self._paint_estimate(painter, palette)
        if self._band is not None:
            self._paint_band(painter, palette, self._band)
        self._paint_threshold(painter, palette)
        if self.hasFocus():
            painter.setPen(QPen(QColor(palette.focus), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def _paint_scale(self, painter: QPainter, palette: Palette) -> None:
        painter.setPen(QPen(QColor(palette.border), 4, c=Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(self.x_of(0), _TRACK_Y), QPointF(self.x_of(1), _TRACK_Y))
        painter.setPen(QColor(palette.text_muted))
        for share in (0, 0.25, 0.5, 0.75, 1):
            box = QRectF(self.x_of(share) - 20, _TRACK_Y + 16, 40, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{share:g}")

    def _paint_estimate(self, painter: QPainter, palette: Palette) -> None:
        assert self._estimate is not None
        probability, lower, upper = self._estimate
        tone = QColor(palette.text_muted if self._is_stale else palette.accent)
        painter.setPen(QPen(tone, 4, c=Qt.PenCapStyle.FlatCap))
        painter.drawLine(QPointF(self.x_of(lower), _TRACK_Y), QPointF(self.x_of(upper), _TRACK_Y))
        painter.setPen(QPen(tone, 2))
        for end in (lower, upper):
            x = self.x_of(end)
            painter.drawLine(QPointF(x, _TRACK_Y - 5), QPointF(x, _TRACK_Y + 5))
        painter.setPen(QPen(QColor(palette.surface), 2))
        painter.setBrush(tone)
        painter.drawEllipse(QPointF(self.x_of(probability), _TRACK_Y), 7, 7)

    def _paint_band(self, painter: QPainter, palette: Palette, band: tuple[float, float]) -> None:
        tone = QColor(palette.border if self._is_stale else palette.text_muted)
        painter.setPen(QPen(tone, 3, c=Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(self.x_of(band[0]), _BAND_Y), QPointF(self.x_of(band[1]), _BAND_Y))

    def _paint_threshold(self, painter: QPainter, palette: Palette) -> None:
        x = self.x_of(self._threshold)
        tone = QColor(palette.text)
        painter.setPen(QPen(tone, 2))
        painter.drawLine(QPointF(x, _TRACK_Y - 12), QPointF(x, _TRACK_Y + 8))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tone)
        top = _TRACK_Y - 18
        painter.drawPolygon(
            QPolygonF([QPointF(x - 6, top), QPointF(x + 6, top), QPointF(x, top + 8)])
        )
        text = tr("threshold {value:.2f}").format(value=self._threshold)
        width = painter.fontMetrics().horizontalAdvance(text) + 4
        left = min(max(x - width / 2, 2), self.width() - width - 2)
        painter.setPen(tone)
        painter.drawText(QRectF(left, _WORDS_Y, width, 16), Qt.AlignmentFlag.AlignCenter, text)
        self._paint_sides(painter, palette, left, left + width)

    def _paint_sides(self, painter: QPainter, palette: Palette, left: float, right: float) -> None:
        """Say what lies on either side of the threshold, where there is room for it."""
        painter.setPen(QColor(palette.text_muted))
        below, above = tr("‹ negative"), tr("positive ›")
        width = painter.fontMetrics().horizontalAdvance(below)
        if left - _GAP - width >= 2:
            box = QRectF(left - _GAP - width, _WORDS_Y, width, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, below)
        width = painter.fontMetrics().horizontalAdvance(above)
        if right + _GAP + width <= self.width() - 2:
            box = QRectF(right + _GAP, _WORDS_Y, width, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, above)
