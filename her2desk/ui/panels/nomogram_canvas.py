"""The nomogram's picture, painted with Qt, and its markers, moved by mouse and keys."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from her2desk.domain.nomogram import NomogramAxis, NomogramGeometry
from her2desk.texts import tr
from her2desk.ui.panels.nomogram_layout import NomogramLayout
from her2desk.ui.panels.nomogram_painter import Markers, paint_nomogram
from her2desk.ui.panels.nomogram_words import axis_label, picture_sentence
from her2desk.ui.theme import colours

_GRAB_PX = 14
_STEP, _LEAP = 0.01, 0.1  # shares of an axis for the arrow and Page keys


class NomogramCanvas(QWidget):
    """Axes, this patient's markers, and the what-if markers.

    ``moved`` is sent after every change of the what-if values. Tab goes from marker to marker,
    arrow keys move the one in focus, Escape goes back to the patient.
    """

    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout: NomogramLayout | None = None
        self._patient: dict[str, float] = {}
        self._what_if: dict[str, float] = {}
        self._active = 0
        self._grab: float | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Nomogram"))

    def set_geometry(self, geometry: NomogramGeometry, shift: float) -> None:
        """Draw a nomogram; what-if values stay where only the shift differs."""
        if self._layout is None or self._layout.geometry != geometry:
            self._what_if = {}
        self._layout = NomogramLayout(geometry, self.width(), shift)
        self._active = min(self._active, max(len(geometry.axes) - 1, 0))
        self.setFixedHeight(self._layout.height)
        self._changed()

    def set_patient(self, values: dict[str, float]) -> None:
        """This patient's values by variable; what-if values stay where these are the same."""
        if values != self._patient:
            self._patient = dict(values)
            self.reset()

    def clear(self) -> None:
        """No nomogram and no patient."""
        self._layout = None
        self._patient = {}
        self.setFixedHeight(0)
        self.setAccessibleDescription(tr("No values yet."))
        self.reset()

    def reset(self) -> None:
        """Back to the patient."""
        self._what_if = {}
        self._changed()

    def what_if(self) -> dict[str, float] | None:
        """All values with the moved ones in place, or None while nothing was moved."""
        return {**self._patient, **self._what_if} if self._what_if else None

    def patient(self) -> dict[str, float]:
        """This patient's values."""
        return dict(self._patient)

    def layout_now(self) -> NomogramLayout | None:
        """Where everything stands."""
        return self._layout

    def probability(self, values: dict[str, float] | None) -> float | None:
        """The probability of ``values``, or None while one is missing."""
        total = self._total(values)
        if total is None or self._layout is None:
            return None
        return self._layout.geometry.probability(total, self._layout.shift)

    def sizeHint(self) -> QSize:
        return QSize(320, self._layout.height if self._layout else 120)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._layout is not None:
            old = self._layout
            self._layout = NomogramLayout(old.geometry, self.width(), old.shift)
            self.setFixedHeight(self._layout.height)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._layout is None:
            return
        painter = QPainter(self)
        markers = Markers(
            patient=self._patient,
            what_if=self.what_if(),
            active=self._active if self.hasFocus() else None,
            patient_total=self._total(self._patient),
            what_if_total=self._total(self.what_if()),
        )
        paint_nomogram(painter, self._layout, markers, colours(), self.font())
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._axis_under(event.position().y())
        if event.button() != Qt.MouseButton.LeftButton or found is None or self._layout is None:
            return
        self._active = found
        axis = self._layout.geometry.axes[found]
        marker = self._marker_x(axis)
        x = event.position().x()
        self._grab = x - marker if marker is not None and abs(x - marker) <= _GRAB_PX else 0.0
        self._move_to(axis, self._layout.value_at(axis, x - self._grab))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._axis_under(event.position().y()) is not None
        self.setCursor(Qt.CursorShape.SizeHorCursor if over else Qt.CursorShape.ArrowCursor)
        if self._grab is None or self._layout is None:
            return
        axis = self._layout.geometry.axes[self._active]
        self._move_to(axis, self._layout.value_at(axis, event.position().x() - self._grab))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grab = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._layout is None or not self._layout.geometry.axes:
            super().keyPressEvent(event)
            return
        if event.key() == Qt.Key.Key_Escape and self._what_if:
            self.reset()
            return
        axis = self._layout.geometry.axes[self._active]
        value = self._value_after(axis, event.key())
        if value is None:
            super().keyPressEvent(event)
        else:
            self._move_to(axis, value)

    def focusNextPrevChild(self, forward: bool) -> bool:
        count = len(self._layout.geometry.axes) if self._layout else 0
        after = self._active + (1 if forward else -1)
        if self.hasFocus() and 0 <= after < count:
            self._active = after
            self._changed()
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() == Qt.FocusReason.TabFocusReason:
            self._active = 0
        elif event.reason() == Qt.FocusReason.BacktabFocusReason and self._layout:
            self._active = max(len(self._layout.geometry.axes) - 1, 0)
        super().focusInEvent(event)
        self._describe()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()

    def _value_after(self, axis: NomogramAxis, key: int) -> float | None:
        """The value after a key; right is always towards more points, as on screen."""
        low, high = axis.ticks[0][0], axis.ticks[-1][0]
        towards_right = 1 if axis.points_per_unit >= 0 else -1
        span = high - low
        unit = span if axis.term.is_binary else span * _STEP
        leap = span if axis.term.is_binary else span * _LEAP
        moves = {
            Qt.Key.Key_Right: unit,
            Qt.Key.Key_Up: unit,
            Qt.Key.Key_Left: -unit,
            Qt.Key.Key_Down: -unit,
            Qt.Key.Key_PageUp: leap,
            Qt.Key.Key_PageDown: -leap,
            Qt.Key.Key_Home: -span,
            Qt.Key.Key_End: span,
        }
        move = moves.get(Qt.Key(key))
        if move is None:
            return None
        current = {**self._patient, **self._what_if}.get(axis.term.name, low)
        return axis.clipped(axis.clipped(current)[0] + move * towards_right)[0]

    def _move_to(self, axis: NomogramAxis, value: float) -> None:
        name = axis.term.name
        own = self._patient.get(name)
        if own is not None and axis.clipped(own)[0] == value:
            self._what_if.pop(name, None)
        else:
            self._what_if[name] = value
        self._changed()

    def _axis_under(self, y: float) -> int | None:
        if self._layout is None:
            return None
        rows = range(len(self._layout.geometry.axes))
        return next((i for i in rows if abs(y - self._layout.row_y(i + 1)) <= _GRAB_PX), None)

    def _marker_x(self, axis: NomogramAxis) -> float | None:
        value = {**self._patient, **self._what_if}.get(axis.term.name)
        if value is None or self._layout is None:
            return None
        return self._layout.value_x(axis, value)

    def _total(self, values: dict[str, float] | None) -> float | None:
        if values is None or self._layout is None:
            return None
        axes = self._layout.geometry.axes
        if not axes or any(axis.term.name not in values for axis in axes):
            return None
        return self._layout.geometry.total_points(values)

    def _changed(self) -> None:
        self._describe()
        self.update()
        self.moved.emit()

    def _describe(self) -> None:
        if self._layout is None:
            return
        values = self.what_if() or self._patient
        axes = self._layout.geometry.axes
        text = picture_sentence(axes, values, self._total(values), self.probability(values))
        if self.hasFocus() and axes:
            name = axis_label(axes[self._active].term)
            text = tr("Marker of {name}. {text}").format(name=name, text=text)
        self.setAccessibleDescription(text)
