"""How well each branch did, and on whom: apparent, cross-validated, held-out, optimism."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.training.documents import EVIDENCES, Auc
from her2desk.ui.training.words import branch_hint, branch_name, evidence_name

BRANCHES = ("clinical", "radiomics", "cnn", "dlr", "combined", "acquisition")
_MISSING = "–"
_ROW_HEIGHT = 8 * GRID


class MetricsTable(QTableWidget):
    """A branch a row; the combined model, which answers, in bold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(EVIDENCES) + 2, parent)
        titles = [tr("AUC"), *(evidence_name(name) for name in EVIDENCES), tr("Optimism")]
        self.setHorizontalHeaderLabels(titles)
        optimism = QTableWidgetItem(titles[-1])
        optimism.setToolTip(
            tr("Apparent minus cross-validated: what fitting and judging on the same rows pretends")
        )
        self.setHorizontalHeaderItem(len(titles) - 1, optimism)
        self.setAccessibleName(tr("AUC of each branch"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def set_aucs(self, aucs: Mapping[str, Mapping[str, Auc]]) -> None:
        """Show these figures; ``aucs[branch][evidence]``."""
        known = [name for name in BRANCHES if name in aucs]
        branches = known + [name for name in aucs if name not in BRANCHES]
        self.setRowCount(len(branches))
        for row, branch in enumerate(branches):
            self._fill(row, branch, aucs[branch])
        self.setFixedHeight(self.sizeHint().height())

    def rows(self) -> list[list[str]]:
        """What is shown, cell by cell."""
        return [
            [str(self.model().index(row, column).data()) for column in range(self.columnCount())]
            for row in range(self.rowCount())
        ]

    def sizeHint(self) -> QSize:
        rows = self.rowCount() * _ROW_HEIGHT
        return QSize(160 * GRID, rows + self.horizontalHeader().sizeHint().height() + 4)

    def _fill(self, row: int, branch: str, figures: Mapping[str, Auc]) -> None:
        cells = [branch_name(branch), *(_figure(figures.get(name)) for name in EVIDENCES)]
        cells.append(_optimism(figures))
        tips = [branch_hint(branch), *(_tip(figures.get(name)) for name in EVIDENCES), ""]
        self._put(row, cells, tips, is_bold=branch == "combined")

    def _put(self, row: int, cells: Sequence[str], tips: Sequence[str], *, is_bold: bool) -> None:
        font = QFont(self.font())
        font.setBold(is_bold)
        for column, (text, tip) in enumerate(zip(cells, tips, strict=True)):
            item = QTableWidgetItem(text)
            item.setFont(font)
            item.setToolTip(tip)
            self.setItem(row, column, item)


def _figure(auc: Auc | None) -> str:
    if auc is None:
        return _MISSING
    sign = "≈\u00a0" if auc.is_approximate else ""
    return f"{auc.value:.2f} ({sign}{auc.lower:.2f}–{auc.upper:.2f})"


def _tip(auc: Auc | None) -> str:
    if auc is None or not auc.method:
        return ""
    return tr("95 % interval by {method}").format(method=auc.method)


def _optimism(figures: Mapping[str, Auc]) -> str:
    apparent, honest = figures.get("apparent"), figures.get("cross_validated")
    if apparent is None or honest is None:
        return _MISSING
    return f"{apparent.value - honest.value:+.2f}".replace("-", "−")
