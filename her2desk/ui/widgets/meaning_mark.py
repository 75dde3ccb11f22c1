"""A small question mark beside a figure that opens what the figure means."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFont, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.stats.meanings import Figure, meaning
from her2desk.texts import tr
from her2desk.ui.theme import GRID, colours, set_role
from her2desk.ui.widgets.labels import FittedLabel, wrapped

_TARGET = 24  # WCAG 2.2, 2.5.8: the least side of what a pointer has to hit
_LINE = 18  # px, of body text
_RING = 15
_POPOVER_WIDTH = 320
_QUESTION_PX = 11


class MeaningMark(QToolButton):
    """Click, Enter or Space opens a few plain sentences on ``figure``; Escape closes them."""

    def __init__(self, figure: Figure, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figure = figure
        self._popover: MeaningPopover | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(tr("What does this mean?"))
        self._describe()
        self.clicked.connect(self.open)

    def open(self) -> None:
        """Show the meaning under the mark, inside the screen."""
        if self._popover is None:  # made when first asked for: most are never
            self._popover = MeaningPopover(self.figure, self)
        self._popover.show_beside(self)

    def set_figure(self, figure: Figure) -> None:
        """Explain another figure; the same again costs nothing."""
        if figure is self.figure:
            return
        if self._popover is not None:
            self._popover.deleteLater()
            self._popover = None
        self.figure = figure
        self._describe()

    def popover(self) -> "MeaningPopover | None":
        """What is open now."""
        if self._popover is None or not self._popover.isVisible():
            return None
        return self._popover

    def sizeHint(self) -> QSize:
        return QSize(_TARGET, _TARGET)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _describe(self) -> None:
        title = meaning(self.figure).title.text()
        self.setAccessibleName(tr("What does this mean: {title}").format(title=title))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A button of Qt's takes Space only."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tone = QColor(palette.accent if self.underMouse() else palette.text_muted)
        ring = QRectF(0, 0, _RING, _RING)
        ring.moveCenter(self.rect().toRectF().center())
        painter.setPen(QPen(tone, 1.2))
        painter.drawEllipse(ring)
        font = QFont(self.font())
        font.setPixelSize(_QUESTION_PX)
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(ring, Qt.AlignmentFlag.AlignCenter, "?")
        if self.hasFocus():
            painter.setPen(QPen(QColor(palette.focus), 2))
            painter.drawEllipse(ring.adjusted(-3, -3, 3, 3))
        painter.end()


class MeaningPopover(QFrame):
    """Title and text of one meaning; a click elsewhere, Escape, Enter or Space closes it."""

    def __init__(self, figure: Figure, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        set_role(self, "card")
        explained = meaning(figure)
        self.title = wrapped(explained.title.text(), "title")
        self.text = wrapped(explained.text.text())
        self.setAccessibleName(self.title.text())
        self.setAccessibleDescription(self.text.text())
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID * 4, GRID * 3, GRID * 4, GRID * 3)
        column.setSpacing(GRID * 2)
        column.addWidget(self.title)
        column.addWidget(self.text)

    def show_beside(self, mark: QWidget) -> None:
        """Under ``mark``, or above it where the screen ends, never past its sides."""
        self.setFixedWidth(_POPOVER_WIDTH)
        self.setFixedHeight(self.heightForWidth(_POPOVER_WIDTH))
        screen = mark.screen().availableGeometry()
        corner = mark.mapToGlobal(QPoint(0, mark.height()))
        place = QRect(corner, self.size())
        if place.bottom() > screen.bottom():
            place.moveBottom(mark.mapToGlobal(QPoint(0, 0)).y() - 1)
        place.moveLeft(min(max(place.left(), screen.left()), screen.right() - place.width() + 1))
        self.setGeometry(place)
        self.show()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.close()
        else:
            super().keyPressEvent(event)  # Escape closes a popup


class Titled(QWidget):
    """A heading, and right behind its words the mark that explains the figure under it."""

    def __init__(
        self, text: str, figure: Figure, role: str = "heading", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.label = FittedLabel(text)
        self.label.setMinimumHeight(_TARGET)
        set_role(self.label, role)
        self.mark = MeaningMark(figure)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(self.label)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addStretch()

    def set_text(self, text: str) -> None:
        """Change the words."""
        self.label.setText(text)


def titled(text: str, figure: Figure) -> QWidget:
    """A heading with its mark."""
    return Titled(text, figure)


class Explained(QWidget):
    """Any widget, and at the end of its first line the mark that explains it."""

    def __init__(self, widget: QWidget, figure: Figure, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mark = MeaningMark(figure)
        text = QVBoxLayout()
        text.setContentsMargins(0, (_TARGET - _LINE) // 2, 0, 0)  # one line's middle is the mark's
        text.addWidget(widget)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addLayout(text, 1)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
