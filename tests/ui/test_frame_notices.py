"""A frame that rests on screen is looked at, by the engine too; one that is passed is not."""

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from her2desk.ui.frame_notices import FrameNotices


class Screen(QObject):
    frame_shown = Signal()
    frame_index = 0

    def show_frame(self, index: int) -> None:
        self.frame_index = index
        self.frame_shown.emit()


class Desk(QObject):
    image_described = Signal(object)
    case: object | None = None

    def __init__(self) -> None:
        super().__init__()
        self.rested: list[int] = []

    def rest_on(self, frame_index: int) -> None:
        self.rested.append(frame_index)


@pytest.fixture
def notices(qtbot: QtBot) -> SimpleNamespace:
    desk, screen, tasks = Desk(), Screen(), []
    background = SimpleNamespace(run=lambda *task: tasks.append(task))
    owner = QObject()
    room = FrameNotices(desk, screen, background, owner)  # type: ignore[arg-type]
    return SimpleNamespace(desk=desk, screen=screen, tasks=tasks, room=room, owner=owner)


def test_only_the_frame_that_stays_is_read_ahead(qtbot: QtBot, notices: SimpleNamespace) -> None:
    notices.desk.case = object()
    for index in range(5):
        notices.screen.show_frame(index)
    qtbot.waitUntil(lambda: bool(notices.tasks))
    assert notices.desk.rested == [4]
    notices.screen.show_frame(2)
    qtbot.waitUntil(lambda: len(notices.tasks) == 2)
    assert notices.desk.rested == [4, 2]


def test_without_a_case_nothing_is_looked_at(qtbot: QtBot, notices: SimpleNamespace) -> None:
    notices.screen.show_frame(1)
    with qtbot.waitSignal(notices.room._timer.timeout):
        pass
    assert (notices.desk.rested, notices.tasks) == ([], [])
