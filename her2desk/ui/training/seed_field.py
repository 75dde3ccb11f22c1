"""The seed of a training, which may be left open."""

from PySide6.QtCore import QRegularExpression
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QLineEdit, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import GRID

_WIDTH = 80 * GRID


class SeedField(QLineEdit):
    """Digits only; ``origin`` says where the seed comes from when it is left empty."""

    def __init__(self, origin: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setValidator(QRegularExpressionValidator(QRegularExpression("[0-9]{0,9}"), self))
        self.setPlaceholderText(origin)
        self.setAccessibleName(tr("Seed"))
        self.setFixedWidth(_WIDTH)

    def value(self) -> int | None:
        """The seed, None where it is left open."""
        return int(self.text()) if self.text() else None

    def set_value(self, seed: int | None) -> None:
        """Put a seed in, or none."""
        self.setText("" if seed is None else str(seed))
