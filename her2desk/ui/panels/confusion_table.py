"""The four counts of the pack's validation patients, with the row that belongs to this case."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from her2desk.domain.readout import Call, Confusion
from her2desk.texts import tr
from her2desk.ui.theme import GRID, colours, set_role
from her2desk.ui.widgets.labels import wrapped

_ROWS = {Call.POSITIVE: 1, Call.NEGATIVE: 2}


class ConfusionTable(QWidget):
    """A 2 × 2 table; the row of this case's call is framed and named, none when indeterminate."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marked: int | None = None
        self._is_stale = False
        self.cells = {name: QLabel() for name in ("tp", "fp", "fn", "tn")}
        self._row_labels = {1: wrapped(), 2: wrapped()}
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
        for name, row, column in (("tp", 1, 1), ("fp", 1, 2), ("fn", 2, 1), ("tn", 2, 2)):
            cell = self.cells[name]
            cell.setAlignment(Qt.AlignmentFlag.AlignCenter)
            cell.setMinimumWidth(GRID * 18)
            cell.setContentsMargins(0, GRID * 2, 0, GRID * 2)
            grid.addWidget(cell, row, column)
        grid.setColumnStretch(0, 1)
        self.setAccessibleName(tr("Confusion table of the validation patients"))

    def set_confusion(self, table: Confusion, call: Call) -> None:
        """Show the counts and frame the row of ``call``."""
        for name, label in self.cells.items():
            label.setText(str(getattr(table, name)))
        self._marked = _ROWS.get(call)
        names = {1: tr("Called positive"), 2: tr("Called negative")}
        for row, label in self._row_labels.items():
            own = tr("{row}, as this case").format(row=names[row])
            label.setText(own if row == self._marked else names[row])
        for name, label in self.cells.items():
            in_row = self._marked == (1 if name in ("tp", "fp") else 2)
            set_role(label, "heading" if in_row else "plain")
        self.setAccessibleDescription(
            tr(
                "Called positive: {tp} HER-2 positive, {fp} HER-2 negative. "
                "Called negative: {fn} HER-2 positive, {tn} HER-2 negative."
            ).format(tp=table.tp, fp=table.fp, fn=table.fn, tn=table.tn)
        )
        self.update()

    def marked_call(self) -> Call | None:
        """Whose row is framed."""
        return next((call for call, row in _ROWS.items() if row == self._marked), None)

    def set_stale(self, is_stale: bool) -> None:
        """Paint without colour."""
        self._is_stale = is_stale
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setPen(QPen(QColor(palette.border), 1))
        for row in (1, 2):
            y = self._row_labels[row].y()
            painter.drawLine(0, y, self.width(), y)
        if self._marked is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            label = self._row_labels[self._marked]
            tone = palette.text_muted if self._is_stale else palette.accent
            painter.setPen(QPen(QColor(tone), 2))
            frame = QRectF(1, label.y() + 1, self.width() - 2, label.height() - 2)
            painter.drawRoundedRect(frame, 4, 4)
        painter.end()
