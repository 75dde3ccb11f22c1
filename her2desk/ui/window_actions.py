"""What the window can do by key, each with its name; the list of shortcuts is made from these."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from her2desk.texts import tr

if TYPE_CHECKING:
    from her2desk.ui.main_window import MainWindow


@dataclass(frozen=True)
class Deeds:
    """The window's own methods, by what they are for."""

    import_files: Callable[[], object]
    choose_pack: Callable[[], object]
    show_import: Callable[[], object]
    train: Callable[[], object]
    show_report: Callable[[], object]
    show_library: Callable[[], object]
    show_packs: Callable[[], object]
    receive: Callable[[], object]
    search_archive: Callable[[], object]
    open_outline: Callable[[], object]
    save_outline: Callable[[], object]
    compare_readers: Callable[[], object]
    show_readings: Callable[[], object]
    audit: Callable[[], object]
    deidentify: Callable[[], object]
    search: Callable[[], object]
    show_cases: Callable[[], object]
    show_image: Callable[[], object]
    show_clinical: Callable[[], object]
    show_nomogram: Callable[[], object]
    show_why: Callable[[], object]
    switch_theme: Callable[[], object]
    edit_settings: Callable[[], object]
    show_problems: Callable[[], object]
    save_bundle: Callable[[], object]
    show_help: Callable[[], object]
    show_shortcuts: Callable[[], object]
    take_tour: Callable[[], object]
    load_samples: Callable[[], object]
    show_news: Callable[[], object]
    check_computer: Callable[[], object]
    show_about: Callable[[], object]
    quit: Callable[[], object]


# The actions that stand under Tools in the header too: report, outlines, readers, files, what is kept.
TOOL_GROUPS = (slice(3, 4), slice(4, 6), slice(6, 9), slice(9, 13), slice(13, 15))

# What stands under the question mark: reading, trying, this program.
HELP_GROUPS = (slice(25, 27), slice(27, 29), slice(29, 32))


def deeds_of(window: "MainWindow") -> Deeds:
    """What each key and menu entry of ``window`` does."""
    right = window.right
    return Deeds(
        import_files=window.ask_for_files,
        choose_pack=window.ask_for_pack,
        show_import=window.import_table.show_table,
        train=window.tools.training.open,
        show_report=window.tools.report.open,
        show_library=window.tools.library.open,
        show_packs=window.tools.packs.open,
        receive=window.tools.network.open_receiving,
        search_archive=window.tools.network.open_search,
        open_outline=lambda: window.outlines.open(window.workspace.frame_index),
        save_outline=window.outlines.save,
        compare_readers=window.tools.readers.open,
        show_readings=window.tools.readings.open,
        audit=window.tools.audit.open,
        deidentify=window.tools.deidentifying.open,
        search=window.cases.search.setFocus,
        show_cases=window.cases.view.setFocus,
        show_image=window.workspace.setFocus,
        show_clinical=lambda: right.show_page(right.clinical),
        show_nomogram=lambda: right.show_page(right.nomogram),
        show_why=lambda: right.show_page(right.why),
        switch_theme=window.preferences.toggle_theme,
        edit_settings=window.preferences.edit,
        show_problems=window.problems.take_focus,
        save_bundle=window.problems.saving.save,
        show_help=window.help.open,
        show_shortcuts=window.show_shortcuts,
        take_tour=window.help.take_tour,
        load_samples=window.help.load_samples,
        show_news=window.help.show_news,
        check_computer=window.tools.doctor.open,
        show_about=window.help.show_about,
        quit=window.close,
    )


def add_actions(window: QWidget, deeds: Deeds) -> list[QAction]:
    """Give ``window`` its actions, in the order in which help lists them."""
    rows = (
        ("import_files", tr("Import files"), "Ctrl+O", deeds.import_files),
        ("choose_pack", tr("Choose a model pack"), "Ctrl+Shift+O", deeds.choose_pack),
        ("train", tr("Train a model pack"), "Ctrl+Shift+T", deeds.train),
        ("show_report", tr("Report…"), "Ctrl+P", deeds.show_report),
        ("open_outline", tr("Open an outline…"), "Ctrl+Shift+I", deeds.open_outline),
        ("save_outline", tr("Save the outline…"), "Ctrl+Shift+S", deeds.save_outline),
        ("compare_readers", tr("Compare readers…"), "Ctrl+Shift+R", deeds.compare_readers),
        ("show_readings", tr("Readings…"), "Ctrl+Shift+L", deeds.show_readings),
        ("audit", tr("How the pack does here…"), "Ctrl+Shift+A", deeds.audit),
        ("show_import", tr("Files of the last import…"), "Ctrl+I", deeds.show_import),
        ("search_archive", tr("Search an archive…"), "Ctrl+Shift+F", deeds.search_archive),
        ("receive", tr("Receive images…"), "Ctrl+Shift+P", deeds.receive),
        ("deidentify", tr("De-identify files…"), "Ctrl+Shift+D", deeds.deidentify),
        ("show_packs", tr("Model packs…"), "Ctrl+Shift+M", deeds.show_packs),
        ("show_library", tr("Library…"), "Ctrl+Shift+B", deeds.show_library),
        ("search", tr("Search cases"), "Ctrl+F", deeds.search),
        ("show_cases", tr("Cases"), "Ctrl+1", deeds.show_cases),
        ("show_image", tr("Image"), "Ctrl+2", deeds.show_image),
        ("show_clinical", tr("Clinical form"), "Ctrl+3", deeds.show_clinical),
        ("show_nomogram", tr("Nomogram"), "Ctrl+4", deeds.show_nomogram),
        ("show_why", tr("Why"), "Ctrl+5", deeds.show_why),
        ("switch_theme", tr("Light or dark"), "Ctrl+T", deeds.switch_theme),
        ("edit_settings", tr("Settings"), "Ctrl+,", deeds.edit_settings),
        ("show_problems", tr("Go to what went wrong"), "F8", deeds.show_problems),
        ("save_bundle", tr("Save a diagnostic bundle…"), "Ctrl+Shift+F8", deeds.save_bundle),
        ("show_help", tr("Help"), "F1", deeds.show_help),
        ("show_shortcuts", tr("Keyboard shortcuts"), "Shift+F1", deeds.show_shortcuts),
        ("take_tour", tr("Take the tour"), "", deeds.take_tour),
        ("load_samples", tr("Load sample cases"), "", deeds.load_samples),
        ("show_news", tr("What is new"), "", deeds.show_news),
        ("check_computer", tr("Check this computer…"), "Ctrl+Shift+F1", deeds.check_computer),
        ("show_about", tr("About Her2Desk"), "", deeds.show_about),
        ("quit", tr("Quit"), "Ctrl+Q", deeds.quit),
    )
    actions = []
    for name, text, keys, deed in rows:
        action = QAction(text, window)
        action.setObjectName(name)  # by which the settings know whose key was changed
        if keys:
            action.setShortcut(QKeySequence(keys))
        if keys == "F1":
            action.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)  # in every window
        action.triggered.connect(lambda _checked=False, do=deed: do())
        window.addAction(action)
        actions.append(action)
    return actions


def tools_menu(window: QWidget, actions: list[QAction]) -> QMenu:
    """What opens under Tools in the header, of the window's own ``actions``."""
    return _menu(window, actions, TOOL_GROUPS)


def help_menu(window: QWidget, actions: list[QAction]) -> QMenu:
    """What opens under the question mark in the header."""
    return _menu(window, actions, HELP_GROUPS)


def _menu(window: QWidget, actions: list[QAction], groups: tuple[slice, ...]) -> QMenu:
    menu = QMenu(window)
    for group in groups:
        if menu.actions():
            menu.addSeparator()
        menu.addActions(actions[group])
    return menu
