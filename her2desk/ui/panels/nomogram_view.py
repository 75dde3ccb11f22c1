"""The nomogram with this patient on it, to try values on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from her2desk.stats.statements import interval_scope
from her2desk.texts import listed, tr
from her2desk.ui.panels.nomogram_canvas import NomogramCanvas
from her2desk.ui.panels.nomogram_copying import mime_of
from her2desk.ui.panels.nomogram_words import arithmetic_lines, clipped_sentence, what_if_sentence
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.inputs import QuietComboBox
from her2desk.ui.widgets.labels import wrapped

if TYPE_CHECKING:
    from her2desk.inference.nomograms import CaseNomogram

PICTURES = ("svg", "pdf", "png")
BEDSIDE, BEDSIDE_WITH_PATIENT, PRINT = "bedside", "bedside-patient", "print"


class NomogramView(QWidget):
    """Choice of model, canvas, the numbers in words, "Back to the patient", copy and export.

    ``what_if_changed`` carries all values, or None when back at the patient's own.
    ``export_requested`` carries ``"svg"``, ``"pdf"`` or ``"png"``, or for the page to print
    ``"bedside"``, ``"bedside-patient"`` or ``"print"``; what is to be exported is ``nomogram()`` with
    ``what_if()``.
    """

    what_if_changed = Signal(object)
    export_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = NomogramCanvas()
        self.models = QuietComboBox()
        self.models.setAccessibleName(tr("Model of the nomogram"))
        self.models.setSizeAdjustPolicy(
            QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.models.setMinimumContentsLength(12)
        self.other_model = wrapped(role="warning")
        self.readout = wrapped(role="title")
        self.readout.setToolTip(interval_scope().text())
        self.notes = wrapped(role="muted")
        self.arithmetic = wrapped(role="muted")
        self.back = QPushButton(tr("Back to the patient"))
        self.back.setToolTip(
            tr(
                "Put every marker back on this patient's values (Escape); Ctrl+Z takes one step back."
            )
        )
        self.export = QPushButton(tr("Export"))
        self.export.setToolTip(tr("Copy, save or print the nomogram."))
        self.export.setMenu(self._export_menu())
        self._nomograms: tuple[CaseNomogram, ...] = ()
        self._shown: CaseNomogram | None = None
        self._shift = 0.0
        self._last: dict[str, float] | None = None
        self._arrange()
        self.canvas.moved.connect(self._refresh)
        self.canvas.copy_asked.connect(self.copy)
        self.models.activated.connect(self._choose)
        self.back.clicked.connect(self.canvas.reset)
        self._refresh()

    def set_nomograms(self, nomograms: Sequence["CaseNomogram"], shift: float) -> None:
        """Offer a case's nomograms, the answer's first; a choice among the same ones stays.

        ``shift`` is what moves the log-odds to the local prevalence (V11).
        """
        names = [n.name for n in nomograms]
        if [n.name for n in self._nomograms] != names:
            self._shown = None
        at = next((i for i, n in enumerate(self._nomograms) if n is self._shown), 0)
        before, self._nomograms, self._shift = self._nomograms, tuple(nomograms), shift
        if self._nomograms != before:
            self._fill_models()
        self._show(at if nomograms[at].obstacle is None else 0)

    def clear(self) -> None:
        """Nothing to show: no answer belongs to what is on screen."""
        self._nomograms, self._shown = (), None
        self._fill_models()
        self.canvas.clear()

    def nomogram(self) -> "CaseNomogram | None":
        """What is shown, or None."""
        return self._shown

    def what_if(self) -> dict[str, float] | None:
        """The values tried, or None while the markers stand on the patient's."""
        return self.canvas.what_if()

    def copy(self) -> None:
        """Put the nomogram on the clipboard: picture, drawing, and its arithmetic as text."""
        shown = self._shown
        if shown is None or shown.geometry is None:
            return
        markers = replace(self.canvas.markers(), active=None)
        mime = mime_of(shown.geometry, markers, self._shift, self.canvas.font(), self.as_text())
        QGuiApplication.clipboard().setMimeData(mime)

    def as_text(self) -> str:
        """The model's name and the arithmetic of the patient and of what is tried."""
        shown = self._shown
        if shown is None or shown.geometry is None:
            return ""
        lines = [self._model_name(shown)]
        lines += [tr("This patient:"), *arithmetic_lines(shown.geometry, shown.values, self._shift)]
        tried = self.what_if()
        if tried is not None:
            lines += [tr("What if:"), *arithmetic_lines(shown.geometry, tried, self._shift)]
        return "\n".join(lines)

    def _choose(self, index: int) -> None:
        if self._nomograms[index].obstacle is None:
            self._show(index)

    def _show(self, index: int) -> None:
        self._shown = shown = self._nomograms[index]
        self.models.setCurrentIndex(index)
        if shown.geometry is None:
            self.canvas.clear()
        else:
            self.canvas.set_case(shown.geometry, shown.values, self._shift)

    def _fill_models(self) -> None:
        self.models.clear()
        self.models.setVisible(len(self._nomograms) > 1)
        for index, nomogram in enumerate(self._nomograms):
            self.models.addItem(self._model_name(nomogram))
            model = self.models.model()
            if nomogram.obstacle is not None and isinstance(model, QStandardItemModel):
                model.item(index).setEnabled(False)

    def _model_name(self, nomogram: "CaseNomogram") -> str:
        if nomogram.obstacle is not None:
            return tr("{name}: {obstacle}").format(
                name=nomogram.name, obstacle=nomogram.obstacle.text()
            )
        if nomogram.is_answer:
            return tr("{name} (this pack's answer)").format(name=nomogram.name)
        return nomogram.name

    def _refresh(self) -> None:
        shown, tried, patient = self._shown, self.canvas.what_if(), self.canvas.patient()
        chance = self.canvas.chance(tried)
        is_drawn = shown is not None and shown.geometry is not None
        if shown is None:
            self.readout.setText(tr("The nomogram appears with the estimate."))
        elif shown.geometry is None:
            self.readout.setText(shown.obstacle.text() if shown.obstacle is not None else "")
        else:
            self.readout.setText(what_if_sentence(chance, self.canvas.chance(patient)))
        set_role(self.readout, "what-if" if chance is not None else "title")
        self.export.setEnabled(is_drawn)
        self.back.setEnabled(tried is not None)
        _say(self.notes, "\n".join(self._note_lines(tried or patient)))
        _say(self.arithmetic, self.canvas.explanation())
        _say(self.other_model, self._other_model_line())
        if tried != self._last:
            self._last = tried
            self.what_if_changed.emit(tried)

    def _note_lines(self, values: dict[str, float]) -> list[str]:
        shown = self._shown
        if shown is None or shown.geometry is None:
            return []
        lines = []
        if shown.without:
            names = listed(shown.without)
            lines.append(tr("Not known and therefore not on it: {names}.").format(names=names))
        flat = [t.label.text() for t in shown.geometry.model.terms if not t.has_effect]
        if flat:
            lines.append(tr("Without effect in this model: {names}.").format(names=listed(flat)))
        for axis in shown.geometry.axes:
            value = values.get(axis.term.name)
            if value is not None and axis.clipped(value)[1]:
                lines.append(clipped_sentence(axis, value))
        return lines

    def _other_model_line(self) -> str:
        if self._shown is None or self._shown.is_answer:
            return ""
        return tr("Another model than the one that answered: its probability is not the answer.")

    def _export_menu(self) -> QMenu:
        menu = QMenu(self)
        copy = menu.addAction(tr("Copy") + "\tCtrl+C")
        copy.triggered.connect(self.copy)
        menu.addSeparator()
        kinds = [
            *((name, tr("Save as {kind}…").format(kind=name.upper())) for name in PICTURES),
            (BEDSIDE, tr("Page to print, as PDF…")),
            (BEDSIDE_WITH_PATIENT, tr("Page to print, with this patient, as PDF…")),
            (PRINT, tr("Print the page…")),
        ]
        for kind, text in kinds:
            if kind == BEDSIDE:
                menu.addSeparator()
            action = menu.addAction(text)
            action.setData(kind)
        menu.triggered.connect(self._export)
        return menu

    def _export(self, action: QAction) -> None:
        if action.data() is not None:
            self.export_requested.emit(str(action.data()))

    def _arrange(self) -> None:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(0, GRID, 0, 0)
        inside.addWidget(self.canvas)
        inside.addLayout(_column((self.arithmetic,)))
        inside.addStretch()
        area.setWidget(page)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID * 2)
        buttons.addWidget(self.back)
        buttons.addStretch()
        buttons.addWidget(self.export)
        footer = _column((self.readout, self.notes))
        footer.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID * 2, 0, GRID * 3)
        column.setSpacing(GRID * 2)
        column.addLayout(_column((self.models, self.other_model)))
        column.addWidget(area, 1)
        column.addLayout(footer)


def _column(widgets: Sequence[QWidget]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setContentsMargins(GRID * 4, 0, GRID * 4, 0)
    column.setSpacing(GRID * 2)
    for widget in widgets:
        column.addWidget(widget)
    return column


def _say(label: QLabel, text: str) -> None:
    """A label's text; without any it takes no room."""
    label.setText(text)
    label.setVisible(bool(text))
