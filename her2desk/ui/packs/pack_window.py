"""The window on the packs that the library keeps, and on who signed them."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.ui.help.pages import set_page
from her2desk.ui.jobs import Background
from her2desk.ui.packs.pack_details import PackDetails
from her2desk.ui.packs.pack_table import PackRow, PackTable
from her2desk.ui.packs.page import PackDesk, Page
from her2desk.ui.packs.signers_tab import SignersTab
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped

_FIRST_SIZE = (1080, 620)


class PackWindow(QWidget):
    """Non-modal; what reads or writes runs on ``background``.

    ``in_use`` gives the digest of the pack that answers now. ``pack_chosen`` carries the path of
    the pack that is to answer, ``file_requested`` that another is to be looked for.
    """

    pack_chosen = Signal(object)
    file_requested = Signal()

    def __init__(
        self,
        desk: PackDesk,
        background: Background,
        in_use: Callable[[], str | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Model packs"))
        set_page(self, "guide/settings")
        self._desk = desk
        self._background = background
        self._in_use = in_use
        self.table = PackTable()
        self.details = PackDetails()
        self.signers = SignersTab()
        self.empty = wrapped(tr("Reading the library…"))
        self.note = wrapped()
        self.open_file = QPushButton(tr("&Open a pack…"))
        self.open_file.setToolTip(tr("Use a pack from a file; it is kept when it first answers."))
        self.tabs = QTabWidget()
        self._pages = QStackedWidget()
        self._arrange()
        self._connect()
        self.reload()

    def reload(self) -> None:
        """Read everything again."""
        self._background.run(self._desk.page, self._take, self._fail)

    def _take(self, page: Page) -> None:
        self.note.clear()
        self.table.set_packs(page.packs, self._in_use())
        self.signers.set_signers(page.signers)
        self.empty.setText(
            tr(
                "No pack is kept yet. Each pack is kept with its first stored answer, so that the "
                "answer can always be worked out again, and an older version be used again."
            )
        )
        self._pages.setCurrentIndex(1 if page.packs else 0)
        if page.packs:
            self.table.setFocus()

    def _show_row(self, row: PackRow | None) -> None:
        self.details.show_row(row, self._in_use())

    def _read_card(self, row: PackRow) -> None:
        self._background.run(
            lambda: self._desk.card(row),
            lambda card: self.details.set_card(row, card),
            lambda error: self.details.set_card(row, str(error)),
        )

    def _use(self, row: PackRow) -> None:
        self.pack_chosen.emit(row.pack.path)

    def _change(self, work: Callable[[], None]) -> None:
        self._background.run(work, lambda _none: self.reload(), self._fail, even_when_closing=True)

    def _fail(self, error: Her2DeskError) -> None:
        self.empty.setText(str(error))
        self.note.setText(str(error))

    def _connect(self) -> None:
        desk = self._desk
        self.table.chosen.connect(self._show_row)
        self.table.wanted.connect(self.details.ask_to_use)
        self.details.card_requested.connect(self._read_card)
        self.details.use_requested.connect(self._use)
        self.details.remove_requested.connect(lambda row: self._change(lambda: desk.remove(row)))
        self.signers.block_requested.connect(lambda who: self._change(lambda: desk.block(who)))
        self.signers.trust_requested.connect(lambda who: self._change(lambda: desk.trust(who)))
        self.signers.forget_requested.connect(lambda who: self._change(lambda: desk.forget(who)))
        self.open_file.clicked.connect(self.file_requested)

    def _arrange(self) -> None:
        nothing = QWidget()
        middle = QVBoxLayout(nothing)
        middle.setContentsMargins(12 * GRID, 12 * GRID, 12 * GRID, 12 * GRID)
        middle.addWidget(self.empty)
        middle.addStretch(1)
        split = QSplitter()
        split.addWidget(self.table)
        split.addWidget(self.details)
        split.setSizes([590, 450])
        split.setStretchFactor(0, 1)
        split.setChildrenCollapsible(False)
        self._pages.addWidget(nothing)
        self._pages.addWidget(split)
        foot = QHBoxLayout()
        foot.addWidget(self.open_file)
        foot.addWidget(self.note, 1)
        packs = QWidget()
        column = QVBoxLayout(packs)
        column.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 3 * GRID)
        column.setSpacing(3 * GRID)
        column.addWidget(self._pages, 1)
        column.addLayout(foot)
        self.tabs.addTab(packs, tr("Packs in this library"))
        self.tabs.addTab(self.signers, tr("Signers"))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 2 * GRID, 0, 0)
        whole.addWidget(self.tabs)
        self.resize(*_FIRST_SIZE)
