"""Who reads, chosen under the reader's name."""

import pytest
from PySide6.QtWidgets import QInputDialog

from her2desk.ui.reader_menu import ReaderMenu


@pytest.fixture
def menu(qtbot) -> ReaderMenu:
    menu = ReaderMenu(lambda: ("Dr Ada", "Dr Bo"), lambda: "Dr Bo")
    qtbot.addWidget(menu)
    menu.aboutToShow.emit()
    return menu


def test_the_menu_lists_every_reader_and_marks_who_reads(menu):
    names = [action for action in menu.actions() if action.isCheckable()]
    assert [(a.text(), a.isChecked()) for a in names] == [("Dr Ada", False), ("Dr Bo", True)]


def test_choosing_a_reader_says_so(qtbot, menu):
    with qtbot.waitSignal(menu.reader_chosen) as chosen:
        menu.actions()[0].trigger()
    assert chosen.args == ["Dr Ada"]


@pytest.mark.parametrize(("typed", "said"), [((" Dr Cy ", True), ["Dr Cy"]), (("", True), [])])
def test_another_reader_is_named(monkeypatch, menu, typed, said):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: typed)
    chosen: list[str] = []
    menu.reader_chosen.connect(chosen.append)
    menu.actions()[-1].trigger()
    assert chosen == said


def test_opening_it_twice_lists_nobody_twice(menu):
    before = len(menu.actions())
    menu.aboutToShow.emit()
    assert len(menu.actions()) == before
