"""Whether the results drift away from what was predicted, one after the other."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from her2desk.stats.meanings import Figure
from her2desk.texts import tr
from her2desk.ui.audit.cusum_chart import CusumChart, Line
from her2desk.ui.audit.page import Page
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import titled


class OverTimeTab(QWidget):
    """The charts, and the same in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = wrapped()
        self.chart = CusumChart()
        self.details = wrapped(role="muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(6 * GRID, 5 * GRID, 6 * GRID, 4 * GRID)
        column.setSpacing(3 * GRID)
        column.addWidget(titled(tr("Results against predictions, one by one"), Figure.CUSUM))
        column.addWidget(self.words)
        column.addWidget(self.chart, 1)
        column.addWidget(self.details)
        column.addStretch(0)

    def set_page(self, page: Page) -> None:
        """Show this audit's charts; none below 10 positives and 10 negatives (V23)."""
        from her2desk.audit.verdict import chart_title, chart_words

        found = page.audit.performance
        self.chart.setVisible(found is not None)
        self.details.setVisible(found is not None)
        if found is None:
            self.words.setText(page.audit.verdict.sentence.text())
            return
        lines = [
            Line(
                chart_title(chart.shift).text(),
                tuple(float(value / chart.limit) for value in chart.values),
                chart.signal,
            )
            for chart in found.cusum.charts
        ]
        self.words.setText(chart_words(found).text())
        details = " · ".join(_present(line) for line in lines)
        self.details.setText(details)
        self.chart.set_lines(lines, f"{self.words.text()} {details}")


def _present(line: Line) -> str:
    now = tr("{name}: at {value:.2f} of its limit").format(name=line.name, value=line.values[-1])
    if line.signal is None:
        return now
    return tr("{now}, beyond it first at result {k}").format(now=now, k=line.signal + 1)
