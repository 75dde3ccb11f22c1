"""What the case list is narrowed by, beside the search: how far, which side, when, pathology."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from her2desk.store.cases import CaseFilter, CaseStatus
from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.inputs import QuietComboBox

WEEK, MONTH, YEAR = 7, 30, 365
Today = Callable[[], date]


class CaseFilters(QWidget):
    """Four choosers, each first at "any"; ``changed`` comes with every choice.

    ``today`` is what the last days are counted back from.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None, today: Today = date.today) -> None:
        super().__init__(parent)
        self._today = today
        self.status = _chooser(
            tr("How far"),
            (tr("any"), None),
            (tr("imported"), CaseStatus.IMPORTED),
            (tr("drawn"), CaseStatus.DRAWN),
            (tr("read"), CaseStatus.READ),
            (tr("reported"), CaseStatus.REPORTED),
        )
        self.side = _chooser(tr("Side"), (tr("any"), None), (tr("left"), "L"), (tr("right"), "R"))
        self.studied = _chooser(
            tr("Studied"),
            (tr("at any time"), None),
            (tr("in the last 7 days"), WEEK),
            (tr("in the last 30 days"), MONTH),
            (tr("in the last year"), YEAR),
        )
        self.pathology = _chooser(
            tr("Pathology"),
            (tr("any"), None),
            (tr("entered"), True),
            (tr("not entered"), False),
        )
        self._choosers = (self.status, self.side, self.studied, self.pathology)
        self.clear_button = QPushButton(tr("Show all"))
        self.clear_button.setToolTip(tr("Take every filter away"))
        set_role(self.clear_button, "link")
        self._arrange()
        for chooser in self._choosers:
            chooser.currentIndexChanged.connect(self._tell)
        self.clear_button.clicked.connect(self.clear)
        self._tell()

    @property
    def active(self) -> int:
        """How many of them narrow the list."""
        return sum(chooser.currentIndex() > 0 for chooser in self._choosers)

    def narrowed(self, search: str) -> CaseFilter:
        """The search for these words, narrowed by what is chosen."""
        status, days = self.status.currentData(), self.studied.currentData()
        return CaseFilter(
            words=search,
            statuses=frozenset() if status is None else frozenset({status}),
            laterality=self.side.currentData(),
            studied_from=None if days is None else self._today() - timedelta(days=days),
            has_pathology=self.pathology.currentData(),
        )

    def clear(self) -> None:
        """Back to every case."""
        for chooser in self._choosers:
            with QSignalBlocker(chooser):
                chooser.setCurrentIndex(0)
        self._tell()

    def _tell(self) -> None:
        self.clear_button.setEnabled(self.active > 0)
        self.changed.emit()

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, GRID)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        for row, chooser in enumerate(self._choosers):
            label = QLabel(chooser.accessibleName())
            set_role(label, "muted")
            label.setBuddy(chooser)
            grid.addWidget(label, row, 0)
            grid.addWidget(chooser, row, 1)
        left = Qt.AlignmentFlag.AlignLeft
        grid.addWidget(self.clear_button, len(self._choosers), 1, left)
        grid.setColumnStretch(1, 1)


def _chooser(name: str, *choices: tuple[str, Any]) -> QuietComboBox:
    box = QuietComboBox()
    box.setAccessibleName(name)
    for text, value in choices:
        box.addItem(text, value)
    return box
