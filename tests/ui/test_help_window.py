"""The help window: pages, links, search, size, keys; nothing outside its folder is ever read."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication, QTreeWidgetItem

from her2desk.errors import InputRefused
from her2desk.settings import Settings
from her2desk.texts import CATALOGUE
from her2desk.ui.app import make_application
from her2desk.ui.help.book import Book, open_book
from her2desk.ui.help.help_window import NAME, HelpWindow
from her2desk.ui.help.pages import FIRST_PAGE, page_of, set_page
from her2desk.ui.theme import apply_theme, colours
from tests.ui.help_samples import write_book

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
PICTURE = QTextDocument.ResourceType.ImageResource.value


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_book(tmp_path / "help")
    monkeypatch.setattr("her2desk.ui.help.book.help_dir", lambda: folder)
    return folder


@pytest.fixture
def window(qtbot, book):
    make_application(Settings())
    outside: list[str] = []
    window = HelpWindow(outside.append)
    qtbot.addWidget(window)
    window.show()
    window.show_page()
    window.opened_outside = outside
    return window


def titles(window: HelpWindow) -> list[str]:
    items = window.contents.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive)
    return [item.text(0) for item in items]


def item(window: HelpWindow, name: str) -> QTreeWidgetItem:
    found = Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive
    return next(i for i in window.contents.findItems("", found) if i.data(0, NAME) == name)


def test_the_first_page_stands_in_a_list_of_all(window):
    assert window.page == FIRST_PAGE
    assert window.windowTitle() == "First steps – Help"
    assert "Begin with Draw" in window.browser.toPlainText()
    assert titles(window)[:3] == ["Her2Desk", "For clinicians", "First steps"]
    assert window.contents.currentItem().text(0) == "First steps"


def test_a_link_leads_to_its_place_and_back_and_forth_go_the_same_way(window, qtbot):
    window.browser.anchorClicked.emit(QUrl("guide/draw#polygon"))
    assert window.page == "guide/draw"
    assert window.browser.verticalScrollBar().value() > 0
    qtbot.keyClick(window.browser, Qt.Key.Key_Left, ALT)
    assert window.page == FIRST_PAGE
    qtbot.keyClick(window.browser, Qt.Key.Key_Right, ALT)
    assert window.page == "guide/draw"
    assert window.back.isEnabled()
    assert not window.forward.isEnabled()


def test_a_link_that_leads_out_is_named_and_not_opened(window):
    window.browser.anchorClicked.emit(QUrl("https://example.org/more"))
    assert window.page == FIRST_PAGE
    assert "https://example.org/more" in window.note.text()
    assert window.opened_outside == []


@pytest.mark.parametrize(
    "address",
    [
        "../secret.webp",
        "/etc/passwd",
        "file:///etc/passwd",
        "https://example.org/a.png",
        "\0",
        "x" * 5000,
    ],
)
def test_no_picture_from_elsewhere_is_read(window, book, address):
    (book / "secret.webp").write_bytes((book / "en" / "_images" / "one.webp").read_bytes())
    assert window.browser.loadResource(PICTURE, QUrl(address)) is None


def test_a_link_out_of_the_folder_by_a_symlink_is_nothing(book):
    (book / "en" / "window" / "sly.html").symlink_to("/etc/hostname")
    assert Book(book / "en").file("window/sly.html") is None


def test_a_picture_is_as_wide_as_the_page(window, qtbot):
    window.show_page("guide/draw")
    image = window.browser.loadResource(PICTURE, QUrl("_images/one.webp"))
    assert 300 < image.width() < window.browser.viewport().width()
    assert image.height() == pytest.approx(image.width() * 900 / 1440, abs=1)
    window.resize(700, 600)
    qtbot.waitUntil(
        lambda: (
            window.browser.loadResource(PICTURE, QUrl("_images/one.webp")).width() < image.width()
        )
    )


def test_the_search_finds_pages_then_places(window, qtbot):
    qtbot.keyClick(window.browser, Qt.Key.Key_F, CTRL)
    assert QApplication.focusWidget() is window.search
    qtbot.keyClicks(window.search, "outline")
    assert titles(window) == ["Draw (2)", "Read the answer (1)"]
    assert window.note.text() == "2 pages found."
    qtbot.keyClick(window.search, Qt.Key.Key_Return)
    assert window.page == "guide/draw"
    first = window.browser.textCursor().selectionStart()
    assert window.browser.textCursor().selectedText().casefold() == "outline"
    qtbot.keyClick(window.search, Qt.Key.Key_F3)
    second = window.browser.textCursor().selectionStart()
    assert second > first
    qtbot.keyClick(window.search, Qt.Key.Key_F3, SHIFT)
    assert window.browser.textCursor().selectionStart() == first
    qtbot.keyClick(window.search, Qt.Key.Key_F3)
    qtbot.keyClick(window.search, Qt.Key.Key_F3)
    assert window.browser.textCursor().selectionStart() == first, "it goes round"


def test_a_title_comes_first_and_every_word_must_be_there(book):
    found = open_book("en")
    assert [hit.page.name for hit in found.search("answer")] == ["guide/answer"]
    assert [hit.page.name for hit in found.search("LESION polygon")] == ["guide/draw"]
    assert found.search("lesion nowhere") == []
    assert found.search("   ") == []


def test_escape_ends_the_search_and_then_the_help(window, qtbot):
    window.search.setText("outline")
    qtbot.keyClick(window.search, Qt.Key.Key_Escape)
    assert window.search.text() == ""
    assert window.isVisible()
    assert "First steps" in titles(window)
    qtbot.keyClick(window.browser, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_the_arrow_keys_turn_the_pages_of_the_contents(window, qtbot):
    window.contents.setFocus()
    qtbot.keyClick(window.contents, Qt.Key.Key_Down)
    assert window.page == "guide/draw"
    assert QApplication.focusWidget() is window.contents


def test_the_text_grows_and_shrinks(window, qtbot):
    usual = window.browser.document().defaultFont().pixelSize()
    for _ in range(3):
        qtbot.keyClick(window.browser, Qt.Key.Key_Plus, CTRL)
    larger = window.browser.document().defaultFont().pixelSize()
    qtbot.keyClick(window.browser, Qt.Key.Key_Minus, CTRL)
    assert usual < window.browser.document().defaultFont().pixelSize() < larger
    qtbot.keyClick(window.browser, Qt.Key.Key_0, CTRL)
    assert window.browser.document().defaultFont().pixelSize() == usual


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_page_has_the_themes_colours(window, theme):
    apply_theme(QApplication.instance(), theme)
    window.reload()
    assert colours().accent in window.browser.document().defaultStyleSheet()
    apply_theme(QApplication.instance(), "dark")


def test_it_speaks_the_windows_language(window, monkeypatch):
    monkeypatch.setattr(CATALOGUE, "language", "zh_CN")
    window.reload()
    assert "从勾画开始" in window.browser.toPlainText()
    monkeypatch.setattr(CATALOGUE, "language", "xx")
    window.reload()
    assert "Begin with Draw" in window.browser.toPlainText()


def test_the_computers_browser_gets_the_whole_page(window, book):
    window.outside.click()
    assert window.opened_outside == [str((book / "en" / "guide" / "first-steps.html").resolve())]


def test_without_a_built_help_it_says_so(qtbot, monkeypatch):
    make_application(Settings())
    monkeypatch.setattr("her2desk.ui.help.book.help_dir", lambda: None)
    window = HelpWindow(lambda _path: True)
    qtbot.addWidget(window)
    window.show_page("guide/draw")
    qtbot.keyClicks(window.search, "outline")
    qtbot.keyClick(window.search, Qt.Key.Key_Return)
    said = window.browser.toPlainText()
    assert "The help pages are not here." in said
    assert "make help" in said


@pytest.mark.parametrize("damage", ["", "[]", '{"pages": [{"name": 1}]}', "\xff"])
def test_a_damaged_help_is_said_to_be_absent(book, damage):
    (book / "en" / "window" / "contents.json").write_text(damage, encoding="latin-1")
    with pytest.raises(InputRefused) as caught:
        open_book("en")
    assert caught.value.code == "help-absent"


def test_a_page_that_is_missing_leads_to_the_first(window):
    window.show_page("guide/nowhere")
    assert window.page == FIRST_PAGE


def test_a_place_has_the_page_of_what_holds_it(qtbot, window):
    set_page(window, "guide/keep")
    assert page_of(window.browser.viewport()) == "guide/keep"
    set_page(window.browser, "guide/draw")
    assert page_of(window.browser.viewport()) == "guide/draw"
    assert page_of(None) == FIRST_PAGE
