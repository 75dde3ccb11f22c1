"""The settings dialog gives back what was chosen, and nothing before it is asked to."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from her2desk.in_force import default_library_dir
from her2desk.paths import LIBRARY_VARIABLE
from her2desk.policy import Policy
from her2desk.settings import Settings
from her2desk.settings_file import export_settings
from her2desk.store.opening import open_library
from her2desk.ui.canvas.cine_bar import CineBar
from her2desk.ui.canvas.toolbar import CanvasToolbar
from her2desk.ui.keys import KeyBook
from her2desk.ui.settings_dialog import SettingsDialog
from her2desk.ui.settings_pages.questions import SettingsQuestions
from her2desk.ui.settings_pages.surroundings import Places, Surroundings
from her2desk.ui.theme import apply_theme
from her2desk.ui.window_actions import Deeds, add_actions

BUTTON = QDialogButtonBox.StandardButton
LEFT = Qt.MouseButton.LeftButton
CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture(autouse=True)
def _theme(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")


@pytest.fixture
def book(qtbot: QtBot) -> Iterator[KeyBook]:
    """The actions of a window, which do nothing here."""
    window = QWidget()
    qtbot.addWidget(window)
    nothing = Deeds(**{one.name: lambda: None for one in fields(Deeds)})
    image = [*CanvasToolbar(window).actions(), *CineBar(window).actions()]
    yield KeyBook([("Window", add_actions(window, nothing)), ("Image", image)], window)
    window.close()


class Answered(SettingsQuestions):
    """Gives what the test chose, and remembers what was opened."""

    def __init__(self, **answers: Path) -> None:
        self.answers = answers
        self.opened: list[Path] = []

    def pack(self) -> Path | None:
        return self.answers.get("pack")

    def library(self, _present: Path) -> Path | None:
        return self.answers.get("library")

    def file_to_write(self) -> Path | None:
        return self.answers.get("write")

    def file_to_read(self) -> Path | None:
        return self.answers.get("read")

    def open_folder(self, folder: Path) -> bool:
        self.opened.append(folder)
        return True


def open_dialog(
    qtbot: QtBot,
    settings: Settings,
    around: Surroundings | None = None,
    questions: SettingsQuestions | None = None,
    page: int = 0,
) -> SettingsDialog:
    dialog = SettingsDialog(settings, None, around, questions)
    qtbot.addWidget(dialog)
    dialog.show_page(page)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def button(dialog: SettingsDialog, which: BUTTON) -> QPushButton:
    return dialog.buttons.button(which)


def click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.mouseClick(widget, LEFT, pos=widget.rect().center())


def words_of(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel))


class TestChoosing:
    @pytest.mark.parametrize(
        "settings",
        [
            Settings(),
            Settings(theme="light", device="cpu", operating_point="specificity95", reader="Dr Li"),
            Settings(local_prevalence=0.2, read_first=False, pack_path="x.h2pack"),
            Settings(local_prevalence=1 / 3, heatmap_opacity=0.123456, threads=63),
            Settings(language="zh_CN", shortcuts={"of_another_version": "F6"}, news_seen="1.2"),
        ],
    )
    def test_settings_shown_are_settings_read_back_to_the_last_bit(
        self, qtbot: QtBot, settings: Settings
    ) -> None:
        assert open_dialog(qtbot, settings).settings() == settings

    def test_ok_gives_the_settings_once_and_closes(self, qtbot: QtBot) -> None:
        dialog = open_dialog(qtbot, Settings())
        qtbot.keyClick(dialog.general.theme, Qt.Key.Key_Down)
        dialog.show_page(1)
        click(qtbot, dialog.analysis.own_prevalence)
        dialog.analysis.prevalence.selectAll()
        qtbot.keyClicks(dialog.analysis.prevalence, "15")  # still being typed when OK comes
        told: list[Settings] = []
        dialog.settings_applied.connect(told.append)
        with qtbot.waitSignal(dialog.accepted):
            click(qtbot, button(dialog, BUTTON.Ok))
        assert told == [Settings(theme="light", local_prevalence=0.15)]

    def test_cancel_gives_nothing(self, qtbot: QtBot) -> None:
        dialog = open_dialog(qtbot, Settings())
        dialog.general.reader.setText("Dr Li")
        with (
            qtbot.assertNotEmitted(dialog.settings_applied),
            qtbot.waitSignal(dialog.rejected),
        ):
            qtbot.keyClick(dialog, Qt.Key.Key_Escape)

    def test_apply_gives_the_settings_and_stays(self, qtbot: QtBot) -> None:
        dialog = open_dialog(qtbot, Settings())
        qtbot.keyClicks(dialog.general.reader, " 2")
        with qtbot.waitSignal(dialog.settings_applied) as told:
            click(qtbot, button(dialog, BUTTON.Apply))
        assert told.args == [Settings(reader="Reader A 2")]
        assert dialog.isVisible()

    def test_a_reader_needs_a_name(self, qtbot: QtBot) -> None:
        dialog = open_dialog(qtbot, Settings())
        dialog.general.reader.clear()
        assert not button(dialog, BUTTON.Ok).isEnabled()
        assert dialog.general.name_missing.isVisible()
        dialog.general.reader.setText("B")
        assert button(dialog, BUTTON.Ok).isEnabled()
        assert not dialog.general.name_missing.isVisible()

    def test_languages_are_offered_in_their_own_words_and_as_the_system(self, qtbot: QtBot) -> None:
        language = open_dialog(qtbot, Settings()).general.language
        offered = [(language.itemData(i), language.itemText(i)) for i in range(language.count())]
        assert offered == [
            ("system", "As the system"),
            ("en", "English"),
            ("zh_CN", "简体中文"),
        ]

    def test_threads_are_automatic_or_a_number_that_the_computer_has(
        self, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("os.cpu_count", lambda: 3)
        dialog = open_dialog(qtbot, Settings(), page=1)
        threads = dialog.analysis.threads
        said = [threads.itemText(i) for i in range(threads.count())]
        assert said == ["Automatic (3 threads)", "1 thread", "2 threads", "3 threads"]
        qtbot.keyClick(threads, Qt.Key.Key_Down)
        assert dialog.settings().threads == 1

    def test_a_pack_is_one_that_is_kept_or_a_file(self, qtbot: QtBot, tmp_path: Path) -> None:
        around = Surroundings(packs=(("Clinic 2.0", "/kept/a.h2pack"),))
        dialog = open_dialog(
            qtbot, Settings(), around, Answered(pack=tmp_path / "new.h2pack"), page=1
        )
        qtbot.keyClick(dialog.analysis.pack, Qt.Key.Key_Down)
        assert dialog.settings().pack_path == "/kept/a.h2pack"
        click(qtbot, dialog.analysis.other_pack)
        assert dialog.settings().pack_path == str(tmp_path / "new.h2pack")
        assert dialog.analysis.pack.currentText() == "new.h2pack"


class TestLocked:
    POLICY = Policy(
        locked={"theme": "dark", "device": "cpu", "shortcuts": {}, "library": "/set"},
        contact="IT, 4711",
    )

    def test_what_is_locked_is_shown_cannot_be_changed_and_says_by_whom(
        self, qtbot: QtBot, book: KeyBook
    ) -> None:
        around = Surroundings(self.POLICY, book.actions)
        dialog = open_dialog(qtbot, Settings(device="cpu"), around)
        for page, controls in (
            (dialog.general, [dialog.general.theme]),
            (dialog.analysis, [dialog.analysis.device]),
            (dialog.keys, [dialog.keys.field, dialog.keys.standard, dialog.keys.all_standard]),
            (dialog.place, [dialog.place.choose, dialog.place.usual]),
        ):
            assert not any(control.isEnabled() for control in controls)
            assert "Set by your administrator (IT, 4711)." in words_of(page)
        assert dialog.general.language.isEnabled()
        assert dialog.analysis.threads.isEnabled()

    def test_what_is_locked_is_not_imported(self, qtbot: QtBot, tmp_path: Path) -> None:
        export_settings(tmp_path / "s.json", Settings(theme="light", threads=1))
        dialog = open_dialog(
            qtbot, Settings(), Surroundings(self.POLICY), Answered(read=tmp_path / "s.json"), 3
        )
        click(qtbot, dialog.place.read)
        assert (dialog.settings().theme, dialog.settings().threads) == ("dark", 1)
        assert "Left as they are: theme, device, shortcuts." in dialog.place.said.text()


class TestKeys:
    def choose(self, qtbot: QtBot, dialog: SettingsDialog, name: str) -> None:
        dialog.keys.select(name)
        dialog.keys.field.setFocus()

    def test_a_key_is_changed_by_pressing_it(self, qtbot: QtBot, book: KeyBook) -> None:
        dialog = open_dialog(qtbot, Settings(), Surroundings(actions=book.actions), page=2)
        self.choose(qtbot, dialog, "train")
        qtbot.keyClick(dialog.keys.field, Qt.Key.Key_U, CTRL | ALT)
        assert dialog.settings().shortcuts == {"train": "Ctrl+Alt+U"}
        assert "changed" in dialog.keys.list.currentItem().text(2)

    def test_it_is_done_by_keyboard_alone(self, qtbot: QtBot, book: KeyBook) -> None:
        dialog = open_dialog(qtbot, Settings(), Surroundings(actions=book.actions), page=2)
        dialog.keys.list.setFocus()
        qtbot.keyClick(dialog.keys.list, Qt.Key.Key_Down)
        assert dialog.keys.of_what.text() == "Key for “Choose a model pack”"
        qtbot.keyClick(dialog.keys.list, Qt.Key.Key_Tab)
        assert dialog.keys.field.isAncestorOf(dialog.focusWidget()) or (
            dialog.keys.field is dialog.focusWidget()
        )
        qtbot.keyClick(dialog.keys.field, Qt.Key.Key_F6)
        qtbot.keyClick(dialog.keys.field, Qt.Key.Key_Tab)
        assert dialog.focusWidget() is dialog.keys.standard
        assert dialog.settings().shortcuts == {"choose_pack": "F6"}
        qtbot.keyClick(dialog.keys.standard, Qt.Key.Key_Space)
        assert dialog.settings().shortcuts == {}

    @pytest.mark.parametrize(
        ("name", "key", "modifiers", "said"),
        [
            ("train", Qt.Key.Key_P, CTRL, "Ctrl+P is the key of “Report…”."),
            ("train", Qt.Key.Key_B, None, "B is the key of “Brush”."),
            ("tool_brush", Qt.Key.Key_F1, None, "F1 is the key of “Help”."),
            ("train", Qt.Key.Key_Y, CTRL, "Ctrl+Y is the key of “Redo”."),
            ("train", Qt.Key.Key_Escape, None, "Esc has a fixed use in the window (stop"),
            ("train", Qt.Key.Key_C, CTRL, "Ctrl+C has a fixed use in the window (copy)"),
        ],
    )
    def test_a_key_that_is_taken_is_refused_by_name(
        self, qtbot: QtBot, book: KeyBook, name: str, key: Qt.Key, modifiers: object, said: str
    ) -> None:
        dialog = open_dialog(qtbot, Settings(), Surroundings(actions=book.actions), page=2)
        self.choose(qtbot, dialog, name)
        before = dialog.keys.field.keySequence()
        qtbot.keyClick(dialog.keys.field, key, modifiers or Qt.KeyboardModifier.NoModifier)
        assert dialog.keys.said.text().startswith(said)
        assert dialog.keys.field.keySequence() == before
        assert dialog.settings().shortcuts == {}

    def test_a_key_that_was_given_up_is_free_and_its_old_owner_cannot_have_it_back(
        self, qtbot: QtBot, book: KeyBook
    ) -> None:
        dialog = open_dialog(qtbot, Settings(), Surroundings(actions=book.actions), page=2)
        dialog.keys.select("show_report")
        click(qtbot, dialog.keys.none)
        self.choose(qtbot, dialog, "train")
        qtbot.keyClick(dialog.keys.field, Qt.Key.Key_P, CTRL)
        assert dialog.settings().shortcuts == {"show_report": "", "train": "Ctrl+P"}
        dialog.keys.select("show_report")
        click(qtbot, dialog.keys.standard)
        assert dialog.keys.said.text().startswith("Ctrl+P is the key of “Train a model pack”.")
        click(qtbot, dialog.keys.all_standard)
        assert dialog.settings().shortcuts == {}

    def test_a_name_of_another_version_is_not_lost(self, qtbot: QtBot, book: KeyBook) -> None:
        settings = Settings(shortcuts={"dictate": "F6", "train": "F7"})
        dialog = open_dialog(qtbot, settings, Surroundings(actions=book.actions), page=2)
        assert dialog.settings() == settings
        dialog.keys.select("train")
        assert dialog.keys.field.keySequence() == QKeySequence("F7")


class TestPlace:
    @pytest.fixture(autouse=True)
    def _no_variable(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv(LIBRARY_VARIABLE)
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            monkeypatch.setenv(name, str(tmp_path / name))

    def test_it_says_where_things_are_and_opens_their_folders(
        self, qtbot: QtBot, tmp_path: Path
    ) -> None:
        places = Places(tmp_path / "lib", tmp_path / "conf" / "settings.json", tmp_path / "cache")
        questions = Answered()
        dialog = open_dialog(qtbot, Settings(), Surroundings(places=places), questions, page=3)
        assert dialog.place.where.full_text() == str(tmp_path / "lib")
        assert "Free: " in dialog.place.free.text()
        for one in dialog.place.findChildren(QPushButton):
            if one.text() == "Open folder":
                click(qtbot, one)
        assert sorted(path.name for path in questions.opened) == ["cache", "conf", "lib", "logs"]

    def test_an_existing_library_is_asked_for_once_ok_is_pressed(
        self, qtbot: QtBot, tmp_path: Path
    ) -> None:
        open_library(tmp_path / "other").close()
        dialog = open_dialog(qtbot, Settings(), None, Answered(library=tmp_path / "other"), page=3)
        click(qtbot, dialog.place.choose)
        said = dialog.place.what_happens.text()
        assert said.startswith("There is a library in this folder; it will be opened.")
        assert "Nothing is moved or copied. The window closes and opens again there." in said
        with qtbot.waitSignal(dialog.library_requested) as told:
            click(qtbot, button(dialog, BUTTON.Apply))
        assert told.args == [tmp_path / "other"]
        assert not dialog.isVisible()

    def test_a_folder_with_other_files_is_refused_and_the_library_stays(
        self, qtbot: QtBot, tmp_path: Path
    ) -> None:
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "thesis.docx").touch()
        dialog = open_dialog(qtbot, Settings(), None, Answered(library=tmp_path / "docs"), page=3)
        click(qtbot, dialog.place.choose)
        assert "There are other files in" in dialog.place.what_happens.text()
        with qtbot.assertNotEmitted(dialog.library_requested):
            click(qtbot, button(dialog, BUTTON.Ok))

    def test_back_to_the_usual_folder(self, qtbot: QtBot, tmp_path: Path) -> None:
        usual = default_library_dir()
        dialog = open_dialog(
            qtbot, Settings(), Surroundings(places=Places(library=tmp_path)), Answered(), page=3
        )
        click(qtbot, dialog.place.usual)
        with qtbot.waitSignal(dialog.library_requested) as told:
            click(qtbot, button(dialog, BUTTON.Ok))
        assert told.args == [usual]

    def test_where_the_variable_decides_nothing_can_be_chosen(
        self, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv(LIBRARY_VARIABLE, str(tmp_path))
        dialog = open_dialog(qtbot, Settings(), page=3)
        assert not dialog.place.choose.isEnabled()
        assert "HER2DESK_HOME" in words_of(dialog.place)

    def test_settings_are_exported_without_names_and_imported_once_applied(
        self, qtbot: QtBot, tmp_path: Path
    ) -> None:
        file = tmp_path / "s.json"
        ours = Settings(theme="light", reader="Dr Ada", shortcuts={"train": "F6"})
        dialog = open_dialog(qtbot, ours, None, Answered(write=file), page=3)
        click(qtbot, dialog.place.write)
        assert dialog.place.said.text() == f"Written: {file}"
        assert "Ada" not in file.read_text()
        other = open_dialog(qtbot, Settings(), None, Answered(read=file), page=3)
        with qtbot.assertNotEmitted(other.settings_applied):
            click(qtbot, other.place.read)
        assert "It counts once you press OK or Apply." in other.place.said.text()
        assert other.settings() == replace(ours, reader="Reader A")

    def test_a_broken_file_changes_nothing_and_says_why(self, qtbot: QtBot, tmp_path: Path) -> None:
        export_settings(tmp_path / "s.json", Settings(theme="light"))
        document = json.loads((tmp_path / "s.json").read_text())
        document["settings"]["threads"] = "many"
        (tmp_path / "s.json").write_text(json.dumps(document))
        dialog = open_dialog(qtbot, Settings(), None, Answered(read=tmp_path / "s.json"), page=3)
        click(qtbot, dialog.place.read)
        assert 'The setting threads is "many", but may be' in dialog.place.said.text()
        assert dialog.settings() == Settings()


def test_every_page_fits_the_smallest_window(qtbot: QtBot, book: KeyBook) -> None:
    dialog = open_dialog(qtbot, Settings(), Surroundings(actions=book.actions))
    for page in range(4):
        dialog.show_page(page)
        assert dialog.minimumSizeHint().width() <= 1280
        assert dialog.minimumSizeHint().height() <= 720 - 40
