"""Every word on screen goes through ``texts``, in every window: a pseudo-language shows what does not."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QWidget

from tests.ui.every_window import NAMES, settle
from tests.ui.seen_words import FullWidth, Said, painted, said_by, speaking, widened

WORD = re.compile(r"[A-Za-z][A-Za-z^-]*[A-Za-z]")
KEYS = r"((Ctrl|Shift|Alt)\+)+\S+"
PLACES = r"(?:(?<=\s)|^)(?:/[^/\s]+)+/?"
FEATURES = r"[\w-]+_\w+_\w+"
CODES = (
    r"(?:logit-delong|nadeau-bengio)|[0-9a-f]{4,}|(?:PH|HD|H2D)-\w+"
    r"|\w+\.(?:dcm|json|h2pack|h2enhancer|csv)|HER2DESK_HOME"
)

UNITS = {"mm", "px", "ms", "MB", "GB", "kB", "SD", "ICC", "CPU", "KB", "dB", "MHz"}
NAMES_OF_THINGS = {
    *("Her-Desk", "Desk", "Her", "HER", "DESK", "English", "Reader", "Python", "Qt"),
    *("Phantom", "phantom-gan", "demo", "Demo", "Phantom^Demo", "DEMO", "PH-DEMO", "LICENSE"),
    *("SVG", "PDF", "PNG", "PACS", "Clinic", "Doe", "Jane", "Wang", "XiaoDong", "Acme", "Sono"),
    *("IT", "ACUSON", "Ward", "pack", "Anna", "Ben", "Cem", "rim", "nobody", "local"),
}
QTS_OWN = {"Scroll Left", "Scroll Right", "OK", "Cancel", "Press shortcut"}
# what the rows of the table make up: answers of a child process, the text of a pack's card, a help page
MADE_UP = {
    "help": ("HelpBrowser", "QTreeWidget", "QHeaderView", "title"),
    "packs": ("QPlainTextEdit",),
    "report": ("PageView",),
    "training": ("QLabel", "QProgressBar", "QPlainTextEdit", "QTableView", "QHeaderView"),
    "enhancer": ("QLabel", "QProgressBar", "QPlainTextEdit", "QTableView", "QHeaderView"),
    "de-identify, result": ("QTableView", "QHeaderView"),
    "main window, stale answer": ("QProgressBar", "ElidedLabel"),
    "main window, problems": ("QPlainTextEdit",),
}
SUGGESTED = "which patients with IHC 2+ await FISH most urgently"  # goes into the pack as it is


def left_over(said: Said, folder: Path) -> list[str]:
    """The words in it that come neither from the catalogue nor from data."""
    text = said.text.replace(str(folder), "").replace(SUGGESTED, "")
    if text in QTS_OWN:
        return []
    for form in (KEYS, PLACES, FEATURES, CODES):
        text = re.sub(form, " ", text)
    return [word for word in WORD.findall(text) if word not in UNITS | NAMES_OF_THINGS]


@pytest.mark.parametrize("name", NAMES)
def test_a_window_has_no_word_of_its_own(
    opened: Callable[[str], QWidget], tmp_path: Path, name: str
) -> None:
    with speaking(FullWidth()), painted() as on_the_picture:
        window = opened(name)
        window.grab()
        settle()
        said = [*said_by(window), *on_the_picture]
    assert said
    made_up = [kind for row, kinds in MADE_UP.items() if name.startswith(row) for kind in kinds]
    made_up.append("SmallPrint")  # digests, names of stages: to copy, not to read
    found = {
        (one.where, one.text)
        for one in said
        if one.where not in made_up
        if left_over(one, tmp_path)
    }
    assert found == set()


def test_a_word_that_bypasses_the_catalogue_is_found(qtbot, tmp_path: Path) -> None:
    label = QLabel("Import Import")
    qtbot.addWidget(label)
    assert [left_over(said, tmp_path) for said in said_by(label)][1] == ["Import", "Import"]
    label.setText(widened("Import {n} files").format(n=3))
    assert all(not left_over(said, tmp_path) for said in said_by(label))


def test_fields_and_markup_keep_their_letters() -> None:
    template = "<b>{name}</b>: {value:.2f} of {{x}}"
    assert widened(template).format(name="a", value=0.5) == "<b>a</b>: 0.50 ｏｆ {ｘ}"
