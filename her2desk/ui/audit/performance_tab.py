"""How the pack does here: the verdict in large type, and the figures behind it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from her2desk.stats.meanings import Figure
from her2desk.texts import tr
from her2desk.ui.audit.forest import Forest, ForestRow
from her2desk.ui.audit.page import Page
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import titled
from her2desk.ui.widgets.scroll_page import ScrollPage
from her2desk.ui.widgets.share_bar import ShareBar

if TYPE_CHECKING:
    from her2desk.audit.performance import Performance, PointCheck, RateCheck

_GLYPHS = {
    "not-yet": "note",
    "keeps-its-promise": "calm",
    "unsure": "warning",
    "miscalibrated": "warning",
    "fallen-behind": "grave",
}
_BAR_WIDTH = 60 * GRID


class PerformanceTab(QScrollArea):
    """Nothing but the verdict and what is missing before there are enough results (V23)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.glyph = Glyph("note")
        self.verdict = wrapped(role="headline")
        self.advice = wrapped()
        self.cases, self.verification = wrapped(), wrapped()
        self.collected = _Collected()
        self.promise = wrapped(role="muted")
        self.forest = Forest()
        self.calibration = wrapped()
        self.tables = [_ConfusionCard() for _ in range(3)]
        self.figures = QWidget()
        self._arrange()

    def set_page(self, page: Page) -> None:
        """Show this audit."""
        from her2desk.audit.words import calibration_sentences, cases_sentence, promise_sentence

        audit = page.audit
        self.verdict.setText(audit.verdict.sentence.text())
        self.advice.setText(audit.verdict.advice.text())
        self.glyph.set_kind(_GLYPHS[str(audit.verdict.standing)])
        self.cases.setText(cases_sentence(audit.results).text())
        self.verification.setText(audit.verification.sentence.text())
        found = audit.performance
        self.collected.setVisible(found is None)
        self.figures.setVisible(found is not None)
        if found is None:
            self.collected.set_page(page)
            return
        self.promise.setText(promise_sentence(audit).text())
        self.forest.set_rows(_forest_rows(found))
        said = calibration_sentences(found.calibrated)
        self.calibration.setText(" ".join(sentence.text() for sentence in said))
        for card, check in zip(self.tables, found.points, strict=False):
            card.set_check(check)
        for place, card in enumerate(self.tables):
            card.setVisible(place < len(found.points))

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(3 * GRID)
        head.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2 * GRID)
        words.addWidget(self.verdict)
        words.addWidget(self.advice)
        head.addLayout(words, 1)
        cards = QHBoxLayout()
        cards.setSpacing(3 * GRID)
        for card in self.tables:
            cards.addWidget(card)
        cards.addStretch(1)
        below = QVBoxLayout(self.figures)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(2 * GRID)
        below.addWidget(titled(tr("Here, and as the card promises"), Figure.AUC))
        below.addWidget(self.promise)
        below.addWidget(self.forest)
        below.addSpacing(2 * GRID)
        below.addWidget(titled(tr("Called and found here"), Figure.CONFUSION))
        below.addLayout(cards)
        below.addSpacing(2 * GRID)
        below.addWidget(titled(tr("Calibration"), Figure.CALIBRATION))
        below.addWidget(self.calibration)
        inside = ScrollPage()
        column = QVBoxLayout(inside)
        column.setContentsMargins(6 * GRID, 5 * GRID, 6 * GRID, 5 * GRID)
        column.setSpacing(3 * GRID)
        column.addLayout(head)
        column.addWidget(self.collected)
        column.addWidget(self.cases)
        column.addWidget(self.verification)
        column.addSpacing(GRID)
        column.addWidget(self.figures)
        column.addStretch(1)
        self.setWidget(inside)


class _Collected(QWidget):
    """How many results of each class there are of those that are needed."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(7 * GRID, 0, 0, 0)
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(2 * GRID)
        self.words: list[QLabel] = []
        self._bars: list[ShareBar] = []
        for row, title in enumerate((tr("HER-2 positive"), tr("HER-2 negative"))):
            bar, words = ShareBar(0, 1, 0), QLabel()
            bar.setFixedWidth(_BAR_WIDTH)
            grid.addWidget(QLabel(title), row, 0)
            grid.addWidget(bar, row, 1)
            grid.addWidget(words, row, 2)
            self._bars.append(bar)
            self.words.append(words)
        grid.setColumnStretch(3, 1)

    def set_page(self, page: Page) -> None:
        """Show how far collecting has come."""
        from her2desk.audit.performance import NEEDED, missing

        for bar, words, wanting in zip(
            self._bars, self.words, missing(page.audit.results), strict=True
        ):
            said = tr("{n} of {needed}").format(n=NEEDED - wanting, needed=NEEDED)
            words.setText(said)
            bar.set_value((NEEDED - wanting) / NEEDED)
            bar.setAccessibleName(said)


class _ConfusionCard(QFrame):
    """One operating point's four cells."""

    def __init__(self) -> None:
        super().__init__()
        set_role(self, "card")
        self.title = QLabel()
        set_role(self.title, "heading")
        self.threshold = QLabel()
        set_role(self.threshold, "muted")
        self.cells = [QLabel() for _ in range(4)]
        grid = QGridLayout(self)
        grid.setContentsMargins(4 * GRID, 3 * GRID, 4 * GRID, 3 * GRID)
        grid.setHorizontalSpacing(5 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.addWidget(self.title, 0, 0, 1, 3)
        grid.addWidget(self.threshold, 1, 0, 1, 3)
        for column, text in enumerate((tr("found positive"), tr("found negative")), start=1):
            grid.addWidget(_muted(text), 2, column, Qt.AlignmentFlag.AlignRight)
        for row, text in enumerate((tr("called positive"), tr("called negative")), start=3):
            grid.addWidget(_muted(text), row, 0)
        for place, cell in enumerate(self.cells):
            right = Qt.AlignmentFlag.AlignRight
            grid.addWidget(cell, 3 + place // 2, 1 + place % 2, right)

    def set_check(self, check: "PointCheck") -> None:
        """Show these counts."""
        from her2desk.stats.counts import probability
        from her2desk.stats.statements import operating_point_name

        table = check.table
        self.title.setText(operating_point_name(check.point.name).text())
        self.threshold.setText(
            tr("from {threshold}").format(threshold=probability(check.point.threshold))
        )
        for cell, count in zip(self.cells, (table.tp, table.fp, table.fn, table.tn), strict=True):
            cell.setText(str(count))
        self.setAccessibleName(self.title.text())
        self.setAccessibleDescription(
            tr(
                "{tp} true positive, {fp} false positive, {fn} false negative, {tn} true negative"
            ).format(tp=table.tp, fp=table.fp, fn=table.fn, tn=table.tn)
        )


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    set_role(label, "muted")
    return label


def _forest_rows(found: "Performance") -> list[ForestRow]:
    from her2desk.audit.performance import LEVEL
    from her2desk.audit.verdict import auc_words
    from her2desk.stats.statements import operating_point_name

    area = found.auc.local
    here = (area.value, area.lower, area.upper)
    promised = found.auc.promised
    p = found.auc.adjusted_p
    rows = [
        ForestRow(
            tr("AUC"),
            here,
            auc_words(here).text(),
            promised,
            tr("none promised") if promised is None else auc_words(promised).text(),
            p is not None and p < LEVEL,
        )
    ]
    for check in found.points:
        name = operating_point_name(check.point.name).text()
        rows.append(_rate_row(tr("{point}: sensitivity").format(point=name), check.sensitivity))
        rows.append(_rate_row(tr("{point}: specificity").format(point=name), check.specificity))
    return rows


def _rate_row(label: str, rate: "RateCheck") -> ForestRow:
    from her2desk.audit.performance import LEVEL
    from her2desk.stats.counts import observed

    local, promised = rate.local, rate.promised
    return ForestRow(
        label,
        (local.value, local.lower, local.upper),
        observed(local).text(),
        None if promised is None else (promised.value, promised.lower, promised.upper),
        tr("none promised") if promised is None else observed(promised).text(),
        rate.adjusted_p is not None and rate.adjusted_p < LEVEL,
    )
