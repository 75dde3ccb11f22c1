"""The four steps at the left: which one is shown, which are done, which can be gone to."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from her2desk.ui.theme import GRID, SIZE_SMALL, colours, set_role

WIDTH = 52 * GRID
_HEIGHT = 14 * GRID
_DISC = 6 * GRID


@dataclass(frozen=True)
class RailStep:
    """A step's name, its tooltip, and the key that goes to it."""

    title: str
    tip: str
    key: str


class StepButton(QAbstractButton):
    """A number in a disc, or a tick when done; the title; one muted line about how it stands."""

    def __init__(self, number: int, step: RailStep, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self._detail = ""
        self._is_done = False
        self.setText(step.title)
        self.setShortcut(step.key)
        self.setToolTip(step.tip)
        self.setCheckable(True)
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._describe()

    @property
    def is_done(self) -> bool:
        """Whether the step is behind us."""
        return self._is_done

    def detail(self) -> str:
        """The line under the title."""
        return self._detail

    def set_state(self, *, is_done: bool, detail: str) -> None:
        """Show how the step stands."""
        self._is_done, self._detail = is_done, detail
        self._describe()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, _HEIGHT)

    def _describe(self) -> None:
        self.setAccessibleName(f"{self._number}. {self.text()}")
        self.setAccessibleDescription(self._detail)

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked():
            painter.setBrush(QColor(palette.surface_raised))
            painter.drawRoundedRect(frame, 4, 4)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(palette.focus), 2))
            painter.drawRoundedRect(frame, 4, 4)
        self._paint_disc(painter)
        self._paint_words(painter)
        painter.end()

    def _paint_disc(self, painter: QPainter) -> None:
        palette = colours()
        disc = QRectF(3 * GRID, (_HEIGHT - _DISC) / 2, _DISC, _DISC)
        is_lit = self.isChecked()
        edge = palette.accent if is_lit or self._is_done else palette.text_muted
        painter.setPen(QPen(QColor(edge if self.isEnabled() else palette.border), 1.5))
        painter.setBrush(QColor(palette.accent) if is_lit else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(disc)
        ink = palette.on_accent if is_lit else palette.accent if self._is_done else self._ink()
        painter.setPen(QPen(QColor(ink), 2))
        if self._is_done:
            x, y = disc.center().x(), disc.center().y()
            painter.drawPolyline([QPointF(x - 5, y), QPointF(x - 1, y + 4), QPointF(x + 5, y - 4)])
        else:
            painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(self._number))

    def _paint_words(self, painter: QPainter) -> None:
        left = 3 * GRID + _DISC + 3 * GRID
        width = self.width() - left - 2 * GRID
        flags = Qt.AlignmentFlag.AlignVCenter
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold if self.isChecked() else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(self._ink()))
        middle = _HEIGHT / 2
        top = (
            QRectF(left, middle - 20, width, 20)
            if self._detail
            else QRectF(left, 0, width, _HEIGHT)
        )
        painter.drawText(top, flags, self.text())
        font.setPixelSize(SIZE_SMALL)
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(colours().text_muted))
        shown = painter.fontMetrics().elidedText(
            self._detail, Qt.TextElideMode.ElideRight, int(width)
        )
        painter.drawText(QRectF(left, middle, width, 18), Qt.AlignmentFlag.AlignVCenter, shown)

    def _ink(self) -> str:
        if not self.isEnabled():
            return self.palette().color(self.palette().ColorRole.Text).name()
        return colours().text


class StepRail(QWidget):
    """The steps from top to bottom; Tab or the arrow keys move between those that can be gone to."""

    step_chosen = Signal(int)

    def __init__(self, steps: Sequence[RailStep], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFixedWidth(WIDTH)
        self.buttons = [StepButton(number, step) for number, step in enumerate(steps, start=1)]
        group = QButtonGroup(self)
        group.setExclusive(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 3 * GRID, 2 * GRID, 3 * GRID)
        column.setSpacing(GRID)
        for index, button in enumerate(self.buttons):
            group.addButton(button, index)
            column.addWidget(button)
        column.addStretch(1)
        self._column = column
        group.idClicked.connect(self.step_chosen)

    def add_link(self, link: QPushButton) -> None:
        """Put a way to somewhere else at the foot."""
        set_role(link, "link")
        self._column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)

    def show_step(self, index: int) -> None:
        """Mark the step that is shown."""
        self.buttons[index].setChecked(True)

    def set_state(self, index: int, *, is_open: bool, is_done: bool, detail: str = "") -> None:
        """Say whether a step can be gone to, whether it is done, and how it stands."""
        self.buttons[index].setEnabled(is_open)
        self.buttons[index].set_state(is_done=is_done, detail=detail)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A thin line towards the page."""
        painter = QPainter(self)
        painter.setPen(QColor(colours().border))
        painter.drawLine(self.width() - 1, 0, self.width() - 1, self.height())
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        move = steps.get(Qt.Key(event.key()))
        focused = next((i for i, b in enumerate(self.buttons) if b.hasFocus()), None)
        if move is None or focused is None:
            super().keyPressEvent(event)
            return
        index = focused + move
        while 0 <= index < len(self.buttons) and not self.buttons[index].isEnabled():
            index += move
        if 0 <= index < len(self.buttons):
            self.buttons[index].setFocus()
            self.buttons[index].click()
