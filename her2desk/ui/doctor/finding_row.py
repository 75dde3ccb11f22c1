"""One finding: its mark and word, its name, what was found, and under it what to do."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.doctor.findings import Finding, Grade
from her2desk.ui.theme import GRID, colours, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped

GLYPHS = {Grade.PROBLEM: "grave", Grade.ADVICE: "note", Grade.GOOD: "done"}
_TITLE_WIDTH = 48 * GRID


class FindingRow(QFrame):
    """A card, or one line where nothing is to do; framed while it has the keyboard."""

    def __init__(self, finding: Finding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.finding = finding
        self.setAccessibleName(f"{finding.grade.word}: {finding.title}")
        self.setAccessibleDescription(f"{finding.message} {finding.remedy}".strip())
        mark = QVBoxLayout()
        mark.addWidget(Glyph(GLYPHS[finding.grade]))
        mark.addStretch()
        row = QHBoxLayout(self)
        row.setSpacing(3 * GRID)
        row.addLayout(mark)
        if finding.grade is Grade.GOOD:
            row.setContentsMargins(3 * GRID, GRID, 3 * GRID, GRID)
            row.addLayout(_line(finding), 1)
        else:
            set_role(self, "card")
            row.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
            row.addLayout(_words(finding), 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.hasFocus():
            return
        painter = QPainter(self)
        painter.setPen(QPen(QColor(colours().focus), 2))
        painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()


def _line(finding: Finding) -> QHBoxLayout:
    """What is in order, in as little room as it needs."""
    line = QHBoxLayout()
    line.setSpacing(3 * GRID)
    title = QLabel(finding.title)
    title.setWordWrap(True)
    title.setFixedWidth(_TITLE_WIDTH)
    set_role(title, "heading")
    line.addWidget(title, 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(wrapped(finding.message), 1)
    return line


def _words(finding: Finding) -> QVBoxLayout:
    """What asks for something, with what to do."""
    words = QVBoxLayout()
    words.setSpacing(GRID)
    words.addLayout(_heading(finding))
    words.addWidget(wrapped(finding.message))
    if finding.remedy:
        remedy = wrapped(tr("What to do: {remedy}").format(remedy=finding.remedy))
        remedy.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.addWidget(remedy)
    return words


def _heading(finding: Finding) -> QHBoxLayout:
    line = QHBoxLayout()
    title = QLabel(finding.title)
    set_role(title, "heading")
    word = QLabel(finding.grade.word)
    set_role(word, "warning" if finding.grade is Grade.PROBLEM else "muted")
    line.addWidget(title)
    line.addStretch()
    line.addWidget(word)
    return line
