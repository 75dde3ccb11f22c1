"""What is known of the chosen pack: who vouches for it, what its card says, and what can be done."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.packs.trust import grouped
from her2desk.texts import tr, trn
from her2desk.ui.packs.pack_table import PackRow
from her2desk.ui.packs.trust_question import fingerprint_label
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped


class PackDetails(QWidget):
    """Asks for the card of what is shown: ``card_requested``; the buttons only say what is wanted.

    A pack with stored answers cannot be removed: without it they could not be worked out again.
    """

    card_requested = Signal(object)
    use_requested = Signal(object)
    remove_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row: PackRow | None = None
        self._remove_is_sure = False
        self.title = wrapped("", "title")
        self.mark = Glyph("warning")
        self.sentence = wrapped()
        self.fingerprint = fingerprint_label("")
        self.use_line = wrapped("", "muted")
        self.card_title = QLabel(tr("Model card"))
        set_role(self.card_title, "heading")
        self.card = QPlainTextEdit()
        self.card.setReadOnly(True)
        self.card.setTabChangesFocus(True)
        self.card.setAccessibleName(tr("Model card"))
        self.use = QPushButton(tr("&Use this version"))
        set_role(self.use, "primary")
        self.remove = QPushButton(tr("&Remove"))
        self._arrange()
        self.use.clicked.connect(self.ask_to_use)
        self.remove.clicked.connect(self._ask_to_remove)
        self.show_row(None, None)

    def show_row(self, row: PackRow | None, in_use: str | None) -> None:
        """Show this pack; ``in_use`` is the digest of the one that answers now."""
        is_new = row is None or self._row is None or row.pack.digest != self._row.pack.digest
        self._row = row
        self._remove_is_sure = False
        self.remove.setText(tr("&Remove"))
        self.setEnabled(row is not None)
        if row is None:
            return
        if is_new:
            self.card.setPlainText(tr("Reading the card…"))
            self.card_requested.emit(row)
        pack, trust = row.pack, row.trust
        title = f"{pack.name} {pack.version}"
        self.title.setText(f"{title} – {tr('DEMO')}" if pack.demo else title)
        self.mark.setVisible(trust.is_marked)
        self.sentence.setText(trust.sentence.text())
        self.fingerprint.setVisible(trust.fingerprint is not None)
        self.fingerprint.setText(grouped(trust.fingerprint or ""))
        self.use_line.setText(_use_words(row))
        is_used = pack.digest == in_use
        self.use.setEnabled(not is_used)
        self.use.setToolTip(tr("This pack answers now.") if is_used else "")
        self.remove.setEnabled(not is_used and not row.use.predictions)
        self.remove.setToolTip(_why_kept(row, is_used))

    def set_card(self, row: PackRow, text: str) -> None:
        """Show the card of ``row``, where that is still chosen; plain text, whatever is in it."""
        if self._row is not None and row.pack.digest == self._row.pack.digest:
            self.card.setPlainText(text)

    def ask_to_use(self) -> None:
        """The chosen pack is to answer from now on."""
        if self._row is not None and self.use.isEnabled():
            self.use_requested.emit(self._row)

    def _ask_to_remove(self) -> None:
        if self._row is None:
            return
        if self._remove_is_sure:
            self.remove_requested.emit(self._row)
        else:
            self._remove_is_sure = True
            self.remove.setText(tr("Click again to &remove"))

    def _arrange(self) -> None:
        signer = QHBoxLayout()
        signer.setSpacing(2 * GRID)
        signer.addWidget(self.mark)
        signer.addWidget(self.sentence, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.use)
        buttons.addStretch(1)
        buttons.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * GRID, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.title)
        column.addLayout(signer)
        column.addWidget(self.fingerprint)
        column.addWidget(self.use_line)
        column.addSpacing(2 * GRID)
        column.addWidget(self.card_title)
        column.addWidget(self.card, 1)
        column.addLayout(buttons)


def _use_words(row: PackRow) -> str:
    use = row.use
    if not use.predictions:
        return tr("No stored answer was made with it.")
    return tr("{answers}, for {cases}.").format(
        answers=trn("{n} stored answer", "{n} stored answers", use.predictions),
        cases=trn("{n} case", "{n} cases", use.cases),
    )


def _why_kept(row: PackRow, is_used: bool) -> str:
    if is_used:
        return tr("This pack answers now.")
    if row.use.predictions:
        return tr("Stored answers were made with it; without it nobody could work them out again.")
    return tr("Take it out of the library; no answer was made with it.")
