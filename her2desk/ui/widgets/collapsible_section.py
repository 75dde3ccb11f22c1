"""A heading that folds what stands under it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from her2desk.ui.theme import GRID, colours, set_role


class CollapsibleSection(QWidget):
    """A titled block; Space or Enter on the title opens and closes it.

    ``mark`` stands behind the title, whether open or not. A quiet one is part of a section.
    """

    def __init__(
        self,
        title: str,
        content: QWidget,
        *,
        is_open: bool = True,
        is_quiet: bool = False,
        mark: QWidget | None = None,
    ) -> None:
        super().__init__()
        self._content = content
        self.toggle: QToolButton = _Toggle()
        self.toggle.setText(title)
        self.toggle.setCheckable(True)
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        across = QSizePolicy.Policy.Expanding if mark is None else QSizePolicy.Policy.Maximum
        self.toggle.setSizePolicy(across, QSizePolicy.Policy.Fixed)
        self.toggle.setProperty("quiet", is_quiet)
        set_role(self.toggle, "fold")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(self.toggle)
        if mark is not None:
            head.addWidget(mark)
            head.addStretch()
        column.addLayout(head)
        column.addWidget(content)
        self.toggle.toggled.connect(self._apply)
        self.toggle.setChecked(is_open)
        self._apply(is_open)

    def is_open(self) -> bool:
        """Whether the content is in sight."""
        return self.toggle.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Open or close it."""
        self.toggle.setChecked(is_open)

    def set_title(self, title: str) -> None:
        """Change the heading."""
        self.toggle.setText(title)

    def _apply(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self.toggle.setArrowType(arrow)
        self._content.setVisible(is_open)


class _Toggle(QToolButton):
    """A button of Qt's takes Space only, and its border would be cut off on the left."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(colours().focus), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
            painter.end()
