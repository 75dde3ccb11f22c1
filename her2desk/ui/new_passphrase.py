"""A new passphrase: typed twice, after what it means was read."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.texts import Message, listed, msg, tr
from her2desk.ui.passphrase import WIDTH, PassphraseEdit, SaidLine, caps_lock_line, fit_height
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped


@dataclass(frozen=True)
class PassphraseQuestion:
    """What a dialog asks: ``warnings`` stand before the fields, ``action`` is the button's word."""

    title: str
    action: str
    warnings: tuple[Message, ...]
    asks_old: bool = False
    asks_new: bool = True


def encrypting(deleted: Sequence[object]) -> PassphraseQuestion:
    """Before a library is encrypted; ``deleted`` are libraries that go with the plain one."""
    from her2desk.store.vault_converting import NO_WAY_BACK

    warnings = [NO_WAY_BACK]
    if deleted:
        names = listed(str(path) for path in deleted)
        warnings.append(msg("Earlier libraries in its folder are deleted: {names}", names=names))
    return PassphraseQuestion(tr("Encrypt the library"), tr("&Encrypt"), tuple(warnings))


def decrypting() -> PassphraseQuestion:
    """Before an encrypted library is made a plain one."""
    warning = msg("Whoever can read the library's folder will be able to read its patients' data.")
    title = tr("Make the library a plain one")
    return PassphraseQuestion(title, tr("&Decrypt"), (warning,), asks_old=True, asks_new=False)


def changing() -> PassphraseQuestion:
    """Before an encrypted library gets another passphrase."""
    warning = msg("Backups made before open with the one that they had.")
    return PassphraseQuestion(tr("Change the passphrase"), tr("&Change"), (warning,), asks_old=True)


class PassphraseDialog(QDialog):
    """Modal to its window. ``chosen`` comes with the old and the new passphrase, empty if not asked.

    Whether the old one is right shows when it is used.
    """

    chosen = Signal(str, str)

    def __init__(self, question: PassphraseQuestion, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(question.title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._question = question
        self.old = PassphraseEdit(tr("Present passphrase"))
        self.new = PassphraseEdit(tr("New passphrase"))
        self.again = PassphraseEdit(tr("New passphrase again"))
        self.show_them = QCheckBox(tr("&Show what I type"))
        self.hint = wrapped("", "muted")
        self.caps_lock = caps_lock_line()
        self.action = QPushButton(question.action)
        self.cancel = QPushButton(tr("Cancel"))
        self._arrange()
        for field in (self.old, self.new, self.again):
            self.show_them.toggled.connect(field.set_shown)
            field.textChanged.connect(self._follow)
            field.caps_lock_seen.connect(self._show_caps_lock)
        self.action.clicked.connect(self._choose)
        self.cancel.clicked.connect(self.reject)
        self._follow()

    def done(self, code: int) -> None:
        """Whatever ends the dialog: what was typed is forgotten."""
        super().done(code)
        for field in (self.old, self.new, self.again):
            field.clear()

    def showEvent(self, event: QShowEvent) -> None:
        """As high as its words need."""
        super().showEvent(event)
        fit_height(self)

    def _choose(self) -> None:
        old, new = self.old.text(), self.new.text()
        self.accept()
        self.chosen.emit(old, new)

    def _follow(self) -> None:
        problem = self._problem()
        self.hint.setText(problem or " ")
        self.action.setEnabled(problem is None)

    def _problem(self) -> str | None:
        """What is still missing, None where nothing is."""
        from her2desk.store.vault import check_passphrase

        if self._question.asks_old and not self.old.text():
            return tr("Type the present passphrase.")
        if not self._question.asks_new:
            return None
        try:
            check_passphrase(self.new.text())
        except Her2DeskError as short:
            return str(short)
        if self.again.text() != self.new.text():
            return tr("Type the same again below.")
        return None

    def _show_caps_lock(self, is_on: bool) -> None:
        self.caps_lock.setVisible(is_on)
        fit_height(self)

    def _arrange(self) -> None:
        warnings = QVBoxLayout()
        warnings.setSpacing(2 * GRID)
        for message in self._question.warnings:
            warnings.addWidget(SaidLine(message.text()))
        form = QFormLayout()
        form.setHorizontalSpacing(3 * GRID)
        form.setVerticalSpacing(2 * GRID)
        if self._question.asks_old:
            form.addRow(tr("&Present passphrase"), self.old)
        if self._question.asks_new:
            form.addRow(tr("&New passphrase"), self.new)
            form.addRow(tr("The same &again"), self.again)
        form.addRow("", self.show_them)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.action, self.cancel):
            buttons.addWidget(button)
        self.action.setDefault(True)
        set_role(self.action, "primary")
        self.cancel.setAutoDefault(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(5 * GRID, 5 * GRID, 5 * GRID, 4 * GRID)
        whole.setSpacing(4 * GRID)
        whole.addWidget(wrapped(self._question.title, "title"))
        whole.addLayout(warnings)
        whole.addLayout(form)
        whole.addWidget(self.hint)
        whole.addWidget(self.caps_lock)
        whole.addStretch(1)
        whole.addLayout(buttons)
        self.hint.setMinimumHeight(2 * self.hint.fontMetrics().lineSpacing())
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setMinimumWidth(WIDTH)
