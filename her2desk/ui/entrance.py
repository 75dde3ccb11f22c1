"""The way from the main window into a window of its own, loaded when it is first opened."""

from typing import Generic, Protocol, TypeVar, cast

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from her2desk.ui.jobs import Background
from her2desk.ui.loading import wait_until_loaded
from her2desk.ui.small_screens import fit_on_screen


class ToolWindow(Protocol):
    """What an entrance asks of its window; a QWidget with ``reload`` has it."""

    def show(self) -> None:
        """Bring it on screen."""

    def activateWindow(self) -> None:
        """Bring it to the front."""

    def isVisible(self) -> bool:
        """Whether it is on screen."""

    def close(self) -> bool:
        """Take it off the screen."""

    def reload(self) -> None:
        """Read again what it shows."""


W = TypeVar("W", bound=ToolWindow)


class Entrance(QObject, Generic[W]):
    """Opens one window, reads it anew when it is opened again, and ends it with the main window.

    A subclass says in ``make_window`` how the window is made; what it reads and writes runs in a worker
    thread of its own.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.background: Background | None = None
        self.window: W | None = None

    def make_window(self, background: Background) -> W:
        """The window, unseen."""
        raise NotImplementedError

    def open(self) -> W:
        """Show the window with what is there now."""
        wait_until_loaded()
        if self.background is None:
            self.background = Background(self)
        if self.window is None:
            self.window = self.make_window(self.background)
            fit_on_screen(cast(QWidget, self.window))
        else:
            self.window.reload()
        self.window.show()
        self.window.activateWindow()
        return self.window

    def refresh(self) -> None:
        """Read again where the window is open, as after a change from elsewhere."""
        if self.window is not None and self.window.isVisible():
            self.window.reload()

    def close(self) -> None:
        """Close the window and wait for its work."""
        if self.window is not None:
            self.window.close()
        if self.background is not None:
            self.background.close()
