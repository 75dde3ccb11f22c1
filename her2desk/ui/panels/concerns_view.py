"""What speaks against believing the answer, the gravest first."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from her2desk.domain.concern import Concern, Weight
from her2desk.texts import tr, trn
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped

SHOWN_AT_FIRST = 3
_KINDS = {Weight.GRAVE: "grave", Weight.CAUTION: "warning", Weight.NOTE: "note"}


class ConcernsView(QWidget):
    """One line a concern, each with a shape for its weight; one calm line where there is none.

    What is grave and every caution stays in sight. Notes beyond the third line are folded away, their
    number on the button that shows them.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._concerns: tuple[Concern, ...] = ()
        self._lines: list[_Line] = []
        self._shows_all = False
        self.title = QLabel(tr("What speaks against it"))
        set_role(self.title, "heading")
        self.calm = _Line()
        self.more = QPushButton()
        set_role(self.more, "link")
        self.more.clicked.connect(self._turn_over)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.title)
        column.addWidget(self.calm)
        column.addLayout(self._rows)
        fold = QHBoxLayout()
        fold.setContentsMargins(GRID * 5, 0, 0, 0)  # its words under the words above
        fold.addWidget(self.more)
        fold.addStretch()
        column.addLayout(fold)
        self.setAccessibleName(self.title.text())
        self.set_concerns(())

    def concerns(self) -> tuple[Concern, ...]:
        """What is shown or folded away, the gravest first."""
        return self._concerns

    def shown(self) -> tuple[Concern, ...]:
        """What is in sight."""
        grave = sum(concern.weight is not Weight.NOTE for concern in self._concerns)
        number = len(self._concerns) if self._shows_all else max(SHOWN_AT_FIRST, grave)
        return self._concerns[:number]

    def set_concerns(self, concerns: Sequence[Concern], calm: str = "") -> None:
        """Show these, or ``calm`` where there are none."""
        self._concerns = tuple(sorted(concerns, key=lambda concern: concern.weight))
        self.calm.show_text("calm", calm, "")
        self._refresh()

    def set_stale(self, is_stale: bool) -> None:
        """Paint without colour: what is said belongs to earlier inputs."""
        for line in (self.calm, *self._lines):
            line.glyph.set_stale(is_stale)

    def _turn_over(self) -> None:
        self._shows_all = not self._shows_all
        self._refresh()

    def _refresh(self) -> None:
        """Lines are kept and filled anew: a dragged threshold comes sixty times a second."""
        shown = self.shown()
        while len(self._lines) < len(shown):
            line = _Line()
            self._lines.append(line)
            self._rows.addWidget(line)
        for line, concern in zip(self._lines, shown, strict=False):
            line.show_text(_KINDS[concern.weight], concern.message.text(), _word(concern.weight))
        for index, line in enumerate(self._lines):
            line.setVisible(index < len(shown))
        self.calm.setVisible(not self._concerns)
        hidden = len(self._concerns) - len(shown)
        foldable = self._shows_all and len(self._concerns) > SHOWN_AT_FIRST
        self.more.setVisible(hidden > 0 or foldable)
        if hidden:
            self.more.setText(trn("{n} more note", "{n} more notes", hidden))
        else:
            self.more.setText(tr("Fewer notes"))


class _Line(QWidget):
    """A shape and a sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.glyph = Glyph()
        self.text = wrapped()
        mark = QVBoxLayout()
        mark.setContentsMargins(0, 1, 0, 0)
        mark.addWidget(self.glyph)
        mark.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID * 2)
        row.addLayout(mark)
        row.addWidget(self.text, 1)

    def show_text(self, kind: str, text: str, weight: str) -> None:
        """Show a sentence; the word of its weight is for screen readers."""
        if self.glyph.kind() != kind:
            self.glyph.set_kind(kind)
        self.text.setText(text)
        self.text.setAccessibleName(f"{weight}: {text}" if weight else text)


def _word(weight: Weight) -> str:
    words = {Weight.GRAVE: tr("Grave"), Weight.CAUTION: tr("Caution"), Weight.NOTE: tr("Note")}
    return words[weight]
