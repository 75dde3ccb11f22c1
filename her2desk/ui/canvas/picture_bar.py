"""What is said and asked over the picture: a proposal to keep or drop, a remark on a stroke."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QWidget,
)

from her2desk.domain.proposal import Proposal
from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role

_TOP, _FOOT = 32, 44  # room for the captions and the scale bar
_COMPARED_TOP, _COMPARED_FOOT = 96, 84  # and for the words and the grip of a comparison
_BUSY_HEIGHT = 4
_MIN_WORDS = 120


class PictureBar(QFrame):
    """One proposal, or one remark where there is no proposal; hidden without either."""

    keep_requested = Signal()
    drop_requested = Signal()
    changed = Signal()
    """The words, and with them the size, are others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._proposal: Proposal | None = None
        self._note = ""
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.keep_button = self._button(tr("Keep"), tr("Make it this frame’s outline (Enter)"))
        self.drop_button = self._button(tr("Drop"), tr("Leave the outline as it is (Esc)"))
        self.close_button = self._button(tr("Close"), tr("Close this message"))
        set_role(self.keep_button, "primary")
        set_role(self, "card")
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        row.setSpacing(2 * GRID)
        row.addWidget(self.words, 1)
        for button in (self.keep_button, self.drop_button, self.close_button):
            row.addWidget(button)
        self.keep_button.clicked.connect(self.keep_requested)
        self.drop_button.clicked.connect(self.drop_requested)
        self.close_button.clicked.connect(self.clear_note)
        self._say()

    def set_proposal(self, proposal: Proposal | None) -> None:
        """Ask whether a proposed outline shall be kept, or ask no more."""
        self._proposal = proposal
        self._say()

    def set_note(self, words: str) -> None:
        """Say something until the next stroke."""
        self._note = words
        self._say()

    def clear_note(self) -> None:
        """Say nothing more."""
        self.set_note("")

    def text(self) -> str:
        """What the bar says; empty while it is hidden."""
        return self.words.text()

    def fit(self, width: int) -> None:
        """Take the size that the words need, wrapped so that the bar is at most ``width`` wide."""
        buttons = sum(
            button.sizeHint().width() + 2 * GRID
            for button in (self.keep_button, self.drop_button, self.close_button)
            if not button.isHidden()
        )
        metrics = self.words.fontMetrics()
        lines = self.words.text().splitlines()
        wanted = max((metrics.horizontalAdvance(line) for line in lines), default=0) + GRID
        room = min(wanted, max(_MIN_WORDS, width - buttons - 6 * GRID))
        self.words.setFixedSize(room, max(0, self.words.heightForWidth(room)))
        self.adjustSize()

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setFocusPolicy(
            Qt.FocusPolicy.TabFocus
        )  # a click leaves the keyboard with the picture
        return button

    def _say(self) -> None:
        is_asking = self._proposal is not None
        text = self._note
        if self._proposal is not None:
            text = tr("Proposed outline: Enter keeps, Esc drops")
            if self._proposal.note is not None:
                text = f"{text}\n{self._proposal.note.text()}"
        self.words.setText(text)
        self.keep_button.setVisible(is_asking)
        self.drop_button.setVisible(is_asking)
        self.close_button.setVisible(not is_asking)
        self.setVisible(bool(text))
        self.changed.emit()


class PictureCover(QObject):
    """Lays the bar and a thin line of progress over a picture, so that nothing moves for them."""

    def __init__(self, picture: QWidget) -> None:
        super().__init__(picture)
        self._picture = picture
        self._is_low = False
        self._is_compared = False
        self.bar = PictureBar(picture)
        self.busy = QProgressBar(picture)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName(tr("An outline is being worked out"))
        self.busy.hide()
        self.bar.changed.connect(self._place)
        picture.installEventFilter(self)
        self._place()

    def set_busy(self, is_busy: bool) -> None:
        """Show that something is being worked out, or no longer."""
        self.busy.setRange(0, 0 if is_busy else 1)
        self.busy.setVisible(is_busy)

    def set_low(self, is_low: bool) -> None:
        """Put the bar at the picture's foot instead of its top."""
        self._is_low = is_low
        self._place()

    def set_compared(self, is_compared: bool) -> None:
        """Leave room for what a comparison says of its sides, or no longer."""
        self._is_compared = is_compared
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place when the picture changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        room = self._picture.size()
        self.busy.setGeometry(0, 0, room.width(), _BUSY_HEIGHT)
        self.bar.fit(room.width() - 6 * GRID)
        head, foot = (_COMPARED_TOP, _COMPARED_FOOT) if self._is_compared else (_TOP, _FOOT)
        top = room.height() - foot - self.bar.height() if self._is_low else head
        self.bar.move((room.width() - self.bar.width()) // 2, max(_BUSY_HEIGHT, top))
