"""The passphrase of an encrypted library: the field it is typed in, and the question at the start."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.ui.jobs import Background
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import ElidedLabel, wrapped

if TYPE_CHECKING:
    from her2desk.store.vault import Vault

WIDTH = 460


class PassphraseEdit(QLineEdit):
    """One line whose letters are dots; ``caps_lock_seen`` says what the last letter told of that key."""

    caps_lock_seen = Signal(bool)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.set_shown(False)
        hints = Qt.InputMethodHint
        self.setInputMethodHints(
            hints.ImhSensitiveData | hints.ImhNoPredictiveText | hints.ImhNoAutoUppercase
        )

    def set_shown(self, is_shown: bool) -> None:
        """Show the letters, or dots."""
        modes = QLineEdit.EchoMode
        self.setEchoMode(modes.Normal if is_shown else modes.Password)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt tells of no lock: it is seen by a capital letter without Shift, and the other way round."""
        letter = event.text()
        if letter.isalpha() and letter.swapcase() != letter:
            has_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.caps_lock_seen.emit(letter.isupper() != has_shift)
        super().keyPressEvent(event)


class SaidLine(QWidget):
    """A sentence beside a warning's shape; without one it takes no room."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = wrapped()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        row.addWidget(Glyph("warning"), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._label, 1, Qt.AlignmentFlag.AlignTop)
        self.say(text)

    def said(self) -> str:
        """What is shown."""
        return self._label.text()

    def say(self, text: str) -> None:
        """Show ``text``, or nothing."""
        self._label.setText(text)
        self.setVisible(bool(text))


def caps_lock_line() -> SaidLine:
    """The hint for ``PassphraseEdit.caps_lock_seen``."""
    line = SaidLine(tr("Caps Lock is on."))
    line.hide()
    return line


class UnlockDialog(QDialog):
    """Asks for the passphrase until ``unlock`` takes one or the reader gives up.

    ``unlock`` is called with what was typed, off the GUI thread; it gives the keys or raises a
    ``Her2DeskError``, which is shown. ``vault`` is what it gave.
    """

    tried = Signal()
    """An attempt has ended."""

    def __init__(
        self,
        folder: Path,
        unlock: Callable[[str], "Vault"],
        parent: QWidget | None = None,
        *,
        give_up: str = "",
    ) -> None:
        super().__init__(parent)
        self.vault: Vault | None = None
        self._unlock = unlock
        self._is_trying = False
        self._background = Background(self)
        self.setWindowTitle("Her2Desk")
        self.field = PassphraseEdit(tr("Passphrase"))
        self.show_it = QCheckBox(tr("&Show the passphrase"))
        self.refusal = SaidLine()
        self.caps_lock = caps_lock_line()
        self.waiting = wrapped("", "muted")
        self.open_it = QPushButton(tr("&Open"))
        self.give_up = QPushButton(give_up or tr("&Quit"))
        self._arrange(folder)
        self.show_it.toggled.connect(self.field.set_shown)
        self.field.caps_lock_seen.connect(self._show_caps_lock)
        self.field.textChanged.connect(self._follow)
        self.open_it.clicked.connect(self._try)
        self.give_up.clicked.connect(self.reject)
        self._follow()

    def done(self, code: int) -> None:
        """Whatever ends the dialog: what was typed is forgotten."""
        super().done(code)
        self.field.clear()
        self._background.close()

    def showEvent(self, event: QShowEvent) -> None:
        """As high as its words need."""
        super().showEvent(event)
        self._fit()

    def _try(self) -> None:
        if self._is_trying or not self.field.text():
            return
        typed = self.field.text()
        self.refusal.say("")
        self._set_trying(True)
        self._background.run(lambda: self._unlock(typed), self._opened, self._refused)

    def _opened(self, vault: "Vault") -> None:
        self.vault = vault
        self._set_trying(False)
        self.tried.emit()
        self.accept()

    def _refused(self, error: Her2DeskError) -> None:
        self._set_trying(False)
        self.refusal.say(str(error))
        self._fit()
        self.field.setFocus()
        self.field.selectAll()
        self.tried.emit()

    def _set_trying(self, is_trying: bool) -> None:
        self._is_trying = is_trying
        self.field.setReadOnly(is_trying)
        self.waiting.setText(tr("Trying it; this takes a few seconds …") if is_trying else " ")
        self._follow()

    def _follow(self) -> None:
        self.open_it.setEnabled(bool(self.field.text()) and not self._is_trying)

    def _show_caps_lock(self, is_on: bool) -> None:
        self.caps_lock.setVisible(is_on)
        self._fit()

    def _arrange(self, folder: Path) -> None:
        place = ElidedLabel(str(folder))
        form = QFormLayout()
        form.setHorizontalSpacing(3 * GRID)
        form.setVerticalSpacing(2 * GRID)
        form.addRow(tr("&Passphrase"), self.field)
        form.addRow("", self.show_it)
        buttons = QHBoxLayout()
        buttons.addWidget(self.waiting, 1)
        for button in (self.open_it, self.give_up):
            buttons.addWidget(button)
        self.open_it.setDefault(True)
        set_role(self.open_it, "primary")
        self.give_up.setAutoDefault(False)
        self.waiting.setText(" ")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(5 * GRID, 5 * GRID, 5 * GRID, 4 * GRID)
        whole.setSpacing(4 * GRID)
        head = QVBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(wrapped(tr("This library is encrypted"), "title"))
        head.addWidget(place)
        whole.addLayout(head)
        whole.addLayout(form)
        whole.addWidget(self.refusal)
        whole.addWidget(self.caps_lock)
        whole.addStretch(1)
        whole.addLayout(buttons)
        self.setMinimumWidth(WIDTH)

    def _fit(self) -> None:
        fit_height(self)


def ask_to_unlock(folder: Path, parent: QWidget | None = None) -> "Vault | None":
    """The keys of the library in ``folder``, asked for; None where the reader gave up."""
    from her2desk.store.vault import unlock_vault

    dialog = UnlockDialog(folder, lambda typed: unlock_vault(folder, typed), parent)
    dialog.exec()
    return dialog.vault


def fit_height(dialog: QDialog) -> None:
    """Make a dialog as high as its words need at its width."""
    layout = dialog.layout()
    assert layout is not None
    layout.activate()
    dialog.resize(dialog.width(), max(layout.totalHeightForWidth(dialog.width()), 0))
