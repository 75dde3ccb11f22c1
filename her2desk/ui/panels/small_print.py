"""How an answer was computed, to select and copy."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit

from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role


class SmallPrint(QPlainTextEdit):
    """Text to select and copy; long hashes break anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("How it was computed"))
        set_role(self, "small-print")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def setPlainText(self, text: str) -> None:
        """Show ``text``; the same again costs nothing, and keeps what is selected."""
        if text != self.toPlainText():
            super().setPlainText(text)
            self._fit()

    def _fit(self) -> None:
        lines = self.document().size().height()  # in lines, for a plain-text document
        self.setFixedHeight(int(lines * self.fontMetrics().lineSpacing()) + GRID * 5)
