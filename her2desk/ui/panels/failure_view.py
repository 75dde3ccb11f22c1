"""How answers like this one fail, as far as the pack's own validation shows it (V16)."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from her2desk.domain.counts import Proportion
from her2desk.domain.failure import FailureSign, Silence
from her2desk.domain.readout import Readout
from her2desk.stats.case_words import error_sentence, sign_sentence
from her2desk.stats.meanings import Figure
from her2desk.texts import tr
from her2desk.ui.panels.why_words import no_call_note, others_title, pattern_figures
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.collapsible_section import CollapsibleSection
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import Explained
from her2desk.ui.widgets.place_bar import PlaceBar, against_limit
from her2desk.ui.widgets.remark import Remark
from her2desk.ui.widgets.row_pool import RowPool, column_of
from her2desk.ui.widgets.tally import Tally

NOT_APPLYING = (Silence.ABSENT, Silence.UNKNOWN, Silence.NO_VALIDATION)


class SignRow(QWidget):
    """One pattern: what the counts say, the case's value against the pattern's, and the patients."""

    def __init__(self) -> None:
        super().__init__()
        self.remark = Remark("muted")
        self.figures = wrapped(role="muted")
        self.bar = PlaceBar()
        self.alike, self.others = TallyLine(), TallyLine()
        column = column_of(self, GRID)
        for widget in (self.remark, self.figures, self.bar, self.alike, self.others):
            column.addWidget(widget)

    def show_sign(self, sign: FailureSign, sentence: str) -> None:
        """Show a pattern that the case looks like."""
        tone = "warning" if sign.warns else "text_muted"
        figures = pattern_figures(sign)
        self.remark.say(sentence, sign.warns)
        self.figures.setText(figures)
        for widget in (self.figures, self.bar):
            widget.setVisible(bool(figures))
        if sign.limit is not None:
            self.bar.set_place(against_limit(sign.value, sign.limit, sign.pattern.is_high), tone)
        if sign.silence is Silence.FEW_ALIKE:  # V16: then their errors say nothing
            pair: tuple[Proportion | None, ...] = (None, None)
        else:
            pair = sign.alike, sign.others
        most = max((counts.total for counts in pair if counts is not None), default=0)
        self.alike.show_counts(tr("Like this"), pair[0], tone, most)
        self.others.show_counts(tr("The others"), pair[1], tone, most)


class FailureView(QWidget):
    """The patterns that apply, those that do not folded away, and the error model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.closing = wrapped()
        explained = Explained(self.closing, Figure.ERROR_MODEL)
        self.mark = explained.mark
        self._shown: object = None
        self._applying = RowPool(SignRow, GRID * 4)
        self._folded = RowPool(lambda: wrapped(role="muted"), GRID)
        folded = QWidget()
        column_of(folded, 0).addWidget(self._folded)
        self.others = CollapsibleSection("", folded, is_open=False, is_quiet=True)
        column = column_of(self, GRID * 3)
        for widget in (self._applying, explained, self.others):
            column.addWidget(widget)

    def show_readout(self, readout: Readout) -> None:
        """Show what the pack's errors say of a case; the same again costs nothing."""
        reading = readout.failure
        if reading is None:
            self.mark.hide()
            self._show((), no_call_note())
            return
        self.mark.show()
        said = tuple((sign, sign_sentence(sign, readout).text()) for sign in reading.signs)
        self._show(said, error_sentence(reading).text())

    def signs(self) -> list[SignRow]:
        """The patterns that the case looks like, those that warn first."""
        return self._applying.rows()

    def folded(self) -> list[QLabel]:
        """What is said of the other patterns."""
        return self._folded.rows()

    def _show(self, said: tuple[tuple[FailureSign, str], ...], closing: str) -> None:
        if (said, closing) == self._shown:
            return
        self._shown = said, closing
        self.closing.setText(closing)
        applying = [(sign, text) for sign, text in said if sign.silence not in NOT_APPLYING]
        applying.sort(key=lambda pair: not pair[0].warns)
        for row, (sign, text) in zip(self._applying.take(len(applying)), applying, strict=True):
            row.show_sign(sign, text)
        others = [text for sign, text in said if sign.silence in NOT_APPLYING]
        self.others.setVisible(bool(others))
        self.others.set_title(others_title(len(others), bool(applying)))
        for label, text in zip(self._folded.take(len(others)), others, strict=True):
            label.setText(text)


class TallyLine(QWidget):
    """Who they are, their marks, and how many of them were called wrongly."""

    def __init__(self) -> None:
        super().__init__()
        self.who = QLabel()
        self.tally = Tally()
        self.tally.setToolTip(tr("Each mark is a validation patient; filled: called wrongly."))
        self.figure = QLabel()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID * 2)
        grid.setColumnMinimumWidth(0, GRID * 15)
        grid.setColumnMinimumWidth(2, GRID * 25)
        grid.setColumnStretch(1, 1)
        for index, label in ((0, self.who), (2, self.figure)):
            set_role(label, "muted")
            grid.addWidget(label, 0, index)
        grid.addWidget(self.tally, 0, 1)
        self.figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def show_counts(self, who: str, counts: Proportion | None, tone: str, most: int) -> None:
        """Show errors among patients, drawn as ``most`` would be; nothing where none were counted."""
        self.setVisible(counts is not None)
        if counts is not None:
            self.who.setText(who)
            self.tally.set_counts(counts.count, counts.total, tone, most)
            self.figure.setText(
                tr("{count} of {total} wrong").format(count=counts.count, total=counts.total)
            )
