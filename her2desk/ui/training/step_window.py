"""A window of steps: the rail at the left, the present step's page, and under it the way on."""

from collections.abc import Sequence

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.help.pages import set_page
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.training.step_rail import RailStep, StepRail
from her2desk.ui.widgets.labels import wrapped


class StepWindow(QWidget):
    """Non-modal; what Back and Continue do is the subclass's. Ctrl+W closes it.

    Parameters
    ----------
    help_page : which page of the help F1 opens.
    """

    def __init__(
        self, help_page: str, steps: Sequence[RailStep], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        set_page(self, help_page)
        self.rail = StepRail(steps, tr("Steps"))
        self.note = wrapped(role="warning")
        self.back = QPushButton(tr("&Back"))
        self.back.setToolTip(tr("To the step before"))
        self.forward = QPushButton(tr("Co&ntinue"))
        set_role(self.forward, "primary")
        self._pages = QStackedWidget()
        QShortcut(QKeySequence("Ctrl+W"), self).activated.connect(self.close)

    @property
    def step(self) -> int:
        """Which step is shown."""
        return self._pages.currentIndex()

    def _add_pages(self, *pages: QWidget) -> None:
        """Give every step its page, in order, and lay the window out; Tab follows the same order."""
        for page in pages:
            self._pages.addWidget(page)
        foot = QHBoxLayout()
        foot.setSpacing(2 * GRID)
        foot.addWidget(self.note, 1)
        foot.addWidget(self.back)
        foot.addWidget(self.forward)
        body = QVBoxLayout()
        body.setContentsMargins(5 * GRID, 5 * GRID, 5 * GRID, 4 * GRID)
        body.setSpacing(4 * GRID)
        body.addWidget(self._pages, 1)
        body.addLayout(foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(body, 1)
