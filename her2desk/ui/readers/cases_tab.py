"""Cases with several readers: the table, the picture with their outlines, and who decides."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from her2desk.agreement.cases import Assessment, Verdict
from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.ui.jobs import Background
from her2desk.ui.readers.case_table import CaseTable
from her2desk.ui.readers.outlines_view import OutlinesView
from her2desk.ui.readers.words import explanation
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped


class CasesTab(QWidget):
    """``kept`` carries a case and the reader whose outline counts; ``third_asked`` a case."""

    kept = Signal(int, str)
    third_asked = Signal(int)
    export_asked = Signal()

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._reader = ""
        self._shown: Assessment | None = None
        self.table = CaseTable()
        self.view = OutlinesView()
        self.meaning = wrapped()
        self.keep_first, self.keep_second = QPushButton(), QPushButton()
        self.draw = QPushButton(tr("&Draw a third outline"))
        self.draw.setToolTip(tr("Open the case in the main window"))
        self.export = QPushButton(tr("&Export table…"))
        self.export.setToolTip(tr("Save the table of cases as CSV (Ctrl+E)"))
        self._arrange()
        self.table.case_chosen.connect(self._show)
        self.view.step_asked.connect(self.table.step)
        self.keep_first.clicked.connect(lambda: self._keep(0))
        self.keep_second.clicked.connect(lambda: self._keep(1))
        self.draw.clicked.connect(self._ask_third)
        self.export.clicked.connect(self.export_asked)

    def set_found(self, found: Sequence[Assessment], reader: str) -> None:
        """Show these cases as ``reader`` may see them."""
        self._reader = reader
        self._shown = None
        if not found:
            self.view.clear_case()
        self.table.set_found(found)
        self.export.setEnabled(bool(found))

    def _show(self, found: Assessment) -> None:
        before, self._shown = self._shown, found
        self.meaning.setText(explanation(found) if found.shown else "")  # else on the picture
        self._offer(found)
        if before is not None and before.case == found.case:
            return
        self.view.set_case(found.case.image, found.shown)
        if not found.shown:
            self.view.show_notice(explanation(found))
            return
        frame_index = next(iter(found.shown.values())).frame_index

        def deliver(pixels: Any) -> None:
            if self._shown is not None and self._shown.case == found.case:
                self.view.show_frame(pixels, frame_index)

        def fail(error: Her2DeskError) -> None:
            if self._shown is not None and self._shown.case == found.case:
                self.view.show_notice(str(error))

        self._background.run(lambda: found.case.frame(frame_index), deliver, fail)

    def _offer(self, found: Assessment) -> None:
        """The buttons of the third reader, who is neither of the two."""
        pair = found.pair
        is_third = pair is not None and self._reader not in pair
        may_decide = found.verdict is Verdict.CALL and is_third
        for place, button in enumerate((self.keep_first, self.keep_second)):
            button.setVisible(may_decide)
            if pair is not None:
                button.setText(tr("Keep {reader}’s outline").format(reader=pair[place]))
        is_own = found.verdict is Verdict.HIDDEN
        self.draw.setVisible(may_decide or is_own)
        self.draw.setText(tr("&Draw my outline") if is_own else tr("&Draw a third outline"))

    def _keep(self, place: int) -> None:
        found = self._shown
        if found is not None and found.pair is not None:
            self.kept.emit(found.case.case_id, found.pair[place])

    def _ask_third(self) -> None:
        if self._shown is not None:
            self.third_asked.emit(self._shown.case.case_id)

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * GRID)
        for button in (self.keep_first, self.keep_second, self.draw):
            button.hide()
            buttons.addWidget(button)
        buttons.addStretch(1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(2 * GRID, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.view, 1)
        column.addWidget(self.meaning)
        column.addLayout(buttons)
        left = QWidget()
        table = QVBoxLayout(left)
        table.setContentsMargins(0, 0, 2 * GRID, 0)
        table.setSpacing(2 * GRID)
        table.addWidget(self.table, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.export)
        foot.addStretch(1)
        table.addLayout(foot)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setSizes([660, 560])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        whole.addWidget(split)
