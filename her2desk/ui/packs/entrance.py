"""The way from the main window to the packs that the library keeps."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.packs.shelf import PackShelf
from her2desk.packs.trust import TrustStore
from her2desk.store.library import Library
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from her2desk.ui.packs.pack_window import PackWindow


class PacksEntrance(QObject):
    """Opens the window; ``in_use`` gives the digest of the pack that answers now."""

    pack_chosen = Signal(object)
    """The path of the pack that is to answer from now on."""
    file_requested = Signal()
    """A pack is to be looked for in a file."""

    def __init__(
        self,
        library: Library,
        shelf: PackShelf,
        store: TrustStore,
        in_use: Callable[[], str | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library = library
        self._shelf = shelf
        self._store = store
        self._in_use = in_use
        self._background: Background | None = None
        self.window: PackWindow | None = None

    def open(self) -> "PackWindow":
        """Show the window with the packs as they are now."""
        from her2desk.ui.packs.pack_window import PackWindow
        from her2desk.ui.packs.page import PackDesk

        if self._background is None:
            self._background = Background(self)
        if self.window is None:
            desk = PackDesk(self._shelf, self._store, self._library)
            self.window = PackWindow(desk, self._background, self._in_use)
            self.window.pack_chosen.connect(self.pack_chosen)
            self.window.file_requested.connect(self.file_requested)
        else:
            self.window.reload()
        self.window.show()
        self.window.activateWindow()
        return self.window

    def refresh(self) -> None:
        """Read again where the window is open, as after another pack came into use."""
        if self.window is not None and self.window.isVisible():
            self.window.reload()

    def close(self) -> None:
        """Close the window and wait for its work."""
        if self.window is not None:
            self.window.close()
        if self._background is not None:
            self._background.close()
