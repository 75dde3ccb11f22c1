"""Where the main window says what was refused: beside what it is about, or in the bar for faults."""

from PySide6.QtCore import QObject

from her2desk.errors import EXIT_OUR_FAULT, Her2DeskError, StoreRefused
from her2desk.texts import Message, msg
from her2desk.ui.answer_display import AnswerDisplay
from her2desk.ui.canvas.workspace import Workspace
from her2desk.ui.errors.problems import Problems
from her2desk.ui.ordered_writes import STAYS_OPEN
from her2desk.ui.panels.result_panel import ResultPanel
from her2desk.ui.status_line import StatusLine


class Telling(QObject):
    """One place for every error of the window; none of them is modal."""

    def __init__(
        self,
        problems: Problems,
        answer: AnswerDisplay,
        result: ResultPanel,
        workspace: Workspace,
        status: StatusLine,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._problems = problems
        self._answer = answer
        self._result = result
        self._workspace = workspace
        self._status = status
        self._held_up: Message | None = None
        self._waiting = 0

    def show_error(self, error: Her2DeskError) -> None:
        """Something that was asked for did not come; an answer on screen that still holds stays.

        What the library refuses says nothing of the answer, so it never takes the answer's place.
        """
        if not isinstance(error, StoreRefused) and not self._answer.show_again():
            self._result.show_error(error.message.text(), error.remedy.text())
        self._problems.show_error(error)
        if error.code != STAYS_OPEN:  # the line says already that changes are not saved
            self._status.show_error(error.message.text())

    def note_refusal(self, error: Her2DeskError) -> None:
        """Something on the image was refused; a fault of ours goes to the bar."""
        if error.exit_code == EXIT_OUR_FAULT:
            self._problems.show_error(error)
            return
        self._workspace.show_note(_words(error))

    def show_held_up(self, error: Her2DeskError, waiting: int) -> None:
        """So many changes are not on disk, and why; trying again in vain is not told anew."""
        self._status.show_unsaved(waiting)
        is_told, self._waiting = waiting == self._waiting, waiting
        if is_told and self._held_up is not None:
            return
        self._held_up = msg(
            "{why} Until then your changes wait in this window; nothing is lost while it stays open.",
            why=_words(error).text(),
        )
        self._workspace.show_note(self._held_up)

    def show_saved(self) -> None:
        """All is on disk; what was said while it was not holds no more."""
        self._status.show_saved()
        if self._held_up is not None:
            self._workspace.withdraw_note(self._held_up)
            self._problems.errors.withdraw(STAYS_OPEN)
            self._held_up = None


def _words(error: Her2DeskError) -> Message:
    return msg("{what} {remedy}", what=error.message.text(), remedy=error.remedy.text())
