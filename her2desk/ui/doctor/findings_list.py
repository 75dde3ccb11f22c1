"""The findings as they come in: problems first, then advice, then what is in order."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.doctor.finding_row import FindingRow
from her2desk.ui.doctor.findings import Finding, Grade
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.scroll_page import ScrollPage

_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class FindingsList(QScrollArea):
    """Tab goes through what asks for something to be done, Up and Down through all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("What was found"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._groups = {grade: QVBoxLayout() for grade in Grade}
        self.rows: list[FindingRow] = []
        page = ScrollPage()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 2 * GRID, 0)
        column.setSpacing(2 * GRID)
        self._good = QLabel(Grade.GOOD.word)
        set_role(self._good, "muted")
        self._good.hide()
        for grade, group in self._groups.items():
            group.setSpacing(0 if grade is Grade.GOOD else 2 * GRID)
            if grade is Grade.GOOD:
                column.addWidget(self._good)
            column.addLayout(group)
        column.addStretch()
        self.setWidget(page)

    def add(self, finding: Finding) -> None:
        """Show one more."""
        row = FindingRow(finding)
        self.rows.append(row)
        self._good.setVisible(bool(self.findings(Grade.GOOD)))
        self._groups[finding.grade].addWidget(row)
        policy = Qt.FocusPolicy
        for place, one in enumerate(self.shown()):
            is_stop = place == 0 or one.finding.grade is not Grade.GOOD
            one.setFocusPolicy(policy.StrongFocus if is_stop else policy.ClickFocus)

    def clear(self) -> None:
        """Show none."""
        for row in self.rows:
            self._groups[row.finding.grade].removeWidget(row)
            row.deleteLater()
        self.rows = []
        self._good.hide()

    def shown(self) -> list[FindingRow]:
        """The rows from top to bottom."""
        return [row for grade in Grade for row in self.rows if row.finding.grade is grade]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        shown = self.shown()
        at = next((place for place, row in enumerate(shown) if row.hasFocus()), None)
        if step is None or at is None:
            super().keyPressEvent(event)
            return
        row = shown[max(0, min(at + step, len(shown) - 1))]
        row.setFocus()
        self.ensureWidgetVisible(row)

    def findings(self, grade: Grade) -> list[Finding]:
        """What was found of this grade, in its order."""
        return [row.finding for row in self.rows if row.finding.grade is grade]

    def text(self) -> str:
        """All of it, as it is copied."""
        return "\n".join(one.text() for grade in Grade for one in self.findings(grade))
