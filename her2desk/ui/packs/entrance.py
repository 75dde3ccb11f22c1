"""The way from the main window to the packs that the library keeps."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from her2desk.packs.shelf import PackShelf
from her2desk.packs.trust import TrustStore
from her2desk.store.library import Library
from her2desk.ui.entrance import Entrance
from her2desk.ui.jobs import Background

if TYPE_CHECKING:
    from her2desk.ui.packs.pack_window import PackWindow


class PacksEntrance(Entrance["PackWindow"]):
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

    def make_window(self, background: Background) -> "PackWindow":
        """The window on the packs as they are now."""
        from her2desk.ui.packs.pack_window import PackWindow
        from her2desk.ui.packs.page import PackDesk

        desk = PackDesk(self._shelf, self._store, self._library)
        window = PackWindow(desk, background, self._in_use)
        window.pack_chosen.connect(self.pack_chosen)
        window.file_requested.connect(self.file_requested)
        return window
