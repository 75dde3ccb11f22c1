"""The ways from the main window into a window of its own, loaded when it is first opened."""

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


class PassingWindow(Protocol):
    """What an entrance asks of a window that is made anew each time."""

    def show(self) -> None:
        """Bring it on screen."""

    def activateWindow(self) -> None:
        """Bring it to the front."""

    def close(self) -> bool:
        """Take it off the screen."""

    def deleteLater(self) -> None:
        """Let go of it."""


class ClosableWindow(Protocol):
    """What every entrance asks of its window."""

    def close(self) -> bool:
        """Take it off the screen."""


C = TypeVar("C", bound=ClosableWindow)
W = TypeVar("W", bound=ToolWindow)
P = TypeVar("P", bound=PassingWindow)


class Way(QObject, Generic[C]):
    """Makes one window, and ends it with the main window.

    A subclass says in ``make_window`` how the window is made; what it reads and writes runs in a worker
    thread of its own.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.background: Background | None = None
        self.window: C | None = None

    def make_window(self, background: Background) -> C:
        """The window, unseen."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the window and wait for its work."""
        if self.window is not None:
            self.window.close()
        if self.background is not None:
            self.background.close()

    def _made(self) -> C:
        """A window that fits on the screen, once all that windows need is loaded."""
        wait_until_loaded()
        if self.background is None:
            self.background = Background(self)
        made = self.make_window(self.background)
        fit_on_screen(cast(QWidget, made))
        return made


class Entrance(Way[W]):
    """Opens one window, and reads it anew when it is opened again."""

    def open(self) -> W:
        """Show the window with what is there now."""
        if self.window is None:
            self.window = self._made()
        else:
            self.window.reload()
        self.window.show()
        self.window.activateWindow()
        return self.window

    def refresh(self) -> None:
        """Read again where the window is open, as after a change from elsewhere."""
        if self.window is not None and self.window.isVisible():
            self.window.reload()


class PassingEntrance(Way[P]):
    """Opens one window, anew after it was closed, of which ``make_window`` lets it tell ``forget``."""

    def open(self) -> P:
        """Show the window; a new one where there is none."""
        if self.window is None:
            self.window = self._made()
        self.window.show()
        self.window.activateWindow()
        return self.window

    def forget(self) -> None:
        """Let go of the window that was closed."""
        if self.window is not None:
            self.window.deleteLater()
            self.window = None
