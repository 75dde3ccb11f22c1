"""The settings dialog gives back what was chosen, and nothing before it is asked to."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QPushButton
from pytestqt.qtbot import QtBot

from her2desk.settings import Settings
from her2desk.ui.settings_dialog import SettingsDialog
from her2desk.ui.theme import apply_theme

BUTTON = QDialogButtonBox.StandardButton


@pytest.fixture(autouse=True)
def _theme(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")


def open_dialog(qtbot: QtBot, settings: Settings, **kwargs: object) -> SettingsDialog:
    dialog = SettingsDialog(settings, **kwargs)  # type: ignore[arg-type]
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def button(dialog: SettingsDialog, which: BUTTON) -> QPushButton:
    return dialog.buttons.button(which)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(theme="light", device="cpu", operating_point="specificity95", reader="Dr Li"),
        Settings(local_prevalence=0.2, read_first=False, pack_path="x.h2pack"),
    ],
)
def test_settings_shown_are_settings_read_back(qtbot: QtBot, settings: Settings) -> None:
    assert open_dialog(qtbot, settings).settings() == settings


def test_ok_gives_the_settings_once_and_closes(qtbot: QtBot) -> None:
    dialog = open_dialog(qtbot, Settings())
    dialog.theme.setFocus()
    qtbot.keyClick(dialog.theme, Qt.Key.Key_Down)
    qtbot.mouseClick(dialog.own_prevalence, Qt.MouseButton.LeftButton, pos=dialog_tick(dialog))
    dialog.prevalence.selectAll()
    qtbot.keyClicks(dialog.prevalence, "15")
    qtbot.keyClick(dialog.prevalence, Qt.Key.Key_Tab)
    told: list[Settings] = []
    dialog.settings_applied.connect(told.append)
    with qtbot.waitSignal(dialog.accepted):
        qtbot.mouseClick(button(dialog, BUTTON.Ok), Qt.MouseButton.LeftButton)
    assert told == [Settings(theme="light", local_prevalence=0.15)]


def dialog_tick(dialog: SettingsDialog) -> QPoint:
    return dialog.own_prevalence.rect().center()


def test_cancel_gives_nothing(qtbot: QtBot) -> None:
    dialog = open_dialog(qtbot, Settings())
    dialog.reader.setText("Dr Li")
    with (
        qtbot.assertNotEmitted(dialog.settings_applied),
        qtbot.waitSignal(dialog.rejected),
    ):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_apply_gives_the_settings_and_stays(qtbot: QtBot) -> None:
    dialog = open_dialog(qtbot, Settings())
    qtbot.keyClicks(dialog.reader, " 2")
    with qtbot.waitSignal(dialog.settings_applied) as told:
        qtbot.mouseClick(button(dialog, BUTTON.Apply), Qt.MouseButton.LeftButton)
    assert told.args == [Settings(reader="Reader A 2")]
    assert dialog.isVisible()


def test_a_reader_needs_a_name(qtbot: QtBot) -> None:
    dialog = open_dialog(qtbot, Settings())
    dialog.reader.clear()
    assert not button(dialog, BUTTON.Ok).isEnabled()
    assert dialog.name_missing.isVisible()
    dialog.reader.setText("B")
    assert button(dialog, BUTTON.Ok).isEnabled()
    assert not dialog.name_missing.isVisible()


def test_languages_are_offered_where_there_are_several(qtbot: QtBot) -> None:
    assert not open_dialog(qtbot, Settings()).language.isVisible()
    dialog = open_dialog(
        qtbot, Settings(language="zh_CN"), languages=(("en", "English"), ("zh_CN", "简体中文"))
    )
    assert dialog.language.isVisible()
    assert dialog.settings().language == "zh_CN"
