"""No window cuts a word: both languages, at 1280 × 720, at 100 % and at 200 % scaling."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

from her2desk.languages import LANGUAGES, speak
from her2desk.ui.small_screens import fit_on_screen
from her2desk.ui.speech import speech_of
from tests.ui.cut_words import cut_words, fits
from tests.ui.every_window import NAMES, settle

SCREEN = QSize(1280, 720)
SCREEN_AT_TWICE = QSize(640, 360)  # what is left of it at 200 %
CODES = [language.code for language in LANGUAGES]


@pytest.fixture
def spoken(qapp: QApplication) -> Iterator[Callable[[str], None]]:
    def change(code: str) -> None:
        speak(code)
        speech_of(qapp).follow()

    yield change
    change("en")


def cut_in(window: QWidget, screen: QSize) -> set[object]:
    fit_on_screen(window, screen)
    settle()
    assert fits(window, screen)
    assert window.width() <= screen.width()
    assert window.height() <= screen.height()
    return set(cut_words(window))


@pytest.mark.slow
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", NAMES)
def test_no_word_is_cut_and_on_a_smaller_screen_windows_scroll(
    opened: Callable[[str], QWidget], spoken: Callable[[str], None], name: str, code: str
) -> None:
    spoken(code)
    window = opened(name)
    assert cut_in(window, SCREEN) == set()
    assert cut_in(window, SCREEN_AT_TWICE) == set()


AT_TWICE = """
import sys, tempfile
from pathlib import Path
from PySide6.QtCore import QSize, qInstallMessageHandler
qInstallMessageHandler(lambda *_: None)
from her2desk.languages import speak
speak(sys.argv[1])
from her2desk.ui.small_screens import fit_on_screen
from tests.ui.cut_words import cut_words
from tests.ui.every_window import NAMES, opened_window, settle
for name in NAMES:
    with tempfile.TemporaryDirectory() as folder, opened_window(name, Path(folder)) as window:
        assert window.devicePixelRatioF() == 2
        fit_on_screen(window, QSize(1280, 720))
        settle()
        for cut in cut_words(window):
            print(name, cut)
print("looked at", len(NAMES))
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", CODES)
def test_nothing_is_cut_where_each_pixel_is_four(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_TWICE, code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    assert done.stdout.splitlines() == [f"looked at {len(NAMES)}"], done.stderr[-2000:]


def test_what_is_cut_is_found(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    label, button, wrapped = QLabel("A sentence that is long"), QPushButton("Press here"), QLabel()
    wrapped.setText("Many words that need more than the one line that they have here")
    wrapped.setWordWrap(True)
    for widget in (label, button, wrapped):
        column.addWidget(widget)
    window.show()
    settle()
    assert list(cut_words(window)) == []
    for widget in (label, button, wrapped):
        widget.setFixedSize(40, 18)
    settle()
    assert [cut.kind for cut in cut_words(window)] == ["QLabel", "QPushButton", "QLabel"]
    label.setToolTip(label.text())
    assert [cut.kind for cut in cut_words(window)] == ["QPushButton", "QLabel"]
    outside = QLabel("Away", window)
    outside.move(window.width() - 5, 0)
    outside.show()
    assert "lies outside the window" in {cut.needs for cut in cut_words(window)}
