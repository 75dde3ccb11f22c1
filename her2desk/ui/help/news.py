"""What is new after an upgrade: one quiet line above the picture, until it is closed."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from her2desk import __version__
from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped


def is_upgraded(news_seen: str, *, has_cases: bool) -> bool:
    """Whether this version is new to the user.

    A library without cases where no version's news were ever seen is a first start.
    """
    return news_seen != __version__ and (bool(news_seen) or has_cases)


class NewsNotice(QFrame):
    """Hidden until there is a new version to tell of. ``wanted`` asks for what is new in it."""

    wanted = Signal()
    seen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("news_notice")
        set_role(self, "footer")
        self.sentence = wrapped()
        self.show_button = QPushButton(tr("What is new"))
        self.show_button.setToolTip(tr("Show what changed with this version"))
        self.close_button = QPushButton(tr("Close"))
        self.close_button.setToolTip(tr("Close this line; it comes once for each version"))
        self.show_button.clicked.connect(self._show_news)
        self.close_button.clicked.connect(self._leave)
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        row.setSpacing(2 * GRID)
        row.addWidget(Glyph("note"), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.show_button)
        row.addWidget(self.close_button)
        self.hide()

    def announce(self) -> None:
        """Say that this version is here."""
        words = tr("Her2Desk {version} is new on this computer.").format(version=__version__)
        self.sentence.setText(words)
        self.setAccessibleName(words)
        self.show()

    def _show_news(self) -> None:
        self._leave()
        self.wanted.emit()

    def _leave(self) -> None:
        self.hide()
        self.seen.emit()
