"""Shows one page of the help in the window's colours; it reads nothing but the book's own files."""

from string import Template

from PySide6.QtCore import QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QFont,
    QImage,
    QImageReader,
    QKeyEvent,
    QResizeEvent,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QTextBrowser, QWidget

from her2desk.texts import tr
from her2desk.ui.help.book import Book
from her2desk.ui.theme import SIZE_BODY, colours

STEP = 1.1
SMALLEST, LARGEST = -3, 8  # steps of size from the window's own
MARGIN = 24  # device-independent pixels on either side of the text
WIDEST_TEXT = 860
PAUSE_MS = 120  # after the last change of width
_SHEET = """
body { color: $text; }
h1 { font-size: ${h1}px; margin-top: 8px; margin-bottom: 8px; font-weight: bold; }
h2 { font-size: ${h2}px; margin-top: 20px; margin-bottom: 4px; font-weight: bold; }
h3 { font-size: ${h3}px; margin-top: 16px; margin-bottom: 4px; font-weight: bold; }
p, li, td, th { line-height: 125%; }
p { margin-top: 6px; margin-bottom: 8px; }
li { margin-bottom: 4px; }
a { color: $accent; text-decoration: underline; }
em { font-style: normal; font-weight: bold; }
code, kbd { color: $text; background-color: $surface_raised; }
pre { background-color: $surface_raised; padding: 8px; }
table { border-collapse: collapse; }
td, th { border: 1px solid $border; padding: 4px 10px; }
th { text-align: left; font-weight: bold; }
"""


class HelpBrowser(QTextBrowser):
    """``followed`` is an address inside the book (page and place), ``left`` one that leads out of it."""

    followed = Signal(str)
    left = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._book: Book | None = None
        self._page = ""
        self._step = 0
        self._width = 0
        self.setOpenLinks(False)
        self.setAccessibleName(tr("Help page"))
        self.document().setDocumentMargin(MARGIN)
        self.anchorClicked.connect(self._follow)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._fit)

    def show_page(self, book: Book, name: str, place: str = "") -> None:
        """Show a page from its top, or from the heading ``place`` on."""
        html = book.html(name)
        self._book, self._page = book, name
        self._width = self._room()
        self._dress()
        self.setHtml(html)
        if place:
            self.scrollToAnchor(place)

    def dress_again(self) -> None:
        """Take the present theme and size, and stay at the same place."""
        if self._book is not None:
            at = self._share()
            self.show_page(self._book, self._page)
            self._scroll_to(at)

    def zoom(self, step: int) -> None:
        """Larger (1), smaller (-1), or the window's own size (0)."""
        self._step = 0 if step == 0 else min(max(self._step + step, SMALLEST), LARGEST)
        self.dress_again()

    def find_words(self, words: str, *, backward: bool = False) -> bool:
        """Mark the next place of ``words``, from the top again after the last; whether there is one."""
        flags = QTextDocument.FindFlag.FindBackward if backward else QTextDocument.FindFlag(0)
        if self.find(words, flags):
            return True
        before = self.textCursor()
        turn = QTextCursor.MoveOperation.End if backward else QTextCursor.MoveOperation.Start
        self.moveCursor(turn)
        if self.find(words, flags):
            return True
        self.setTextCursor(before)
        return False

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Pictures of the book, as wide as there is room; anything else is nothing."""
        if kind != int(QTextDocument.ResourceType.ImageResource.value) or self._book is None:
            return None
        address = QUrl(name)
        path = self._book.file(address.toString()) if address.isRelative() else None
        return None if path is None else self._picture(str(path))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The zoom of the whole window's keys is the window's; all else is Qt's."""
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            event.ignore()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Pictures follow the width, a moment later."""
        super().resizeEvent(event)
        if self._book is not None and self._room() != self._width:
            self._pause.start()

    def _picture(self, path: str) -> QImage:
        reader = QImageReader(path)
        ratio = self.devicePixelRatioF()
        size = reader.size()
        room = self._width * ratio
        if size.width() > room:
            reader.setScaledSize(QSize(int(room), round(size.height() * room / size.width())))
        image = reader.read()
        image.setDevicePixelRatio(ratio if size.width() * 1.0 > room else 1.0)
        return image

    def _room(self) -> int:
        return max(160, min(self.viewport().width(), WIDEST_TEXT + 2 * MARGIN) - 2 * MARGIN - 4)

    def _fit(self) -> None:
        if self._room() != self._width:
            self.dress_again()

    def _dress(self) -> None:
        palette = colours()
        size = SIZE_BODY * STEP**self._step
        sheet = Template(_SHEET).substitute(
            text=palette.text,
            accent=palette.accent,
            border=palette.border,
            surface_raised=palette.surface_raised,
            h1=round(size * 1.7),
            h2=round(size * 1.3),
            h3=round(size * 1.1),
        )
        document = self.document()
        document.clear()
        font = QFont(self.font())
        font.setPixelSize(round(size * 1.1))
        document.setDefaultFont(font)
        document.setDefaultStyleSheet(sheet)

    def _follow(self, url: QUrl) -> None:
        (self.followed if url.isRelative() else self.left).emit(url.toString())

    def _share(self) -> float:
        bar = self.verticalScrollBar()
        return bar.value() / max(1, bar.maximum())

    def _scroll_to(self, share: float) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(round(share * bar.maximum()))
