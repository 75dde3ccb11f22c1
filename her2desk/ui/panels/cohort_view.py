"""What an answer like this one meant among the pack's validation patients."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from her2desk.domain.counts import Call, Confusion, Proportion
from her2desk.domain.readout import Readout
from her2desk.domain.validation import ValidationSource
from her2desk.stats import statements
from her2desk.stats.case_words import call_counts_sentence, no_table_sentence, rule_sentence
from her2desk.stats.counts import allows_predictive_values, prevalence
from her2desk.stats.meanings import Figure
from her2desk.texts import listed, tr
from her2desk.ui.panels.confusion_table import ConfusionTable
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.icon_array import IconArray
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import Explained, Titled
from her2desk.ui.widgets.segmented_control import SegmentedControl

SMALLEST_COUNT_FOR_A_RATE = 10  # V15: below it, counts only


class CohortView(QWidget):
    """Nearest scores and the call's patients as dots, the confusion table, and the rules in words.

    ``source_chosen`` carries the ``ValidationSource`` whose patients the reader wants to see counted.
    """

    source_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.missing = wrapped()
        self.near = DotBlock(Figure.NEAREST_SCORES, has_key=True)
        self.alike = DotBlock(Figure.SAME_CALL)
        self.table_title = Titled("", Figure.CONFUSION)
        self.sources = SourceChoice(self.table_title.mark)
        self.table = ConfusionTable()
        self.own_cell = wrapped()
        self.point = wrapped()
        self.predictive = wrapped()
        self.rule = wrapped(role="muted")
        self._pathology: bool | None = None
        self._readout: Readout | None = None
        self._counted = QWidget()
        self._arrange()
        self.sources.chosen.connect(self.source_chosen)

    def show_readout(self, readout: Readout, sources: Sequence[ValidationSource] = ()) -> None:
        """Show the counts that belong to a readout; ``sources`` are what the pack could count."""
        self._readout = readout
        table = readout.confusion
        self._counted.setVisible(table is not None)
        missing = no_table_sentence(readout)
        self.missing.setVisible(missing is not None)
        if missing is not None:
            self.missing.setText(missing.text())
        self.rule.setText(rule_sentence(readout).text())
        if table is not None:
            self._show_counts(readout, table)
            self.sources.set_sources(sources, table.source)
        self.set_stale(False)

    def set_pathology(self, positive: bool | None) -> None:
        """What pathology said of this case; None while it is not known."""
        self._pathology = positive
        self.table.set_pathology(positive)
        self._show_own_cell()

    def set_stale(self, is_stale: bool) -> None:
        """Paint without colour: what is shown belongs to earlier inputs."""
        for painted in (self.near.icons, self.alike.icons, self.table):
            painted.set_stale(is_stale)
        self.sources.setEnabled(not is_stale)

    def _show_counts(self, readout: Readout, table: Confusion) -> None:
        near, alike = readout.neighbours, readout.alike
        self.near.setVisible(near is not None)
        if near is not None:
            title = tr("The {total} nearest scores in validation").format(total=near.total)
            self.near.show_counts(title, near, statements.neighbours_sentence(readout).text())
        said = call_counts_sentence(readout)
        self.alike.setVisible(said is not None)
        if said is not None:
            title = tr("Every validation patient with this call")
            self.alike.show_counts(title, alike, said.text())
        self.table_title.set_text(statements.confusion_title(table).text())
        self.table.set_confusion(table, readout.call)
        self.point.setText(statements.operating_point_sentence(readout).text())
        set_role(self.point, "warning" if readout.operating_point.is_own else "plain")
        self.predictive.setText(_predictive_text(readout, table))
        self._show_own_cell()

    def _show_own_cell(self) -> None:
        text = ""
        if self._readout is not None:
            text = _own_place(self._readout.call, self._pathology)
        self.own_cell.setVisible(bool(text))
        self.own_cell.setText(text)

    def _arrange(self) -> None:
        counted = QVBoxLayout(self._counted)
        counted.setContentsMargins(0, 0, 0, 0)
        counted.setSpacing(GRID * 2)
        for block in (self.near, self.alike):
            counted.addWidget(block)
            counted.addSpacing(GRID)
        for part in (self.table_title, self.sources, self.table, self.own_cell):
            counted.addWidget(part)
        counted.addWidget(Explained(self.point, Figure.SENSITIVITY_SPECIFICITY))
        counted.addWidget(Explained(self.predictive, Figure.PREDICTIVE_VALUES))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 2)
        column.addWidget(self._counted)
        column.addWidget(self.missing)
        column.addWidget(Explained(self.rule, Figure.INDETERMINATE))


class DotBlock(QWidget):
    """A heading with its mark, patients as dots, and the counts in words.

    The key of dots and rings stands there with ``has_key``, and wherever a dot is several patients.
    """

    def __init__(
        self, figure: Figure, *, has_key: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._has_key = has_key
        self.title = Titled("", figure)
        self.icons = IconArray()
        self.key = wrapped(role="muted")
        self.counts = wrapped()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for part in (self.title, self.icons, self.key, self.counts):
            column.addWidget(part)

    def show_counts(self, title: str, counts: Proportion | None, words: str) -> None:
        """Show so many positives of so many; None shows no dots, but still the words."""
        self.title.set_text(title)
        self.icons.setVisible(counts is not None)
        if counts is not None:
            self.icons.set_counts(counts.count, counts.total)
            self.key.setText(self.icons.key())
        is_scaled = counts is not None and self.icons.patients_per_dot() > 1
        self.key.setVisible(is_scaled or (self._has_key and counts is not None))
        self.counts.setText(words)


class SourceChoice(QWidget):
    """Whose answers are counted, where the pack has more than one kind; else no room is taken.

    ``before`` is what the Tab key leaves for it.
    """

    chosen = Signal(object)

    def __init__(self, before: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before = before
        self._sources: tuple[ValidationSource, ...] = ()
        self.control: SegmentedControl | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.hide()

    def set_sources(self, sources: Sequence[ValidationSource], shown: ValidationSource) -> None:
        """Offer ``sources`` and mark the one that is shown, without a signal."""
        if tuple(sources) != self._sources:
            self._sources = tuple(sources)
            self._build()
            self._keep_tab_order()
        if self.control is not None and self.control.value() is not shown:
            self.control.set_value(shown)

    def _build(self) -> None:
        if self.control is not None:
            self._column.removeWidget(self.control)
            self.control.deleteLater()
            self.control = None
        self.setVisible(len(self._sources) > 1)
        if len(self._sources) < 2:
            return
        choices = [(source, _source_name(source)) for source in self._sources]
        self.control = SegmentedControl(choices, tr("Validation patients"))
        self.control.value_changed.connect(self.chosen)
        self._column.addWidget(self.control, 0, Qt.AlignmentFlag.AlignLeft)

    def _keep_tab_order(self) -> None:
        """The buttons come right after what stands before them, though they were made later."""
        before: QWidget = self._before
        for button in self.control.buttons() if self.control is not None else ():
            QWidget.setTabOrder(before, button)
            before = button


def _source_name(source: ValidationSource) -> str:
    names = {
        ValidationSource.OUT_OF_FOLD: tr("Out of fold"),
        ValidationSource.HELD_OUT: tr("Held out"),
        ValidationSource.EXTERNAL: tr("Other cohort"),
    }
    return names[source]


def _own_place(call: Call, pathology: bool | None) -> str:
    """Where the case itself falls once pathology has told its status."""
    if call is Call.INDETERMINATE:
        return tr("No call is made for this case, so no row is its own.")
    if pathology is None:
        return ""
    places = {
        (Call.POSITIVE, True): tr("Pathology: HER-2 positive. This call was right."),
        (Call.POSITIVE, False): tr("Pathology: HER-2 negative. This call was a false positive."),
        (Call.NEGATIVE, True): tr("Pathology: HER-2 positive. This call was a false negative."),
        (Call.NEGATIVE, False): tr("Pathology: HER-2 negative. This call was right."),
    }
    return places[call, pathology]


def _predictive_text(readout: Readout, table: Confusion) -> str:
    """PPV and NPV at the readout's prevalence, left out where counts alone may speak (V15)."""
    if not allows_predictive_values(table):
        return tr("Fewer than 10 patients of one class: counts only.")
    values = [
        (tr("PPV"), readout.ppv, table.tp + table.fp),
        (tr("NPV"), readout.npv, table.tn + table.fn),
    ]
    parts = [
        f"{name} {statements.predictive_value_figure(value).text()}"
        for name, value, calls in values
        if calls >= SMALLEST_COUNT_FOR_A_RATE
    ]
    sentences = []
    if parts:
        sentences.append(
            tr("At {percent} % prevalence: {values}.").format(
                percent=prevalence(readout.prevalence), values=listed(parts)
            )
        )
    if any(calls < SMALLEST_COUNT_FOR_A_RATE for _, _, calls in values):
        sentences.append(tr("Fewer than 10 such calls: counts only."))
    return " ".join(sentences)
