"""How the answer moves when the outline does, in words (V22)."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from her2desk.domain.stability import Stability
from her2desk.stats.case_words import frames_sentence, stability_sentence
from her2desk.stats.meanings import Figure
from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import Explained


class StabilityLine(QWidget):
    """The band's own stroke, as it stands under the interval, and what it means; nothing without."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.glyph = Glyph("band")
        self.text = wrapped()
        stroke = QVBoxLayout()
        stroke.setContentsMargins(0, GRID, 0, 0)
        stroke.addWidget(self.glyph)
        stroke.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID * 2)
        row.addLayout(stroke)
        row.addWidget(Explained(self.text, Figure.STABILITY), 1)
        self.hide()

    def show_stability(self, stability: Stability | None, shift: float, threshold: float) -> None:
        """Show the band against ``threshold``, and that variants are still to come."""
        self.setVisible(stability is not None)
        if stability is not None:
            self.text.setText(_words(stability, shift, threshold))

    def set_stale(self, is_stale: bool) -> None:
        """Paint without colour."""
        self.glyph.set_stale(is_stale)


def _words(stability: Stability, shift: float, threshold: float) -> str:
    parts = [stability_sentence(stability, shift, threshold), frames_sentence(stability, shift)]
    words = [part.text() for part in parts if part is not None]
    if not stability.is_complete:
        words.append(tr("Computing…"))
    return " ".join(words)
