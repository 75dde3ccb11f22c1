"""A heading that folds what stands under it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from her2desk.ui.theme import GRID, set_role


class CollapsibleSection(QWidget):
    """A titled block; Space or Enter on the title opens and closes it."""

    def __init__(self, title: str, content: QWidget, *, is_open: bool = True) -> None:
        super().__init__()
        self._content = content
        self.toggle = QToolButton()
        self.toggle.setText(title)
        self.toggle.setCheckable(True)
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggle.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        set_role(self.toggle, "fold")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.toggle)
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
