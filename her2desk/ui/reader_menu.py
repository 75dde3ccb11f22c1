"""Who reads: the menu under the reader's name."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from her2desk.texts import tr


class ReaderMenu(QMenu):
    """Everyone who ever drew, and a way to name another; made anew each time it opens."""

    reader_chosen = Signal(str)

    def __init__(
        self,
        readers: Callable[[], Sequence[str]],
        present: Callable[[], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._readers = readers
        self._present = present
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        group = QActionGroup(self)
        for name in self._readers():
            action = group.addAction(QAction(name, self))
            action.setCheckable(True)
            action.setChecked(name == self._present())
            action.triggered.connect(lambda _checked, chosen=name: self.reader_chosen.emit(chosen))
            self.addAction(action)
        self.addSeparator()
        another = self.addAction(tr("Another reader…"))
        another.setToolTip(tr("Readers draw independently; none sees another's outlines"))
        another.triggered.connect(self._ask)

    def _ask(self) -> None:
        name, is_given = QInputDialog.getText(
            self, tr("Another reader"), tr("Name, kept with all that is drawn and decided:")
        )
        if is_given and name.strip():
            self.reader_chosen.emit(name.strip())
