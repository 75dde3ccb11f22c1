"""One figure, as large as the window; the arrow keys go to the next."""

from pathlib import Path

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAccessible,
    QColor,
    QImage,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QShortcut,
)
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.ui.jobs import Background
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.training.figure_words import figure_title


class FigureWindow(QDialog):
    """Does not block the window it came from. Esc closes it."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._paths: list[Path] = []
        self._index = 0
        self.picture = _Picture()
        self.place = QLabel()
        set_role(self.place, "muted")
        self.previous = _button(tr("Previous"), tr("The figure before (←)"))
        self.next = _button(tr("Next"), tr("The figure after (→)"))
        done = _button(tr("Close"), tr("Close this figure (Esc)"))
        foot = QHBoxLayout()
        foot.setSpacing(2 * GRID)
        for widget in (self.previous, self.next, self.place):
            foot.addWidget(widget)
        foot.addStretch(1)
        foot.addWidget(done)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(3 * GRID)
        column.addWidget(self.picture, 1)
        column.addLayout(foot)
        self.resize(960, 640)
        self.previous.clicked.connect(lambda: self._go(-1))
        self.next.clicked.connect(lambda: self._go(1))
        done.clicked.connect(self.close)
        for keys, step in ((Qt.Key.Key_Left, -1), (Qt.Key.Key_Right, 1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(lambda by=step: self._go(by))

    def show_figures(self, paths: list[Path], index: int) -> None:
        """Show one of these."""
        self._paths, self._index = paths, index
        self._load()
        self.show()
        self.activateWindow()

    def _go(self, by: int) -> None:
        if 0 <= self._index + by < len(self._paths):
            self._index += by
            self._load()

    def _load(self) -> None:
        path = self._paths[self._index]
        title = figure_title(path)
        self.setWindowTitle(title)
        self.picture.setAccessibleName(title)
        self.place.setText(tr("{n} of {total}").format(n=self._index + 1, total=len(self._paths)))
        self.previous.setEnabled(self._index > 0)
        self.next.setEnabled(self._index < len(self._paths) - 1)

        def take(image: QImage) -> None:
            if self._paths[self._index] == path:
                self.picture.set_image(image)

        self._background.run(lambda: QImage(str(path)), take, self._leave_empty)

    def _leave_empty(self, _error: Her2DeskError) -> None:
        self.picture.set_image(QImage())


class _Picture(QWidget):
    """On white, as figures are printed."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()

    def set_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    def image(self) -> QImage:
        return self._image

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("white"))
        if not self._image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            size = QSizeF(self._image.size()).scaled(
                QSizeF(self.size()), Qt.AspectRatioMode.KeepAspectRatio
            )
            box = QRectF(0, 0, size.width(), size.height())
            box.moveCenter(QRectF(self.rect()).center())
            painter.drawImage(box, self._image)
        painter.end()


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
