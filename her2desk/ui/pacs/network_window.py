"""The window of the DICOM network: searching archives, receiving, and which archives there are."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from her2desk.dicom.pacs.nodes import PacsSettings, ReceiverSettings, RemoteNode
from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.ui.help.pages import set_page
from her2desk.ui.jobs import Background
from her2desk.ui.pacs.archives_tab import ArchivesTab
from her2desk.ui.pacs.desk import NetworkDesk
from her2desk.ui.pacs.receiving_tab import ReceivingTab
from her2desk.ui.pacs.search_tab import SearchTab
from her2desk.ui.widgets.remark import Remark

_FIRST_SIZE = (900, 620)


class NetworkWindow(QWidget):
    """Non-modal. ``fetched`` carries paths to import, ``receiver_applied`` how to receive."""

    fetched = Signal(object)
    receiver_applied = Signal(object)

    def __init__(
        self, desk: NetworkDesk, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Network"))
        set_page(self, "pacs")
        self._desk = desk
        self._background = background
        self._slow = Background(self)
        self.search = SearchTab(desk.search, desk.fetch, self._slow)
        self.receiving = ReceivingTab()
        self._testing = Background(self)
        self.archives = ArchivesTab(desk.test, self._testing)
        self.note = Remark()
        self.tabs = QTabWidget()
        self._arrange()
        self.search.fetched.connect(self.fetched)
        self.archives.nodes_changed.connect(self._keep_nodes)
        self.receiving.applied.connect(self._keep_receiver)
        self.reload()

    def reload(self) -> None:
        """Read the settings again."""
        self._background.run(self._desk.load, self._show, self._fail)

    def show_search(self) -> None:
        """Bring the search to the front."""
        self.tabs.setCurrentWidget(self.search)
        self.search.name.setFocus()

    def show_receiving(self) -> None:
        """Bring the receiver to the front."""
        self.tabs.setCurrentIndex(1)

    def show_archives(self) -> None:
        """Bring the archives to the front."""
        self.tabs.setCurrentIndex(2)

    def end(self) -> None:
        """Stop what runs, wait for it, and close."""
        self.close()
        for background in (self._slow, self._testing):
            background.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing is asked of archives that nobody waits for; what has come is kept."""
        self.search.stop()
        self.archives.stop()
        super().closeEvent(event)

    def _show(self, settings: PacsSettings) -> None:
        self.note.hide()
        self.search.set_settings(settings)
        self.archives.set_settings(settings)
        self.receiving.set_settings(settings.receiver)

    def _keep_nodes(self, nodes: tuple[RemoteNode, ...]) -> None:
        self._background.run(
            lambda: self._desk.keep_nodes(nodes), self.search.set_settings, self._fail
        )

    def _keep_receiver(self, receiver: ReceiverSettings) -> None:
        def kept(settings: PacsSettings) -> None:
            self.receiver_applied.emit(settings.receiver)

        self._background.run(lambda: self._desk.keep_receiver(receiver), kept, self._fail)

    def _fail(self, error: Her2DeskError) -> None:
        self.note.say(str(error), True)
        self.note.show()

    def _arrange(self) -> None:
        self.tabs.addTab(self.search, tr("Search an archive"))
        for page, title in (
            (self.receiving, tr("Receive")),
            (self.archives, tr("Archives")),
        ):
            area = _scrolled(page)
            area.setAccessibleName(title)
            self.tabs.addTab(area, title)
        self.note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.note)
        self.resize(*_FIRST_SIZE)


def _scrolled(page: QWidget) -> QScrollArea:
    """A page that may be higher than the window."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(page)
    return area
