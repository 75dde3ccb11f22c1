"""What a window is to somebody without a mouse, without sight, or with little of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, takewhile

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QTabBar,
    QWidget,
)

MOST_STOPS = 400
STUCK = 12  # presses of Tab that may stay in one widget: it may have places of its own
BORDER = 4  # device-independent pixels of a widget's edge that belong to its frame

BESIDE_WORDS = {
    "CallCard",  # a frame about its own labels
    "CanvasToolbar",
    "CineBar",
    "CompareBar",
    "EmptyState",
    "Glyph",
    "PageColumn",  # the preview around it has the pages' words
    "PlaceBar",
    "Readout",
    "ShareBar",
    "StepRail",
    "_Ring",  # about what the tour's words are about
    "_Rule",
}

Rgb = NDArray[np.uint8]


# By keyboard


def stops(window: QWidget) -> list[QWidget]:
    """What the Tab key has to come to."""
    return [
        one
        for one in window.findChildren(QWidget)
        if one.window() is window
        and one.isVisible()
        and one.isEnabled()
        and one.focusPolicy() & Qt.FocusPolicy.TabFocus
        and one.focusProxy() is None
    ]


def tab_through(window: QWidget, *, is_backwards: bool = False) -> list[QWidget]:
    """What has the focus, one press of Tab after the other, until one has it again."""
    window.activateWindow()
    QApplication.processEvents()
    now = QApplication.focusWidget()
    if now is None or now is window or not window.isAncestorOf(now):
        QTest.keyClick(window, Qt.Key.Key_Tab)
    key = Qt.Key.Key_Backtab if is_backwards else Qt.Key.Key_Tab
    held = Qt.KeyboardModifier.ShiftModifier if is_backwards else Qt.KeyboardModifier.NoModifier
    found: list[QWidget] = []
    stays = 0
    for _ in range(MOST_STOPS):
        now = QApplication.focusWidget()
        assert now is not None, f"the focus is lost after {[name_of(one) for one in found]}"
        if found and now is found[-1]:
            stays += 1
        elif now in found:
            break
        else:
            found.append(now)
            stays = 0
        if stays > STUCK:
            break
        QTest.keyClick(now, key, held)
    return found


def out_of_order(window: QWidget, walked: list[QWidget]) -> list[str]:
    """Where the focus goes up, or left in one row; the walk begins anew at the top once."""
    bad = []
    for before, after in zip(walked, walked[1:] + walked[:1], strict=True):
        parts = _apart(window, before, after)
        if parts is None or isinstance(parts[0].parentWidget(), QDialogButtonBox):
            continue
        a, b = (QRect(part.mapTo(window, QPoint()), part.size()) for part in parts)
        is_above = b.bottom() <= a.top() and b.left() < a.right()
        is_left = b.right() <= a.left() and b.top() < a.bottom()
        if is_above or is_left:
            bad.append(f"{name_of(before)} → {name_of(after)}")
    return bad


def _apart(window: QWidget, one: QWidget, other: QWidget) -> tuple[QWidget, QWidget] | None:
    """The two parts of the innermost group with both, of which each has one."""
    for a, b in zip(_line(window, one), _line(window, other), strict=False):
        if a is not b:
            return a, b
    return None


def _line(window: QWidget, widget: QWidget) -> list[QWidget]:
    found = []
    while widget is not window:
        found.append(widget)
        widget = widget.parentWidget()
    return found[::-1]


def unseen_focus(window: QWidget, presses: int) -> list[str]:
    """What looks with the focus, brought by so many presses of Tab, as it does without."""
    unseen = []
    for _ in range(presses):
        QTest.keyClick(window, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        if now is None or (focused := now.grab().toImage()).isNull():
            continue
        now.clearFocus()
        if now.grab().toImage() == focused:
            unseen.append(name_of(now))
        now.setFocus(Qt.FocusReason.TabFocusReason)
    return unseen


# By ear


def interfaces(window: QWidget) -> Iterator[QAccessibleInterface]:
    """All of a window that a screen reader can come to."""
    waiting = [QAccessible.queryAccessibleInterface(window)]
    while waiting:
        found = waiting.pop()
        if found is None or not found.isValid() or found.state().invisible:  # type: ignore[attr-defined]
            continue
        yield found
        waiting += [found.child(place) for place in range(found.childCount())]


def painted(window: QWidget) -> list[QWidget]:
    """What paints itself, grounds and marks beside their own words left out."""
    return [
        one
        for one in window.findChildren(QWidget)
        if one.isVisible()
        and one.window() is window
        and type(one).__name__ not in BESIDE_WORDS
        and any(_paints(kind) for kind in type(one).__mro__)
    ]


def _paints(kind: type) -> bool:
    return kind.__module__.startswith("her2desk.") and "paintEvent" in vars(kind)


def name_of(widget: QWidget) -> str:
    """A widget for people who read a failure."""
    told = widget.accessibleName() or getattr(widget, "text", str)()
    return f"{type(widget).__name__} {told[:40]!r}"


# By eye


@dataclass(frozen=True)
class Contrast:
    """How far a text stands out; ``is_enabled`` because WCAG asks nothing of what cannot be used."""

    what: str
    ratio: float
    is_enabled: bool


def text_contrasts(window: QWidget) -> Iterator[Contrast]:
    """Of every text in sight: its background is the commonest colour, its ink the farthest from it."""
    picture = pixels(window.grab().toImage())
    for widget, place, text in _texts(window):
        part = picture[
            max(0, place.top()) : place.bottom() + 1, max(0, place.left()) : place.right() + 1
        ]
        if any(map(str.isalnum, text)) and part.size and min(part.shape[:2]) > BORDER:
            yield Contrast(f"{name_of(widget)} {text[:40]!r}", contrast(part), widget.isEnabled())


def _texts(window: QWidget) -> Iterator[tuple[QWidget, QRect, str]]:
    for widget in window.findChildren(QWidget):
        seen = widget.visibleRegion().boundingRect()
        if widget.window() is not window or not widget.isVisible() or seen.isEmpty():
            continue
        origin = widget.mapTo(window, QPoint())
        if isinstance(widget, QLabel):
            yield widget, seen.translated(origin), widget.text()
        elif isinstance(widget, QAbstractButton):
            yield widget, _inside(widget, seen).translated(origin), widget.text()
        elif isinstance(widget, QLineEdit):
            text = widget.text() or widget.placeholderText()
            yield widget, _inside(widget, seen).translated(origin), text
        elif isinstance(widget, QComboBox):
            yield widget, _inside(widget, seen).translated(origin), widget.currentText()
        elif isinstance(widget, QTabBar):
            for place in range(widget.count()):
                if widget.isTabVisible(place):
                    inner = widget.tabRect(place).adjusted(BORDER, BORDER, -BORDER, -BORDER)
                    yield widget, inner.translated(origin), widget.tabText(place)
        elif isinstance(widget, QAbstractItemView):
            yield from _cells(widget, widget.viewport().mapTo(window, QPoint()))


def _inside(widget: QWidget, seen: QRect) -> QRect:
    return seen.intersected(widget.rect().adjusted(BORDER, BORDER, -BORDER, -BORDER))


def _cells(view: QAbstractItemView, origin: QPoint) -> Iterator[tuple[QWidget, QRect, str]]:
    model = view.model()
    if model is None:
        return
    for row in range(model.rowCount()):
        cells = (model.index(row, column) for column in count())
        for index in takewhile(QModelIndex.isValid, cells):
            place = view.visualRect(index).intersected(view.viewport().rect())
            inner = place.adjusted(BORDER, BORDER, -BORDER, -BORDER)
            if inner.isValid() and place == view.visualRect(index):  # a cut row may show no word
                yield view, inner.translated(origin), str(index.data() or "")


def pixels(image: QImage) -> Rgb:
    """(rows, columns, 3)."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def luminance(rgb: NDArray[np.floating] | Rgb) -> NDArray[np.float64]:
    """Relative luminance of sRGB 0–255, WCAG 2.1."""
    share = np.asarray(rgb, np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    found: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return found


def contrast(part: Rgb) -> float:
    """Between the commonest colour and the one that differs most from it, 1–21."""
    packed = part.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, counts = np.unique(packed, return_counts=True)
    rgb = np.stack([colours >> shift & 255 for shift in (16, 8, 0)], axis=-1)
    light = luminance(rgb) + 0.05
    ground = light[counts.argmax()]
    return float(np.max(np.maximum(light / ground, ground / light)))
