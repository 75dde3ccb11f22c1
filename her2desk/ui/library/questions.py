"""What the library's window asks: places, and whether something may be lost."""

from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QInputDialog,
    QLineEdit,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from her2desk.store.erasing import Erasure
from her2desk.store.restoring import Restored
from her2desk.texts import tr, trn
from her2desk.ui.library.desk import EraseChoice, Patient
from her2desk.ui.library.encryption import Change, Typed
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import breakable, wrapped

BACKUP_ENDING = ".h2library"
_WIDTH = 460


class LibraryQuestions:
    """Asks over one window; what was not answered is None or False."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def place_of_backup(self, name: str) -> Path | None:
        """Where to write a backup."""
        chosen, _ = QFileDialog.getSaveFileName(
            self._parent, tr("Back up the library"), name, _filter()
        )
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix else path.with_name(path.name + BACKUP_ENDING)

    def backup_to_restore(self) -> Path | None:
        """Which backup to restore."""
        chosen, _ = QFileDialog.getOpenFileName(
            self._parent, tr("Restore a backup"), "", f"{_filter()};;{tr('All files')} (*)"
        )
        return Path(chosen) if chosen else None

    def place_of_export(self) -> Path | None:
        """An empty folder for one patient's files."""
        chosen = QFileDialog.getExistingDirectory(
            self._parent, tr("Export the patient to an empty folder")
        )
        return Path(chosen) if chosen else None

    def passphrase(self, change: Change, folder: Path) -> Typed | None:
        """The passphrases that a change of the library in ``folder`` needs."""
        from her2desk.store.vault_converting import deleted_by_encrypting
        from her2desk.ui.new_passphrase import (
            PassphraseDialog,
            changing,
            decrypting,
            encrypting,
        )

        match change:
            case Change.ENCRYPT:
                question = encrypting(deleted_by_encrypting(folder))
            case Change.PASSPHRASE:
                question = changing()
            case Change.DECRYPT:
                question = decrypting()
        chosen: list[Typed] = []
        dialog = PassphraseDialog(question, self._parent)
        dialog.chosen.connect(lambda old, new: chosen.append(Typed(old, new)))
        dialog.exec()
        dialog.deleteLater()
        return chosen[0] if chosen else None

    def passphrase_of_backup(self) -> str | None:
        """The passphrase of an encrypted backup."""
        typed, is_given = QInputDialog.getText(
            self._parent,
            tr("Restore a backup"),
            tr("The backup is encrypted. Its passphrase:"),
            QLineEdit.EchoMode.Password,
        )
        return typed if is_given and typed else None

    def may_restore(self, found: Restored) -> bool:
        """Whether the present library may give way to a backup."""
        n = found.contents.cases
        box = QMessageBox(self._parent)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(tr("Restore a backup"))
        box.setText(trn("The backup is whole: {n} case.", "The backup is whole: {n} cases.", n))
        box.setInformativeText(
            tr(
                "Her2Desk closes its windows, puts the backup in place of the present library, and"
                " opens again. The present library is moved aside, not deleted."
            )
        )
        restore = box.addButton(tr("Restore"), QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.exec()
        return box.clickedButton() is restore

    def may_erase(self, patient: Patient, takes: Erasure) -> EraseChoice | None:
        """How a patient may be erased; asked by having the ID typed, as there is no way back."""
        question = EraseQuestion(patient, takes, self._parent)
        is_wanted = question.exec() == QDialog.DialogCode.Accepted
        question.deleteLater()  # it names the patient
        return question.choice() if is_wanted else None


class EraseQuestion(QDialog):
    """Says what would go and what stays; Erase works once the patient's ID is typed."""

    def __init__(self, patient: Patient, takes: Erasure, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Erase a patient"))
        self._wanted = patient.patient_id or f"{patient.case_ids[0]:04d}"
        n = len(takes.case_ids)
        self.what = wrapped(
            trn(
                "{n} case with its image, outlines, answers and results is erased for good.",
                "{n} cases with their images, outlines, answers and results are erased for good.",
                n,
            ),
            "heading",
        )
        self.stays = wrapped(
            tr(
                "The history keeps that cases were erased, by whom and when, and nothing of the"
                " patient. {copies}"
            ).format(copies=breakable(takes.sentence().text()))
        )
        self.typed = QLineEdit()
        self.typed.setAccessibleName(tr("Type {id} to erase").format(id=self._wanted))
        self.typed.setPlaceholderText(self._wanted)
        self.copies = QCheckBox(tr("Delete these copies in the library's folder too"))
        self.copies.setChecked(True)
        self.copies.setVisible(bool(takes.copies))
        standard = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(standard.Cancel)
        self.erase = self.buttons.addButton(
            tr("Erase"), QDialogButtonBox.ButtonRole.DestructiveRole
        )
        self.erase.setEnabled(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 4 * GRID)
        column.setSpacing(3 * GRID)
        for widget in (self.what, self.stays):
            column.addWidget(widget)
        column.addWidget(self.copies)
        column.addWidget(wrapped(tr("Type {id} to erase:").format(id=self._wanted)))
        column.addWidget(self.typed)
        column.addStretch(1)
        column.addWidget(self.buttons)
        self.setMinimumWidth(_WIDTH)
        self.typed.textChanged.connect(
            lambda text: self.erase.setEnabled(text.strip() == self._wanted)
        )
        self.erase.clicked.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        cancel = self.buttons.button(standard.Cancel)
        cancel.setText(tr("Cancel"))
        cancel.setDefault(True)
        self.resize(_WIDTH, column.totalHeightForWidth(_WIDTH))

    def choice(self) -> EraseChoice:
        """What is to go."""
        with_copies = self.copies.isVisibleTo(self) and self.copies.isChecked()
        return EraseChoice.WITH_COPIES if with_copies else EraseChoice.KEEP_COPIES


def _filter() -> str:
    return tr("Library backups") + f" (*{BACKUP_ENDING} *.zip)"
