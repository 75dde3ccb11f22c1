"""What the window says when the last run ended unexpectedly."""

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QDate, QLocale, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from her2desk.errors import Her2DeskError
from her2desk.last_run import EndedRun
from her2desk.store.library import Library
from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped


@dataclass(frozen=True)
class Recovery:
    """What is known of a run that ended unexpectedly, as the library has it now.

    ``case_id`` is the case that was open and still is there; ``saved`` when its last change was.
    """

    ended: datetime
    case_id: int | None
    saved: datetime | None


def recovery(library: Library, run: EndedRun) -> Recovery:
    """Look in the library for what was open."""
    ended = run.last_seen_utc.astimezone()
    if run.case_id is None:
        return Recovery(ended, None, None)
    try:
        library.image_path(run.case_id)
        entries = library.history(run.case_id)
    except Her2DeskError:
        return Recovery(ended, None, None)
    saved = datetime.fromisoformat(entries[-1].utc).astimezone() if entries else None
    return Recovery(ended, run.case_id, saved)


class LastRunNotice(QFrame):
    """Says when it ended and what is here, and leads back to it; hidden until there is something."""

    case_requested = Signal(int)
    bundle_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("last_run")
        set_role(self, "notice")
        self._case_id: int | None = None
        self.sentence = wrapped()
        self.recovered = wrapped(role="muted")
        self.open_button = QPushButton()
        self.open_button.clicked.connect(self._open)
        self.bundle_button = QPushButton(tr("Save diagnostic bundle…"))
        self.bundle_button.setToolTip(tr("One file without patient data, to send to who can help"))
        self.bundle_button.clicked.connect(self.bundle_requested)
        self.close_button = QPushButton(tr("Close"))
        self.close_button.clicked.connect(self.hide)
        words = QVBoxLayout()
        words.setSpacing(GRID)
        words.addWidget(self.sentence)
        words.addWidget(self.recovered)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(Glyph("note"), 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        for button in (self.open_button, self.bundle_button, self.close_button):
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_recovery(self, found: Recovery) -> None:
        """Say what is known."""
        self._case_id = found.case_id
        self.sentence.setText(
            tr(
                "Her2Desk ended unexpectedly at {time}. Everything up to the last stroke is here."
            ).format(time=_time(found.ended))
        )
        self.recovered.setText(_recovered(found))
        self.recovered.setVisible(bool(self.recovered.text()))
        self.open_button.setVisible(found.case_id is not None)
        if found.case_id is not None:
            self.open_button.setText(tr("Open case {case:04d}").format(case=found.case_id))
        self.setAccessibleName(f"{self.sentence.text()} {self.recovered.text()}".strip())
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _open(self) -> None:
        if self._case_id is not None:
            self.case_requested.emit(self._case_id)
        self.hide()


def _recovered(found: Recovery) -> str:
    if found.case_id is None:
        return ""
    if found.saved is None:
        return tr("Case {case:04d} was open.").format(case=found.case_id)
    return tr("Case {case:04d} was open; its last change was saved at {time}.").format(
        case=found.case_id, time=_time(found.saved)
    )


def _time(when: datetime) -> str:
    """Hours and minutes, with the day where it is not today's."""
    if when.date() == datetime.now(when.tzinfo).date():
        return when.strftime("%H:%M")
    day = QLocale().toString(QDate(when.year, when.month, when.day), QLocale.FormatType.LongFormat)
    return tr("{time} on {day}").format(time=when.strftime("%H:%M"), day=day)
