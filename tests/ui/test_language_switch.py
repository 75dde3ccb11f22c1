"""Another language without starting again: the window is made anew, and what stood in it stands."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel, QMessageBox

from her2desk.domain.drawing import Drawing
from her2desk.languages import speak
from her2desk.settings import Settings, load_settings, save_settings
from her2desk.store.opening import open_library
from her2desk.store.vault import Vault, unlock_vault
from her2desk.store.vault_converting import encrypt_library
from her2desk.texts import CATALOGUE
from her2desk.ui import app
from her2desk.ui.main_window import MainWindow
from her2desk.ui.rehearsal import demo_roi
from her2desk.ui.settings_dialog import SettingsDialog
from her2desk.ui.speech import speech_of
from tests.quick_vaults import PASSPHRASE, use_quick_vaults
from tests.ui.seat import wait_until

SEARCH = {"en": "Search cases", "zh_CN": "搜索病例"}
LEFT = Qt.MouseButton.LeftButton
Stage = Callable[[MainWindow], None]


@pytest.fixture(autouse=True)
def english_again(qapp: QApplication) -> Iterator[None]:
    yield
    speak("en")
    speech_of(qapp).follow()


def sit_through(qapp: QApplication, home: Path, *stages: Stage) -> int:
    """Run the program; each stage acts on one of the windows that it opens, and has to end it."""
    raised: list[BaseException] = []
    waiting = list(stages)
    run_loop = type(qapp).exec

    def shown() -> list[MainWindow]:
        tops = QApplication.topLevelWidgets()
        return [top for top in tops if isinstance(top, MainWindow) and top.isVisible()]

    def act() -> None:
        try:
            assert waiting, "a window more than was expected"
            waiting.pop(0)(*shown())
        except BaseException as error:
            raised.append(error)
            for window in shown():
                window.close()

    def exec_once(*_: object) -> int:
        QTimer.singleShot(0, act)
        return run_loop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "has_display", lambda _environment: True)
        patch.setattr(type(qapp), "exec", exec_once)
        code = app.run(["--library", str(home / "library")])
    if raised:
        raise raised[0]
    assert not waiting, "a window less than was expected"
    return code


def choose_language(window: MainWindow, code: str) -> None:
    """Open the settings, choose with the keyboard, and press OK."""

    def choose() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, SettingsDialog)
        box = dialog.general.language
        box.setFocus()
        QTest.keyClick(box, Qt.Key.Key_Home)
        for _ in range(box.count()):
            if box.currentData() != code:
                QTest.keyClick(box, Qt.Key.Key_Down)
        chosen.append(box.currentData())
        QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Ok), LEFT)

    chosen: list[str] = []
    QTimer.singleShot(0, choose)
    QTest.mouseClick(window.header.settings_button, LEFT)
    assert chosen == [code]


def begun(home: Path) -> Path:
    """A home whose window speaks English and has been toured."""
    save_settings(home / "settings.json", Settings(language="en", tour_done=True))
    return home


def speaks(window: MainWindow) -> str:
    words = window.cases.search.placeholderText()
    return next(code for code, said in SEARCH.items() if said == words)


def test_case_frame_pack_and_answer_stand_in_chinese_and_back_in_english(qapp, own_home):
    seen = []

    def what_stands(window: MainWindow) -> tuple[object, ...]:
        session = window.session
        return (
            session.case.case_id,
            window.workspace.view.frame_index,
            session.pack.path,
            session.prediction,
            session.drawing,
            window.right.tabs.currentIndex(),
            session.operating_point,
        )

    def read_in_english(window: MainWindow) -> None:
        window.open_demo()
        session = window.session
        wait_until(lambda: session.case is not None and session.pack is not None)
        wait_until(lambda: window.workspace.view.has_frame)
        window.workspace.set_drawing(Drawing((demo_roi(),)))
        session.set_drawing(Drawing((demo_roi(),)))
        window.workspace.go_to_frame(3)
        wait_until(lambda: session.is_current)
        window.preferences.call_at(0.33)
        window.right.show_page(window.why)
        wait_until(lambda: window.workspace.view.frame_index == 3)
        assert speaks(window) == "en"
        seen.append(what_stands(window))
        choose_language(window, "zh_CN")

    def read_in_chinese(window: MainWindow) -> None:
        assert CATALOGUE.language == "zh_CN"
        assert speaks(window) == "zh_CN"
        session = window.session
        wait_until(lambda: session.is_current and window.workspace.view.has_frame)
        wait_until(lambda: window.workspace.view.frame_index == 3)
        seen.append(what_stands(window))
        assert any("阳性" in label.text() for label in window.right.result.findChildren(QLabel))
        assert QLocale().language() is QLocale.Language.Chinese
        choose_language(window, "en")

    def read_again(window: MainWindow) -> None:
        assert speaks(window) == "en"
        wait_until(lambda: window.session.is_current and window.workspace.view.has_frame)
        wait_until(lambda: window.workspace.view.frame_index == 3)
        seen.append(what_stands(window))
        window.close()

    assert sit_through(qapp, begun(own_home), read_in_english, read_in_chinese, read_again) == 0
    assert seen[0] == seen[1] == seen[2]
    assert load_settings(own_home / "settings.json").language == "en"


@pytest.mark.slow
@pytest.mark.parametrize("waits", [True, False])
def test_what_runs_is_asked_about_first(qapp, own_home, waits):
    asked = []

    def answer() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            looking.stop()
            asked.append(box.text())
            wait, stop = box.buttons()
            QTest.mouseClick(wait if waits else stop, LEFT)

    looking = QTimer()
    looking.timeout.connect(answer)

    def change(window: MainWindow) -> None:
        window.tools.running = lambda: iter(("a training", "an import"))
        looking.start(20)
        choose_language(window, "zh_CN")
        assert window.isVisible() is waits
        if waits:
            assert speaks(window) == "en"
            window.close()

    def closed(window: MainWindow) -> None:
        assert speaks(window) == "zh_CN"
        window.close()

    sit_through(qapp, begun(own_home), change, *([] if waits else [closed]))
    assert asked == ["This still runs and would be stopped: a training, an import."]
    assert load_settings(own_home / "settings.json").language == "zh_CN"


@pytest.mark.slow
def test_the_passphrase_of_an_encrypted_library_is_not_asked_again(qapp, own_home, monkeypatch):
    use_quick_vaults(monkeypatch)
    library = own_home / "library"
    open_library(library).close()
    encrypt_library(library, PASSPHRASE)
    unlocked = []

    def unlock(_folder: Path) -> Vault:
        unlocked.append("asked")
        return unlock_vault(library, PASSPHRASE)

    monkeypatch.setattr(app, "ask_to_unlock", unlock)
    sit_through(
        qapp, begun(own_home), lambda window: choose_language(window, "zh_CN"), MainWindow.close
    )
    assert unlocked == ["asked"]
