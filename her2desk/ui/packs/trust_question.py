"""The question before a pack is used that nobody known vouches for."""

from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QFontDatabase, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.packs.trust import LONGEST_NAME, PackTrust, grouped
from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped

_WIDTH = 600


class TrustAnswer(StrEnum):
    """What the reader wants."""

    TRUST = "trust"
    ACCEPT = "accept"
    ONCE = "once"
    REFUSE = "refuse"


class TrustQuestion(QDialog):
    """Modal to its window, since going on would use the pack. ``answered`` comes once.

    A pack with a key offers to trust its signer under a name; one without offers to use this very
    pack from now on, marked. To close the question is not to use the pack.
    """

    answered = Signal(object, str)
    """A ``TrustAnswer``, and the signer's name with ``TRUST``."""

    def __init__(self, title: str, trust: PackTrust, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Use this model pack?"))
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._has_key = trust.fingerprint is not None
        self._is_answered = False
        self.heading = wrapped(title, "title")
        self.sentence = wrapped(trust.sentence.text())
        self.advice = wrapped(self._advice(trust))
        self.fingerprint = fingerprint_label(trust.fingerprint or "")
        self.name = QLineEdit()
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setPlaceholderText(tr("Who this is, such as Ward 3, Radiology"))
        self.name.setAccessibleName(tr("Signer's name"))
        self.always = QPushButton(
            tr("&Trust this signer") if self._has_key else tr("Use from &now on")
        )
        self.once = QPushButton(tr("Use &once"))
        self.refuse = QPushButton(tr("&Do not use"))
        self._arrange()
        self.name.textChanged.connect(self._allow)
        self.always.clicked.connect(self._answer_always)
        self.once.clicked.connect(lambda: self._answer(TrustAnswer.ONCE))
        self.refuse.clicked.connect(self.reject)
        self._allow()

    def reject(self) -> None:
        """Escape, the window's cross and the button mean the same."""
        self._answer(TrustAnswer.REFUSE)

    def _answer_always(self) -> None:
        self._answer(TrustAnswer.TRUST if self._has_key else TrustAnswer.ACCEPT)

    def _answer(self, answer: TrustAnswer) -> None:
        if not self._is_answered:
            self._is_answered = True
            self.answered.emit(answer, self.name.text().strip())
        super().done(QDialog.DialogCode.Accepted)

    def _allow(self) -> None:
        name = self.name.text().strip()
        self.always.setEnabled(not self._has_key or bool(name and name.isprintable()))
        self.always.setToolTip(
            "" if self.always.isEnabled() else tr("Say first who this is, above.")
        )

    def _advice(self, trust: PackTrust) -> str:
        if trust.fingerprint is not None:
            return tr(
                "Ask whom you got the pack from for the fingerprint of their key, by telephone or "
                "face to face, not where the pack came from. Trust the signer only where all of it "
                "is this:"
            )
        if trust.is_signed:
            return tr(
                "Its files are whole. Whoever signed it can sign it again with a newer Her2Desk, or "
                "give you their public key for “her2desk pack trust add”. Until then its answers are "
                "marked."
            )
        return tr(
            "Its files are whole, but anyone could have made it. Where you can, ask whoever built it "
            "for a signed copy. Its answers are marked “Not signed”, on screen and in reports."
        )

    def _arrange(self) -> None:
        text = QVBoxLayout()
        text.setSpacing(3 * GRID)
        for label in (self.heading, self.sentence, self.advice):
            text.addWidget(label)
        if self._has_key:
            text.addWidget(_framed(self.fingerprint))
            form = QFormLayout()
            form.setHorizontalSpacing(3 * GRID)
            form.addRow(tr("Signer's &name"), self.name)
            text.addLayout(form)
        text.addStretch(1)
        mark = QVBoxLayout()
        mark.setContentsMargins(0, GRID // 2, 0, 0)
        mark.addWidget(Glyph("warning"))
        mark.addStretch(1)
        body = QHBoxLayout()
        body.setSpacing(3 * GRID)
        body.addLayout(mark)
        body.addLayout(text, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.always, self.once, self.refuse):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        self.refuse.setDefault(True)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(5 * GRID, 5 * GRID, 5 * GRID, 4 * GRID)
        whole.setSpacing(5 * GRID)
        whole.addLayout(body)
        whole.addLayout(buttons)
        self.setMinimumWidth(_WIDTH)

    def showEvent(self, event: QShowEvent) -> None:
        """As high as its words need in the font that it is shown in."""
        super().showEvent(event)
        layout = self.layout()
        assert layout is not None
        self.resize(self.width(), layout.totalHeightForWidth(self.width()))


def fingerprint_label(fingerprint: str) -> QLabel:
    """A fingerprint in groups of four, to compare by eye and to copy."""
    label = QLabel(grouped(fingerprint))
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setStyleHint(QFont.StyleHint.Monospace)
    label.setFont(font)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setAccessibleName(tr("Fingerprint: {key}").format(key=grouped(fingerprint)))
    return label


def _framed(label: QLabel) -> QFrame:
    frame = QFrame()
    set_role(frame, "card")
    row = QHBoxLayout(frame)
    row.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
    row.addWidget(label)
    row.addStretch(1)
    return frame
