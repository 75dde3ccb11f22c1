"""For whoever works on the program: how late the window is, over the window itself."""

import os

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QWidget

from her2desk.texts import tr
from her2desk.ui.stalls import StallMonitor
from her2desk.ui.theme import GRID, colours

KEYS = "Ctrl+Alt+Shift+S"
VARIABLE = "HER2DESK_STALLS"
REFRESH_MS = 500
BEAT_MS = 4
RECENT = 2500  # beats: the last ten seconds, which are sorted at every refresh
WIDEST = 120 * GRID
ABOVE_STATUS = 10 * GRID


class StallOverlay(QWidget):
    """Longest stall and 99th percentile of the last ten seconds, frames a second, and the last stall.

    It takes no click and no key. A frame is a repaint of ``window``; its own do not count.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.monitor = StallMonitor(self, interval_ms=BEAT_MS, kept=RECENT)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._frames = 0
        self._lines: tuple[str, ...] = ()
        self._refresh = QTimer(self)
        self._refresh.setInterval(REFRESH_MS)
        self._refresh.timeout.connect(self.refresh)
        self.hide()

    @property
    def lines(self) -> tuple[str, ...]:
        """What it says, line by line."""
        return self._lines

    def toggle(self) -> None:
        """Begin to measure, or end it."""
        if self.isHidden():
            self._window.installEventFilter(self)
            self.monitor.start()
            self._refresh.start()
            self.refresh()
            self.show()
            self.raise_()
        else:
            self.stop()
            self.hide()

    def stop(self) -> None:
        """End measuring."""
        self._window.removeEventFilter(self)
        self._refresh.stop()
        self.monitor.stop()

    def refresh(self) -> None:
        """Say the present figures."""
        found, last = self.monitor.figures(), self.monitor.last
        rate = 1000 * max(0, self._frames) / REFRESH_MS
        lines = [
            tr("longest stall {late:.0f} ms · own work {work:.0f} ms").format(
                late=found.longest_ms, work=found.longest_work_ms
            ),
            tr("p99 {late:.1f} ms · own work {work:.1f} ms · {rate:.0f} frames a second").format(
                late=found.p99_ms, work=found.p99_work_ms, rate=rate
            ),
        ]
        if last is None:
            lines.append(tr("no stall of 50 ms yet"))
        else:
            lines.append(tr("last stall {late:.0f} ms in").format(late=last.late_ms))
            lines.extend(last.places)
        self._lines = tuple(lines)
        self._frames = -1  # the repaint that this asks for
        self._place()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count the window's repaints, and stay in its corner."""
        if event.type() == QEvent.Type.UpdateRequest:
            self._frames += 1
        elif event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        """Room for what it says."""
        metrics = self.fontMetrics()
        width = max((metrics.horizontalAdvance(line) for line in self._lines), default=0)
        height = metrics.lineSpacing() * len(self._lines)
        return QSize(min(width, WIDEST) + 4 * GRID, height + 3 * GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the lines on a ground of their own."""
        palette = colours()
        painter = QPainter(self)
        painter.setPen(QColor(palette.border))
        painter.setBrush(QColor(palette.surface_raised))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setPen(QColor(palette.text))
        metrics, room = self.fontMetrics(), self.width() - 4 * GRID
        line = QRect(2 * GRID, 3 * GRID // 2, room, metrics.lineSpacing())
        for words in self._lines:
            painter.drawText(line, 0, metrics.elidedText(words, Qt.TextElideMode.ElideRight, room))
            line.translate(0, metrics.lineSpacing())
        painter.end()

    def _place(self) -> None:
        self.resize(self.sizeHint())
        self.move(2 * GRID, self._window.height() - self.height() - ABOVE_STATUS)


def add_stall_overlay(window: QWidget) -> StallOverlay:
    """Give ``window`` the overlay, hidden until its keys are pressed or where the variable asks for it.

    It is for developers, so neither menus nor the list of shortcuts name it.
    """
    overlay = StallOverlay(window)
    QShortcut(QKeySequence(KEYS), window).activated.connect(overlay.toggle)
    if os.environ.get(VARIABLE):
        overlay.toggle()
    return overlay
