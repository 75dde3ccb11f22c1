"""Paints a comparison: the enhanced side, the edge between, and the words."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPixmap

from her2desk.texts import tr
from her2desk.ui.canvas.comparison import Compared, CompareMode, Placement, lens_radius
from her2desk.ui.canvas.overlay import HALO, INK, MARGIN, PLATE, WORDS_SIZE, line_pen
from her2desk.ui.canvas.transform import ViewTransform

HEAD = 30  # from the view's top, beneath the captions of patient and outline
BESIDE = 8
PLATE_PAD = 5.0
NARROWEST = 180  # a side narrower than this does not hold its words; they then lie over the other
GRIP = 13

_WRAPPED = Qt.TextFlag.TextWordWrap
_Left, _Right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight


@dataclass(frozen=True)
class ComparisonPainter:
    """One painting of a comparison on a view of ``size``, in its device-independent pixels."""

    painter: QPainter
    transform: ViewTransform
    size: QSize
    compared: Compared
    placement: Placement

    def paint_picture(self, enhanced: QPixmap) -> None:
        """The enhanced side, and the edge between."""
        painter = self.painter
        painter.save()
        painter.setClipPath(self.placement.region(self.transform, self.size))
        painter.drawPixmap(0, 0, enhanced)
        painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (line_pen(HALO, 3.5), line_pen(INK, 1.5)):
            painter.setPen(pen)
            if self.placement.mode is CompareMode.SPLIT:
                x = self.placement.divider_x(self.size)
                painter.drawLine(QPointF(x, 0), QPointF(x, self.size.height()))
            else:
                middle = self.placement.lens_middle(self.transform, self.size)
                radius = lens_radius(self.size)
                painter.drawEllipse(middle, radius, radius)

    def paint_words(self) -> None:
        """What each side is, beside the edge between them."""
        if self.placement.mode is CompareMode.SPLIT:
            self._name_both_sides()
        else:
            self._name_lens()

    def _name_both_sides(self) -> None:
        x = self.placement.divider_x(self.size)
        enhanced = _arrowed(self.compared.burnt_in(), is_right=True)
        original = f"← {tr('original')}"
        room = self.size.width() - MARGIN - x - BESIDE
        right = self._plate(enhanced, room if room >= NARROWEST else None)
        right = self._kept(right.translated(x + BESIDE, HEAD))
        left = self._plate(original)
        left = self._kept(left.translated(x - BESIDE - left.width(), HEAD))
        if left.intersects(right):
            left.moveRight(right.left() - BESIDE)
        if left.left() < MARGIN:
            left = self._kept(left.translated(0, right.bottom() + BESIDE - left.top()))
        paint_plate(self.painter, right, enhanced)
        paint_plate(self.painter, left, original, is_right=True)

    def _name_lens(self) -> None:
        middle = self.placement.lens_middle(self.transform, self.size)
        words, reach = self.compared.burnt_in(), lens_radius(self.size) + GRIP + BESIDE
        plate = self._plate(words)
        plate.moveCenter(QPointF(middle.x(), 0))
        plate.moveTop(middle.y() + reach)
        if plate.bottom() > self.size.height() - MARGIN:
            plate.moveBottom(middle.y() - reach)
        paint_plate(self.painter, self._kept(plate), words)
        outside = self._plate(tr("original")).translated(MARGIN, HEAD)
        if self.placement.region(self.transform, self.size).intersects(outside):
            outside.moveRight(self.size.width() - MARGIN)
        paint_plate(self.painter, outside, tr("original"))

    def _plate(self, words: str, width: float | None = None) -> QRectF:
        most = self.size.width() - 2 * MARGIN if width is None else width
        return plate_for(words, self.painter.font(), most)

    def _kept(self, plate: QRectF) -> QRectF:
        """The plate moved into the view."""
        room = QRectF(MARGIN, HEAD, self.size.width() - 2 * MARGIN, self.size.height() - 2 * HEAD)
        x = max(room.left(), min(plate.left(), room.right() - plate.width()))
        y = max(room.top(), min(plate.top(), room.bottom() - plate.height()))
        return QRectF(x, y, plate.width(), plate.height())


def plate_for(words: str, font: QFont, width: float, size: float = WORDS_SIZE) -> QRectF:
    """Room for words of ``size`` and the plate under them, at most ``width`` wide, at (0, 0)."""
    pad = PLATE_PAD * size / WORDS_SIZE
    metrics = QFontMetricsF(_sized(font, size))
    room = metrics.boundingRect(QRectF(0, 0, max(1.0, width - 2 * pad), 10_000), _WRAPPED, words)
    return QRectF(0, 0, room.width() + 2 * pad + 1, room.height() + 2 * pad)


def paint_plate(
    painter: QPainter,
    plate: QRectF,
    words: str,
    size: float = WORDS_SIZE,
    *,
    is_right: bool = False,
) -> None:
    """Words on a dark plate."""
    pad = PLATE_PAD * size / WORDS_SIZE
    painter.save()
    painter.setFont(_sized(painter.font(), size))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(INK)
    flags = _WRAPPED | (_Right if is_right else _Left)
    painter.drawText(plate.adjusted(pad, pad, -pad, -pad), flags, words)
    painter.restore()


def _sized(font: QFont, size: float) -> QFont:
    sized = QFont(font)
    sized.setPixelSize(round(size))
    return sized


def _arrowed(words: str, *, is_right: bool) -> str:
    """The first line with an arrow to its side, for where the words have to lie over the other."""
    first, *rest = words.split("\n")
    return "\n".join([f"{first} →" if is_right else f"← {first}", *rest])
