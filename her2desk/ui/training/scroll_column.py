"""A page of wrapped words that scrolls when the window is low."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget


class ScrollColumn(QScrollArea):
    """Put widgets into ``column``; they are as wide as there is room for, up to ``widest_px``."""

    def __init__(self, widest_px: int | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        page = _Page()
        if widest_px is not None:
            page.setMaximumWidth(widest_px)
        self.column = QVBoxLayout(page)
        self.setWidgetResizable(True)
        self.setWidget(page)


class _Page(QWidget):
    def minimumSizeHint(self) -> QSize:
        """Only its width: the height follows from how the words break at the width there is."""
        return QSize(super().minimumSizeHint().width(), 0)
