"""A bar with one sentence that is no error."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from her2desk.texts import Message, tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped


class NoteBar(QFrame):
    """Hidden until there is something to say; one that ``stays`` cannot be closed."""

    def __init__(self, parent: QWidget | None = None, *, stays: bool = False) -> None:
        super().__init__(parent)
        set_role(self, "notice")
        self.sentence = wrapped()
        self.close_button = QPushButton(tr("Close"))
        self.close_button.clicked.connect(self.hide)
        self.close_button.setVisible(not stays)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(Glyph("note"), 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def say(self, message: Message) -> None:
        """Show this instead of what was said before."""
        self.sentence.setText(message.text())
        self.setAccessibleName(message.text())
        self.show()
