"""What is painted over the picture: outlines, crop frame, colour bar, scale bar, words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
)

from her2desk.domain.image import Region
from her2desk.domain.roi import Box, Point
from her2desk.texts import tr
from her2desk.ui.canvas.heat_colours import VIRIDIS
from her2desk.ui.canvas.transform import ViewTransform

INK = QColor("#e8ebef")  # words on the picture, which is dark in both themes
HALO = QColor(0, 0, 0, 190)
PLATE = QColor(0, 0, 0, 190)
OUTLINE_HALO = QColor(0, 0, 0)
MARGIN = 12
WORDS_SIZE = 12
_PAD = 3
HANDLE = 4.0
HANDLE_GAP = 14  # device-independent pixels between handles below which they shrink to dots
MIN_BAR, MAX_BAR = 24, 160
_SIZES_MM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True)
class OutlineStyle:
    """How an outline is shown."""

    colour: QColor
    has_handles: bool = False
    is_dimmed: bool = False
    hot_vertex: int | None = None
    selected_vertex: int | None = None


def paint_outline(
    painter: QPainter, transform: ViewTransform, points: Sequence[Point], style: OutlineStyle
) -> None:
    """A closed outline with a dark halo, so that it shows on bright tissue too."""
    polygon = QPolygonF([transform.to_view(p) for p in points])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    colour = QColor(style.colour)
    if style.is_dimmed:
        colour.setAlpha(120)
    line = Qt.PenStyle.DashLine if style.is_dimmed else Qt.PenStyle.SolidLine
    for pen in (line_pen(OUTLINE_HALO, 4.0), line_pen(colour, 2.0, line)):
        # Opaque and bevelled: at a thousand points each costs a millisecond less a repaint.
        pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
        painter.setPen(pen)
        painter.drawPolygon(polygon)
    if style.has_handles:
        _paint_handles(painter, polygon, style)


def paint_pending(
    painter: QPainter,
    transform: ViewTransform,
    points: Sequence[Point],
    pointer: Point | None,
    colour: QColor,
) -> None:
    """An outline in progress: its points, a rubber band to the pointer, a ring where it closes."""
    line = QPolygonF([transform.to_view(p) for p in points])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (line_pen(HALO, 4.5), line_pen(colour, 2.0)):
        painter.setPen(pen)
        painter.drawPolyline(line)
    if pointer is not None:
        at = transform.to_view(pointer)
        for pen in (line_pen(HALO, 3.5), line_pen(colour, 1.25, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawLine(line.last(), at)
    for index, position in enumerate(line.toList()):
        paint_dot(painter, position, HANDLE + 2 if index == 0 else HANDLE - 0.5, colour, index > 0)


def paint_stroke(
    painter: QPainter, transform: ViewTransform, points: Sequence[Point], colour: QColor
) -> None:
    """A freehand stroke while the hand draws it, with the line that would close it."""
    line = QPolygonF([transform.to_view(p) for p in points])
    for pen in (line_pen(HALO, 4.5), line_pen(colour, 2.0)):
        painter.setPen(pen)
        painter.drawPolyline(line)
    painter.setPen(line_pen(colour, 1.25, Qt.PenStyle.DashLine))
    painter.drawLine(line.last(), line.first())


def paint_edge_hint(painter: QPainter, transform: ViewTransform, at: Point, colour: QColor) -> None:
    """Where a click would put a new vertex."""
    paint_dot(painter, transform.to_view(at), HANDLE, colour, is_filled=False)


def paint_region(painter: QPainter, transform: ViewTransform, region: Region) -> None:
    """The frame of an ultrasound region, hardly visible."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(line_pen(QColor(255, 255, 255, 70), 1.0, Qt.PenStyle.DotLine))
    painter.drawRect(transform.rect(region.x0, region.y0, region.x1 + 1, region.y1 + 1))


def paint_crop(painter: QPainter, transform: ViewTransform, crop: Box) -> None:
    """The frame of the crop that the heatmap was computed on."""
    frame = transform.rect(crop.x0, crop.y0, crop.x1, crop.y1)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (line_pen(HALO, 3.0), line_pen(INK, 1.25, Qt.PenStyle.DashLine)):
        painter.setPen(pen)
        painter.drawRect(frame)


def paint_colour_bar(painter: QPainter, width: int, height: int) -> None:
    """The heatmap's colours from 0 to 1 at the right edge of the view."""
    length = min(180, height - 8 * MARGIN)
    if length < 60:
        return
    bar = QRectF(width - MARGIN - 12, (height - length) / 2, 12, length)
    gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
    for index, (red, green, blue) in enumerate(VIRIDIS):
        gradient.setColorAt(index / (len(VIRIDIS) - 1), QColor(red, green, blue))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)  # the figures must not mix with the depth scale burnt into the picture
    painter.drawRoundedRect(bar.adjusted(-34, -10, 5, 10), 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.fillRect(bar, gradient)
    painter.setPen(line_pen(INK, 1.0))
    painter.drawRect(bar)
    for value in (0.0, 0.5, 1.0):
        y = bar.bottom() - value * length
        painter.setPen(line_pen(INK, 1.0))
        painter.drawLine(QPointF(bar.left() - 4, y), QPointF(bar.left(), y))
        _paint_words_left_of(painter, f"{value:g}", QPointF(bar.left() - 7, y))
    paint_words(
        painter, tr("Heatmap, relative"), QPointF(width - MARGIN, bar.bottom() + 22), is_right=True
    )


def bar_length_mm(mm_per_view_px: float, max_px: float = MAX_BAR) -> float | None:
    """The longest round length, in mm, at most ``max_px`` long on screen; None when none fits."""
    fitting = [mm for mm in _SIZES_MM if MIN_BAR <= mm / mm_per_view_px <= max_px]
    return fitting[-1] if fitting else None


def paint_scale_bar(
    painter: QPainter, spacing_mm: tuple[float, float], scale: float, height: int
) -> None:
    """A length in mm at the lower left; upright as well where rows and columns differ in size."""
    row_mm, column_mm = spacing_mm
    length = bar_length_mm(min(column_mm, row_mm) / scale)
    if length is None:
        return
    across = length / column_mm * scale
    corner = QPointF(MARGIN, height - MARGIN)
    end = corner + QPointF(across, 0)
    path = QPainterPath(corner + QPointF(0, -6))
    path.lineTo(corner)
    path.lineTo(end)
    path.lineTo(end + QPointF(0, -6))
    if abs(row_mm / column_mm - 1) > 0.01:
        top = corner - QPointF(0, length / row_mm * scale)
        path.moveTo(corner)
        path.lineTo(top)
        path.lineTo(top + QPointF(6, 0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (line_pen(HALO, 4.0), line_pen(INK, 1.75)):
        painter.setPen(pen)
        painter.drawPath(path)
    paint_words(painter, tr("{mm:g} mm").format(mm=length), end + QPointF(8, 0))


def paint_words(painter: QPainter, words: str, baseline: QPointF, is_right: bool = False) -> None:
    """Words with a halo; ``baseline`` is where they start, or end with ``is_right``."""
    if not words:
        return
    ratio = painter.device().devicePixelRatio()
    image, ascent = _words_image(words, painter.font().toString(), ratio)
    left = baseline.x() - (image.width() / ratio - _PAD if is_right else _PAD)
    painter.drawImage(QPointF(round(left), round(baseline.y() - ascent)), image)


@lru_cache(maxsize=128)
def _words_image(words: str, font_name: str, ratio: float) -> tuple[QImage, float]:
    """Words on nothing, and how far above the baseline the picture begins.

    Stroking the halo takes a millisecond, so it is done once and not at every repaint.
    """
    font = QFont()
    font.fromString(font_name)
    font.setPixelSize(WORDS_SIZE)
    metrics = QFontMetricsF(font)
    width = metrics.horizontalAdvance(words) + 2 * _PAD
    height = metrics.height() + 2 * _PAD
    image = QImage(
        math.ceil(width * ratio),
        math.ceil(height * ratio),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    ascent = metrics.ascent() + _PAD
    path = QPainterPath()
    path.addText(QPointF(_PAD, ascent), font, words)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.strokePath(path, line_pen(HALO, 3.0))
    painter.fillPath(path, INK)
    painter.end()
    return image, ascent


def _paint_words_left_of(painter: QPainter, words: str, middle: QPointF) -> None:
    paint_words(painter, words, middle + QPointF(0, WORDS_SIZE / 3), is_right=True)


def _paint_handles(painter: QPainter, polygon: QPolygonF, style: OutlineStyle) -> None:
    points = polygon.toList()
    outline = polygon.boundingRect()
    room = 2 * (outline.width() + outline.height()) / max(1, len(points))
    is_sparse = room >= HANDLE_GAP
    radius = HANDLE - 0.5 if is_sparse else 1.75
    chosen = {style.hot_vertex, style.selected_vertex}
    rest = QPolygonF([p for index, p in enumerate(points) if index not in chosen])
    dots = line_pen(style.colour, 2 * radius)
    for pen in (line_pen(HALO, 2 * radius + 3), dots) if is_sparse else (dots,):
        painter.setPen(pen)
        painter.drawPoints(rest)
    for index in sorted(i for i in chosen if i is not None and i < len(points)):
        paint_dot(painter, points[index], HANDLE + 1.5, style.colour, is_filled=False)


def paint_dot(
    painter: QPainter, at: QPointF, radius: float, colour: QColor, is_filled: bool
) -> None:
    painter.setPen(line_pen(HALO, 3.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(at, radius, radius)
    painter.setPen(line_pen(colour, 1.5))
    painter.setBrush(colour if is_filled else QColor(0, 0, 0, 150))
    painter.drawEllipse(at, radius, radius)


def line_pen(colour: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(colour, width, style)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen
