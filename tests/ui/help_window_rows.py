"""Rows of the table of every window: help, tour, what is new, about."""

import pytest

from her2desk.paths import demo_pack_path
from her2desk.settings import Settings
from her2desk.store.opening import open_library
from her2desk.ui.help.about import AboutDialog
from her2desk.ui.help.help_window import HelpWindow
from her2desk.ui.main_window import MainWindow
from tests.ui.help_samples import write_book
from tests.ui.window_table import Stage, row


def _with_book(stage: Stage) -> None:
    patch = stage.ends.enter_context(pytest.MonkeyPatch.context())
    book = write_book(stage.folder / "help")
    patch.setattr("her2desk.ui.help.book.help_dir", lambda: book)


@row("help")
def help_window(stage: Stage) -> HelpWindow:
    _with_book(stage)
    window = HelpWindow(lambda _path: True)
    window.show()
    window.show_page("guide/draw")
    return window


@row("help that was not built")
def help_absent(stage: Stage) -> HelpWindow:
    patch = stage.ends.enter_context(pytest.MonkeyPatch.context())
    patch.setattr("her2desk.ui.help.book.help_dir", lambda: None)
    window = HelpWindow(lambda _path: True)
    window.show_page("guide/draw")
    return window


@row("about")
def about(stage: Stage) -> AboutDialog:
    return AboutDialog(stage.folder / "library", stage.folder / "settings.json")


@row("tour and what is new")
def tour(stage: Stage) -> MainWindow:
    library = open_library(stage.folder / "library")
    settings_file = stage.folder / "settings.json"
    window = MainWindow(library, library.folder, Settings(), settings_file, demo_pack_path())
    window.show()
    window.greet()
    window.help.news.announce()
    return window
