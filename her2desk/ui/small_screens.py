"""Windows on a screen smaller than they are: made smaller, and scrolled where they cannot be."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QMainWindow, QScrollArea, QVBoxLayout, QWidget

_TALLER = (
    24  # than layouts say of themselves: a sentence in several lines needs more than its least
)


def fit_on_screen(window: QWidget, screen: QSize | None = None) -> None:
    """Have ``window`` lie within its screen, or one of this size, with nothing out of reach.

    The smallest screen that the layouts are made for has 1280 × 720 device-independent pixels. At
    200 % that one has 640 × 360: what stands in the window then keeps the size that its words need,
    and is scrolled.
    """
    room = window.screen().availableSize() if screen is None else screen
    least = window.minimumSizeHint().expandedTo(window.minimumSize())
    if least.width() > room.width() or least.height() > room.height():
        _scroll(window, least + QSize(0, _TALLER))
    if window.width() > room.width() or window.height() > room.height():
        window.resize(window.size().boundedTo(room))


def _scroll(window: QWidget, least: QSize) -> None:
    """Put what the window has into a page that is scrolled."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    if isinstance(window, QMainWindow):
        page = window.takeCentralWidget() or QWidget()
        page.setMinimumSize(least)
        area.setWidget(page)
        window.setCentralWidget(area)
    else:
        page = QWidget()
        inside = window.layout()
        if inside is None:
            return
        page.setLayout(inside)
        page.setMinimumSize(least)
        area.setWidget(page)
        around = QVBoxLayout(window)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(area)
    window.setMinimumSize(0, 0)
