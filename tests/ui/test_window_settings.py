"""The window follows its settings, and the administrator's policy."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk import in_force, paths
from her2desk.paths import LIBRARY_VARIABLE, demo_pack_path
from her2desk.policy import NO_POLICY, Allowance, Policy
from her2desk.settings import Settings, load_settings
from her2desk.store.opening import open_library
from her2desk.ui import app
from her2desk.ui.app import make_application
from her2desk.ui.following import moving_to
from her2desk.ui.main_window import MainWindow
from her2desk.ui.settings_dialog import SettingsDialog
from tests.policies import under_policy

CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
Make = Callable[..., MainWindow]


@pytest.fixture
def make(qtbot: QtBot, tmp_path: Path) -> Iterator[Make]:
    made: list[MainWindow] = []

    def make_one(settings: Settings = Settings(), policy: Policy = NO_POLICY) -> MainWindow:
        make_application(settings)
        folder = tmp_path / "library"
        library = open_library(folder, settings.reader)
        window = MainWindow(
            library, folder, settings, tmp_path / "settings.json", demo_pack_path(), policy
        )
        qtbot.addWidget(window)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        made.append(window)
        return window

    yield make_one
    for window in made:
        window.close()
    make_application(Settings())


def told(window: MainWindow) -> list[str]:
    return [error.message.text() for error in window.problems.errors.errors()]


class TestKeys:
    def test_a_chosen_key_does_it_and_the_standard_one_no_longer(
        self, qtbot: QtBot, make: Make
    ) -> None:
        window = make(Settings(shortcuts={"switch_theme": "Ctrl+Alt+T"}))
        qtbot.keyClick(window, Qt.Key.Key_T, CTRL)
        assert window.session.settings.theme == "dark"
        qtbot.keyClick(window, Qt.Key.Key_T, CTRL | ALT)
        assert window.session.settings.theme == "light"

    def test_tooltips_and_the_list_of_keys_name_the_chosen_one(
        self, qtbot: QtBot, make: Make
    ) -> None:
        window = make()
        assert window.header.import_button.toolTip().endswith("(Ctrl+O)")
        assert window.right.tabs.tabToolTip(2).endswith("(Ctrl+5)")
        window.show_shortcuts()
        shortcuts = {"import_files": "Ctrl+Alt+O", "tool_polygon": "Y", "show_why": ""}
        window.preferences.apply(Settings(shortcuts=shortcuts))
        assert window.header.import_button.toolTip().endswith("(Ctrl+Alt+O)")
        assert not window.right.tabs.tabToolTip(2).endswith(")")
        polygon = next(
            one.action for one in window.following.keys.actions if one.name == "tool_polygon"
        )
        assert polygon.toolTip().endswith("(Y)")
        window.show_shortcuts()
        assert window.dialogs.shortcuts is not None
        labels = " ".join(
            label.text()
            for label in window.dialogs.shortcuts.findChildren(type(window.header.name))
        )
        assert "Ctrl+Alt+O" in labels

    def test_keys_that_cannot_be_are_told_of_and_the_standard_ones_work(
        self, qtbot: QtBot, make: Make
    ) -> None:
        chosen = {
            "switch_theme": "Ctrl+P",
            "fly": "F6",
            "train": "nonsense",
            "quit": "Ctrl+K, Ctrl+B",
            "search": "Esc",
        }
        window = make(Settings(shortcuts=chosen))
        window.following.tell()
        said = "\n".join(told(window))
        assert "Ctrl+P is the key of “Report…”, so “Light or dark” cannot have it." in said
        assert "There is no action 'fly' to give a key to." in said
        assert "'nonsense' is no key." in said
        assert "several keys one after another" in said
        assert "Esc has a fixed use in the window" in said
        qtbot.keyClick(window, Qt.Key.Key_T, CTRL)
        assert window.session.settings.theme == "light"

    def test_two_actions_may_exchange_their_keys(self, make: Make) -> None:
        window = make(Settings(shortcuts={"search": "Ctrl+P", "show_report": "Ctrl+F"}))
        assert window.following.keys.key("search") == "Ctrl+P"
        assert window.following.keys.key("show_report") == "Ctrl+F"

    def test_every_action_has_a_name_of_its_own(self, make: Make) -> None:
        names = [one.name for one in make().following.keys.actions]
        assert len(names) == len(set(names)) > 50


class TestPolicy:
    LOCKED = Policy(
        locked={"theme": "dark", "pack_path": None, "reader": "Room 1", "heatmap_opacity": 0.45},
        contact="IT",
    )

    def test_a_locked_choice_is_not_taken_wherever_it_is_made_and_says_by_whom(
        self, qtbot: QtBot, make: Make, tmp_path: Path
    ) -> None:
        window = make(Settings(reader="Room 1"), self.LOCKED)
        for choose in (
            window.preferences.toggle_theme,
            lambda: window.preferences.choose_reader("Dr Li"),
            lambda: window.preferences.choose_pack(tmp_path / "x.h2pack"),
        ):
            window.problems.note.hide()
            choose()
            assert window.problems.note.sentence.text() == "Set by your administrator (IT)."
        window.preferences.keep_opacity(0.9)
        window.preferences.apply(Settings(reader="Dr Li", theme="light", device="cpu"))
        held = window.session.settings
        assert (held.theme, held.reader, held.heatmap_opacity) == ("dark", "Room 1", 0.45)
        assert window._library.reader == "Room 1"
        window.close()
        assert json.loads((tmp_path / "settings.json").read_text()) == {"device": "cpu"}

    def test_training_and_network_windows_do_not_open(
        self, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        under_policy(
            monkeypatch, tmp_path / "etc", {"allow": {"network": False, "training": False}}
        )
        window = make()
        for open_it in (
            window.tools.training.open,
            window.tools.network.open_search,
            window.tools.network.open_receiving,
            window.tools.network.open_archives,
        ):
            open_it()
        assert window.tools.training.window is None
        assert window.tools.network.window is None
        assert len(told(window)) == 2
        assert all("Your administrator has switched off" in text for text in told(window))

    def test_the_receiver_does_not_begin(
        self, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        under_policy(monkeypatch, tmp_path / "etc", {"allow": {"network": False}})
        (tmp_path / "pacs.json").write_text("{}")
        window = make()
        window.tools.network.begin()
        assert window.tools.network._background is None

    def test_a_broken_policy_is_said_and_the_window_works(
        self, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        under_policy(monkeypatch, tmp_path / "etc", {"alow": {}})
        window = make(policy=in_force.policy_in_force())
        window.following.tell()
        assert any("alow is not known; allow is." in text for text in told(window))
        assert not in_force.policy_in_force().allows(Allowance.NETWORK)


def test_another_number_of_threads_reaches_the_engine(make: Make) -> None:
    window = make(Settings(threads=1))
    asked: list[int] = []
    window.runner.use_threads = asked.append  # type: ignore[method-assign]
    window.preferences.apply(Settings(threads=1, theme="light"))
    assert asked == []
    window.preferences.apply(Settings(threads=2, theme="light"))
    assert asked == [2]


def test_the_dialog_of_the_window_has_its_keys_and_packs(qtbot: QtBot, make: Make) -> None:
    window = make()
    seen: list[tuple[int, str]] = []

    def look(dialog: SettingsDialog) -> None:
        seen.append((len(dialog.keys._actions), dialog.place.where.full_text()))
        QTimer.singleShot(0, dialog.reject)

    window.preferences.dialog_opened.connect(look)
    qtbot.keyClick(window, Qt.Key.Key_Comma, CTRL)
    assert seen[0][0] > 50
    assert seen[0][1] == str(window._library.folder)


class TestAnotherLibrary:
    """The window closes and opens again there; what cannot be opened leaves the one before."""

    @pytest.fixture
    def lives(
        self, qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> list[Path]:
        """Which library each window had; the first asks for another, the others close."""
        monkeypatch.delenv(LIBRARY_VARIABLE)
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.setattr(app, "has_display", lambda _environment: True)
        monkeypatch.setattr(MainWindow, "start", lambda *_: None)
        monkeypatch.setattr(MainWindow, "greet", lambda _window: None)
        opened: list[Path] = []

        def live(*_arguments: object) -> int:
            window = next(
                one
                for one in QApplication.topLevelWidgets()
                if isinstance(one, MainWindow) and one.isVisible()
            )
            opened.append(window._library.folder)
            QApplication.processEvents()
            if len(opened) == 1:
                window.do_between_windows(moving_to(tmp_path / "other"))
            else:
                window.close()
            return 0

        monkeypatch.setattr(type(qapp), "exec", live)
        return opened

    def test_it_opens_there_and_at_the_next_start_too(
        self, lives: list[Path], tmp_path: Path
    ) -> None:
        usual = paths.usual_library_dir()
        assert app.run([]) == 0
        assert lives == [usual, tmp_path / "other"]
        assert load_settings(paths.settings_path()).library == str(tmp_path / "other")
        assert in_force.default_library_dir() == tmp_path / "other"

    def test_one_that_cannot_be_opened_leaves_the_one_before(
        self, lives: list[Path], tmp_path: Path
    ) -> None:
        usual = paths.usual_library_dir()
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "library.sqlite").write_bytes(b"no database" * 100)
        assert app.run([]) == 0
        assert lives == [usual, usual]
        assert load_settings(paths.settings_path()).library is None

    def test_one_that_was_taken_by_other_files_meanwhile_leaves_the_one_before(
        self, lives: list[Path], tmp_path: Path
    ) -> None:
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "thesis.docx").touch()
        assert app.run([]) == 0
        assert lives == [paths.usual_library_dir()] * 2

    def test_one_that_is_not_unlocked_leaves_the_one_before(
        self, lives: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app, "needs_passphrase", lambda folder: folder.name == "other")
        monkeypatch.setattr(app, "ask_to_unlock", lambda _folder: None)
        assert app.run([]) == 0
        assert lives == [paths.usual_library_dir()] * 2
        assert load_settings(paths.settings_path()).library is None


def test_a_damaged_settings_file_is_told_of_in_the_window(
    make: Make, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    own_home.mkdir(exist_ok=True)
    paths.settings_path().write_text('{"theme": "drak"}')
    window = make()
    window.following.tell(in_force.read_in_force().notes)
    assert told(window) == ['The setting theme is "drak", but may be one of dark, light, system.']
