"""What is not known of the patient, and what it could do to the answer."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from her2desk.domain.unknowns import UnknownEffect
from her2desk.stats.case_words import unknown_sentence
from her2desk.texts import tr
from her2desk.ui.panels.why_words import all_known_note, unknowns_key
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.place_bar import Place, PlaceBar
from her2desk.ui.widgets.row_button import RowButton
from her2desk.ui.widgets.row_pool import RowPool, column_of


class UnknownRow(RowButton):
    """One value that is not known: the answers it could lead to, on the line from 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.field = ""
        self.set_leads(True)
        self.hint = QLabel(tr("fill in ›"))
        set_role(self.hint, "accent")
        self.bar = PlaceBar()
        self.sentence = wrapped()
        head = QHBoxLayout()
        head.setSpacing(GRID * 2)
        head.addWidget(self.sentence, 1)
        head.addWidget(self.hint, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(self.MARGIN, self.MARGIN, self.MARGIN, self.MARGIN)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addWidget(self.bar)
        for label in (self.hint, self.sentence):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleDescription(tr("Press Enter to fill it in."))

    def show_effect(
        self, effect: UnknownEffect, shift: float, probability: float, threshold: float
    ) -> None:
        """Show one value's effect beside the present answer and the threshold."""
        self.field = effect.field
        span = effect.span(shift)
        self.bar.setVisible(span is not None)
        self.bar.set_place(Place(0, 1, probability, span, threshold), "what_if")
        self.sentence.setText(unknown_sentence(effect, shift).text())
        self.setAccessibleName(self.sentence.text())


class UnknownsView(QWidget):
    """Every clinical input of the pack that is not known, the one that could move most first."""

    field_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = wrapped(role="muted")
        column = column_of(self, GRID * 2)
        self._rows = RowPool(self._new_row, GRID * 2)
        column.addWidget(self.note)
        column.addWidget(self._rows)
        self._shown: object = None

    def show_unknowns(
        self,
        unknowns: tuple[UnknownEffect, ...],
        shift: float,
        probability: float,
        threshold: float,
    ) -> None:
        """Show these in the world of ``shift`` (V11); the same again costs nothing."""
        shown = unknowns, shift, probability, threshold
        if shown == self._shown:
            return
        self._shown = shown
        has_bars = any(effect.answers for effect in unknowns)
        self.note.setText(unknowns_key() if has_bars else "" if unknowns else all_known_note())
        self.note.setVisible(has_bars or not unknowns)
        for row, effect in zip(self._rows.take(len(unknowns)), unknowns, strict=True):
            row.show_effect(effect, shift, probability, threshold)

    def rows(self) -> list[UnknownRow]:
        """The rows shown, the one that could move the answer most first."""
        return self._rows.rows()

    def _new_row(self) -> UnknownRow:
        row = UnknownRow()
        row.clicked.connect(lambda: self.field_requested.emit(row.field))
        return row
