"""Where the Tab key comes to what is made after the window around it stood."""

from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def is_stop(widget: QWidget) -> bool:
    """Whether the Tab key stops at it."""
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def stops_in(widgets: Iterable[QWidget]) -> list[QWidget]:
    """Where Tab stops in these and within them, in order."""
    every = (one for widget in widgets for one in (widget, *widget.findChildren(QWidget)))
    return [one for one in every if is_stop(one) and one.focusProxy() is None]


def come_before(widget: QWidget, late: Iterable[QWidget]) -> None:
    """Have Tab go through ``late``, which was made last, on its way to ``widget``."""
    before = widget.previousInFocusChain()
    while before is not None and before is not widget and not is_stop(before):
        before = before.previousInFocusChain()
    go_through([before or widget, *stops_in(late)])


def go_through(widgets: Iterable[QWidget]) -> None:
    """Have Tab come to these one after the other."""
    for before, after in pairwise(widgets):
        if before is not after:
            QWidget.setTabOrder(before, after)
