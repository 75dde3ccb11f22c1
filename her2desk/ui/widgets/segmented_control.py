"""A row of buttons of which one is chosen."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget


class SegmentedControl(QWidget):
    """One choice out of a few, all in sight; Tab enters it, arrow keys move inside it.

    Parameters
    ----------
    choices : (value, text on the button) in order; values are compared with their types, so that
        True and 1 stay apart. The button of None ("not known") never takes the accent colour.
    """

    value_changed = Signal(object)

    def __init__(
        self, choices: Sequence[tuple[object, str]], name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._values = [value for value, _ in choices]
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for index, (_, text) in enumerate(choices):
            row.addWidget(self._button(index, text, name))
        self._group.idClicked.connect(self._emit)
        self._offer_to_tab(0)
        self.setAccessibleName(name)

    def value(self) -> object:
        """The chosen value; None where nothing is chosen."""
        index = self._group.checkedId()
        return self._values[index] if index >= 0 else None

    def set_value(self, value: object) -> None:
        """Choose ``value`` without a signal; one that is not among the choices chooses nothing."""
        for index, own in enumerate(self._values):
            if own == value and type(own) is type(value):
                self._group.button(index).setChecked(True)
                self._offer_to_tab(index)
                return
        self.clear()

    def clear(self) -> None:
        """Choose nothing."""
        self._group.setExclusive(False)
        for button in self._group.buttons():
            button.setChecked(False)
        self._group.setExclusive(True)
        enabled = (n for n, button in enumerate(self._group.buttons()) if button.isEnabled())
        self._offer_to_tab(next(enabled, 0))

    def button(self, value: object) -> QPushButton:
        """The button that stands for ``value``."""
        found = self._group.button(self._values.index(value))
        assert isinstance(found, QPushButton)
        return found

    def buttons(self) -> list[QWidget]:
        """The buttons from left to right."""
        return [self._group.button(index) for index in range(len(self._values))]

    def _button(self, index: int, text: str, name: str) -> QPushButton:
        button = _Segment(text)
        button.setCheckable(True)
        button.setProperty("segment", self._place(index))
        button.setProperty("quiet", self._values[index] is None)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setAccessibleName(f"{name}: {text}")
        self._group.addButton(button, index)
        return button

    def _place(self, index: int) -> str:
        if len(self._values) == 1:
            return "only"
        if index == 0:
            return "first"
        return "last" if index == len(self._values) - 1 else "middle"

    def _emit(self, index: int) -> None:
        self._offer_to_tab(index)
        self.value_changed.emit(self._values[index])

    def _offer_to_tab(self, index: int) -> None:
        """Tab enters at this button, as Qt has it once one of them had the focus."""
        for number, button in enumerate(self._group.buttons()):
            is_entrance = number == index
            button.setFocusPolicy(
                Qt.FocusPolicy.StrongFocus if is_entrance else Qt.FocusPolicy.ClickFocus
            )
        self.setFocusProxy(self._group.button(index))


class _Segment(QPushButton):
    """Wide enough for its words in bold, which they become when it is chosen."""

    def sizeHint(self) -> QSize:
        """The usual size, with room for bold words."""
        hint = super().sizeHint()
        bold = QFont(self.font())
        bold.setBold(True)
        words = self.text().replace("&", "")
        wider = QFontMetrics(bold).horizontalAdvance(words)
        return QSize(
            hint.width() + max(0, wider - self.fontMetrics().horizontalAdvance(words)),
            hint.height(),
        )
