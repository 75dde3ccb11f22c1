"""What is painted over the picture besides outlines: rulers, the brush, a box, a proposal."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from her2desk.domain.drawing import Ruler
from her2desk.domain.roi import Point
from her2desk.ui.canvas.overlay import HALO, INK, OUTLINE_HALO, line_pen, paint_dot, paint_words
from her2desk.ui.canvas.transform import ViewTransform

RULER_INK = QColor("#8fd3ff")  # the picture is dark in both themes
PROPOSAL_INK = QColor("#f0a8d4")
TICK = 6.0
CROSS_GAP, CROSS_ARM = 4.0, 14.0
LABEL_GAP = 10.0
LABEL_ROOM = 90  # device-independent pixels that a ruler's label may take


def paint_ruler(
    painter: QPainter, transform: ViewTransform, ruler: Ruler, words: str, is_chosen: bool
) -> None:
    """A line with an upright tick at each end and its length beside the end."""
    start, end = transform.to_view(ruler.start), transform.to_view(ruler.end)
    along = end - start
    length = math.hypot(along.x(), along.y()) or 1.0
    tick = QPointF(-along.y(), along.x()) * (TICK / length)
    for pen in (line_pen(HALO, 4.0), line_pen(RULER_INK, 2.5 if is_chosen else 1.5)):
        painter.setPen(pen)
        painter.drawLine(start, end)
        if not is_chosen:
            painter.drawLine(start - tick, start + tick)
            painter.drawLine(end - tick, end + tick)
    if is_chosen:
        for position in (start, end):
            paint_dot(painter, position, 4.5, RULER_INK, is_filled=False)
    is_left = end.x() < start.x() or end.x() > painter.viewport().width() - LABEL_ROOM
    beside = QPointF(-LABEL_GAP if is_left else LABEL_GAP, -LABEL_GAP / 2)
    baseline = end + beside
    baseline.setY(max(baseline.y(), 16.0))
    paint_words(painter, words, baseline, is_right=is_left)


def paint_trail(
    painter: QPainter, transform: ViewTransform, path: Sequence[Point], radius: float, ink: QColor
) -> None:
    """What a round brush has swept so far, as a veil."""
    colour = QColor(ink)
    colour.setAlpha(60)
    line = QPolygonF([transform.to_view(p) for p in path])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(line_pen(colour, 2 * radius * transform.scale))
    if len(path) < 2:
        painter.drawPoint(line.first())
    else:
        painter.drawPolyline(line)


def paint_ring(
    painter: QPainter, transform: ViewTransform, at: Point, radius: float, ink: QColor
) -> None:
    """The brush at the pointer."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    size = radius * transform.scale
    for pen in (line_pen(HALO, 3.5), line_pen(ink, 1.5)):
        painter.setPen(pen)
        painter.drawEllipse(transform.to_view(at), size, size)


def paint_cross(painter: QPainter, transform: ViewTransform, at: Point, is_holding: bool) -> None:
    """Where the keys point: four arms about an open middle; a ring says that the tool holds on."""
    place = transform.to_view(at)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (line_pen(HALO, 4.5), line_pen(INK, 2.0)):
        painter.setPen(pen)
        for arm in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1)):
            painter.drawLine(place + arm * CROSS_GAP, place + arm * CROSS_ARM)
        if is_holding:
            painter.drawEllipse(place, CROSS_GAP + 3, CROSS_GAP + 3)


def paint_box(painter: QPainter, transform: ViewTransform, corners: tuple[Point, Point]) -> None:
    """The box of a lesion while it is dragged."""
    box = QRectF(transform.to_view(corners[0]), transform.to_view(corners[1])).normalized()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (line_pen(HALO, 4.0), line_pen(PROPOSAL_INK, 1.75)):
        painter.setPen(pen)
        painter.drawRect(box)


def paint_proposal(painter: QPainter, transform: ViewTransform, points: Sequence[Point]) -> None:
    """A proposed outline: dashed, and in a colour of its own."""
    polygon = QPolygonF([transform.to_view(p) for p in points])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    dashes = QPen(PROPOSAL_INK, 2.0, Qt.PenStyle.CustomDashLine)
    dashes.setDashPattern([4.0, 2.5])
    dashes.setCapStyle(Qt.PenCapStyle.FlatCap)
    for pen in (line_pen(OUTLINE_HALO, 4.0), dashes):
        pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
        painter.setPen(pen)
        painter.drawPolygon(polygon)
