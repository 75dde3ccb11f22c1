"""What lies in a scroll area: a page of wrapped words."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget


class ScrollPage(QWidget):
    """As high as its words need at the width that there is, and no higher."""

    def minimumSizeHint(self) -> QSize:
        """Only its width: the height follows from how the words break."""
        return QSize(super().minimumSizeHint().width(), 0)
