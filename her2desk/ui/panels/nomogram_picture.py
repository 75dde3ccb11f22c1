"""The nomogram's picture, painted with Qt, and what it says."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QHelpEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from her2desk.domain.nomogram import NomogramAxis, NomogramGeometry
from her2desk.stats.nomogram import interval
from her2desk.texts import tr
from her2desk.ui.accessible import tell_value
from her2desk.ui.panels.nomogram_layout import NomogramLayout
from her2desk.ui.panels.nomogram_painter import Markers, lanes_needed, paint_case, paint_scales
from her2desk.ui.panels.nomogram_trial import Trial
from her2desk.ui.panels.nomogram_words import Chance, axis_label, explained, picture_sentence
from her2desk.ui.theme import colours

NEAR_PX = 14


class NomogramPicture(QWidget):
    """Axes, this patient's markers and the what-if markers; hovering says the arithmetic.

    ``moved`` is sent after every change of the what-if values or of the marker in focus.
    """

    accessible_role = QAccessible.Role.Chart

    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout: NomogramLayout | None = None
        self._trial = Trial()
        self._active = 0
        self._scales: QPixmap | None = None
        self._scales_key = ("", 1.0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Nomogram"))

    def set_case(
        self, geometry: NomogramGeometry, values: Mapping[str, float], shift: float
    ) -> None:
        """Draw a nomogram with a patient's values on it; the same case keeps what is tried.

        ``shift`` moves the log-odds to the local prevalence (V11).
        """
        is_same = self._layout is not None and self._layout.geometry == geometry
        if not is_same or dict(values) != self._trial.patient:
            self._start(values)
        self._active = min(self._active, len(geometry.axes) - 1)
        self._lay_out(geometry, shift)
        self._changed()

    def clear(self) -> None:
        """No nomogram and no patient."""
        self._layout = None
        self._start({})
        self.setFixedHeight(0)
        self._changed()

    def reset(self) -> None:
        """Back to the patient."""
        self._trial.reset()
        self._changed()

    def what_if(self) -> dict[str, float] | None:
        """All values with the moved ones in place, or None while nothing was moved."""
        return self._trial.values()

    def patient(self) -> dict[str, float]:
        """This patient's values."""
        return dict(self._trial.patient)

    def layout_now(self) -> NomogramLayout | None:
        """Where everything stands."""
        return self._layout

    def chance(self, values: Mapping[str, float] | None) -> Chance | None:
        """The probability of ``values`` with its interval, or None while one is missing."""
        total = self._total(values)
        if total is None or values is None or self._layout is None:
            return None
        geometry, shift = self._layout.geometry, self._layout.shift
        return geometry.probability(total, shift), interval(geometry.model, values, shift)

    def explanation(self) -> str:
        """The arithmetic of the marker in focus and of the total."""
        rows = (self._active + 1, self._count() + 1)
        return "\n".join(text for row in rows if (text := self._explained(row)))

    def markers(self) -> Markers:
        """What stands on the axes."""
        patient, tried = self._trial.patient, self.what_if()
        own, other = self.chance(patient), self.chance(tried)
        return Markers(
            patient=patient,
            what_if=tried,
            active=self._active if self._shows_focus() else None,
            patient_total=self._total(patient),
            what_if_total=self._total(tried),
            patient_interval=own[1] if own is not None else None,
            what_if_interval=other[1] if other is not None else None,
        )

    def sizeHint(self) -> QSize:
        return QSize(320, self._layout.height if self._layout else 120)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._layout is not None and event.size().width() != event.oldSize().width():
            self._lay_out(self._layout.geometry, self._layout.shift)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._layout is None:
            return
        colour = colours()
        key = (colour.name, self.devicePixelRatioF())
        if self._scales is None or self._scales_key != key:
            self._scales, self._scales_key = self._painted_scales(self._layout), key
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._scales)
        paint_case(painter, self._layout, self.markers(), colour, self.font())
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Say the arithmetic of the row under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._row_under(event.pos().y())
            text = "" if row is None else self._explained(row)
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self._scales = None
        self.update()

    def _start(self, values: Mapping[str, float]) -> None:
        self._trial.start(values)

    def _lay_out(self, geometry: NomogramGeometry, shift: float) -> None:
        layout = NomogramLayout(geometry, self.width(), shift)
        self._layout = replace(layout, lanes=lanes_needed(layout, self.font()))
        self._scales = None
        self.setFixedHeight(self._layout.height)

    def _painted_scales(self, layout: NomogramLayout) -> QPixmap:
        """What does not change while a marker is dragged; half of the time of painting it all."""
        scale = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * scale)
        pixmap.setDevicePixelRatio(scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint_scales(painter, layout, colours(), self.font())
        painter.end()
        return pixmap

    def _shows_focus(self) -> bool:
        return self.hasFocus()

    def _count(self) -> int:
        return len(self._layout.geometry.axes) if self._layout is not None else 0

    def _axis_in_focus(self) -> NomogramAxis | None:
        return self._layout.geometry.axes[self._active] if self._layout is not None else None

    def _row_under(self, y: float) -> int | None:
        if self._layout is None:
            return None
        rows = range(self._count() + 3)
        return next((r for r in rows if abs(y - self._layout.row_y(r)) <= NEAR_PX), None)

    def _explained(self, row: int) -> str:
        if self._layout is None:
            return ""
        patient, shift = self._trial.patient, self._layout.shift
        return explained(self._layout.geometry, row, patient, self.what_if(), shift)

    def _total(self, values: Mapping[str, float] | None) -> float | None:
        if values is None or self._layout is None:
            return None
        if any(axis.term.name not in values for axis in self._layout.geometry.axes):
            return None
        return self._layout.geometry.total_points(values)

    def accessible_value(self) -> str:
        """Where the marker in focus stands and what the whole makes of it, for a screen reader."""
        return self.accessibleDescription()

    def _changed(self) -> None:
        self._describe()
        if self._shows_focus():
            tell_value(self, self.accessible_value())
        self.update()
        self.moved.emit()

    def _describe(self) -> None:
        axis = self._axis_in_focus()
        if self._layout is None or axis is None:
            self.setAccessibleDescription(tr("No values yet."))
            return
        values = self.what_if() or self._trial.patient
        axes = self._layout.geometry.axes
        text = picture_sentence(axes, values, self._total(values), self.chance(values))
        if self._shows_focus():
            text = tr("Marker of {name}. {text} {arithmetic}").format(
                name=axis_label(axis.term), text=text, arithmetic=self.explanation()
            )
        self.setAccessibleDescription(text)
