"""The pictures of a finished training: small ones side by side, large on a click."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QImageReader, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.ui.jobs import Background
from her2desk.ui.theme import GRID
from her2desk.ui.training.figure_window import FigureWindow
from her2desk.ui.training.figure_words import figure_title

THUMBNAIL = QSize(44 * GRID, 33 * GRID)
_PATH = Qt.ItemDataRole.UserRole


class FigureStrip(QListWidget):
    """Pictures in their order; Enter or a click opens one large.

    They are read on the background thread, so that a folder of large pictures does not hold the window.
    """

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._window: FigureWindow | None = None
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(THUMBNAIL)
        self.setGridSize(QSize(THUMBNAIL.width() + 6 * GRID, THUMBNAIL.height() + 10 * GRID))
        self.setWordWrap(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Figures"))
        self.setToolTip(tr("Open a figure large (Enter, or a click)"))
        self.itemClicked.connect(self._open)
        self.itemActivated.connect(self._open)

    @property
    def window_shown(self) -> FigureWindow | None:
        """The large picture's window, once one was opened."""
        return self._window

    def show_files(self, paths: Sequence[Path]) -> None:
        """Show these pictures in their order."""
        self.clear()
        blank = QPixmap(THUMBNAIL)  # keeps the place until the picture is read
        blank.fill(Qt.GlobalColor.transparent)
        for path in paths:
            item = QListWidgetItem(figure_title(path))
            item.setData(_PATH, str(path))
            item.setSizeHint(self.gridSize())
            item.setIcon(QIcon(blank))
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
            self.addItem(item)
            self._background.run(
                partial(_thumbnail, path), partial(self._take, path), self._leave_out
            )
        self.setVisible(bool(paths))
        self._fit()

    def close_figure(self) -> None:
        """Close the large picture."""
        if self._window is not None:
            self._window.close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as all rows of pictures: the page scrolls, not the strip in it."""
        cell = self.gridSize()
        columns = max(1, (self.viewport().width() - 1) // cell.width())
        rows = -(-self.count() // columns)
        height = rows * cell.height() + 2 * self.frameWidth() + GRID
        if height != self.height():
            self.setFixedHeight(height)

    def _take(self, path: Path, image: QImage) -> None:
        for row in range(self.count()):
            item = self.item(row)
            if item.data(_PATH) == str(path) and not image.isNull():
                item.setIcon(QIcon(QPixmap.fromImage(image)))

    def _leave_out(self, _error: Her2DeskError) -> None:
        """A picture that cannot be read keeps its name; the report has it too."""

    def _open(self, item: QListWidgetItem) -> None:
        paths = [Path(self.item(row).data(_PATH)) for row in range(self.count())]
        if self._window is None:
            self._window = FigureWindow(self._background, self.window())
        self._window.show_figures(paths, self.row(item))


def pictures_in(folder: Path | None) -> list[Path]:
    """The PNG files of a folder by name; none where it is None or gone."""
    return [] if folder is None else sorted(folder.glob("*.png"))


def _thumbnail(path: Path) -> QImage:
    """The picture in the middle of a frame that all share, so that the names stand in line."""
    reader = QImageReader(str(path))
    size = reader.size()
    if size.isValid():
        reader.setScaledSize(size.scaled(THUMBNAIL * 2, Qt.AspectRatioMode.KeepAspectRatio))
    picture = reader.read()
    if picture.isNull():
        return picture
    frame = QImage(THUMBNAIL * 2, QImage.Format.Format_ARGB32_Premultiplied)
    frame.fill(Qt.GlobalColor.transparent)
    painter = QPainter(frame)
    left, top = frame.width() - picture.width(), frame.height() - picture.height()
    painter.drawImage(left // 2, top // 2, picture)
    painter.end()
    return frame
