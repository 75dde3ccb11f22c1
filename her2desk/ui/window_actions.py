"""What the window can do by key, each with its name; the list of shortcuts is made from these."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from her2desk.texts import tr


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
