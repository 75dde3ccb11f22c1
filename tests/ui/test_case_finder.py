"""The case list follows the library without holding up the window."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from her2desk.dicom.reader import open_image
from her2desk.domain.clinical import ClinicalRecord
from her2desk.errors import StoreRefused
from her2desk.paths import demo_case_dir
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from her2desk.ui.case_finder import CaseFinder
from her2desk.ui.case_list import CaseList


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library", reader="A") as library:
        yield library


@pytest.fixture
def cases(qtbot: QtBot) -> CaseList:
    widget = CaseList()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def finder(library: Library, cases: CaseList) -> Iterator[CaseFinder]:
    one = CaseFinder(library, cases)
    yield one
    one.close()


def add_demo(library: Library) -> int:
    path = demo_case_dir() / "demo.dcm"
    return library.add_image(path, open_image(path).image).case_id


def said(cases: CaseList) -> str:
    index = cases.view.model().index(0, 0)
    return str(index.data(Qt.ItemDataRole.AccessibleTextRole))


def test_the_last_search_wins(
    qtbot: QtBot, library: Library, cases: CaseList, finder: CaseFinder
) -> None:
    add_demo(library)
    finder.search()
    qtbot.keyClicks(cases.search, "nobody")
    qtbot.waitUntil(lambda: cases.empty_text() == "No case matches “nobody”.")
    cases.search.clear()
    qtbot.waitUntil(lambda: cases.count.text() == "1 case")


def test_a_stroke_renews_one_row(
    qtbot: QtBot, library: Library, cases: CaseList, finder: CaseFinder
) -> None:
    case_id = add_demo(library)
    finder.search()
    qtbot.waitUntil(lambda: cases.count.text() == "1 case")
    library.save_clinical(case_id, ClinicalRecord(age_years=99))
    finder.renew(case_id)
    qtbot.waitUntil(lambda: "99 y" in said(cases))
    finder.renew(case_id + 1)


def test_what_cannot_be_read_is_said(
    qtbot: QtBot,
    library: Library,
    cases: CaseList,
    finder: CaseFinder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(*_: object) -> int:
        raise StoreRefused("The disk is gone.", "Connect it.")

    monkeypatch.setattr(library, "count", gone)
    finder.search()
    qtbot.waitUntil(lambda: cases.empty_text() == "The disk is gone. Connect it.")
