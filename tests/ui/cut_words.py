"""Words that a window has no room for: cut, elided without the whole in a tooltip, or outside it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QTabBar,
    QWidget,
)

from her2desk.ui.canvas.elided_label import ElidedLabel
from her2desk.ui.canvas.icon_button import IconButton

SLACK = 1  # of a pixel's rounding


class Cut(NamedTuple):
    """A text that is not whole: the widget's kind and name, the words, and how much is missing."""

    kind: str
    text: str
    needs: str


def cut_words(window: QWidget) -> Iterator[Cut]:
    """Every text in ``window`` that a reader cannot see whole, now that it stands in its size."""
    for widget in [window, *window.findChildren(QWidget)]:
        if not widget.isVisibleTo(window) or widget.window() is not window:
            continue
        yield from _cut_in(widget)
        if _has_words(widget) and not _is_in_sight(widget, window):
            yield _cut(widget, _words(widget), "lies outside the window")


def fits(window: QWidget, size: QSize) -> bool:
    """Whether the window can be made as small as this screen."""
    least = window.minimumSizeHint().expandedTo(window.minimumSize())
    return least.width() <= size.width() and least.height() <= size.height()


def _cut_in(widget: QWidget) -> Iterator[Cut]:
    if isinstance(widget, ElidedLabel):
        yield from _elided(widget)
    elif isinstance(widget, QLabel):
        yield from _label(widget)
    elif isinstance(widget, QAbstractButton):
        yield from _button(widget)
    elif isinstance(widget, QTabBar):
        yield from _tabs(widget)
    elif isinstance(widget, QComboBox):
        yield from _chooser(widget)
    elif isinstance(widget, QHeaderView):
        yield from _header(widget)
    elif isinstance(widget, QGroupBox):
        yield from _too_wide(widget, widget.title(), widget.width())
    elif isinstance(widget, QLineEdit) and widget.placeholderText() and not widget.text():
        yield from _too_wide(widget, widget.placeholderText(), widget.width())


def _label(label: QLabel) -> Iterator[Cut]:
    tip = _plain(label.toolTip())
    if not label.text() or (tip and _plain(label.text()) in tip):
        return
    room = label.contentsRect().size()
    if label.wordWrap():
        needed = label.heightForWidth(label.width())
        if needed > label.height() + SLACK:
            yield _cut(label, label.text(), f"{needed} px high, has {label.height()}")
        words = re.split(r"[\s\u200b]+", _plain(label.text()))
        widest = max(map(label.fontMetrics().horizontalAdvance, words))
        is_latin = label.text().replace("\u200b", "").isascii()
        if is_latin and widest > room.width() + SLACK:
            yield _cut(label, label.text(), f"{widest} px wide, has {room.width()}")
        return
    hint = label.sizeHint()
    if hint.width() > label.width() + SLACK:
        yield _cut(label, label.text(), f"{hint.width()} px wide, has {label.width()}")
    elif hint.height() > label.height() + SLACK:
        yield _cut(label, label.text(), f"{hint.height()} px high, has {label.height()}")


def _elided(label: ElidedLabel) -> Iterator[Cut]:
    whole = label.fontMetrics().horizontalAdvance(label.text()) <= label.contentsRect().width()
    if not whole and label.text() not in label.toolTip():
        yield _cut(label, label.text(), "elided, and no tooltip has the whole")


def _button(button: QAbstractButton) -> Iterator[Cut]:
    if not button.text() or isinstance(button, IconButton):  # which paints its picture alone
        return
    if isinstance(button, QCheckBox | QRadioButton):
        if button.sizeHint().width() > button.width() + SLACK:
            yield _cut(button, button.text(), f"{button.sizeHint().width()}, has {button.width()}")
        return
    style, room = button.style(), button.width()
    if isinstance(button, QPushButton):
        option = QStyleOptionButton()
        button.initStyleOption(option)
        room = style.subElementRect(QStyle.SubElement.SE_PushButtonContents, option, button).width()
    text = button.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, button.text())
    icon = 0 if button.icon().isNull() else button.iconSize().width() + 4
    if text.width() + icon > room + SLACK and button.text() not in button.toolTip():
        yield _cut(button, button.text(), f"{text.width() + icon} px wide, has {room}")


def _tabs(bar: QTabBar) -> Iterator[Cut]:
    for i in range(bar.count()):
        text, rect = bar.tabText(i), bar.tabRect(i)
        if not bar.isTabVisible(i):
            continue
        words = bar.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, text).width()
        if words > rect.width() + SLACK:
            yield _cut(bar, text, f"{words} px wide, has {rect.width()}")
        elif rect.right() > bar.width() + SLACK:
            yield _cut(bar, text, "beyond the end of the bar")


def _chooser(box: QComboBox) -> Iterator[Cut]:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    control, field = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
    room = box.style().subControlRect(control, option, field, box).width()
    words = box.fontMetrics().horizontalAdvance(box.currentText())
    if words > room + SLACK and box.currentText() not in box.toolTip():
        yield _cut(box, box.currentText(), f"{words} px wide, has {room}")


def _header(header: QHeaderView) -> Iterator[Cut]:
    if header.orientation() is not Qt.Orientation.Horizontal or header.model() is None:
        return
    model = header.model()
    for section in range(header.count()):
        text = str(model.headerData(section, Qt.Orientation.Horizontal) or "")
        if header.isSectionHidden(section) or not text:
            continue
        tip = model.headerData(section, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        words = max(header.fontMetrics().horizontalAdvance(line) for line in text.splitlines())
        if words > header.sectionSize(section) + SLACK and text not in str(tip or ""):
            yield _cut(header, text, f"{words} px wide, has {header.sectionSize(section)}")


def _too_wide(widget: QWidget, text: str, room: int) -> Iterator[Cut]:
    words = widget.fontMetrics().horizontalAdvance(text)
    if words > room + SLACK and text not in widget.toolTip():
        yield _cut(widget, text, f"{words} px wide, has {room}")


def _is_in_sight(widget: QWidget, window: QWidget) -> bool:
    """Whether all of it lies in the window, or where it can be scrolled to."""
    inside: QWidget = widget
    while inside is not window:
        parent = inside.parentWidget()
        if parent is None:
            return True
        area = parent.parentWidget()
        if isinstance(area, QAbstractScrollArea) and area.viewport() is parent:
            return True
        inside = parent
    place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    return window.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(place)


def _has_words(widget: QWidget) -> bool:
    return isinstance(widget, QLabel | QAbstractButton) and bool(widget.text())


def _words(widget: QWidget) -> str:
    return widget.text() if isinstance(widget, QLabel | QAbstractButton) else ""


def _plain(text: str) -> str:
    if "<" not in text:
        return text
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


def _cut(widget: QWidget, text: str, needs: str) -> Cut:
    return Cut(type(widget).__name__, text, needs)
