"""Which page of the help belongs to which place of a window."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

PROPERTY = "helpPage"
FIRST_PAGE = "guide/first-steps"


def set_page(widget: QWidget, page: str) -> None:
    """Have F1 open ``page``, such as ``"guide/draw"``, where ``widget`` or what it holds has focus."""
    widget.setProperty(PROPERTY, page)


def page_of(widget: QWidget | None) -> str:
    """The page of ``widget``, or of the nearest that holds it; the first page where none says one."""
    place: QObject | None = widget
    while place is not None:
        page = place.property(PROPERTY)
        if page:
            return str(page)
        place = place.parent()
    return FIRST_PAGE
