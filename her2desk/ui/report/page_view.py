"""The pages of a report as they will be printed, one under the other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from her2desk.texts import tr, trn
from her2desk.ui.theme import GRID, colours

if TYPE_CHECKING:
    from her2desk.reports.page_pictures import PagePicture

GAP = 4 * GRID
WIDEST = 900


def image_of(page: "PagePicture") -> QImage:
    """The page as Qt has pictures; its bytes are copied."""
    image = QImage(page.rgb, page.width, page.height, 3 * page.width, QImage.Format.Format_RGB888)
    return image.copy()


class PageColumn(QWidget):
    """The pages, as wide as there is room, painted with an edge so that white stands on light."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixmaps: list[QPixmap] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_pages(self, images: Sequence[QImage]) -> None:
        """Show these."""
        self._pixmaps = [QPixmap.fromImage(image) for image in images]
        self.updateGeometry()
        self.update()

    def places(self, width: int) -> list[QRectF]:
        """Where each page stands in a column of this width."""
        wide = min(max(width - 2 * GAP, 1), WIDEST)
        left, top, found = (width - wide) / 2, float(GAP), []
        for pixmap in self._pixmaps:
            high = wide * pixmap.height() / pixmap.width()
            found.append(QRectF(left, top, wide, high))
            top += high + GAP
        return found

    def heightForWidth(self, width: int) -> int:
        """As high as its pages are at this width."""
        places = self.places(width)
        return round(places[-1].bottom()) + GAP if places else 0

    def sizeHint(self) -> QSize:
        """The size at the width that it has."""
        return QSize(WIDEST, self.heightForWidth(self.width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for pixmap, place in zip(self._pixmaps, self.places(self.width()), strict=True):
            if place.intersects(QRectF(event.rect())):
                painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))
                painter.setPen(QPen(QColor(colours().border), 1))
                painter.drawRect(place)
        painter.end()


class PageView(QScrollArea):
    """Pages to scroll through by wheel and keys; says which one is in sight."""

    page_changed = Signal(int, int)
    """The page in the middle, counted from 1, and how many there are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = PageColumn()
        self.setWidget(self.column)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Preview of the report"))
        self._count = 0
        self._shown = 0
        self.verticalScrollBar().valueChanged.connect(self._tell)

    def set_pages(self, pages: "Sequence[PagePicture]") -> None:
        """Show these pages, from where the reader was."""
        at = self.verticalScrollBar().value()
        self.column.set_pages([image_of(page) for page in pages])
        self._count = len(pages)
        counted = trn(
            "Preview of the report, {n} page", "Preview of the report, {n} pages", len(pages)
        )
        self.setAccessibleName(counted)
        self.setAccessibleDescription("\n".join(page.text for page in pages))
        self._fit()
        self.verticalScrollBar().setValue(at)
        self._shown = 0
        self._tell()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The pages grow with the window."""
        super().resizeEvent(event)
        self._fit()
        self._tell()

    def _fit(self) -> None:
        self.column.setMinimumHeight(self.column.heightForWidth(self.viewport().width()))

    def _tell(self) -> None:
        middle = self.verticalScrollBar().value() + self.viewport().height() / 2
        places = self.column.places(self.viewport().width())
        page = 1 + sum(place.bottom() + GAP / 2 < middle for place in places)
        page = min(page, self._count)
        if page and page != self._shown:
            self._shown = page
            self.page_changed.emit(page, self._count)
