"""Columns, and rows in them that are made once and filled anew."""

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtWidgets import QVBoxLayout, QWidget

from her2desk.ui.widgets.tab_order import come_before, go_through, stops_in

_Row = TypeVar("_Row", bound=QWidget)


def column_of(widget: QWidget, spacing: int) -> QVBoxLayout:
    """A column without margins as ``widget``'s layout."""
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(spacing)
    return column


class RowPool(QWidget, Generic[_Row]):
    """As many rows of one kind as are asked for; none take no room.

    A dragged threshold asks sixty times a second, and building widgets would take longer than that.
    ``ready`` are made at once, for the first answer to find them.
    """

    def __init__(self, make: Callable[[], _Row], spacing: int, ready: int = 0) -> None:
        super().__init__()
        self._make = make
        self._column = column_of(self, spacing)
        self._rows: list[_Row] = []
        self._shown = 0
        self.take(ready)
        self.take(0)

    def rows(self) -> list[_Row]:
        """Those in sight."""
        return self._rows[: self._shown]

    def take(self, count: int) -> list[_Row]:
        """``count`` rows to fill; the rest hide."""
        while len(self._rows) < count:
            row = self._make()
            before = self._rows[-1:]
            self._rows.append(row)
            self._column.addWidget(row)
            if before and stops_in(before):
                go_through([stops_in(before)[-1], *stops_in([row])])
            else:
                come_before(self, [row])
        for index, row in enumerate(self._rows):
            row.setVisible(index < count)
        self._shown = count
        self.setVisible(count > 0)
        return self.rows()
