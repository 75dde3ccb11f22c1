"""The passphrase at the start of the window, and a new one; then the real window on what it opens."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from her2desk.domain.drawing import drawing_of
from her2desk.domain.roi import roi_from_json
from her2desk.errors import StoreRefused
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.settings import Settings
from her2desk.store.opening import needs_passphrase, open_library
from her2desk.store.sqlite_access import DatabaseKey
from her2desk.store.vault import Vault, unlock_vault
from her2desk.store.vault_converting import encrypt_library
from her2desk.ui import app
from her2desk.ui.app import make_application, make_window
from her2desk.ui.new_passphrase import (
    PassphraseDialog,
    PassphraseQuestion,
    changing,
    decrypting,
    encrypting,
)
from her2desk.ui.passphrase import UnlockDialog, ask_to_unlock
from tests.quick_vaults import PASSPHRASE, use_quick_vaults

WAIT_MS = 60_000
KEYS = Vault(DatabaseKey("ab" * 32), "AGE")
REFUSAL = "The passphrase does not open this library. Type it again."


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, qapp) -> None:
    use_quick_vaults(monkeypatch)
    make_application(Settings())


def unlock(typed: str) -> Vault:
    if typed != PASSPHRASE:
        raise StoreRefused("The passphrase does not open this library.", "Type it again.")
    return KEYS


def show(qtbot, dialog):
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


@pytest.fixture
def dialog(qtbot, tmp_path: Path) -> UnlockDialog:
    return show(qtbot, UnlockDialog(tmp_path / "library", unlock))


class TestUnlocking:
    def test_it_opens_with_the_keyboard_alone(self, qtbot, dialog) -> None:
        assert dialog.focusWidget() is dialog.field
        assert not dialog.open_it.isEnabled()
        qtbot.keyClicks(dialog.field, PASSPHRASE)
        with qtbot.waitSignal(dialog.accepted):
            qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
        assert dialog.vault == KEYS
        assert dialog.field.text() == ""  # not kept longer than needed

    def test_a_wrong_one_is_said_and_typed_again(self, qtbot, dialog) -> None:
        qtbot.keyClicks(dialog.field, "another sentence")
        with qtbot.waitSignal(dialog.tried):
            qtbot.mouseClick(dialog.open_it, Qt.MouseButton.LeftButton)
        assert dialog.refusal.said() == REFUSAL
        assert dialog.refusal.isVisible()
        assert dialog.field.selectedText()
        qtbot.keyClicks(dialog.field, PASSPHRASE)  # over what was selected
        with qtbot.waitSignal(dialog.accepted):
            qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
        assert dialog.vault == KEYS

    def test_the_window_lives_while_it_is_tried(self, qtbot, tmp_path: Path) -> None:
        go_on = threading.Event()

        def slowly(typed: str) -> Vault:
            assert go_on.wait(10)
            return unlock(typed)

        dialog = show(qtbot, UnlockDialog(tmp_path, slowly))
        qtbot.keyClicks(dialog.field, PASSPHRASE)
        qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
        assert "takes a few seconds" in dialog.waiting.text()
        assert not dialog.open_it.isEnabled()
        qtbot.keyClick(dialog.field, Qt.Key.Key_Return)  # does not try twice
        qtbot.keyClicks(dialog.field, "x")
        assert dialog.field.text() == PASSPHRASE
        with qtbot.waitSignal(dialog.accepted):
            go_on.set()

    @pytest.mark.parametrize("how", ["button", "escape"])
    def test_it_can_be_given_up(self, qtbot, dialog, how: str) -> None:
        qtbot.keyClicks(dialog.field, "some")
        with qtbot.waitSignal(dialog.rejected):
            if how == "button":
                qtbot.mouseClick(dialog.give_up, Qt.MouseButton.LeftButton)
            else:
                qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        assert dialog.vault is None
        assert dialog.field.text() == ""

    def test_what_is_typed_is_dots_until_it_is_to_be_shown(self, qtbot, dialog) -> None:
        assert dialog.field.echoMode() == QLineEdit.EchoMode.Password
        dialog.show_it.click()
        assert dialog.field.echoMode() == QLineEdit.EchoMode.Normal
        dialog.show_it.click()
        assert dialog.field.echoMode() == QLineEdit.EchoMode.Password

    @pytest.mark.parametrize(
        ("letter", "shift", "is_on"),
        [("A", False, True), ("a", True, True), ("a", False, False), ("A", True, False)],
    )
    def test_caps_lock_is_seen_by_what_it_does(
        self, dialog, letter: str, shift: bool, is_on: bool
    ) -> None:
        modifiers = Qt.KeyboardModifier
        pressed = modifiers.ShiftModifier if shift else modifiers.NoModifier
        key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, pressed, letter)
        QApplication.sendEvent(dialog.field, key)
        assert dialog.caps_lock.isVisible() == is_on
        digit = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_1, modifiers.NoModifier, "1")
        QApplication.sendEvent(dialog.field, digit)  # says nothing of the lock
        assert dialog.caps_lock.isVisible() == is_on

    def test_everything_has_a_name_and_words_are_not_cut(self, qtbot, dialog) -> None:
        assert dialog.field.accessibleName() == "Passphrase"
        for button in dialog.findChildren(QPushButton):
            assert button.text()
        qtbot.keyClicks(dialog.field, "x")
        with qtbot.waitSignal(dialog.tried):
            qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: dialog.height() >= dialog.layout().totalHeightForWidth(460))


class TestNewPassphrase:
    def ask(self, qtbot, question: PassphraseQuestion) -> tuple[PassphraseDialog, list[object]]:
        dialog = show(qtbot, PassphraseDialog(question))
        chosen: list[object] = []
        dialog.chosen.connect(lambda old, new: chosen.append((old, new)))
        return dialog, chosen

    def test_what_it_means_stands_before_the_fields(self, qtbot) -> None:
        question = encrypting(["replaced-2026"])
        said = " ".join(message.text() for message in question.warnings)
        assert "no way back" in said
        assert "who forgets it has lost the library" in said
        assert "Earlier libraries in its folder are deleted: replaced-2026" in said
        assert len(encrypting([]).warnings) == 1

    def test_it_is_typed_twice_and_long_enough(self, qtbot) -> None:
        dialog, chosen = self.ask(qtbot, encrypting([]))
        assert not dialog.old.isVisible()
        qtbot.keyClicks(dialog.new, "short")
        assert "15 characters" in dialog.hint.text()
        dialog.new.clear()
        qtbot.keyClicks(dialog.new, PASSPHRASE)
        assert "the same again" in dialog.hint.text()
        qtbot.keyClicks(dialog.again, PASSPHRASE[:-1])
        qtbot.keyClick(dialog.again, Qt.Key.Key_Return)
        assert chosen == []
        qtbot.keyClicks(dialog.again, PASSPHRASE[-1])
        qtbot.keyClick(dialog.again, Qt.Key.Key_Return)
        assert chosen == [("", PASSPHRASE)]
        assert dialog.new.text() == dialog.again.text() == ""

    def test_another_one_needs_the_present_one(self, qtbot) -> None:
        dialog, chosen = self.ask(qtbot, changing())
        for field in (dialog.new, dialog.again):
            qtbot.keyClicks(field, PASSPHRASE)
        assert "present passphrase" in dialog.hint.text()
        qtbot.keyClicks(dialog.old, "the present one")
        qtbot.mouseClick(dialog.action, Qt.MouseButton.LeftButton)
        assert chosen == [("the present one", PASSPHRASE)]

    def test_decrypting_asks_for_no_new_one(self, qtbot) -> None:
        dialog, chosen = self.ask(qtbot, decrypting())
        assert not dialog.new.isVisible()
        qtbot.keyClicks(dialog.old, PASSPHRASE)
        qtbot.mouseClick(dialog.action, Qt.MouseButton.LeftButton)
        assert chosen == [(PASSPHRASE, "")]

    def test_to_cancel_chooses_nothing(self, qtbot) -> None:
        dialog, chosen = self.ask(qtbot, decrypting())
        qtbot.keyClicks(dialog.old, PASSPHRASE)
        qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
        assert chosen == []
        assert dialog.old.text() == ""

    def test_caps_lock_and_show(self, qtbot) -> None:
        dialog, _ = self.ask(qtbot, changing())
        dialog.show_them.click()
        assert dialog.new.echoMode() == QLineEdit.EchoMode.Normal
        key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "A")
        QApplication.sendEvent(dialog.again, key)
        assert dialog.caps_lock.isVisible()


def soon(do: Callable[[UnlockDialog], None]) -> None:
    """Do something with the dialog that will be open once the event loop runs."""

    def look() -> None:
        shown = [w for w in QApplication.topLevelWidgets() if isinstance(w, UnlockDialog)]
        visible = [dialog for dialog in shown if dialog.isVisible()]
        if visible:
            do(visible[0])
        else:
            QTimer.singleShot(10, look)

    QTimer.singleShot(0, look)


class TestAtTheStart:
    @pytest.fixture
    def encrypted(self, tmp_path: Path) -> Path:
        folder = tmp_path / "library"
        encrypt_library(folder, PASSPHRASE)
        return folder

    def test_the_question_gives_the_keys(self, qtbot, encrypted: Path) -> None:
        def answer(dialog: UnlockDialog) -> None:
            qtbot.keyClicks(dialog.field, PASSPHRASE)
            qtbot.keyClick(dialog.field, Qt.Key.Key_Return)

        soon(answer)
        assert ask_to_unlock(encrypted) == unlock_vault(encrypted, PASSPHRASE)

    def test_who_gives_up_sees_no_window(
        self, qtbot, encrypted: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app, "has_display", lambda _environment: True)
        soon(lambda dialog: dialog.reject())
        assert app.run(["--library", str(encrypted)]) == 0
        assert not list((encrypted / "running").glob("*"))

    def test_whoever_knows_it_gets_the_window(
        self, qtbot, qapp, encrypted: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened: list[object] = []

        def remember(*arguments: object) -> None:
            opened.extend(arguments)
            raise StoreRefused("Far enough.")

        def answer(dialog: UnlockDialog) -> None:
            qtbot.keyClicks(dialog.field, PASSPHRASE)
            qtbot.keyClick(dialog.field, Qt.Key.Key_Return)

        monkeypatch.setattr(app, "has_display", lambda _environment: True)
        monkeypatch.setattr(app, "make_window", remember)
        soon(answer)
        assert app.run(["--library", str(encrypted)]) == 3
        assert opened[-1] == unlock_vault(encrypted, PASSPHRASE)

    def test_the_window_reads_draws_and_answers_as_ever(
        self, qtbot, encrypted: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The real engine, in its own process, is given a path that it can read."""
        keys = unlock_vault(encrypted, PASSPHRASE)
        settings = Settings(device="cpu", reader="Reader A")
        window = make_window(encrypted, settings, demo_pack_path(), keys)
        qtbot.addWidget(window)
        window.show()
        session = window.session
        with qtbot.waitSignals([session.pack_opened, window.runner.engine_ready], timeout=WAIT_MS):
            window.start()
        with qtbot.waitSignal(window.workspace.frame_shown, timeout=WAIT_MS):
            window.open_files([demo_case_dir() / "demo.dcm"])
        roi = roi_from_json((demo_case_dir() / "roi.json").read_text(encoding="utf-8"))
        with qtbot.waitSignal(session.answered, timeout=WAIT_MS):
            window.workspace.set_drawing(drawing_of(roi))
            session.set_drawing(drawing_of(roi))
        prediction = session.prediction
        copy = session.case.path
        assert encrypted not in copy.parents
        window.close()
        assert not copy.exists()
        original = (demo_case_dir() / "demo.dcm").read_bytes()
        for path in (p for p in encrypted.rglob("*") if p.is_file()):
            content = path.read_bytes()
            assert b"DICM" not in content
            assert original[2000:2100] not in content
        assert needs_passphrase(encrypted)
        with open_library(encrypted, "Reader A", vault=keys) as library:
            assert library.latest_drawing(1).answering == roi
            stored = library.latest_prediction(1)
            assert stored is not None
            assert stored.document == prediction.to_json()
            assert library.image_path(1).read_bytes() == original
