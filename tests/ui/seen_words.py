"""What a window says, wherever it says it: widgets, menus, tables, trees, what is painted."""

import gettext
import re
from collections.abc import Iterator
from contextlib import contextmanager
from string import Formatter, ascii_letters
from typing import NamedTuple

from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import QAction, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from her2desk.texts import CATALOGUE

FULL_WIDTH = {ord(letter): ord(letter) + 0xFEE0 for letter in ascii_letters}
ROWS_READ = 40
ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
)


class Said(NamedTuple):
    """A text, and the kind of widget that has it."""

    where: str
    text: str


class FullWidth(gettext.NullTranslations):
    """A language whose letters nothing else has: ``Import {n}`` is ``Ｉｍｐｏｒｔ {n}``."""

    def gettext(self, message: str) -> str:
        return widened(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return widened(msgid1 if n == 1 else msgid2)


def widened(template: str) -> str:
    """``template`` in letters of full width; its fields and its markup stay."""
    if re.search(r"%\(\w+\)s", template):
        return template
    found = ""
    for words, name, spec, conversion in Formatter().parse(template):
        found += re.sub(r"<[^>]*>|[^<]+", _letters, words).replace("{", "{{").replace("}", "}}")
        if name is not None:
            found += "{" + name + (f"!{conversion}" if conversion else "")
            found += (f":{spec}" if spec else "") + "}"
    return found


@contextmanager
def speaking(translations: gettext.NullTranslations) -> Iterator[None]:
    """Have the program speak a language that no catalogue has."""
    before = CATALOGUE.translations
    CATALOGUE.translations = translations
    try:
        yield
    finally:
        CATALOGUE.translations = before


def said_by(root: QWidget) -> Iterator[Said]:
    """Everything with words in it, seen or hidden, tooltips and accessible names included."""
    yield Said("title", root.windowTitle())
    for widget in [root, *root.findChildren(QWidget)]:
        kind = type(widget).__name__
        for text in _texts_of(widget):
            if text:
                yield Said(kind, text)
    for action in root.findChildren(QAction):
        for text in (action.text(), action.toolTip()):
            yield Said("QAction", text)


@contextmanager
def painted() -> Iterator[list[Said]]:
    """Fills with every text that Python code paints meanwhile."""
    found: list[Said] = []
    draw = QPainter.drawText

    def drawn(self: QPainter, *arguments: object) -> object:
        found.extend(Said("painted", text) for text in arguments if isinstance(text, str))
        return draw(self, *arguments)

    QPainter.drawText = drawn  # type: ignore[method-assign, assignment]
    try:
        yield found
    finally:
        QPainter.drawText = draw  # type: ignore[method-assign]


def _texts_of(widget: QWidget) -> Iterator[str]:
    yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
    if isinstance(widget, QLabel | QAbstractButton):
        yield widget.text()
    if isinstance(widget, QGroupBox):
        yield widget.title()
    if isinstance(widget, QLineEdit):
        yield from (widget.placeholderText(), widget.text())
    if isinstance(widget, QAbstractSpinBox):
        yield widget.text()
    if isinstance(widget, QPlainTextEdit | QTextEdit):
        yield from (widget.placeholderText(), widget.toPlainText())
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(i) for i in range(widget.count()))
    if isinstance(widget, QTabBar):
        for i in range(widget.count()):
            yield from (widget.tabText(i), widget.tabToolTip(i))
    if isinstance(widget, QAbstractItemView) and widget.model() is not None:
        yield from _texts_in(widget.model())


def _texts_in(model: QAbstractItemModel, parent: QModelIndex | None = None) -> Iterator[str]:
    at = QModelIndex() if parent is None else parent
    is_list = isinstance(model, QAbstractListModel)  # which keeps its columns to itself
    columns = 1 if is_list else model.columnCount(at)
    for column in range(columns) if parent is None else ():
        yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
    for row in range(min(model.rowCount(at), ROWS_READ)):
        for column in range(columns):
            index = model.index(row, column, at)
            yield from (str(index.data(role) or "") for role in ROLES)
        if not is_list:
            yield from _texts_in(model, model.index(row, 0, at))


def _letters(found: re.Match[str]) -> str:
    text = found.group()
    return text if text.startswith("<") else text.translate(FULL_WIDTH)


class Bracketed(gettext.NullTranslations):
    """Turns ``Import…`` into ``⟦Import…⟧``: what is outside brackets came from elsewhere."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


def unbracketed(root: QWidget, data: set[str]) -> list[Said]:
    """Words of ``root``'s widgets outside brackets that are neither names nor given data."""
    found = []
    for widget in [root, *root.findChildren(QWidget)]:
        if isinstance(widget, QAbstractItemView | QAbstractSpinBox | QTextEdit | QPlainTextEdit):
            continue
        texts = [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
        if not isinstance(widget, QLineEdit):
            texts += [text for text in _texts_of(widget) if text not in texts]
        found += [Said(type(widget).__name__, text) for text in texts if _is_outside(text, data)]
    return found


def _is_outside(text: str, data: set[str]) -> bool:
    is_word = re.search(r"[A-Za-z]{2,}", text) is not None
    is_cut_data = text.endswith("…") and any(given.startswith(text[:-1]) for given in data)
    is_given = is_cut_data or text.strip("&") in {"Her2Desk", "?"} | data
    return is_word and "⟦" not in text and not is_given
