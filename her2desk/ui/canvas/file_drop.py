"""A widget onto which files are dropped."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QWidget


class FileDrop(QWidget):
    """``files_dropped`` carries paths; ``drop_hovered`` whether files hang over the widget."""

    files_dropped = Signal(list)
    drop_hovered = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.drop_hovered.emit(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """The files went elsewhere."""
        self.drop_hovered.emit(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the files on."""
        self.drop_hovered.emit(False)
        urls = event.mimeData().urls()
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        event.acceptProposedAction()
        self.files_dropped.emit(paths)
