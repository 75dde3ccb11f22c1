"""The signers whom the user trusts or has blocked."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from her2desk.packs.trust import How, Signer, grouped
from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.tables import Index, RowsModel, make_calm

_WIDTHS = (160, 88, 92, 112)


class SignerModel(RowsModel[Signer]):
    """A signer a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        titles = (tr("Signer"), tr("Standing"), tr("Since"), tr("How"), tr("Fingerprint"))
        super().__init__(titles, parent)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        signer, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole and column == len(_WIDTHS):
            return grouped(signer.fingerprint)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _cell(signer, column)
        return None


def _cell(signer: Signer, column: int) -> str:
    how = {How.FIRST_USE: tr("When first used"), How.COMMAND: tr("By command")}[signer.how]
    cells = (
        signer.name,
        tr("⚠ Blocked") if signer.is_blocked else tr("Trusted"),
        signer.since_utc[:10],
        how,
        grouped(signer.fingerprint).replace("\n", " "),
    )
    return cells[column]


class SignersTab(QWidget):
    """``block_requested``, ``trust_requested`` and ``forget_requested`` carry the chosen signer."""

    block_requested = Signal(object)
    trust_requested = Signal(object)
    forget_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.signers = SignerModel(self)
        self.table = QTableView()
        self.table.setModel(self.signers)
        self.table.setAccessibleName(tr("Signers"))
        make_calm(self.table, 8 * GRID, _WIDTHS)
        self.table.setWordWrap(False)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.note = wrapped("", "muted")
        self.block = QPushButton(tr("&Block"))
        self.forget = QPushButton(tr("&Forget"))
        self.forget.setToolTip(
            tr("Trusted no more, and blocked no more: the next pack asks again.")
        )
        self._arrange()
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _old: self._allow())
        self.block.clicked.connect(self._turn)
        self.forget.clicked.connect(self._forget)
        self.set_signers(())

    def set_signers(self, signers: Sequence[Signer]) -> None:
        """Show these."""
        self.signers.set_rows(signers)
        if signers:
            self.table.selectRow(0)
        self.note.setText(
            tr("Packs of trusted signers are used without a question, those of blocked ones never.")
            if signers
            else tr(
                "Nobody is trusted yet. The first pack of each signer asks whether you know whose "
                "it is."
            )
        )
        self._allow()

    def _chosen(self) -> Signer | None:
        index = self.table.currentIndex()
        return self.signers.rows[index.row()] if index.isValid() else None

    def _allow(self) -> None:
        signer = self._chosen()
        self.block.setEnabled(signer is not None)
        self.forget.setEnabled(signer is not None)
        is_blocked = signer is not None and signer.is_blocked
        self.block.setText(tr("&Trust again") if is_blocked else tr("&Block"))
        self.block.setToolTip("" if is_blocked else tr("Refuse every pack of this signer."))

    def _turn(self) -> None:
        signer = self._chosen()
        if signer is not None:
            (self.trust_requested if signer.is_blocked else self.block_requested).emit(signer)

    def _forget(self) -> None:
        signer = self._chosen()
        if signer is not None:
            self.forget_requested.emit(signer)

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.note, 1)
        buttons.addWidget(self.block)
        buttons.addWidget(self.forget)
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 3 * GRID)
        column.setSpacing(3 * GRID)
        column.addWidget(self.table, 1)
        column.addLayout(buttons)
