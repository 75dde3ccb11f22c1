"""The call, the plain next step and, where no call is made, why."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from her2desk.domain.counts import Call
from her2desk.domain.familiarity import Familiarity
from her2desk.domain.readout import Readout
from her2desk.stats import statements
from her2desk.stats.case_words import doubt_sentence
from her2desk.stats.meanings import Figure
from her2desk.texts import Message
from her2desk.ui.theme import GRID, colours, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import MeaningMark

_STRIPE = 5
_TONES = {Call.POSITIVE: "positive", Call.NEGATIVE: "negative", Call.INDETERMINATE: "text_muted"}


class CallCard(QWidget):
    """A card with a stripe in the call's colour, hatched without a call; shape and words repeat it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._call: Call | None = None
        self._reason: Message | None = None
        self._is_stale = False
        self.glyph = Glyph()
        self.call = wrapped(role="title")
        self.reason = wrapped()
        self.mark = MeaningMark(Figure.CALL)
        glyph = QVBoxLayout()
        glyph.setContentsMargins(0, 2, 0, 0)
        glyph.addWidget(self.glyph)
        glyph.addStretch()
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.call)
        words.addWidget(self.reason)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID * 4, GRID * 2, GRID, GRID * 2)
        row.setSpacing(GRID * 2)
        row.addLayout(glyph)
        row.addLayout(words, 1)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)

    def show_readout(self, readout: Readout, familiarity: Familiarity | None) -> None:
        """Show the call of a readout."""
        if readout.call is not self._call:
            self._call = readout.call
            self.glyph.set_kind(str(readout.call))
            is_open = readout.call is Call.INDETERMINATE
            self.mark.set_figure(Figure.INDETERMINATE if is_open else Figure.CALL)
            self.update()
        self.call.setText(statements.call_sentence(readout).text())
        self._reason = None
        if readout.doubts:
            self._reason = doubt_sentence(readout.doubts[0], readout, familiarity)
            self.reason.setText(self._reason.text())
        self.reason.setVisible(self._reason is not None)

    def reason_shown(self) -> Message | None:
        """Why no call is made; None where one is."""
        return self._reason

    def set_stale(self, is_stale: bool) -> None:
        """Paint without colour: the call belongs to earlier inputs."""
        self._is_stale = is_stale
        self.glyph.set_stale(is_stale)
        set_role(self.call, "title-stale" if is_stale else "title")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QPainterPath()
        card.addRoundedRect(self.rect().toRectF(), GRID, GRID)
        painter.setClipPath(card)
        painter.fillPath(card, QColor(palette.surface_raised))
        if self._call is not None:
            name = "text_muted" if self._is_stale else _TONES[self._call]
            tone = QColor(getattr(palette, name))
            hatched = self._call is Call.INDETERMINATE
            pattern = Qt.BrushStyle.BDiagPattern if hatched else Qt.BrushStyle.SolidPattern
            painter.fillRect(QRectF(0, 0, _STRIPE, self.height()), QBrush(tone, pattern))
        painter.end()
