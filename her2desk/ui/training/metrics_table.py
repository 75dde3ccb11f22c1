"""How well each branch did, and on whom: apparent, cross-validated, held-out, optimism."""

from collections.abc import Mapping

from PySide6.QtWidgets import QTableWidgetItem, QWidget

from her2desk.texts import tr
from her2desk.ui.training.documents import EVIDENCES, Auc
from her2desk.ui.training.figures_table import MISSING, FiguresTable
from her2desk.ui.training.words import branch_hint, branch_name, evidence_name

BRANCHES = ("clinical", "radiomics", "cnn", "dlr", "combined", "acquisition")


class MetricsTable(FiguresTable):
    """A branch a row; the combined model, which answers, in bold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        titles = [tr("AUC"), *(evidence_name(name) for name in EVIDENCES), tr("Optimism")]
        super().__init__(titles, tr("AUC of each branch"), parent)
        optimism = QTableWidgetItem(titles[-1])
        optimism.setToolTip(
            tr("Apparent minus cross-validated: what fitting and judging on the same rows pretends")
        )
        self.setHorizontalHeaderItem(len(titles) - 1, optimism)

    def set_aucs(self, aucs: Mapping[str, Mapping[str, Auc]]) -> None:
        """Show these figures; ``aucs[branch][evidence]``."""
        known = [name for name in BRANCHES if name in aucs]
        branches = known + [name for name in aucs if name not in BRANCHES]
        self._begin(len(branches))
        for row, branch in enumerate(branches):
            self._fill(row, branch, aucs[branch])

    def _fill(self, row: int, branch: str, figures: Mapping[str, Auc]) -> None:
        cells = [branch_name(branch), *(_figure(figures.get(name)) for name in EVIDENCES)]
        cells.append(_optimism(figures))
        tips = [branch_hint(branch), *(_tip(figures.get(name)) for name in EVIDENCES), ""]
        self._put(row, cells, tips, is_bold=branch == "combined")


def _figure(auc: Auc | None) -> str:
    if auc is None:
        return MISSING
    sign = "≈\u00a0" if auc.is_approximate else ""
    return f"{auc.value:.2f} ({sign}{auc.lower:.2f}–{auc.upper:.2f})"


def _tip(auc: Auc | None) -> str:
    if auc is None or not auc.method:
        return ""
    return tr("95 % interval by {method}").format(method=auc.method)


def _optimism(figures: Mapping[str, Auc]) -> str:
    apparent, honest = figures.get("apparent"), figures.get("cross_validated")
    if apparent is None or honest is None:
        return MISSING
    return f"{apparent.value - honest.value:+.2f}".replace("-", "−")
