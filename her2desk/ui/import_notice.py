"""What became of files that were not imported, beside the image, until it is closed."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from her2desk.texts import Message, msg, tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.notices import NoticeList

SHOWN = 3


class ImportNotice(QFrame):
    """Sentences, one a file; hidden when there is nothing to say."""

    table_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("import_notice")
        set_role(self, "notice")
        self.notices = NoticeList()
        self.table_button = QPushButton(tr("Show table"))
        self.table_button.setToolTip(tr("What became of each file"))
        self.table_button.clicked.connect(self.table_requested)
        self.close_button = QPushButton(tr("Close"))
        self.close_button.setToolTip(tr("Close these messages"))
        self.close_button.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(self.notices, 1, Qt.AlignmentFlag.AlignVCenter)
        for button in (self.table_button, self.close_button):
            layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_messages(self, messages: Sequence[Message]) -> None:
        """Show what was said of the files; the first few whole, the rest counted."""
        shown = list(messages[:SHOWN])
        rest = len(messages) - len(shown)
        if rest:
            shown.append(msg("And {n} more; the table has all of them.", n=rest))
        self.notices.set_messages(shown)
        self.setVisible(bool(messages))
