"""Five callouts that point at the window's own widgets: import, draw, fill in, read, ask why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import GRID, colours, set_role
from her2desk.ui.widgets.labels import wrapped

if TYPE_CHECKING:
    from her2desk.ui.main_window import MainWindow

WIDTH = 320
GAP = 3 * GRID  # between a callout and what it points at
RING = 3  # device-independent pixels around what is pointed at


@dataclass(frozen=True)
class Step:
    """What is pointed at, and what is said of it."""

    target: Callable[[], QWidget]
    title: str
    words: str


def steps_of(window: "MainWindow") -> tuple[Step, ...]:
    """The five steps, in the order in which a case is read."""
    right = window.right
    return (
        Step(
            lambda: window.header.import_button,
            tr("Bring images in"),
            tr(
                "Press Import, or drop files, a folder or a ZIP anywhere on the window. "
                "Originals are only read."
            ),
        ),
        Step(
            lambda: window.workspace.toolbar if window.workspace.toolbar.isVisible() else window.workspace,
            tr("Draw round the lesion"),
            tr("Choose the polygon (P) and click round the lesion; Enter closes the outline."),
        ),
        Step(
            lambda: right.tabs,
            tr("Fill in what is known"),
            tr(
                "The clinical form takes what you know of the patient; "
                "what is not known stays “not known”."
            ),
        ),
        Step(
            lambda: right.result,
            tr("Read the answer"),
            tr(
                "It comes by itself: how many patients with such scores were HER-2 positive, "
                "how sure that is, and what speaks against it."
            ),
        ),
        Step(
            lambda: right.tabs.tabBar(),
            tr("Ask why"),
            tr(
                "Nomogram and Why show how the answer came about and how such answers fail. "
                "F1 explains each place."
            ),
        ),
    )  # fmt: skip


class Tour(QObject):
    """Nothing is dimmed and nothing waits: the window can be used all the while.

    ``ended`` carries whether the tour is not to come again by itself.
    """

    ended = Signal(bool)

    def __init__(self, window: QWidget, steps: Sequence[Step]) -> None:
        super().__init__(window)
        self._window = window
        self._steps = tuple(steps)
        self._number = -1
        self.ring = _Ring(window)
        self.callout = Callout(window)
        self.callout.back.clicked.connect(lambda: self._go(self._number - 1))
        self.callout.next.clicked.connect(lambda: self._go(self._number + 1))
        self.callout.skip.clicked.connect(lambda: self._end(for_good=True))
        self.callout.escaped.connect(lambda: self._end(for_good=True))

    @property
    def number(self) -> int:
        """Which step is shown, from 0; -1 where none is."""
        return self._number

    def start(self) -> None:
        """Show the first step."""
        self._window.installEventFilter(self)
        self._go(0)

    def stop(self) -> None:
        """Take it off the screen; it may come again."""
        if self._number >= 0:
            self._end(for_good=False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and self._number >= 0:
            QTimer.singleShot(0, self, self._place)
        return False

    def _go(self, number: int) -> None:
        if number >= len(self._steps):
            self._end(for_good=True)
            return
        self._number = max(0, number)
        step = self._steps[self._number]
        self.callout.say(step.title, step.words, self._number, len(self._steps))
        self._place()
        self.ring.show()
        self.callout.show()
        self.ring.raise_()
        self.callout.raise_()
        self.callout.next.setFocus()

    def _end(self, *, for_good: bool) -> None:
        self._number = -1
        self._window.removeEventFilter(self)
        self.ring.hide()
        self.callout.hide()
        self.ended.emit(for_good)

    def _place(self) -> None:
        if self._number < 0:
            return
        target = self._steps[self._number].target()
        around = QRect(target.mapTo(self._window, QPoint(0, 0)), target.size())
        around = around.intersected(self._window.rect())
        self.ring.setGeometry(around.adjusted(-RING, -RING, RING, RING))
        self.callout.setFixedWidth(WIDTH)
        self.callout.adjustSize()
        self.callout.move(_beside(around, self.callout.size().width(), self.callout.height(),
                                  self._window.rect()))  # fmt: skip


def _beside(around: QRect, width: int, height: int, room: QRect) -> QPoint:
    """Under what is pointed at, else on its left or right, else over it; always inside the window."""
    places = (
        QPoint(around.left(), around.bottom() + GAP),
        QPoint(around.left() - width - GAP, around.top() + GAP),
        QPoint(around.right() + GAP, around.top() + GAP),
        QPoint(around.left(), around.top() - height - GAP),
    )
    for place in places:
        if room.contains(QRect(place.x(), place.y(), width, height)):
            return place
    x = min(max(room.left() + GAP, around.center().x() - width // 2), room.right() - width - GAP)
    y = min(max(room.top() + GAP, around.top() + GAP), room.bottom() - height - GAP)
    return QPoint(x, y)


class Callout(QFrame):
    """One step in words, with the way on, the way back and the way out."""

    escaped = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tour_callout")
        self.setAutoFillBackground(True)
        self.title = QLabel()
        set_role(self.title, "title")
        self.words = wrapped()
        self.count = QLabel()
        set_role(self.count, "muted")
        self.skip = QPushButton(tr("Skip the tour"))
        self.skip.setToolTip(tr("Do not show it again; the ? menu has it (Esc)"))
        set_role(self.skip, "flat")
        self.back = QPushButton(tr("Back"))
        self.back.setToolTip(tr("To the step before"))
        self.next = QPushButton()
        self.next.setToolTip(tr("To the next step"))
        set_role(self.next, "primary")
        row = QHBoxLayout()
        row.addWidget(self.skip)
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * GRID, 3 * GRID, 4 * GRID, 3 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.count)
        column.addWidget(self.title)
        column.addWidget(self.words)
        column.addLayout(row)
        self.hide()

    def say(self, title: str, words: str, number: int, count: int) -> None:
        """Show one step."""
        self.title.setText(title)
        self.words.setText(words)
        self.count.setText(tr("Step {number} of {count}").format(number=number + 1, count=count))
        self.back.setEnabled(number > 0)
        self.next.setText(tr("Done") if number + 1 == count else tr("Next step"))
        self.setAccessibleName(f"{title}. {words}")

    def paintEvent(self, event: QPaintEvent) -> None:
        """A raised card with the accent's edge, in the present theme."""
        palette = colours()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(palette.surface_raised))
        painter.setPen(QPen(QColor(palette.accent), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc skips; the arrow keys turn."""
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif key == Qt.Key.Key_Right:
            self.next.click()
        elif key == Qt.Key.Key_Left:
            self.back.click()
        else:
            super().keyPressEvent(event)


class _Ring(QWidget):
    """An edge around what is pointed at; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The edge alone."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours().accent), RING))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(2, 2, -2, -2), 6, 6)
        painter.end()
