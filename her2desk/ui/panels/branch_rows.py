"""The single branches beside the combined model: name, number, bar, AUC in validation."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from her2desk.domain.prediction import BRANCHES
from her2desk.stats.meanings import Figure
from her2desk.texts import tr
from her2desk.ui.panels.why_words import branch_name, disagreement_sentence
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import MeaningMark
from her2desk.ui.widgets.row_pool import column_of
from her2desk.ui.widgets.share_bar import ShareBar

AucFigure = tuple[float, float, float]
"""Value, lower and upper end of the 95 % interval."""


class BranchRow(QWidget):
    """One branch: name, number, bar, and its AUC in validation."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = branch_name(name)
        self.value = QLabel()
        self.bar = ShareBar(0, 1, 0)
        self.auc = QLabel()
        set_role(self.auc, "muted")
        title = QLabel(self._name)
        if name == "combined":
            set_role(title, "heading")
            set_role(self.value, "heading")
        head, body = QHBoxLayout(), QHBoxLayout()
        head.addWidget(title)
        head.addStretch()
        head.addWidget(self.auc)
        self.value.setMinimumWidth(GRID * 9)
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight)
        body.addWidget(self.bar, 1)
        body.addWidget(self.value)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(body)

    def show_branch(self, value: float | None, auc: float | AucFigure | None) -> None:
        """Show a probability (None: this pack has no such branch) and an AUC if there is one."""
        self.value.setText("–" if value is None else f"{value:.2f}")
        self.bar.set_value(value)
        if auc is None:
            self.auc.clear()
        elif isinstance(auc, float):
            self.auc.setText(tr("AUC {value:.2f}").format(value=auc))
        else:
            self.auc.setText(
                tr("AUC {value:.2f} ({lower:.2f}–{upper:.2f})").format(
                    value=auc[0], lower=auc[1], upper=auc[2]
                )
            )
        self.setAccessibleName(f"{self._name}: {self.value.text()}. {self.auc.text()}".strip())


class BranchRows(QWidget):
    """Every branch, and whether they say the same."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = {name: BranchRow(name) for name in BRANCHES}
        self.disagreement = wrapped()
        self._shown: object = None
        self.mark = MeaningMark(Figure.AUC)
        heading = QLabel(tr("AUC in validation"))
        set_role(heading, "muted")
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addStretch()
        head.addWidget(heading)
        head.addWidget(self.mark)
        column = column_of(self, GRID * 2)
        column.addLayout(head)
        for row in self.rows.values():
            column.addWidget(row)
        column.addWidget(self.disagreement)

    def show_branches(
        self,
        branches: Mapping[str, float | None],
        aucs: Mapping[str, float | AucFigure],
        threshold: float,
    ) -> None:
        """Show each branch's probability with its AUC; the threshold parts those who disagree."""
        self.disagreement.setText(disagreement_sentence(branches, threshold))
        shown = dict(branches), dict(aucs)
        if shown == self._shown:
            return
        self._shown = shown
        for name, row in self.rows.items():
            row.show_branch(branches.get(name), aucs.get(name))
