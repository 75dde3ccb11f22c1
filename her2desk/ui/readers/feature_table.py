"""The table of features and how far two readers agree on each."""

import math

from PySide6.QtCore import (
    Qt,
)
from PySide6.QtWidgets import QTableView, QWidget

from her2desk.agreement.features import Estimate, FeatureAgreement
from her2desk.texts import tr
from her2desk.ui.readers.words import NO_FIGURE
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.tables import LEFT, RIGHT, Index, RowsModel, sortable_view

FEATURE, ABSOLUTE, ABSOLUTE_INTERVAL, CONSISTENT, CONSISTENT_INTERVAL, KEPT = range(6)
_WIDTHS = (380, 108, 124, 108, 124)
_SORT_ROLE = Qt.ItemDataRole.UserRole


class FeatureTableModel(RowsModel[FeatureAgreement]):
    """A feature a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        interval = tr("95 % interval")
        titles = (tr("Feature"), "ICC(A,1)", interval, "ICC(C,1)", interval, tr("Kept"))
        super().__init__(titles, parent)

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Figures on the right."""
        return RIGHT if FEATURE < column < KEPT else LEFT

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        found, column = self.rows[index.row()], index.column()
        if role == _SORT_ROLE:
            return _sort_key(found, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(column)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return cells_of(found)[column]
        return None


def feature_view(model: FeatureTableModel) -> QTableView:
    """A sortable view of the model, the features least agreed on first."""
    return sortable_view(
        model,
        tr("Features and how far the readers agree on them"),
        sort_role=_SORT_ROLE,
        sorted_by=ABSOLUTE,
        row_height=7 * GRID,
        widths=_WIDTHS,
    )


def cells_of(found: FeatureAgreement) -> tuple[str, ...]:
    """A feature as the table has it."""
    return (
        found.feature,
        _figure(found.absolute.value),
        _interval(found.absolute),
        _figure(found.consistent.value),
        _interval(found.consistent),
        tr("kept") if found.is_kept else tr("not kept"),
    )


def _figure(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else NO_FIGURE


def _interval(found: Estimate) -> str:
    if not math.isfinite(found.value):
        return NO_FIGURE
    return tr("{lower:.2f} to {upper:.2f}").format(lower=found.lower, upper=found.upper)


def _sort_key(found: FeatureAgreement, column: int) -> object:
    """By value, an interval by its lower bound; what has none comes first."""
    figures = {
        ABSOLUTE: found.absolute.value,
        ABSOLUTE_INTERVAL: found.absolute.lower,
        CONSISTENT: found.consistent.value,
        CONSISTENT_INTERVAL: found.consistent.lower,
        KEPT: float(found.is_kept),
    }
    if column not in figures:
        return found.feature
    return figures[column] if math.isfinite(figures[column]) else -2.0
