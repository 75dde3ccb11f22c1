"""Every key in one list, beside the window and not in its way."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role

Row = tuple[str, str]
"""Keys as they are printed on the keyboard, and what they do."""


def rows_of(actions: Sequence[QAction]) -> list[Row]:
    """The keys of actions that have some, in the actions' own words."""
    return [(_keys(action), action.text()) for action in actions if action.shortcuts()]


def drawing_rows() -> list[Row]:
    """The keys that the picture itself listens to."""
    return [
        (tr("Enter"), tr("Close the outline, or keep what is proposed")),
        (tr("Backspace"), tr("Take the last point back")),
        (tr("Delete"), tr("Remove the chosen point or ruler")),
        (tr("Esc"), tr("Give up what is being drawn, or drop what is proposed")),
        (tr("Shift, Ctrl while dragging"), tr("A circle or a straight ruler; from the centre")),
        (tr("Space and drag"), tr("Move the image")),
        (tr("← →"), tr("Previous or next frame")),
        (
            tr("Q"),
            tr("Bring a cross that the arrow keys move, Shift by ten pixels; or take it away"),
        ),
        (tr("Space, with the cross"), tr("Set a point; or take hold, and let go")),
        (
            tr("Arrow keys, at the grip of a comparison"),
            tr("Move the divider or the lens; Shift by ten pixels, Esc ends the comparison"),
        ),
        (tr("Wheel"), tr("Zoom")),
        (tr("Right button and drag"), tr("Brightness and contrast")),
    ]


def answer_rows() -> list[Row]:
    """The keys of the result and the nomogram."""
    return [
        (tr("Esc"), tr("Cancel the analysis")),
        (tr("F5"), tr("Try again after an error")),
        (tr("← →, Page keys"), tr("Move the threshold or a nomogram marker in focus")),
        (tr("Digits, letters, Enter"), tr("Type a value for the nomogram marker in focus")),
        (tr("Ctrl+Z, Ctrl+C"), tr("In the nomogram: one step back; copy it")),
        (tr("Esc"), tr("Put the nomogram back to the patient")),
        (tr("Alt+A, Alt+V"), tr("Accept the answer, or overrule it")),
        (tr("Tab"), tr("On to the next button, field or marker")),
    ]


class ShortcutsDialog(QDialog):
    """A list of keys in two columns; it does not block the window. Esc closes it."""

    def __init__(
        self, groups: Sequence[tuple[str, Sequence[Row]]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self.setModal(False)
        columns = QHBoxLayout()
        columns.setSpacing(GRID * 8)
        half = (len(groups) + 1) // 2
        for part in (groups[:half], groups[half:]):
            column = QVBoxLayout()
            column.setSpacing(GRID * 4)
            for title, rows in part:
                column.addLayout(_group(title, rows))
            column.addStretch()
            columns.addLayout(column)
        page = QWidget()
        page.setLayout(columns)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        area.setAccessibleName(tr("Keyboard shortcuts"))
        area.setWidget(page)
        close = QPushButton(tr("Close"))
        close.setToolTip(tr("Close this list (Esc)"))
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(close)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(GRID * 4, GRID * 4, GRID * 4, GRID * 3)
        outer.setSpacing(GRID * 3)
        outer.addWidget(area, 1)
        outer.addLayout(foot)
        wanted = page.sizeHint()
        self.resize(min(wanted.width() + 60, 880), min(wanted.height() + 90, 640))


def _keys(action: QAction) -> str:
    style = QKeySequence.SequenceFormat.NativeText
    return tr(" or ").join(sequence.toString(style) for sequence in action.shortcuts())


def _group(title: str, rows: Sequence[Row]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(GRID * 4)
    grid.setVerticalSpacing(GRID)
    grid.setColumnMinimumWidth(0, GRID * 32)
    grid.setColumnStretch(1, 1)
    heading = QLabel(title)
    set_role(heading, "heading")
    grid.addWidget(heading, 0, 0, 1, 2)
    for number, (keys, words) in enumerate(rows, start=1):
        key = QLabel(keys)
        set_role(key, "muted")
        grid.addWidget(key, number, 0)
        grid.addWidget(QLabel(words), number, 1)
    return grid
