"""Where the network looked, in figures (V17)."""

from PySide6.QtWidgets import QWidget

from her2desk.domain.validation import Attention
from her2desk.stats.meanings import Figure
from her2desk.ui.panels.why_words import attention_meaning, attention_sentences
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import Explained
from her2desk.ui.widgets.row_pool import RowPool, column_of


class AttentionRow(Explained):
    """One figure in a sentence, and the mark that explains it."""

    def __init__(self) -> None:
        self.sentence = wrapped()
        super().__init__(self.sentence, Figure.ATTENTION_INSIDE)


class AttentionView(QWidget):
    """The figures of a case, and what they can and cannot say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.meaning = wrapped(attention_meaning(), "muted")
        self._rows = RowPool(AttentionRow, 0)
        column = column_of(self, GRID * 2)
        column.addWidget(self._rows)
        column.addWidget(self.meaning)

    def show_attention(self, attention: Attention) -> None:
        """Show a case's figures."""
        said = attention_sentences(attention)
        for row, (figure, text) in zip(self._rows.take(len(said)), said, strict=True):
            row.sentence.setText(text)
            row.mark.set_figure(figure)

    def sentences(self) -> list[str]:
        """What is said."""
        return [row.sentence.text() for row in self._rows.rows()]
