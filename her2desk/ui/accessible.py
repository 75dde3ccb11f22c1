"""What assistive technology is told: the role of what we paint, its value, and what has just happened.

A widget that paints itself is a mere pane to Qt. It says what it is by a class attribute
``accessible_role`` (a ``QAccessible.Role``), and where it has a value by a method ``accessible_value``
that gives it in words; when that changes it calls ``tell_value``.
"""

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleInterface,
    QAccessibleValueChangeEvent,
)
from PySide6.QtWidgets import QAccessibleWidget, QWidget

_INSTALLED = "her2desk_accessible"


def install(app: QCoreApplication) -> None:
    """Give painted widgets their roles; once an application."""
    if not app.property(_INSTALLED):
        app.setProperty(_INSTALLED, True)
        QAccessible.installFactory(_interface_of)


def announce(widget: QWidget, words: str, *, is_urgent: bool = False) -> None:
    """Have a screen reader say something that came without the reader's going there."""
    event = QAccessibleAnnouncementEvent(widget, words)
    politeness = QAccessible.AnnouncementPoliteness
    event.setPoliteness(politeness.Assertive if is_urgent else politeness.Polite)
    QAccessible.updateAccessibility(event)


def tell_value(widget: QWidget, value: str) -> None:
    """Say that the value of a painted widget is another now."""
    QAccessible.updateAccessibility(QAccessibleValueChangeEvent(widget, value))


class _PaintedInterface(QAccessibleWidget):
    def __init__(self, widget: QWidget, role: QAccessible.Role) -> None:
        super().__init__(widget, role)
        self._value = getattr(widget, "accessible_value", str)

    def text(self, kind: QAccessible.Text) -> str:
        return str(self._value() if kind == QAccessible.Text.Value else super().text(kind))


def _interface_of(_class_name: str, found: QObject) -> QAccessibleInterface | None:
    role = getattr(found, "accessible_role", None)
    if isinstance(found, QWidget) and isinstance(role, QAccessible.Role):
        return _PaintedInterface(found, role)
    return None
