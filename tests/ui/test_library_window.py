"""The library as a whole: backup, restore, check, and all of one patient."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication, QProgressDialog, QPushButton
from pytestqt.qtbot import QtBot

from her2desk.dicom.reader import open_image
from her2desk.domain.progress import Progress
from her2desk.errors import StoreRefused
from her2desk.paths import demo_case_dir
from her2desk.store.backup import Backup
from her2desk.store.erasing import Erasure
from her2desk.store.library import Library
from her2desk.store.opening import open_for_window
from her2desk.store.restoring import Restored, restore_library
from her2desk.store.vault import unlock_vault
from her2desk.texts import Message, msg
from her2desk.ui.between_windows import BetweenWindows, carry_out
from her2desk.ui.library.desk import EraseChoice, LibraryDesk, Patient
from her2desk.ui.library.encryption import Change, Typed
from her2desk.ui.library.entrance import LibraryEntrance
from her2desk.ui.library.library_window import LibraryWindow
from her2desk.ui.library.questions import EraseQuestion

Left = Qt.MouseButton.LeftButton
PASSPHRASE = "four words never put together"


class Answers:
    """What the user answers, in place of dialogs."""

    def __init__(self, folder: Path) -> None:
        self.backup: Path | None = folder / "mine.h2library"
        self.export: Path | None = folder / "export"
        self.restores = True
        self.erases: EraseChoice | None = EraseChoice.KEEP_COPIES
        self.suggested = ""
        self.takes: Erasure | None = None
        self.asked: Change | None = None
        self.typed: Typed | None = Typed("", PASSPHRASE)

    def place_of_backup(self, name: str) -> Path | None:
        self.suggested = name
        return self.backup

    def backup_to_restore(self) -> Path | None:
        return self.backup

    def place_of_export(self) -> Path | None:
        return self.export

    def passphrase(self, change: Change, _folder: Path) -> Typed | None:
        self.asked = change
        return self.typed

    def may_restore(self, _found: Restored) -> bool:
        return self.restores

    def may_erase(self, _patient: Patient, takes: Erasure) -> EraseChoice | None:
        self.takes = takes
        return self.erases


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return Answers(tmp_path)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    image = demo_case_dir() / "demo.dcm"
    with open_for_window(tmp_path / "library", "A") as library:
        library.add_image(image, open_image(image).image)
        yield library


@pytest.fixture
def entrance(library: Library, tmp_path: Path) -> Iterator[LibraryEntrance]:
    one = LibraryEntrance(library, tmp_path / "settings.json")
    yield one
    one.close()


@pytest.fixture
def window(
    qtbot: QtBot, entrance: LibraryEntrance, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> LibraryWindow:
    window = entrance.open()
    qtbot.addWidget(window)
    monkeypatch.setattr(window, "_questions", answers)
    qtbot.waitUntil(lambda: window.kept.text() != "")
    return window


def press(qtbot: QtBot, window: LibraryWindow, button: QPushButton) -> str:
    """Press, wait until all is done, and give what is said."""
    with qtbot.waitSignal(window.task.ended):
        qtbot.mouseClick(button, Left)
    qtbot.waitUntil(lambda: window.note.text() != "" or not window.task.is_running)
    qtbot.waitUntil(lambda: window.note.text() != "")
    return window.note.text()


def select_first(window: LibraryWindow) -> None:
    window.table.view.selectRow(0)


def test_it_says_where_the_library_is_and_how_large(
    window: LibraryWindow, library: Library
) -> None:
    assert window.where.text() == str(library.folder)
    assert window.kept.text().startswith("1 case · ")
    assert window.backed_up.text() == "It was never backed up."
    assert not window.erase.isEnabled(), "nobody is chosen"


def test_a_backup_made_here_restores_to_the_same_library(
    qtbot: QtBot, window: LibraryWindow, answers: Answers, library: Library, tmp_path: Path
) -> None:
    said = press(qtbot, window, window.back_up)
    assert said.startswith("Backed up 1 case to mine.h2library, ")
    assert answers.suggested.startswith("her2desk-20")
    qtbot.waitUntil(lambda: window.backed_up.text() == "Last backed up today.")
    assert answers.backup is not None
    restore_library(answers.backup, tmp_path / "elsewhere")
    with open_for_window(tmp_path / "elsewhere", "A") as other:
        assert other.cases() == library.cases()


def test_how_long_ago_the_last_backup_was(
    qtbot: QtBot, window: LibraryWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(qtbot, window, window.back_up)
    later = window._clock() + timedelta(days=9, hours=1)
    monkeypatch.setattr(window, "_clock", lambda: later)
    window.reload()
    qtbot.waitUntil(lambda: window.backed_up.text().endswith("9 days ago."))


def test_an_existing_file_is_not_overwritten(
    qtbot: QtBot, window: LibraryWindow, answers: Answers
) -> None:
    assert answers.backup is not None
    answers.backup.write_bytes(b"precious")
    assert "exists already" in press(qtbot, window, window.back_up)
    assert answers.backup.read_bytes() == b"precious"


def test_a_cancelled_backup_leaves_nothing(
    qtbot: QtBot, window: LibraryWindow, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(_target: Path, progress: Progress) -> Backup:
        while True:
            progress.step(0.5, msg("Writing the backup"))

    monkeypatch.setattr(window._desk, "back_up", endless)
    qtbot.mouseClick(window.back_up, Left)
    qtbot.waitUntil(lambda: window.stage.text() == "Writing the backup")
    assert window.progress.value() == 500
    assert not window.back_up.isEnabled()
    with qtbot.waitSignal(window.task.ended):
        qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.back_up.isEnabled()
    assert not window.cancel.isVisible()


def test_a_backup_is_checked_before_it_is_offered(
    qtbot: QtBot, window: LibraryWindow, entrance: LibraryEntrance, answers: Answers
) -> None:
    press(qtbot, window, window.back_up)
    with qtbot.waitSignal(entrance.task_requested) as asked:
        qtbot.mouseClick(window.restore, Left)
    assert asked.args[0].title == "Restoring the library"
    assert answers.backup is not None
    content = bytearray(answers.backup.read_bytes())
    content[len(content) // 2] ^= 1
    answers.backup.write_bytes(content)
    with qtbot.assertNotEmitted(entrance.task_requested):
        assert press(qtbot, window, window.restore) != ""


def test_a_file_that_is_no_backup_is_refused_in_a_sentence(
    qtbot: QtBot, window: LibraryWindow, answers: Answers
) -> None:
    assert answers.backup is not None
    answers.backup.write_bytes(b"no ZIP")
    qtbot.mouseClick(window.restore, Left)
    assert "backup" in window.note.text()


def test_a_restore_that_is_declined_changes_nothing(
    qtbot: QtBot, window: LibraryWindow, entrance: LibraryEntrance, answers: Answers
) -> None:
    press(qtbot, window, window.back_up)
    answers.restores = False
    with (
        qtbot.assertNotEmitted(entrance.task_requested),
        qtbot.waitSignal(window.task.ended),
    ):
        qtbot.mouseClick(window.restore, Left)


def test_everything_is_read_to_the_last_byte(
    qtbot: QtBot, window: LibraryWindow, library: Library
) -> None:
    said = press(qtbot, window, window.check)
    assert said == "The image of 1 case and 1 entry of the history are as they were written."
    path = library.image_path(1)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1])
    assert "lost or damaged: 0001" in press(qtbot, window, window.check)


def test_one_patient_is_exported(qtbot: QtBot, window: LibraryWindow, answers: Answers) -> None:
    select_first(window)
    assert press(qtbot, window, window.export) == "Exported 1 case to export."
    assert answers.export is not None
    assert (answers.export / "SHA256SUMS").is_file()


def test_one_patient_is_erased_and_the_list_knows(
    qtbot: QtBot, window: LibraryWindow, entrance: LibraryEntrance, library: Library
) -> None:
    select_first(window)
    with qtbot.waitSignal(entrance.erased) as erased:
        qtbot.mouseClick(window.erase, Left)
    assert erased.args == [(1,)]
    assert window.note.text().startswith("Erased 1 case. ")
    qtbot.waitUntil(lambda: window.kept.text().startswith("0 cases"))
    assert library.cases() == []


def test_erasing_can_be_declined(
    qtbot: QtBot, window: LibraryWindow, answers: Answers, library: Library
) -> None:
    answers.erases = None
    select_first(window)
    with qtbot.waitSignal(window.task.ended):
        qtbot.mouseClick(window.erase, Left)
    qtbot.waitUntil(lambda: answers.takes is not None)
    assert len(library.cases()) == 1


def test_what_cannot_be_read_is_said(
    qtbot: QtBot, window: LibraryWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise StoreRefused("The disk is gone.", "Connect it.")

    monkeypatch.setattr(window._desk, "facts", gone)
    window.reload()
    qtbot.waitUntil(lambda: window.note.text() == "The disk is gone. Connect it.")


def test_a_second_window_may_look_and_not_change(
    qtbot: QtBot, library: Library, tmp_path: Path
) -> None:
    with open_for_window(library.folder, "B") as second:
        assert second.is_read_only
        entrance = LibraryEntrance(second, tmp_path / "settings.json")
        window = entrance.open()
        qtbot.addWidget(window)
        qtbot.waitUntil(lambda: window.kept.text() != "")
        select_first(window)
        assert "only reads" in window.backed_up.text()
        assert not window.erase.isEnabled()
        assert not window.restore.isEnabled()
        assert window.export.isEnabled()
        entrance.close()


def test_erase_works_once_the_id_is_typed(qtbot: QtBot, library: Library, tmp_path: Path) -> None:
    patient = LibraryDesk(library, tmp_path / "settings.json").facts().patients[0]
    takes = Erasure((1,), 3, 1, (tmp_path / "before-schema-3.sqlite",))
    question = EraseQuestion(patient, takes)
    qtbot.addWidget(question)
    question.show()
    assert not question.erase.isEnabled()
    qtbot.keyClicks(question.typed, patient.patient_id)
    assert question.erase.isEnabled()
    assert question.choice() is EraseChoice.WITH_COPIES
    qtbot.mouseClick(question.copies, Left, pos=QPoint(8, 10))
    assert question.choice() is EraseChoice.KEEP_COPIES
    with qtbot.waitSignal(question.accepted):
        qtbot.mouseClick(question.erase, Left)
    nothing_left = EraseQuestion(patient, replace(takes, copies=()))
    qtbot.addWidget(nothing_left)
    assert nothing_left.choice() is EraseChoice.KEEP_COPIES


def test_patients_are_found_by_part_of_their_name(qtbot: QtBot, window: LibraryWindow) -> None:
    table = window.table
    table.set_patients(
        [
            Patient("17", "Doe^Jane", (1, 2), "20240101"),
            Patient("9", "Ray^Ann", (3,), ""),
            Patient("", "", (4,), ""),
        ]
    )
    qtbot.keyClicks(table.search, "doe")
    assert table.view.model().rowCount() == 1
    select_first(window)
    assert table.selected() == Patient("17", "Doe^Jane", (1, 2), "20240101")
    table.search.clear()
    assert table.view.model().index(0, 0).data() == "none in the file (case 0004)"


@pytest.mark.slow
def test_the_library_is_encrypted_between_two_windows_and_made_plain_again(
    qtbot: QtBot, tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, image = tmp_path / "library", demo_case_dir() / "demo.dcm"
    with open_for_window(folder, "A") as library:
        library.add_image(image, open_image(image).image)
        encrypt = asked_of(qtbot, library, answers, monkeypatch, "encrypt")
        assert answers.asked is Change.ENCRYPT
    said = carry_out(encrypt)
    assert isinstance(said, Message)
    assert said.text() == "Encrypted 1 case."
    vault = unlock_vault(folder, PASSPHRASE)
    answers.typed = Typed(PASSPHRASE, "")
    with open_for_window(folder, "A", vault=vault) as library:
        decrypt = asked_of(qtbot, library, answers, monkeypatch, "decrypt")
    said = carry_out(decrypt)
    assert isinstance(said, Message)
    assert said.text() == "The library is no longer encrypted: 1 case."
    with open_for_window(folder, "A") as library:
        assert len(library.cases()) == 1


def asked_of(
    qtbot: QtBot,
    library: Library,
    answers: Answers,
    monkeypatch: pytest.MonkeyPatch,
    button: str,
) -> BetweenWindows:
    entrance = LibraryEntrance(library, library.folder / "settings.json")
    window = entrance.open()
    qtbot.addWidget(window)
    monkeypatch.setattr(window, "_questions", answers)
    qtbot.waitUntil(lambda: window.kept.text() != "")
    with qtbot.waitSignal(entrance.task_requested) as asked:
        qtbot.mouseClick(getattr(window, button), Left)
    entrance.close()
    task = asked.args[0]
    assert isinstance(task, BetweenWindows)
    return task


def test_work_between_windows_that_fails_says_why() -> None:
    def refused(_progress: Progress) -> Message:
        raise StoreRefused("The disk is full.", "Free some space.")

    outcome = carry_out(BetweenWindows("Restoring", refused))
    assert isinstance(outcome, StoreRefused)


def test_work_between_windows_can_be_cancelled(qtbot: QtBot) -> None:
    def endless(progress: Progress) -> Message:
        while True:
            progress.step(0.5, msg("Checking the backup"))

    def press_cancel() -> None:
        for dialog in QApplication.topLevelWidgets():
            if isinstance(dialog, QProgressDialog):
                dialog.canceled.emit()

    again = QTimer()
    again.timeout.connect(press_cancel)
    again.start(20)
    assert carry_out(BetweenWindows("Restoring", endless)) is None
