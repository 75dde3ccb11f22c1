"""Every word on screen goes through ``texts``: a pseudo-language puts brackets around each."""

import gettext
import re

import pytest
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QTabBar,
    QWidget,
)

from her2desk.paths import demo_pack_path
from her2desk.settings import Settings
from her2desk.store.opening import open_library
from her2desk.texts import CATALOGUE
from her2desk.ui.app import make_application
from her2desk.ui.main_window import MainWindow
from her2desk.ui.settings_dialog import SettingsDialog

NAMES = {"Her2Desk", "?"}  # the program's own name, and a sign that is no word
QTS_OWN = {"Scroll Left", "Scroll Right"}  # on every tab bar, from Qt's catalogue
LETTERS = re.compile(r"[A-Za-z]{2,}")


class Bracketed(gettext.NullTranslations):
    """Turns ``Import…`` into ``⟦Import…⟧``."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.fixture
def bracketed(monkeypatch):
    monkeypatch.setattr(CATALOGUE, "translations", Bracketed())


def words_of(root: QWidget) -> list[tuple[str, str]]:
    """(kind, text) of everything with words in it, tooltips and accessible names included."""
    found = []
    for widget in [root, *root.findChildren(QWidget)]:
        kind = type(widget).__name__
        texts = [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
        if isinstance(widget, QLabel | QAbstractButton):
            texts.append(widget.text())
        if isinstance(widget, QLineEdit):
            texts.append(widget.placeholderText())
        if isinstance(widget, QComboBox):
            texts += [widget.itemText(i) for i in range(widget.count())]
        if isinstance(widget, QTabBar):
            texts += [widget.tabText(i) for i in range(widget.count())]
        found += [(kind, text) for text in texts if LETTERS.search(text)]
    return found


def unbracketed(root: QWidget, data: set[str]) -> list[tuple[str, str]]:
    """Words outside brackets that are neither names nor given data."""
    return [
        (kind, text)
        for kind, text in words_of(root)
        if "⟦" not in text and text.strip("&") not in NAMES | data
    ]


def test_the_window_has_no_word_of_its_own(qtbot, tmp_path, bracketed):
    make_application(Settings())
    window = MainWindow(
        open_library(tmp_path), tmp_path, Settings(), tmp_path / "s.json", demo_pack_path()
    )
    qtbot.addWidget(window)
    window.show()
    assert len(words_of(window)) > 60
    found = unbracketed(window, {"Reader A"})
    assert [text for _, text in found if text not in QTS_OWN] == []
    window.close()


def test_the_settings_have_no_word_of_their_own(qtbot, bracketed):
    dialog = SettingsDialog(Settings())
    qtbot.addWidget(dialog)
    found = unbracketed(dialog, {"Reader A", "English"})
    assert [text for _, text in found if "&" not in text] == []  # Qt's own OK, Cancel, Apply
