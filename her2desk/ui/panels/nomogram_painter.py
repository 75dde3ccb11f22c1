"""Paints a nomogram: axes as in R's rms, markers, intervals, and vertical guides up to Points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from her2desk.domain.nomogram import NomogramAxis
from her2desk.stats.nomogram_labels import (
    MOST_LANES,
    even_tiers,
    lanes_of,
    probability_tiers,
    thinned,
)
from her2desk.texts import tr
from her2desk.ui.panels.nomogram_layout import EDGE, GAP, LANE, NomogramLayout
from her2desk.ui.panels.nomogram_words import Interval, axis_label, value_label
from her2desk.ui.theme import SIZE_SMALL, Palette

_TICK = 5
_MARKER = 7.0
_LABEL_HEIGHT = 15
_LONGEST_LABEL = 150.0
_BAR_AWAY = 11.0  # an interval's distance from the axis' line: above it, clear of markers
_BAR_APART = 7.0


@dataclass(frozen=True)
class Markers:
    """What stands on the axes; ``active`` is the axis whose marker has the focus.

    ``patient_interval`` and ``what_if_interval`` are of the probability.
    """

    patient: Mapping[str, float]
    what_if: Mapping[str, float] | None
    active: int | None
    patient_total: float | None
    what_if_total: float | None
    patient_interval: Interval | None = None
    what_if_interval: Interval | None = None


def small_font(font: QFont) -> QFont:
    """The font of everything on a nomogram."""
    small = QFont(font)
    small.setPixelSize(SIZE_SMALL)
    return small


def lanes_needed(layout: NomogramLayout, font: QFont) -> tuple[int, ...]:
    """How many lines of labels each variable's axis needs, so that every level is named."""
    metrics = QFontMetricsF(small_font(font))
    found = []
    for axis in layout.geometry.axes:
        if not axis.term.is_discrete:
            found.append(1)
            continue
        spots = [(x, metrics.horizontalAdvance(text)) for x, text in _ticks(axis, layout, metrics)]
        edges = (EDGE, layout.width - EDGE)
        lanes = (lane for _, lane in lanes_of(spots, edges, GAP))
        found.append(1 + max(MOST_LANES - 1 if lane is None else lane for lane in lanes))
    return tuple(found)


def paint_nomogram(
    painter: QPainter, layout: NomogramLayout, markers: Markers, colour: Palette, font: QFont
) -> None:
    """Paint everything."""
    paint_scales(painter, layout, colour, font)
    paint_case(painter, layout, markers, colour, font)


def paint_scales(painter: QPainter, layout: NomogramLayout, colour: Palette, font: QFont) -> None:
    """Paint what stays as it is while a marker is dragged: axes, ticks and their labels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(small_font(font))
    geometry, count = layout.geometry, len(layout.geometry.axes)
    points = [(layout.points_x(p), f"{p:g}") for p in geometry.points_ticks]
    totals = [(layout.total_x(t), f"{t:g}") for t in geometry.total_ticks]
    chances = [(x, f"{p:.6g}") for p, x in layout.chances]
    tiers = probability_tiers([p for p, _ in layout.chances])
    for row, label, ticks, ranks in (
        (0, tr("Points"), points, even_tiers(geometry.points_ticks)),
        (count + 1, tr("Total points"), totals, even_tiers(geometry.total_ticks)),
        (count + 2, tr("Probability of HER-2 positive"), chances, tiers),
    ):
        painter.setPen(QColor(colour.text))
        _paint_heading(painter, layout, layout.heading_y(row), label)
        _paint_axis(painter, layout, row, ticks, ranks, colour)
    metrics = QFontMetricsF(painter.font())
    for row, axis in enumerate(geometry.axes, start=1):
        ranks_of = None if axis.term.is_discrete else even_tiers([v for v, _ in axis.ticks])
        if ranks_of is not None and axis.points_per_unit < 0:
            ranks_of.reverse()  # as the ticks stand, from the left
        _paint_axis(painter, layout, row, _ticks(axis, layout, metrics), ranks_of, colour)


def paint_case(
    painter: QPainter, layout: NomogramLayout, markers: Markers, colour: Palette, font: QFont
) -> None:
    """Paint the patient and what is tried: values, guides, markers and intervals."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(small_font(font))
    _paint_guides(painter, layout, markers, colour)
    painter.setPen(QColor(colour.text))
    for row, axis in enumerate(layout.geometry.axes, start=1):
        _paint_heading(painter, layout, layout.heading_y(row), _heading(axis, markers))
    _paint_intervals(painter, layout, markers, colour)
    _paint_markers(painter, layout, markers, colour)
    _paint_totals(painter, layout, markers, colour)


def _ticks(
    axis: NomogramAxis, layout: NomogramLayout, metrics: QFontMetricsF
) -> list[tuple[float, str]]:
    """(position, label) from the left."""
    found = []
    for value, points in axis.ticks:
        text = value_label(axis.term, value)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, _LONGEST_LABEL)
        found.append((layout.points_x(points), shown))
    return sorted(found)


def _heading(axis: NomogramAxis, markers: Markers) -> str:
    """The variable and its value, then the value tried: "PR: negative → positive"."""
    name, own = axis.term.name, markers.patient.get(axis.term.name)
    tried = markers.what_if.get(name) if markers.what_if is not None else None
    shown = [value_label(axis.term, value) for value in (own, tried) if value is not None]
    if own is not None and tried == own:
        shown = shown[:1]
    return f"{axis_label(axis.term)}: {' → '.join(shown)}" if shown else axis_label(axis.term)


def _paint_axis(
    painter: QPainter,
    layout: NomogramLayout,
    row: int,
    ticks: Sequence[tuple[float, str]],
    tiers: Sequence[int] | None,
    colour: Palette,
) -> None:
    """An axis with its labels: all of them in several lines, or by ``tiers`` in one."""
    y = layout.row_y(row)
    if not ticks:
        return
    painter.setPen(QPen(QColor(colour.text_muted), 1))
    painter.drawLine(QPointF(ticks[0][0], y), QPointF(ticks[-1][0], y))
    widths = [painter.fontMetrics().horizontalAdvance(text) for _, text in ticks]
    spots = [(x, width) for (x, _), width in zip(ticks, widths, strict=True)]
    edges = (EDGE, layout.width - EDGE)
    placed = lanes_of(spots, edges, GAP) if tiers is None else thinned(spots, edges, GAP, tiers)
    for (x, text), width, (left, lane) in zip(ticks, widths, placed, strict=True):
        below = y + _TICK + LANE * (lane or 0)
        painter.drawLine(QPointF(x, y), QPointF(x, below))
        if lane is not None:
            spot = QRectF(left, below + 1, width + 2, _LABEL_HEIGHT)
            painter.drawText(spot, Qt.AlignmentFlag.AlignLeft, text)


def _paint_heading(painter: QPainter, layout: NomogramLayout, middle: float, label: str) -> None:
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    metrics = painter.fontMetrics()
    right = Qt.TextElideMode.ElideRight
    if layout.is_narrow:
        box = QRectF(layout.left - 12, middle - 8, layout.width - layout.left, 16)
        painter.drawText(box, flags, metrics.elidedText(label, right, int(box.width())))
        return
    box = QRectF(8, middle - 20, layout.left - 28, 40)
    shown = metrics.elidedText(label, right, int(box.width() * 1.8))  # two lines
    painter.drawText(box, flags | Qt.TextFlag.TextWordWrap, shown)


def _paint_guides(
    painter: QPainter, layout: NomogramLayout, markers: Markers, colour: Palette
) -> None:
    top = layout.row_y(0)
    for row, axis in enumerate(layout.geometry.axes, start=1):
        for value, tone in _values(axis, markers, colour):
            x = layout.value_x(axis, value)
            painter.setPen(QPen(QColor(tone), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, top), QPointF(x, layout.row_y(row)))
    last = len(layout.geometry.axes) + 1
    for total, tone in _totals(markers, colour):
        x = layout.total_x(total)
        painter.setPen(QPen(QColor(tone), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, layout.row_y(last)), QPointF(x, layout.row_y(last + 1)))


def _paint_intervals(
    painter: QPainter, layout: NomogramLayout, markers: Markers, colour: Palette
) -> None:
    """A bar for the patient; one with a gap for what is tried."""
    y = layout.row_y(len(layout.geometry.axes) + 2) - _BAR_AWAY
    bars = (
        (markers.patient_interval, colour.accent, Qt.PenStyle.SolidLine, y),
        (markers.what_if_interval, colour.what_if, Qt.PenStyle.DashLine, y - _BAR_APART),
    )
    for bounds, tone, style, at in bars:
        if bounds is None:
            continue
        left, right = (layout.probability_x(p) for p in bounds)
        painter.setPen(QPen(QColor(tone), 3, style, Qt.PenCapStyle.FlatCap))
        painter.drawLine(QPointF(left, at), QPointF(right, at))
        painter.setPen(QPen(QColor(tone), 2))
        for x in (left, right):
            painter.drawLine(QPointF(x, at - 3), QPointF(x, at + 3))


def _paint_markers(
    painter: QPainter, layout: NomogramLayout, markers: Markers, colour: Palette
) -> None:
    for row, axis in enumerate(layout.geometry.axes, start=1):
        spot = QPointF(layout.left, layout.row_y(row))
        for value, tone in _values(axis, markers, colour):
            spot = QPointF(layout.value_x(axis, value), layout.row_y(row))
            _paint_marker(painter, spot, QColor(tone), tone == colour.what_if)
            if axis.clipped(value)[1]:
                _paint_arrow(painter, spot, _beyond(axis, value), QColor(tone))
        if markers.active == row - 1:
            painter.setPen(QPen(QColor(colour.focus), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(spot, _MARKER + 4, _MARKER + 4)


def _paint_totals(
    painter: QPainter, layout: NomogramLayout, markers: Markers, colour: Palette
) -> None:
    last = len(layout.geometry.axes) + 1
    for total, tone in _totals(markers, colour):
        for row in (last, last + 1):
            spot = QPointF(layout.total_x(total), layout.row_y(row))
            _paint_marker(painter, spot, QColor(tone), tone == colour.what_if)
            ticks = layout.geometry.total_ticks
            if not ticks[0] <= total <= ticks[-1]:
                _paint_arrow(painter, spot, 1 if total > ticks[-1] else -1, QColor(tone))


def _values(axis: NomogramAxis, markers: Markers, colour: Palette) -> list[tuple[float, str]]:
    """The axis' values and their colours: the patient's, then the what-if where it differs."""
    found = []
    own = markers.patient.get(axis.term.name)
    if own is not None:
        found.append((own, colour.accent))
    if markers.what_if is not None:
        tried = markers.what_if.get(axis.term.name)
        if tried is not None and tried != own:
            found.append((tried, colour.what_if))
    return found


def _totals(markers: Markers, colour: Palette) -> list[tuple[float, str]]:
    found = []
    if markers.patient_total is not None:
        found.append((markers.patient_total, colour.accent))
    if markers.what_if_total is not None:
        found.append((markers.what_if_total, colour.what_if))
    return found


def _paint_marker(painter: QPainter, spot: QPointF, tone: QColor, is_what_if: bool) -> None:
    """A disc for the patient, a diamond for a what-if value."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tone)
    if not is_what_if:
        painter.drawEllipse(spot, _MARKER - 1, _MARKER - 1)
        return
    far = _MARKER + 1
    corners = [QPointF(0, -far), QPointF(far, 0), QPointF(0, far), QPointF(-far, 0)]
    painter.drawPolygon(QPolygonF([spot + corner for corner in corners]))


def _paint_arrow(painter: QPainter, spot: QPointF, direction: int, tone: QColor) -> None:
    """An arrow off the end of the axis: the value lies beyond."""
    painter.setPen(QPen(tone, 2))
    tip = spot + QPointF(direction * (_MARKER + 12), 0)
    painter.drawLine(spot + QPointF(direction * _MARKER, 0), tip)
    painter.drawLine(tip, tip + QPointF(-direction * 4, -4))
    painter.drawLine(tip, tip + QPointF(-direction * 4, 4))


def _beyond(axis: NomogramAxis, value: float) -> int:
    return 1 if axis.points_at(value) > axis.points_at(axis.clipped(value)[0]) else -1
