"""The right column: the result on top, and under it the tabs that feed it and explain it."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QTabWidget, QWidget

from her2desk.texts import tr
from her2desk.ui.canvas.icon_button import with_key
from her2desk.ui.panels.clinical_form import ClinicalForm
from her2desk.ui.panels.decision_bar import DecisionBar
from her2desk.ui.panels.nomogram_view import NomogramView
from her2desk.ui.panels.result_panel import ResultPanel
from her2desk.ui.panels.why_panel import WhyPanel

READING_SHARE = 0.70  # of the height, for the result while the clinical form is open
LEAST_WIDTH = 344  # what the result's widest line needs
ADDING_UP_SHARE = 0.41  # number, bar and call; the whole nomogram needs the rest
EXPLAINING_SHARE = 0.47  # what speaks against the answer too, beside the reasons


class RightColumn(QSplitter):
    """Gives the height to what is being read: the result, or the picture that explains it.

    A division that the reader drags is kept for that tab.
    """

    explanation_opened = Signal(str)
    """The nomogram or the reasons came in sight, by name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.result = ResultPanel()
        self.decision = DecisionBar()
        self.result.set_footer(self.decision)
        self.clinical = ClinicalForm()
        self.nomogram = NomogramView()
        self.why = WhyPanel()
        self.tabs = QTabWidget()
        for page, title in (
            (self.clinical, tr("Clinical")),
            (self.nomogram, tr("Nomogram")),
            (self.why, tr("Why")),
        ):
            self.tabs.addTab(page, title)
        self.name_keys(lambda _action: "")
        self._shares = {0: READING_SHARE, 1: ADDING_UP_SHARE, 2: EXPLAINING_SHARE}
        self.setMinimumWidth(LEAST_WIDTH)
        self.setChildrenCollapsible(False)
        self.addWidget(self.result)
        self.addWidget(self.tabs)
        self.tabs.currentChanged.connect(self._divide)
        self.tabs.currentChanged.connect(self.tell_page)
        self.splitterMoved.connect(self._keep_division)

    def set_revealed(self, revealed: bool) -> None:
        """Offer what explains the answer, or keep it out of sight until the reader's impression."""
        for page in (self.nomogram, self.why):
            self.tabs.setTabVisible(self.tabs.indexOf(page), revealed)

    def name_keys(self, keys: Callable[[str], str]) -> None:
        """Say in the tabs' tooltips which key turns to them; ``keys`` gives an action's present one."""
        tips = (
            (tr("What is known of the patient"), "show_clinical"),
            (tr("How the estimate is added up, to drag"), "show_nomogram"),
            (tr("Branches, features and attention"), "show_why"),
        )
        for index, (words, action) in enumerate(tips):
            self.tabs.setTabToolTip(index, with_key(words, keys(action)))

    def show_page(self, page: QWidget) -> None:
        """Turn to a tab and give it the keyboard."""
        if self.tabs.isTabVisible(self.tabs.indexOf(page)):
            self.tabs.setCurrentWidget(page)
            self.tabs.tabBar().setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the shares."""
        super().resizeEvent(event)
        self._divide()

    def tell_page(self) -> None:
        """Say which explanation is in sight, if one is."""
        names = {self.nomogram: "nomogram", self.why: "why"}
        name = names.get(self.tabs.currentWidget())
        if name is not None:
            self.explanation_opened.emit(name)

    def _divide(self) -> None:
        share = self._shares[self.tabs.currentIndex()]
        upper = round(share * self.height())
        self.setSizes([upper, self.height() - upper])

    def _keep_division(self) -> None:
        self._shares[self.tabs.currentIndex()] = self.sizes()[0] / max(1, self.height())
