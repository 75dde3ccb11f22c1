"""What the reader does is written in order, and waits while the disk cannot take it."""

import threading
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from her2desk.errors import Her2DeskError, StoreRefused
from her2desk.ui.jobs import Background
from her2desk.ui.ordered_writes import OrderedWrites


class Disk:
    """Takes writes unless it is told not to."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.trouble: Exception | None = None

    def write(self, number: int) -> Callable[[], None]:
        def do() -> None:
            if self.trouble is not None:
                raise self.trouble
            self.written.append(number)

        return do


@pytest.fixture
def background() -> Iterator[Background]:
    one = Background()
    yield one
    one.close()


@pytest.fixture
def writes(background: Background) -> OrderedWrites:
    return OrderedWrites(background, retry_ms=200)


def full() -> StoreRefused:
    return StoreRefused("The disk is full.", "Free some space.", code="store-full")


def test_changes_are_written_in_order(qtbot: QtBot, writes: OrderedWrites) -> None:
    disk, told = Disk(), list[int]()
    with qtbot.waitSignal(writes.saved):
        writes.put(disk.write(1), lambda: told.append(1))
        writes.put(disk.write(2), lambda: told.append(2))
        writes.put(disk.write(3))
    qtbot.waitUntil(lambda: told == [1, 2])
    assert disk.written == [1, 2, 3]
    assert writes.waiting == 0


def test_a_full_disk_holds_up_every_change_and_loses_none(
    qtbot: QtBot, writes: OrderedWrites
) -> None:
    disk = Disk()
    disk.trouble = full()
    with qtbot.waitSignal(writes.held_up) as first:
        writes.put(disk.write(1))
    with qtbot.waitSignal(writes.held_up) as second:
        writes.put(disk.write(2))
    assert [first.args[1], second.args[1]] == [1, 2], "how many wait"
    assert writes.held is disk.trouble
    disk.trouble = None
    with qtbot.waitSignal(writes.saved):
        writes.put(disk.write(3))
    assert disk.written == [1, 2, 3]
    assert writes.held is None


def test_it_is_tried_again_without_being_asked(qtbot: QtBot, writes: OrderedWrites) -> None:
    disk = Disk()
    disk.trouble = full()
    with qtbot.waitSignal(writes.held_up):
        writes.put(disk.write(1))
    disk.trouble = None
    with qtbot.waitSignal(writes.saved, timeout=20_000):
        pass
    assert disk.written == [1]


def test_a_slow_disk_is_told_before_anything_is_called_saved(
    qtbot: QtBot, writes: OrderedWrites
) -> None:
    let_go = threading.Event()
    told: list[str] = []
    writes.saving.connect(lambda: (told.append("saving"), let_go.set()))
    writes.saved.connect(lambda: told.append("saved"))
    writes.put(lambda: let_go.wait(30))
    qtbot.waitUntil(lambda: told == ["saving", "saved"])


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (StoreRefused("Opened to read only.", code="store-read-only"), "store-read-only"),
        (Her2DeskError("No such case.", code="case-unknown"), "case-unknown"),
        (ValueError("ours"), "not-saved"),
    ],
)
def test_a_change_that_can_never_be_written_does_not_hold_up_the_others(
    qtbot: QtBot, writes: OrderedWrites, trouble: Exception, code: str
) -> None:
    disk = Disk()
    disk.trouble = trouble
    with qtbot.waitSignal(writes.refused) as refused, qtbot.assertNotEmitted(writes.saved):
        writes.put(disk.write(1))
    assert refused.args[0].code == code
    disk.trouble = None
    with qtbot.waitSignal(writes.saved):
        writes.put(disk.write(2))
    assert disk.written == [2]


def test_closing_writes_what_waits(writes: OrderedWrites, background: Background) -> None:
    disk = Disk()
    for number in range(20):
        writes.put(disk.write(number))
    background.close()
    assert disk.written == list(range(20))
    assert writes.waiting == 0
