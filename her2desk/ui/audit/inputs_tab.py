"""Whether what comes in here is like what the pack was made for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QTableView, QVBoxLayout, QWidget

from her2desk.stats.meanings import Figure
from her2desk.texts import tr
from her2desk.ui.audit.page import Page
from her2desk.ui.theme import GRID, colours
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import titled
from her2desk.ui.widgets.tables import LEFT, RIGHT, Index, RowsModel, sortable_view

if TYPE_CHECKING:
    from her2desk.audit.drift import InputDrift

NAME, KIND, HERE, PACK, DIFFERENCE, P, CHANGED = range(7)
_WIDTHS = (320, 76, 150, 164, 160, 100)
_SORT_ROLE = Qt.ItemDataRole.UserRole


class InputModel(RowsModel["InputDrift"]):
    """An input a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        titles = (
            tr("Input"),
            tr("Kind"),
            tr("Here"),
            tr("The pack's patients"),
            tr("Difference (SD)"),
            tr("p (Holm)"),
            tr("Verdict"),
        )
        super().__init__(titles, parent)

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Figures on the right."""
        return RIGHT if HERE <= column <= P else LEFT

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = self.rows[index.row()], index.column()
        if role == _SORT_ROLE:
            return _sort_key(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(column)
        if column == CHANGED and row.has_changed:
            if role == Qt.ItemDataRole.ForegroundRole:
                return QColor(colours().warning)
            if role == Qt.ItemDataRole.FontRole:
                font = QFont()
                font.setBold(True)
                return font
        if role == Qt.ItemDataRole.ToolTipRole and row.note is not None:
            return row.note.text()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _CELLS[column](row)
        return None


class InputsTab(QWidget):
    """What has changed in words, and every input in a table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = wrapped()
        self.model = InputModel(self)
        self.view = _view(self.model)
        column = QVBoxLayout(self)
        column.setContentsMargins(6 * GRID, 5 * GRID, 6 * GRID, 4 * GRID)
        column.setSpacing(3 * GRID)
        column.addWidget(
            titled(tr("Inputs here and among the pack's patients"), Figure.FEATURES_SD)
        )
        column.addWidget(self.words)
        column.addWidget(self.view, 1)

    def set_page(self, page: Page) -> None:
        """Show this audit's inputs."""
        from her2desk.audit.drift import drift_sentence

        found = page.audit.drift
        self.words.setText(drift_sentence(found).text())
        self.model.set_rows(found.inputs)


def _view(model: InputModel) -> QTableView:
    return sortable_view(
        model,
        tr("Inputs"),
        sort_role=_SORT_ROLE,
        sorted_by=P,
        row_height=7 * GRID,
        widths=_WIDTHS,
    )


def _sort_key(row: "InputDrift", column: int) -> object:
    """What was not compared comes last."""
    if column == DIFFERENCE:
        return -1.0 if row.difference is None else abs(row.difference.value)
    if column in (P, CHANGED):
        return 2.0 if row.adjusted_p is None else row.adjusted_p
    return _CELLS[column](row)


def _kind(row: "InputDrift") -> str:
    return {
        "feature": tr("feature"),
        "score": tr("score"),
        "trait": tr("trait"),
        "range": tr("range"),
        "spacing": tr("spacing"),
        "scanner": tr("scanner"),
    }[str(row.kind)]


def _here(row: "InputDrift") -> str:
    from her2desk.audit.drift import range_words

    return range_words(row)[0].text()


def _there(row: "InputDrift") -> str:
    from her2desk.audit.drift import range_words

    return range_words(row)[1].text()


def _difference(row: "InputDrift") -> str:
    gap = row.difference
    if gap is None:
        return "–"
    return tr("{value:+.2f} ({lower:+.2f} to {upper:+.2f})").format(
        value=gap.value, lower=gap.lower, upper=gap.upper
    )


def _p(row: "InputDrift") -> str:
    if row.adjusted_p is None:
        return "–"
    return "<0.001" if row.adjusted_p < 0.001 else f"{row.adjusted_p:.3f}"


def _verdict(row: "InputDrift") -> str:
    if row.note is not None:
        return row.note.text()
    return tr("differs") if row.has_changed else tr("no sign of change")


_CELLS: tuple[Callable[["InputDrift"], str], ...] = (
    lambda row: row.label.text(),
    _kind,
    _here,
    _there,
    _difference,
    _p,
    _verdict,
)
