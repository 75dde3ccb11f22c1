"""What an answer like this one meant among the pack's validation patients."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from her2desk.domain.readout import Call, PredictiveValue, Readout
from her2desk.stats import statements
from her2desk.texts import tr
from her2desk.ui.panels.confusion_table import ConfusionTable
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.icon_array import IconArray
from her2desk.ui.widgets.labels import wrapped

SMALLEST_COUNT_FOR_A_RATE = 10  # V15: below it, counts only


class CohortView(QWidget):
    """Nearest scores as dots, the operating point's record and the confusion table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.icons_title = wrapped(role="heading")
        self.icons = IconArray()
        self.icons_key = wrapped(tr("Filled: HER-2 positive. Ring: HER-2 negative."), "muted")
        self.neighbours = wrapped()
        self.point = wrapped()
        self.table_title = wrapped(role="heading")
        self.table = ConfusionTable()
        self.predictive = wrapped()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 2)
        for near in (self.icons_title, self.icons, self.icons_key, self.neighbours):
            column.addWidget(near)
        column.addSpacing(GRID)
        column.addWidget(self.point)
        column.addSpacing(GRID)
        for counts in (self.table_title, self.table, self.predictive):
            column.addWidget(counts)

    def show_readout(self, readout: Readout) -> None:
        """Show the counts that belong to a readout."""
        near = readout.neighbours
        self.icons_title.setText(
            tr("The {total} nearest scores in validation").format(total=near.total)
        )
        self.icons.set_counts(near.count, near.total)
        self.neighbours.setText(statements.neighbours_sentence(readout).text())
        self.point.setText(statements.operating_point_sentence(readout).text())
        set_role(self.point, "warning" if readout.operating_point.is_own else "plain")
        self.table_title.setText(statements.confusion_title(readout.confusion).text())
        self.table.set_confusion(readout.confusion, readout.call)
        self.predictive.setText(_predictive_text(readout))
        self.set_stale(False)

    def set_stale(self, is_stale: bool) -> None:
        """Paint without colour: what is shown belongs to earlier inputs."""
        self.icons.set_stale(is_stale)
        self.table.set_stale(is_stale)


def _predictive_text(readout: Readout) -> str:
    """PPV and NPV at the readout's prevalence, left out where counts alone may speak (V15)."""
    parts = [
        f"{name} {statements.predictive_value_figure(value).text()}"
        for name, value, calls in _predictive_values(readout)
        if value is not None and calls >= SMALLEST_COUNT_FOR_A_RATE
    ]
    sentences = []
    if parts:
        sentences.append(
            tr("At {percent:.0f} % prevalence: {values}.").format(
                percent=100 * readout.prevalence, values=", ".join(parts)
            )
        )
    if len(parts) < 2:
        sentences.append(tr("Fewer than 10 such calls: counts only."))
    if readout.call is Call.INDETERMINATE:
        sentences.append(tr("No call is made for this case, so no row is its own."))
    return " ".join(sentences)


def _predictive_values(readout: Readout) -> list[tuple[str, PredictiveValue | None, int]]:
    table = readout.confusion
    return [
        (tr("PPV"), readout.ppv, table.tp + table.fp),
        (tr("NPV"), readout.npv, table.tn + table.fn),
    ]
