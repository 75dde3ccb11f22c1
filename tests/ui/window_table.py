"""What the table of every window is made of: a stage to build one on, and how one is opened."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QDialog, QInputDialog, QWidget

from her2desk.settings import Settings
from her2desk.ui.app import make_application
from her2desk.ui.jobs import Background
from tests.ui import seat

SETTLING = 12  # passes: a changed sentence moves what lies around it, one layout a turn


class Stage:
    """Where one window is built: a folder, a worker thread, and what is to be ended after it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ends = ExitStack()
        self.background = Background()
        self.ends.callback(self.background.close)

    def asked(self, ask: Callable[[], object]) -> QDialog:
        """The dialog that ``ask`` would wait for, without the waiting."""
        found: list[QDialog] = []

        def keep(dialog: QDialog) -> int:
            found.append(dialog)
            return int(QDialog.DialogCode.Rejected)

        def name(parent: QWidget, title: str, label: str, *_more: object) -> tuple[str, bool]:
            dialog = QInputDialog(parent)
            dialog.setWindowTitle(title)
            dialog.setLabelText(label)
            found.append(dialog)
            return "", False

        with pytest.MonkeyPatch.context() as patch:
            for kind in (QDialog, *QDialog.__subclasses__()):
                patch.setattr(kind, "exec", keep, raising=False)
            patch.setattr(QInputDialog, "getText", name)
            ask()
        assert len(found) == 1, "one thing is asked at a time"
        return found[0]


Factory = Callable[[Stage], QWidget]
ROWS: dict[str, Factory] = {}


def row(name: str) -> Callable[[Factory], Factory]:
    """Add a window to the table; its factory may show it, and says in its annotation what it makes."""

    def add(factory: Factory) -> Factory:
        assert name not in ROWS, f"{name} is in the table already"
        ROWS[name] = factory
        return factory

    return add


@contextmanager
def opened_window(name: str, folder: Path, theme: str = "dark") -> Iterator[QWidget]:
    """The window of this row, shown and settled; it and all that it started end with the block."""
    make_application(Settings(theme=theme))
    stage = Stage(folder)
    with stage.ends:
        with pytest.MonkeyPatch.context() as patch:  # a seat's own settings ask for the dark theme
            patch.setattr(seat, "make_application", lambda _settings: QApplication.instance())
            window = ROWS[name](stage)
        window.show()
        window.activateWindow()
        settle()
        yield window
        window.close()
        window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def settle() -> None:
    """Let layouts come to rest."""
    for _ in range(SETTLING):
        QApplication.processEvents()
