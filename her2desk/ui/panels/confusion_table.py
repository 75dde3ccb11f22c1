"""The four counts of the pack's validation patients, with the row and cell of this case."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAccessible, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from her2desk.domain.counts import Call, Confusion
from her2desk.texts import tr
from her2desk.ui.theme import GRID, colours, set_role
from her2desk.ui.widgets.labels import wrapped

_ROWS = {Call.POSITIVE: 1, Call.NEGATIVE: 2}
_CELLS = {
    "tp": (Call.POSITIVE, True),
    "fp": (Call.POSITIVE, False),
    "fn": (Call.NEGATIVE, True),
    "tn": (Call.NEGATIVE, False),
}
_TINT = 60  # of 255, behind the case's own cell


class ConfusionTable(QWidget):
    """A 2 × 2 table of calls (rows) and HER-2 status (columns).

    The row of this case's call is framed and named, none when indeterminate; its own cell is tinted
    and named once pathology has told its status.
    """

    accessible_role = QAccessible.Role.Chart

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: Confusion | None = None
        self._call: Call | None = None
        self._pathology: bool | None = None
        self._is_stale = False
        self.cells = {name: QLabel() for name in _CELLS}
        self._row_labels = {1: wrapped(), 2: wrapped()}
        self._arrange()
        self.setAccessibleName(tr("Confusion table of the validation patients"))

    def set_confusion(self, table: Confusion, call: Call) -> None:
        """Show the counts and frame the row of ``call``."""
        if (table, call) != (self._table, self._call):
            self._table, self._call = table, call
            self._refresh()

    def set_pathology(self, positive: bool | None) -> None:
        """What pathology said of this case; None while it is not known."""
        if positive is not self._pathology:
            self._pathology = positive
            self._refresh()

    def marked_call(self) -> Call | None:
        """Whose row is framed."""
        return self._call if self._call in _ROWS else None

    def marked_cell(self) -> str | None:
        """In which cell the case itself falls: "tp", "fp", "fn" or "tn"."""
        own = (self._call, self._pathology)
        return next((name for name, place in _CELLS.items() if place == own), None)

    def set_stale(self, is_stale: bool) -> None:
        """Paint without colour."""
        self._is_stale = is_stale
        self.update()

    def _refresh(self) -> None:
        if self._table is None:
            return
        counts = {name: getattr(self._table, name) for name in _CELLS}
        names = {Call.POSITIVE: tr("Called positive"), Call.NEGATIVE: tr("Called negative")}
        for call, row in _ROWS.items():
            own = tr("{row}, as this case").format(row=names[call])
            self._row_labels[row].setText(own if call is self._call else names[call])
        for name, (call, positive) in _CELLS.items():
            cell = self.cells[name]
            is_own = name == self.marked_cell()
            cell.setText(f"{counts[name]}\n{tr('this case')}" if is_own else str(counts[name]))
            status = tr("HER-2 positive") if positive else tr("HER-2 negative")
            cell.setAccessibleName(f"{names[call]}, {status}: {counts[name]}")
            set_role(cell, "heading" if call is self._call else "plain")
        text = tr(
            "Called positive: {tp} HER-2 positive, {fp} HER-2 negative. "
            "Called negative: {fn} HER-2 positive, {tn} HER-2 negative."
        )
        self.setAccessibleDescription(text.format(**counts))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tone = QColor(palette.text_muted if self._is_stale else palette.accent)
        own = self.marked_cell()
        if own is not None:
            tint = QColor(tone)
            tint.setAlpha(_TINT)
            painter.setPen(QPen(tone, 1))
            painter.setBrush(tint)
            box = self.cells[own].geometry().toRectF()
            painter.drawRoundedRect(box.adjusted(5, 5, -5, -5), 4, 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(palette.border), 1))
        for row in (1, 2):
            y = self._row_labels[row].y()
            painter.drawLine(0, y, self.width(), y)
        marked = self.marked_call()
        if marked is not None:
            label = self._row_labels[_ROWS[marked]]
            painter.setPen(QPen(tone, 2))
            frame = QRectF(1, label.y() + 1, self.width() - 2, label.height() - 2)
            painter.drawRoundedRect(frame, 4, 4)
        painter.end()

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        for column, text in ((1, tr("HER-2\npositive")), (2, tr("HER-2\nnegative"))):
            head = QLabel(text)
            head.setAlignment(Qt.AlignmentFlag.AlignCenter)
            set_role(head, "muted")
            grid.addWidget(head, 0, column)
        for row, label in self._row_labels.items():
            label.setContentsMargins(GRID * 2, GRID, GRID, GRID)
            grid.addWidget(label, row, 0)
        for name, (call, positive) in _CELLS.items():
            cell = self.cells[name]
            cell.setAlignment(Qt.AlignmentFlag.AlignCenter)
            cell.setMinimumWidth(GRID * 18)
            cell.setContentsMargins(0, GRID * 2, 0, GRID * 2)
            grid.addWidget(cell, _ROWS[call], 1 if positive else 2)
        grid.setColumnStretch(0, 1)
