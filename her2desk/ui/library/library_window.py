"""The window on the library as a whole: where it is, backup and restore, and one patient's data."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.domain.progress import Progress
from her2desk.errors import Her2DeskError
from her2desk.store.backup import Backup
from her2desk.store.erasing import Erasure
from her2desk.store.exporting import Export
from her2desk.store.restoring import Restored
from her2desk.store.verifying import Verified
from her2desk.texts import Message, msg, msgn, tr, trn
from her2desk.ui.help.pages import set_page
from her2desk.ui.jobs import Background
from her2desk.ui.library.desk import LibraryDesk, LibraryFacts, Patient
from her2desk.ui.library.encryption import Change, decrypting, encrypting
from her2desk.ui.library.patient_table import PatientTable
from her2desk.ui.library.questions import BACKUP_ENDING, LibraryQuestions
from her2desk.ui.library.restoring import restoring
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.watched_task import WatchedTask
from her2desk.ui.widgets.labels import wrapped

_FIRST_SIZE = (720, 700)
Clock = Callable[[], datetime]


def _present() -> datetime:
    return datetime.now(UTC)


class LibraryWindow(QWidget):
    """Non-modal; all work runs on ``background``, one at a time, and can be cancelled.

    ``task_requested`` carries a ``BetweenWindows``: a restore, or an encrypting, that needs the library
    closed. ``erased`` comes once a patient's cases are gone, with their numbers.
    """

    task_requested = Signal(object)
    erased = Signal(tuple)

    def __init__(
        self,
        desk: LibraryDesk,
        background: Background,
        questions: LibraryQuestions | None = None,
        clock: Clock = _present,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Library"))
        set_page(self, "guide/keep")
        self._desk = desk
        self._background = background
        self._questions = questions or LibraryQuestions(self)
        self._clock = clock
        self._facts: LibraryFacts | None = None
        self.task = WatchedTask(background, self)
        self.where, self.kept, self.backed_up = wrapped("", "heading"), wrapped(), wrapped()
        self.back_up = _button(tr("&Back up…"), tr("Write the library to one file (Ctrl+B)"))
        self.back_up.setShortcut("Ctrl+B")
        self.restore = _button(tr("&Restore…"), tr("Put a backup in place of this library"))
        self.check = _button(tr("&Check everything"), tr("Read every image and every entry"))
        self.encrypted = wrapped()
        self.encrypt = _button(tr("E&ncrypt…"), tr("Lock the library with a passphrase"))
        self.passphrase = _button(tr("Change &passphrase…"), tr("Lock it with another passphrase"))
        self.decrypt = _button(tr("Re&move encryption…"), tr("Make the library plain again"))
        self.table = PatientTable()
        self.export = _button(tr("E&xport…"), tr("Write all that is kept of the patient to files"))
        self.erase = _button(tr("Er&ase…"), tr("Erase all that is kept of the patient, for good"))
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.stage = wrapped()
        self.cancel = _button(tr("Cancel"), tr("Stop; nothing half-done stays (Esc)"))
        self.cancel.setShortcut("Esc")
        self.note = wrapped()
        self._arrange()
        self._connect()
        self._set_busy(is_busy=False)
        self.reload()

    def reload(self) -> None:
        """Read the library anew."""
        self._background.run(self._desk.facts, self._take, self._fail)

    def _back_up(self) -> None:
        name = f"her2desk-{self._clock():%Y-%m-%d}{BACKUP_ENDING}"
        target = self._questions.place_of_backup(name)
        if target is not None:
            self._run(lambda progress: self._desk.back_up(target, progress), self._backed_up)

    def _restore(self) -> None:
        backup = self._questions.backup_to_restore()
        if backup is None:
            return

        try:
            is_encrypted = self._desk.is_encrypted_backup(backup)
        except Her2DeskError as error:
            self._fail(error)
            return
        passphrase = self._questions.passphrase_of_backup() if is_encrypted else None
        if is_encrypted and passphrase is None:
            return

        def ask(found: Restored) -> None:
            if self._questions.may_restore(found):
                self.task_requested.emit(restoring(backup, self._desk.folder, passphrase))

        self._run(lambda progress: self._desk.check_backup(backup, passphrase, progress), ask)

    def _check(self) -> None:
        self._run(self._desk.check, self._checked)

    def _encrypt(self) -> None:
        typed = self._questions.passphrase(Change.ENCRYPT, self._desk.folder)
        if typed is not None:
            self.task_requested.emit(encrypting(self._desk.folder, typed))

    def _decrypt(self) -> None:
        typed = self._questions.passphrase(Change.DECRYPT, self._desk.folder)
        if typed is not None:
            self.task_requested.emit(decrypting(self._desk.folder, typed))

    def _change_passphrase(self) -> None:
        typed = self._questions.passphrase(Change.PASSPHRASE, self._desk.folder)
        if typed is not None:
            changed = msg("The library has the new passphrase.")
            self._run(
                lambda _progress: self._desk.change_passphrase(typed.old, typed.new),
                lambda _none: self._tell(changed),
            )

    def _export(self) -> None:
        patient = self.table.selected()
        folder = self._questions.place_of_export() if patient is not None else None
        if patient is not None and folder is not None:
            self._run(lambda progress: self._desk.export(patient, folder, progress), self._exported)

    def _erase(self) -> None:
        patient = self.table.selected()
        if patient is None:
            return

        def ask(takes: Erasure) -> None:
            choice = self._questions.may_erase(patient, takes)
            if choice is not None:
                self._run(lambda _progress: self._desk.erase(patient, choice), self._erased)

        self._run(lambda _progress: self._desk.what_erasing_takes(patient), ask)

    def _run(self, work: Callable[[Progress], Any], done: Callable[[Any], None]) -> None:
        self.note.clear()
        self._set_busy(is_busy=True)
        self.task.run(work, done)

    # What came of it

    def _backed_up(self, made: Backup) -> None:
        self._tell(
            msgn(
                "Backed up {n} case to {name}, {size}. It holds patients' data: keep it as safe as"
                " the library.",
                "Backed up {n} cases to {name}, {size}. It holds patients' data: keep it as safe as"
                " the library.",
                made.cases,
                name=made.path.name,
                size=_size(made.size),
            )
        )
        self.reload()

    def _checked(self, found: Verified) -> None:
        self._tell(
            msgn(
                "The image of {n} case and {entries} of the history are as they were written.",
                "The images of {n} cases and {entries} of the history are as they were written.",
                found.cases,
                entries=trn("{n} entry", "{n} entries", found.entries),
            )
        )

    def _exported(self, made: Export) -> None:
        self._tell(
            msgn(
                "Exported {n} case to {name}.",
                "Exported {n} cases to {name}.",
                len(made.case_ids),
                name=made.folder.name,
            )
        )

    def _erased(self, taken: Erasure) -> None:
        erased = msgn("Erased {n} case.", "Erased {n} cases.", len(taken.case_ids))
        self._tell(msg("{what} {rest}", what=erased.text(), rest=taken.sentence().text()))
        self.erased.emit(taken.case_ids)
        self.reload()

    def _take(self, facts: LibraryFacts) -> None:
        self._facts = facts
        self.where.setText(str(facts.folder))
        cases = trn("{n} case", "{n} cases", facts.cases)
        free = tr("{size} free on its disk").format(size=_size(facts.free))
        self.kept.setText(" · ".join((cases, _size(facts.files_size), free)))
        self.backed_up.setText(self._backup_sentence(facts))
        self.encrypted.setText(
            tr("Encrypted with a passphrase.") if facts.is_encrypted else tr("Not encrypted.")
        )
        self.table.set_patients(facts.patients)
        self._set_busy(is_busy=self.task.is_running)

    def _backup_sentence(self, facts: LibraryFacts) -> str:
        if facts.is_read_only:
            return tr("Another window has the library open; this one only reads it.")
        if facts.last_backup is None:
            return tr("It was never backed up.")
        days = max(0, (self._clock() - facts.last_backup).days)
        day = facts.last_backup.astimezone().strftime("%Y-%m-%d")
        if not days:
            return tr("Last backed up today.")
        ago = trn("{n} day ago", "{n} days ago", days)
        return tr("Last backed up on {day}, {ago}.").format(day=day, ago=ago)

    def _fail(self, error: Her2DeskError) -> None:
        self.note.setText(str(error))

    def _tell(self, what: Message) -> None:
        self.note.setText(what.text())

    # How it looks

    def _set_busy(self, *, is_busy: bool) -> None:
        for widget in (self.progress, self.stage, self.cancel):
            widget.setVisible(is_busy)
        self.progress.setValue(0)
        self.stage.clear()
        may_write = self._facts is not None and not self._facts.is_read_only
        has_patient = self.table.selected() is not None
        self.back_up.setEnabled(not is_busy and self._facts is not None)
        self.check.setEnabled(not is_busy and self._facts is not None)
        self.restore.setEnabled(not is_busy and may_write)
        is_encrypted = self._facts is not None and self._facts.is_encrypted
        self.encrypt.setVisible(not is_encrypted)
        self.passphrase.setVisible(is_encrypted)
        self.decrypt.setVisible(is_encrypted)
        for button in (self.encrypt, self.passphrase, self.decrypt):
            button.setEnabled(not is_busy and may_write)
        self.export.setEnabled(not is_busy and has_patient)
        self.erase.setEnabled(not is_busy and has_patient and may_write)

    def _choose(self, _patient: Patient | None) -> None:
        self._set_busy(is_busy=self.task.is_running)

    def _show_step(self, fraction: float, words: str) -> None:
        self.progress.setValue(round(1000 * fraction))
        self.stage.setText(words)

    def _connect(self) -> None:
        self.back_up.clicked.connect(self._back_up)
        self.restore.clicked.connect(self._restore)
        self.check.clicked.connect(self._check)
        self.encrypt.clicked.connect(self._encrypt)
        self.passphrase.clicked.connect(self._change_passphrase)
        self.decrypt.clicked.connect(self._decrypt)
        self.export.clicked.connect(self._export)
        self.erase.clicked.connect(self._erase)
        self.cancel.clicked.connect(self.task.cancel)
        self.table.chosen.connect(self._choose)
        self.task.progressed.connect(self._show_step)
        self.task.ended.connect(lambda: self._set_busy(is_busy=False))
        self.task.failed.connect(self._fail)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 4 * GRID)
        column.setSpacing(4 * GRID)
        whole = (self.where, self.kept, self.backed_up)
        column.addWidget(_card(whole, (self.back_up, self.restore, self.check)))
        locks = (self.encrypt, self.passphrase, self.decrypt)
        column.addWidget(_card((self.encrypted,), locks))
        one = (wrapped(tr("One patient"), "heading"), self.table)
        column.addWidget(_card(one, (self.export, self.erase)), 1)
        running = QHBoxLayout()
        running.addWidget(self.progress, 1)
        running.addWidget(self.cancel)
        column.addWidget(self.stage)
        column.addLayout(running)
        column.addWidget(self.note)
        self.resize(*_FIRST_SIZE)


def _card(widgets: Sequence[QWidget], buttons: Sequence[QPushButton]) -> QFrame:
    frame = QFrame()
    set_role(frame, "card")
    column = QVBoxLayout(frame)
    column.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 4 * GRID)
    column.setSpacing(2 * GRID)
    for widget in widgets:
        column.addWidget(widget)
    row = QHBoxLayout()
    row.setSpacing(2 * GRID)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    column.addLayout(row)
    return frame


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button


def _size(size: int) -> str:
    for unit, bytes_each in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_each:
            return f"{size / bytes_each:.1f} {unit}"
    return trn("{n} byte", "{n} bytes", size)
