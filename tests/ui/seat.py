"""Somebody in front of the real window: mouse, keys, and the answers to what is asked."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count, takewhile
from pathlib import Path

import pytest
from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QEventLoop,
    QMimeData,
    QModelIndex,
    QPointF,
    Qt,
    QTimer,
    QUrl,
)
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from shiboken6 import isValid

from her2desk.errors import Her2DeskError
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.settings import load_settings
from her2desk.store.cases import CaseSummary
from her2desk.store.connection import Database
from her2desk.store.opening import open_for_window
from her2desk.ui.app import make_application
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.case_rows import CASE
from her2desk.ui.errors.collector import FaultCollector
from her2desk.ui.main_window import MainWindow
from her2desk.ui.rehearsal import demo_roi

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier
LONGEST_MS = 40_000
LOOK_AGAIN_MS = 10


def wait_until(is_done: Callable[[], object]) -> None:
    """Let the windows live until ``is_done``; fails where that never comes."""
    loop, timer, end = QEventLoop(), QTimer(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if is_done() else None)
    end.timeout.connect(loop.quit)
    if not is_done():
        timer.start(LOOK_AGAIN_MS)
        end.start(LONGEST_MS)
        loop.exec()
        timer.stop()
        end.stop()
    assert is_done(), "it never came about"


class Seat:
    """A window on the library under ``home``, as the program opens it, and who sits there.

    The engine runs only where ``answers`` is asked for: all else of the window does without it.
    """

    def __init__(
        self, home: Path, *, answers: bool = False, size: tuple[int, int] = (1440, 900)
    ) -> None:
        self.home = home
        settings = load_settings(home / "settings.json")
        make_application(settings)
        self.library = open_for_window(home / "library", settings.reader)
        chosen = Path(settings.pack_path) if settings.pack_path else demo_pack_path()
        self.window = MainWindow(
            self.library, home / "library", settings, home / "settings.json", chosen
        )
        self.faults = FaultCollector()
        self.faults.told.connect(self.window.problems.show_error)
        self.faults.__enter__()
        self.refused: list[Her2DeskError] = []
        self.window.session.refused.connect(self.refused.append)
        self.window.resize(*size)
        self.window.show()
        self.window.activateWindow()
        if answers:
            self.window.start()
        elif not self.library.is_read_only:
            self.window.tools.network.begin()

    # What is done

    def drop(self, *paths: Path) -> None:
        """Drop files on the picture's place."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        action = Qt.DropAction.CopyAction
        self.window.workspace.dropEvent(QDropEvent(QPointF(40, 40), action, data, LEFT, NONE))

    def bring_in(self, *paths: Path) -> None:
        """Drop files, and wait until the first of them is on screen and the list has all."""
        before, opened = len(self.rows()), list[object]()
        connection = self.window.session.case_opened.connect(opened.append)
        self.drop(*paths)
        wait_until(lambda: len(self.rows()) == before + len(paths) and opened)
        wait_until(lambda: self.window.workspace.view.has_frame)
        self.window.session.case_opened.disconnect(connection)

    def open_demo(self) -> None:
        """Bring the demo case in, on the frame of its outline."""
        self.bring_in(demo_case_dir() / "demo.dcm")
        frame = demo_roi().frame_index
        self.window.workspace.go_to_frame(frame)
        wait_until(lambda: self.window.workspace.view.frame_index == frame)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Press a key in the main window."""
        self.window.activateWindow()
        QApplication.processEvents()
        QTest.keyClick(self.window, key, modifiers)

    def stroke(self, left: float, top: float, right: float, lower: float) -> None:
        """One stroke of the ellipse tool between two corners in image pixels."""
        view = self.window.workspace.view
        view.set_tool(Tool.ELLIPSE)
        at = view.transform.to_view
        start, end = at((left, top)).toPoint(), at((right, lower)).toPoint()
        QTest.mousePress(view, LEFT, pos=start)
        for step in range(1, 5):
            QTest.mouseMove(view, start + (end - start) * step / 4)
        QTest.mouseRelease(view, LEFT, pos=end)

    def stroke_demo(self, by: float = 0.0) -> None:
        """An ellipse about the demo case's mass, ``by`` image pixels to the right."""
        left, top, right, lower = demo_roi().bounds()
        self.stroke(left + by, top, right + by, lower)

    def click_row(self, case_id: int) -> None:
        """Click a case in the list."""
        view = self.window.cases.view
        model = view.model()
        rows = (model.index(row, 0) for row in range(model.rowCount()))
        index = next(index for index in rows if index.data(CASE).case_id == case_id)
        view.scrollTo(index)
        QTest.mouseClick(view.viewport(), LEFT, pos=view.visualRect(index).center())

    def answer(self) -> None:
        """Wait until what is on screen is answered and kept."""
        session = self.window.session
        wait_until(lambda: session.is_current)
        self.settle()

    def settle(self) -> None:
        """Wait until all that was done is on disk, and said so."""
        wait_until(lambda: not self.window.session.writes.waiting)
        self.window.background.flush()
        QApplication.processEvents()

    def close(self) -> None:
        """Close the window, without being asked, and let go of it: each theme dresses all there are."""
        if not isValid(self.window):
            return
        self.window.dialogs.may_lose = lambda *_asked: True  # type: ignore[method-assign]
        self.window.close()
        self.faults.__exit__(None, None, None)
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    # What is seen

    def says_saved(self) -> bool:
        """Whether the status line says that all is on disk."""
        return self.window.status.text().endswith("· saved")

    def rows(self) -> list[CaseSummary]:
        """The case list's rows."""
        model = self.window.cases.view.model()
        return [model.index(row, 0).data(CASE) for row in range(model.rowCount())]

    def status_of(self, case_id: int) -> str:
        """How far the list says that a case is."""
        return next(str(row.status) for row in self.rows() if row.case_id == case_id)

    def errors(self) -> list[str]:
        """What the bar of errors says, the newest first."""
        return [str(error) for error in self.window.problems.errors.errors()]


def click(widget: QWidget) -> None:
    """Click the middle of a widget that is in sight."""
    QApplication.processEvents()
    assert widget.isVisible(), widget
    assert widget.isEnabled(), widget
    QTest.mouseClick(widget, LEFT)


def button(parent: QWidget, text: str) -> QAbstractButton:
    """The button of this text, its mnemonic left out."""
    found = [
        one
        for one in parent.findChildren(QAbstractButton)
        if one.text().replace("&", "") == text and one.isVisible()
    ]
    assert len(found) == 1, (text, [one.text() for one in parent.findChildren(QAbstractButton)])
    return found[0]


def type_into(line: QLineEdit, text: str) -> None:
    """Replace what a line holds by typing."""
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_A, CTRL)
    QTest.keyClick(line, Qt.Key.Key_Backspace)
    QTest.keyClicks(line, text)


@contextmanager
def asked(answer: Callable[[QDialog], object]) -> Iterator[list[str]]:
    """Within the block, a modal dialog that comes up is given to ``answer``; what it says is kept."""
    said: list[str] = []
    timer = QTimer()

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QDialog) and dialog.isVisible() and not said:
            said.extend(texts_of(dialog))
            answer(dialog)

    timer.timeout.connect(look)
    timer.start(LOOK_AGAIN_MS)
    yield said
    timer.stop()
    assert said, "nothing was asked"


def texts_of(widget: QWidget) -> list[str]:
    """Every word that a widget and all within it hold, hidden or not, tips and names included."""
    found = []
    for one in (widget, *widget.findChildren(QWidget)):
        found += [one.windowTitle(), one.toolTip(), one.statusTip(), one.whatsThis()]
        found += [one.accessibleName(), one.accessibleDescription()]
        if isinstance(one, QLabel | QAbstractButton | QLineEdit):
            found.append(one.text())
        if isinstance(one, QPlainTextEdit):
            found.append(one.toPlainText())
        informative = getattr(one, "informativeText", None)
        if informative is not None:
            found.append(informative())
        found += [action.text() for action in one.actions()]
        if isinstance(one, QAbstractItemView) and one.model() is not None:
            found += _cells(one.model())
    return [text for text in found if text]


def _cells(model: QAbstractItemModel) -> list[str]:
    roles = (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
    )
    indices = [
        index
        for row in range(model.rowCount())
        for index in takewhile(QModelIndex.isValid, (model.index(row, n) for n in count()))
    ]
    return [str(index.data(role) or "") for index in indices for role in roles]


def all_that_is_said() -> list[str]:
    """Every word in any window of the program."""
    return [text for one in QApplication.topLevelWidgets() for text in texts_of(one)]


def lead(steps: Iterable[Callable[[], object]]) -> QTimer:
    """Go through steps while the program's own event loops run; each is tried until it gives true."""
    left, timer = list(steps), QTimer()

    def go_on() -> None:
        if left and left[0]():
            del left[0]

    timer.timeout.connect(go_on)
    timer.start(LOOK_AGAIN_MS)
    return timer


def action_named(window: QWidget, text: str) -> QAction:
    """An action of the main window."""
    return next(action for action in window.actions() if action.text() == text)


@contextmanager
def full_disk(seat: Seat) -> Iterator[None]:
    """The library's disk takes nothing within the block, as SQLite reports it."""
    database: Database = seat.library.parts.database

    def full() -> sqlite3.Connection:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_checked_writer", full)
        yield
