"""What the window can do by key, each with its name; the list of shortcuts is made from these."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    show_shortcuts: Callable[[], object]
    quit: Callable[[], object]


# The actions that stand under Tools in the header too: report, outlines, readers, files, what is kept.
TOOL_GROUPS = (slice(3, 4), slice(4, 6), slice(6, 9), slice(9, 13), slice(13, 15))


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
        show_shortcuts=window.show_shortcuts,
        quit=window.close,
    )


def add_actions(window: QWidget, deeds: Deeds) -> list[QAction]:
    """Give ``window`` its actions, in the order in which help lists them."""
    rows = (
        (tr("Import files"), "Ctrl+O", deeds.import_files),
        (tr("Choose a model pack"), "Ctrl+Shift+O", deeds.choose_pack),
        (tr("Train a model pack"), "Ctrl+Shift+T", deeds.train),
        (tr("Report…"), "Ctrl+P", deeds.show_report),
        (tr("Open an outline…"), "Ctrl+Shift+I", deeds.open_outline),
        (tr("Save the outline…"), "Ctrl+Shift+S", deeds.save_outline),
        (tr("Compare readers…"), "Ctrl+Shift+R", deeds.compare_readers),
        (tr("Readings…"), "Ctrl+Shift+L", deeds.show_readings),
        (tr("How the pack does here…"), "Ctrl+Shift+A", deeds.audit),
        (tr("Files of the last import…"), "Ctrl+I", deeds.show_import),
        (tr("Search an archive…"), "Ctrl+Shift+F", deeds.search_archive),
        (tr("Receive images…"), "Ctrl+Shift+P", deeds.receive),
        (tr("De-identify files…"), "Ctrl+Shift+D", deeds.deidentify),
        (tr("Model packs…"), "Ctrl+Shift+M", deeds.show_packs),
        (tr("Library…"), "Ctrl+Shift+B", deeds.show_library),
        (tr("Search cases"), "Ctrl+F", deeds.search),
        (tr("Cases"), "Ctrl+1", deeds.show_cases),
        (tr("Image"), "Ctrl+2", deeds.show_image),
        (tr("Clinical form"), "Ctrl+3", deeds.show_clinical),
        (tr("Nomogram"), "Ctrl+4", deeds.show_nomogram),
        (tr("Why"), "Ctrl+5", deeds.show_why),
        (tr("Light or dark"), "Ctrl+T", deeds.switch_theme),
        (tr("Settings"), "Ctrl+,", deeds.edit_settings),
        (tr("Go to what went wrong"), "F8", deeds.show_problems),
        (tr("Save a diagnostic bundle…"), "Ctrl+Shift+F8", deeds.save_bundle),
        (tr("Keyboard shortcuts"), "F1", deeds.show_shortcuts),
        (tr("Quit"), "Ctrl+Q", deeds.quit),
    )
    actions = []
    for text, keys, deed in rows:
        action = QAction(text, window)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked=False, do=deed: do())
        window.addAction(action)
        actions.append(action)
    return actions


def tools_menu(window: QWidget, actions: list[QAction]) -> QMenu:
    """What opens under Tools in the header, of the window's own ``actions``."""
    menu = QMenu(window)
    for group in TOOL_GROUPS:
        if menu.actions():
            menu.addSeparator()
        menu.addActions(actions[group])
    return menu
