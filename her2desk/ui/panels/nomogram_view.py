"""The nomogram with this patient on it, to drag."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from her2desk.domain.nomogram import NomogramGeometry
from her2desk.texts import tr
from her2desk.ui.panels.nomogram_canvas import NomogramCanvas
from her2desk.ui.panels.nomogram_words import clipped_sentence, what_if_sentence
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped

EXPORT_FORMATS = ("svg", "pdf", "png")


class NomogramView(QWidget):
    """Canvas, readout in words, "Back to the patient" and export.

    ``what_if_changed`` carries all values, or None when back at the patient's own.
    ``export_requested`` carries ``"svg"``, ``"pdf"`` or ``"png"``.
    """

    what_if_changed = Signal(object)
    export_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = NomogramCanvas()
        self.readout = wrapped(role="title")
        self.notes = wrapped(role="muted")
        self.back = QPushButton(tr("Back to the patient"))
        self.back.setToolTip(tr("Put every marker back on this patient's values (Escape)."))
        self.export = QPushButton(tr("Export"))
        self.export.setToolTip(tr("Save the nomogram as a figure."))
        self.export.setMenu(self._export_menu())
        self._missing: tuple[str, ...] = ()
        self._last: dict[str, float] | None = None
        self._geometry: NomogramGeometry | None = None
        self._arrange()
        self.canvas.moved.connect(self._refresh)
        self.back.clicked.connect(self.canvas.reset)
        self._refresh()

    def set_geometry(
        self, geometry: NomogramGeometry, shift: float, missing: Sequence[str] = ()
    ) -> None:
        """Show another nomogram.

        Parameters
        ----------
        shift : what moves the log-odds to the local prevalence (V11).
        missing : names, as people read them, of variables that this submodel does without (V9).
        """
        self._geometry = geometry
        self._missing = tuple(missing)
        self.canvas.set_geometry(geometry, shift)

    def clear(self) -> None:
        """Nothing to show: no answer belongs to what is on screen."""
        self._geometry = None
        self._missing = ()
        self.canvas.clear()

    def set_patient(self, values: dict[str, float]) -> None:
        """This patient's value of each variable, yes as 1 and no as 0."""
        self.canvas.set_patient(values)

    def what_if(self) -> dict[str, float] | None:
        """The values tried, or None while the markers stand on the patient's."""
        return self.canvas.what_if()

    def _refresh(self) -> None:
        tried, patient = self.canvas.what_if(), self.canvas.patient()
        chance = self.canvas.probability(tried)
        if self._geometry is None:
            self.readout.setText(tr("The nomogram appears with the estimate."))
        else:
            self.readout.setText(what_if_sentence(chance, self.canvas.probability(patient)))
        self.export.setEnabled(self._geometry is not None)
        set_role(self.readout, "what-if" if chance is not None else "title")
        self.back.setEnabled(tried is not None)
        self.notes.setText("\n".join(self._note_lines(tried or patient)))
        self.notes.setVisible(bool(self.notes.text()))
        if tried != self._last:
            self._last = tried
            self.what_if_changed.emit(tried)

    def _note_lines(self, values: dict[str, float]) -> list[str]:
        lines = []
        if self._missing:
            lines.append(
                tr("Not known and therefore not on it: {names}.").format(
                    names=", ".join(self._missing)
                )
            )
        for axis in self._geometry.axes if self._geometry else ():
            value = values.get(axis.term.name)
            if value is not None and axis.clipped(value)[1]:
                lines.append(clipped_sentence(axis, value))
        return lines

    def _export_menu(self) -> QMenu:
        menu = QMenu(self)
        for name in EXPORT_FORMATS:
            action = QAction(name.upper(), menu)
            action.setData(name)
            menu.addAction(action)
        menu.triggered.connect(self._export)
        return menu

    def _export(self, action: QAction) -> None:
        self.export_requested.emit(str(action.data()))

    def _arrange(self) -> None:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(0, GRID * 2, 0, 0)
        inside.addWidget(self.canvas)
        inside.addStretch()
        area.setWidget(page)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID * 2)
        buttons.addWidget(self.back)
        buttons.addStretch()
        buttons.addWidget(self.export)
        footer = QVBoxLayout()
        footer.setContentsMargins(GRID * 4, 0, GRID * 4, GRID * 3)
        footer.setSpacing(GRID * 2)
        for widget in (self.readout, self.notes):
            footer.addWidget(widget)
        footer.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 2)
        column.addWidget(area, 1)
        column.addLayout(footer)
