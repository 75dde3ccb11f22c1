"""What went wrong with the child, what to do, and a button for it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from her2desk.errors import Her2DeskError
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped


class ProblemNotice(QFrame):
    """A sentence, a remedy, and the buttons that help; hidden until there is something to say."""

    button_clicked = Signal(int)

    def __init__(self, buttons: list[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_role(self, "notice")
        self.message = wrapped(role="heading")
        self.remedy = wrapped()
        self.buttons = [QPushButton(text) for text, _tip in buttons]
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        for index, (button, (_text, tip)) in enumerate(zip(self.buttons, buttons, strict=True)):
            button.setToolTip(tip)
            button.clicked.connect(lambda _checked=False, i=index: self.button_clicked.emit(i))
            row.addWidget(button)
        row.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(GRID)
        words.addWidget(self.message)
        words.addWidget(self.remedy)
        words.addSpacing(GRID)
        words.addLayout(row)
        mark = QVBoxLayout()
        mark.addWidget(Glyph("warning"))
        mark.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addLayout(mark)
        layout.addLayout(words, 1)
        self.hide()

    def show_error(self, error: Her2DeskError) -> None:
        """Say what is wrong and what to do."""
        message, remedy = error.message.text(), error.remedy.text()
        self.message.setText(message)
        self.remedy.setText(remedy)
        self.remedy.setVisible(bool(remedy))
        self.setAccessibleName(message)
        self.setAccessibleDescription(remedy)
        self.show()
