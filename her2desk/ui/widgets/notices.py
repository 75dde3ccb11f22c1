"""Sentences that the reader should know, each beside a shape."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from her2desk.texts import Message
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped


class NoticeList(QWidget):
    """One line a message; nothing, and no room taken, without any. ``kind`` is a glyph's."""

    def __init__(self, kind: str = "warning", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self._messages: tuple[Message, ...] = ()
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID * 2)
        self.hide()

    def messages(self) -> tuple[Message, ...]:
        """What is shown."""
        return self._messages

    def set_messages(self, messages: Sequence[Message]) -> None:
        """Show these; the same again costs nothing."""
        if tuple(messages) == self._messages:
            return
        self._messages = tuple(messages)
        for row in self._rows:
            self._column.removeWidget(row)
            row.deleteLater()
        self._rows = [_row(self._kind, message.text()) for message in self._messages]
        for row in self._rows:
            self._column.addWidget(row)
        self.setVisible(bool(self._rows))


def _row(kind: str, text: str) -> QWidget:
    row = QWidget()
    mark = QVBoxLayout()
    mark.addWidget(Glyph(kind))
    mark.addStretch()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(GRID * 2)
    line.addLayout(mark)
    line.addWidget(wrapped(text), 1)
    return row
