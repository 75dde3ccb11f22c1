"""Work on the library that needs it closed: the window closes, the work is done, another opens."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtWidgets import QProgressDialog

from her2desk.domain.progress import Progress
from her2desk.errors import Her2DeskError
from her2desk.texts import Message, tr
from her2desk.ui.jobs import Background
from her2desk.ui.watched_task import WatchedTask

_WIDTH = 480


@dataclass(frozen=True)
class BetweenWindows:
    """What is to be done, under which title; ``work`` gives the sentence that the next window shows.

    ``library`` is the folder that the next window opens, where that is another.
    """

    title: str
    work: Callable[[Progress], Message]
    library: Path | None = None


def carry_out(task: BetweenWindows) -> Message | Her2DeskError | None:
    """Do it behind a dialog with progress and Cancel; None where it was cancelled."""
    dialog = QProgressDialog(task.title, tr("Cancel"), 0, 1000)
    dialog.setWindowTitle("Her2Desk")
    dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
    dialog.setMinimumDuration(0)
    dialog.setMinimumWidth(_WIDTH)
    dialog.setAutoClose(False)
    dialog.setAutoReset(False)
    outcome: list[Message | Her2DeskError] = []
    background = Background()
    watched = WatchedTask(background)
    loop = QEventLoop()

    def show(fraction: float, words: str) -> None:
        dialog.setValue(round(1000 * fraction))
        dialog.setLabelText(f"{task.title}\n{words}")

    watched.progressed.connect(show)
    watched.failed.connect(outcome.append)
    watched.ended.connect(loop.quit)
    dialog.canceled.connect(watched.cancel)
    dialog.show()
    watched.run(task.work, outcome.append)
    loop.exec()
    background.close()
    dialog.close()
    return outcome[0] if outcome else None
