"""A sentence, with a warning shape before it where it warns."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped


class Remark(QWidget):
    """A sentence that may warn; ``role`` is its look where it does not."""

    def __init__(self, role: str = "plain", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role = role
        self.glyph = Glyph("warning")
        self.sentence = wrapped()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID * 2)
        row.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.sentence, 1)
        self.say("", False)

    def say(self, sentence: str, warns: bool) -> None:
        """Show ``sentence``."""
        self.glyph.setVisible(warns)
        self.sentence.setText(sentence)
        set_role(self.sentence, "plain" if warns else self._role)
        self.setAccessibleName(tr("Warning: {text}").format(text=sentence) if warns else sentence)

    def warns(self) -> bool:
        """Whether it warns."""
        return not self.glyph.isHidden()
