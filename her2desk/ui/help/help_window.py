"""The help beside the work: contents and search on the left, one page on the right."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import InputRefused
from her2desk.texts import CATALOGUE, tr, trn
from her2desk.ui.help.book import Book, open_book
from her2desk.ui.help.browser import HelpBrowser
from her2desk.ui.help.pages import FIRST_PAGE
from her2desk.ui.theme import GRID, set_role

NAME = Qt.ItemDataRole.UserRole
SIZE = (1080, 760)


class HelpWindow(QWidget):
    """Reads files of the help alone. ``open_outside`` shows one of them in the system's browser."""

    def __init__(
        self, open_outside: Callable[[str], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._open_outside = open_outside
        self._book: Book | None = None
        self._language = ""
        self._trail: list[str] = []
        self._at = -1
        self.setWindowTitle(tr("Help"))
        self.search = QLineEdit()
        self.contents = QTreeWidget()
        self.browser = HelpBrowser()
        self.note = QLabel()
        self.back = QPushButton(tr("&Back"))
        self.forward = QPushButton(tr("&Forward"))
        self.outside = QPushButton(tr("Open in the bro&wser"))
        self._arrange()
        self._connect()
        self.resize(*SIZE)

    @property
    def page(self) -> str:
        """The page that is shown; empty where there is none."""
        return self._trail[self._at].partition("#")[0] if self._trail else ""

    def show_page(self, address: str = FIRST_PAGE) -> None:
        """Show a page, or a place of it (``page#place``); the first page where it does not exist."""
        if not self._has_book():
            return
        if self.search.text():
            self.search.clear()
        self._go(address)

    def show_version(self, version: str) -> None:
        """Show what is new in ``version``."""
        self.show_page("changelog")
        if not self.browser.find_words(version):
            self.browser.find_words("Unreleased")

    def reload(self) -> None:
        """Take the present language and theme."""
        is_other = self._language != CATALOGUE.language
        if is_other:
            self._book = None
        if not self._has_book() or not self.page:
            return
        if is_other:
            self._show()
        else:
            self.browser.dress_again()

    # What is on screen

    def _arrange(self) -> None:
        self.search.setPlaceholderText(tr("Search the help"))
        self.search.setAccessibleName(tr("Search the help"))
        self.search.setToolTip(tr("Search every page (Ctrl+F); Enter goes to the next place (F3)"))
        self.search.setClearButtonEnabled(True)
        self.contents.setHeaderHidden(True)
        self.contents.setRootIsDecorated(False)
        self.contents.setIndentation(GRID * 2)
        self.contents.setAccessibleName(tr("Contents of the help"))
        self.back.setToolTip(tr("The page before (Alt+←)"))
        self.forward.setToolTip(tr("The page after (Alt+→)"))
        self.outside.setToolTip(tr("Show this page in the computer's browser, to read or print it"))
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        set_role(self.note, "muted")
        for button in (self.back, self.forward, self.outside):
            set_role(button, "flat")
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(3 * GRID, 3 * GRID, GRID, 3 * GRID)
        column.addWidget(self.search)
        column.addWidget(self.contents, 1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addWidget(self.forward)
        row.addWidget(self.note, 1)
        row.addWidget(self.outside)
        column.addLayout(row)
        column.addWidget(self.browser, 1)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.addWidget(left)
        both.addWidget(right)
        both.setSizes([270, SIZE[0] - 270])
        both.setStretchFactor(1, 1)
        both.setChildrenCollapsible(False)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(both)

    def _connect(self) -> None:
        self.contents.currentItemChanged.connect(self._choose)
        self.search.textChanged.connect(lambda _text: self._list())
        self.search.returnPressed.connect(self._next_place)
        self.browser.followed.connect(self._go)
        self.browser.left.connect(self._refuse)
        self.back.clicked.connect(lambda: self._turn(-1))
        self.forward.clicked.connect(lambda: self._turn(1))
        self.outside.clicked.connect(self._show_outside)
        keys: tuple[tuple[str, Callable[[], object]], ...] = (
            ("Esc", self._escape),
            ("Ctrl+F", self._go_to_search),
            ("F3", self._next_place),
            ("Shift+F3", lambda: self._find(backward=True)),
            ("Alt+Left", lambda: self._turn(-1)),
            ("Alt+Right", lambda: self._turn(1)),
            ("Ctrl++", lambda: self.browser.zoom(1)),
            ("Ctrl+=", lambda: self.browser.zoom(1)),
            ("Ctrl+-", lambda: self.browser.zoom(-1)),
            ("Ctrl+0", lambda: self.browser.zoom(0)),
        )
        for key, deed in keys:
            action = QAction(self)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(lambda _checked=False, do=deed: do())
            self.addAction(action)

    def _has_book(self) -> bool:
        """Open the book in the present language; say why where there is none."""
        if self._book is not None:
            return True
        try:
            self._book = open_book(CATALOGUE.language)
        except InputRefused as error:
            self.browser.setPlainText(str(error))
            self.outside.setEnabled(False)
            self._name_turns()
            return False
        self._language = CATALOGUE.language
        self.outside.setEnabled(True)
        self._list()
        return True

    def _list(self) -> None:
        """The contents; while something is searched for, the pages that have it."""
        if self._book is None:
            return
        words = self.search.text().strip()
        self.contents.blockSignals(True)
        self.contents.clear()
        if words:
            hits = self._book.search(words)
            for hit in hits:
                item = QTreeWidgetItem(self.contents, [f"{hit.page.title} ({hit.count})"])
                item.setToolTip(0, f"… {hit.words} …")
                item.setData(0, NAME, hit.page.name)
            self.note.setText(trn("{n} page found.", "{n} pages found.", len(hits)))
        else:
            self._list_contents(self._book)
            self.note.setText("")
        self.contents.blockSignals(False)
        self._mark()

    def _list_contents(self, book: Book) -> None:
        part: QTreeWidgetItem | None = None
        for page in book.pages:
            if page.part and (part is None or part.text(0) != page.part):
                part = QTreeWidgetItem(self.contents, [page.part])
                part.setFlags(Qt.ItemFlag.ItemIsEnabled)
                part.setExpanded(True)
            holder = part if page.part and part is not None else self.contents
            item = QTreeWidgetItem(holder, [page.title])
            item.setData(0, NAME, page.name)
            item.setToolTip(0, page.title)

    def _mark(self) -> None:
        """Choose the row of the page that is shown, without going there again."""
        self.contents.blockSignals(True)
        found = [item for item in self._items() if item.data(0, NAME) == self.page]
        if found:
            self.contents.setCurrentItem(found[0])
        else:
            self.contents.clearSelection()
        self.contents.blockSignals(False)

    def _items(self) -> list[QTreeWidgetItem]:
        found = Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive
        return self.contents.findItems("", found)

    # What the reader asks

    def _go(self, address: str) -> None:
        name, _, _place = address.partition("#")
        if self._book is None:
            return
        if self._book.page(name) is None:
            address = FIRST_PAGE
        if not self._trail or self._trail[self._at] != address:
            self._trail = [*self._trail[: self._at + 1], address]
            self._at = len(self._trail) - 1
        self._show()

    def _turn(self, by: int) -> None:
        if 0 <= self._at + by < len(self._trail):
            self._at += by
            self._show()

    def _show(self) -> None:
        assert self._book is not None
        name, _, place = self._trail[self._at].partition("#")
        try:
            self.browser.show_page(self._book, name, place)
        except InputRefused as error:
            self.browser.setPlainText(str(error))
        page = self._book.page(name)
        title = "" if page is None else page.title
        self.setWindowTitle(tr("{title} – Help").format(title=title))
        self.browser.setAccessibleDescription(title)
        self.note.setText("")
        self._mark()
        self._name_turns()

    def _name_turns(self) -> None:
        self.back.setEnabled(self._at > 0)
        self.forward.setEnabled(0 <= self._at < len(self._trail) - 1)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        name = None if item is None else item.data(0, NAME)
        if name and self._book is not None:
            self._go(str(name))
            self._find()

    def _find(self, *, backward: bool = False) -> None:
        words = self.search.text().split()
        if words:
            self.browser.find_words(words[0], backward=backward)

    def _next_place(self) -> None:
        """To the next place on this page; to the first page that was found where this has none."""
        found = [item for item in self._items() if item.data(0, NAME)]
        names = [item.data(0, NAME) for item in found]
        if self.search.text().strip() and names and self.page not in names:
            self.contents.setCurrentItem(found[0])
        else:
            self._find()

    def _go_to_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _refuse(self, address: str) -> None:
        self.note.setText(
            tr("This address is outside the help and was not opened: {address}").format(
                address=address
            )
        )

    def _show_outside(self) -> None:
        if self._book is not None and self.page:
            path = self._book.file(f"{self.page}.html")
            if path is not None:
                self._open_outside(str(path))

    def _escape(self) -> None:
        """End the search, then the help."""
        if self.search.text():
            self.search.clear()
        else:
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing waits."""
        super().closeEvent(event)
