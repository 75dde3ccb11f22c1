"""What the window can do by key, each with its name; the list of shortcuts is made from these."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from her2desk.texts import tr


@dataclass(frozen=True)
class Deeds:
    """The window's own methods, by what they are for."""

    import_files: Callable[[], object]
    choose_pack: Callable[[], object]
    show_import: Callable[[], object]
    train: Callable[[], object]
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
    show_shortcuts: Callable[[], object]
    quit: Callable[[], object]


TOOLS = slice(3, 10)  # the actions that stand under Tools in the header too


def add_actions(window: QWidget, deeds: Deeds) -> list[QAction]:
    """Give ``window`` its actions, in the order in which help lists them."""
    rows = (
        (tr("Import files"), "Ctrl+O", deeds.import_files),
        (tr("Choose a model pack"), "Ctrl+Shift+O", deeds.choose_pack),
        (tr("Train a model pack"), "Ctrl+Shift+T", deeds.train),
        (tr("Files of the last import…"), "Ctrl+I", deeds.show_import),
        (tr("Open an outline…"), "Ctrl+Shift+I", deeds.open_outline),
        (tr("Save the outline…"), "Ctrl+Shift+S", deeds.save_outline),
        (tr("Compare readers…"), "Ctrl+Shift+R", deeds.compare_readers),
        (tr("Readings…"), "Ctrl+Shift+L", deeds.show_readings),
        (tr("How the pack does here…"), "Ctrl+Shift+A", deeds.audit),
        (tr("De-identify files…"), "Ctrl+Shift+D", deeds.deidentify),
        (tr("Search cases"), "Ctrl+F", deeds.search),
        (tr("Cases"), "Ctrl+1", deeds.show_cases),
        (tr("Image"), "Ctrl+2", deeds.show_image),
        (tr("Clinical form"), "Ctrl+3", deeds.show_clinical),
        (tr("Nomogram"), "Ctrl+4", deeds.show_nomogram),
        (tr("Why"), "Ctrl+5", deeds.show_why),
        (tr("Light or dark"), "Ctrl+T", deeds.switch_theme),
        (tr("Settings"), "Ctrl+,", deeds.edit_settings),
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
