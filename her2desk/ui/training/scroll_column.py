"""A page of wrapped words that scrolls when the window is low."""

from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from her2desk.ui.widgets.scroll_page import ScrollPage


class ScrollColumn(QScrollArea):
    """Put widgets into ``column``; they are as wide as there is room for, up to ``widest_px``."""

    def __init__(self, widest_px: int | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        page = ScrollPage()
        if widest_px is not None:
            page.setMaximumWidth(widest_px)
        self.column = QVBoxLayout(page)
        self.setWidgetResizable(True)
        self.setWidget(page)
