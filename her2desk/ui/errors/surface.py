"""The bar that says what went wrong: a sentence, what to do, and the details one click away."""

from dataclasses import dataclass

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import EXIT_OUR_FAULT, Her2DeskError
from her2desk.texts import tr, trn
from her2desk.ui.accessible import announce
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped

MOST_KEPT = 20
DETAILS_LINES = 6


@dataclass
class _Told:
    error: Her2DeskError
    when: QDateTime
    times: int = 1

    def is_same(self, other: Her2DeskError) -> bool:
        """The same words and code; a fault has another reference each time."""
        mine, theirs = self.error, other
        if mine.fault is not None and theirs.fault is not None:
            return (mine.code, mine.fault.details) == (theirs.code, theirs.fault.details)
        return (mine.code, str(mine)) == (theirs.code, str(theirs))


class ErrorSurface(QFrame):
    """Shows the latest error until it is closed, then the one before; hidden without any.

    It takes no focus when an error comes, as the hand may be drawing; a screen reader speaks it.
    """

    bundle_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("errors")
        set_role(self, "notice")
        self._told: list[_Told] = []
        self._before_us: QWidget | None = None
        self.glyph = Glyph("warning")
        self.sentence = wrapped()
        self.remedy = wrapped(role="muted")
        self.more = QLabel()
        set_role(self.more, "muted")
        self.details_button = QPushButton(tr("Details"))
        self.details_button.setCheckable(True)
        self.details_button.setProperty("quiet", True)
        self.details_button.setToolTip(tr("Where it happened, for whoever looks after Her2Desk"))
        self.details_button.toggled.connect(self._show_details)
        self.bundle_button = QPushButton(tr("Save diagnostic bundle…"))
        self.bundle_button.setToolTip(tr("One file without patient data, to send to who can help"))
        self.bundle_button.clicked.connect(self.bundle_requested)
        self.close_button = QPushButton(tr("Close"))
        self.close_button.clicked.connect(self.dismiss)
        self.close_all_button = QPushButton(tr("Close all"))
        self.close_all_button.clicked.connect(self.dismiss_all)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setTabChangesFocus(True)
        self.details.setAccessibleName(tr("Details"))
        self.details.setFixedHeight(DETAILS_LINES * 5 * GRID)
        set_role(self.details, "small-print")
        self.details.hide()
        self._arrange()
        self.hide()

    def _arrange(self) -> None:
        self.more.setMinimumHeight(self.close_button.sizeHint().height())
        words = QVBoxLayout()
        words.setSpacing(GRID)
        words.addWidget(self.sentence)
        words.addWidget(self.remedy)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        asides: tuple[QWidget, ...] = (
            self.more,
            self.details_button,
            self.bundle_button,
            self.close_all_button,
            self.close_button,
        )
        for widget in asides:
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addLayout(row)
        below = QHBoxLayout()
        below.addSpacing(5 * GRID)  # under the words, not the shape
        below.addWidget(self.details)
        layout.addLayout(below)

    def errors(self) -> tuple[Her2DeskError, ...]:
        """What waits to be closed, the one shown first."""
        return tuple(told.error for told in self._told)

    def show_error(self, error: Her2DeskError) -> None:
        """Show ``error`` before those that were told earlier; the same again is counted."""
        again = next((told for told in self._told if told.is_same(error)), None)
        if again is not None:
            self._told.remove(again)
        times = again.times + 1 if again is not None else 1
        self._told.insert(0, _Told(error, QDateTime.currentDateTime(), times))
        del self._told[MOST_KEPT:]
        self._refresh()
        if again is None:
            self._announce()

    def dismiss(self) -> None:
        """Close the one that is shown."""
        del self._told[:1]
        self._refresh()

    def dismiss_all(self) -> None:
        """Close every one."""
        self._told.clear()
        self._refresh()

    def withdraw(self, code: str) -> None:
        """Take back what no longer holds."""
        self._told = [told for told in self._told if told.error.code != code]
        self._refresh()

    def take_focus(self) -> None:
        """Go to the bar by key; closing it leads back."""
        if self.isVisible():
            if not self.isAncestorOf(QApplication.focusWidget() or self):
                self._before_us = QApplication.focusWidget()
            self.close_button.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def _refresh(self) -> None:
        if not self._told:
            self._leave()
            return
        told = self._told[0]
        error, rest = told.error, len(self._told) - 1
        is_ours = error.exit_code == EXIT_OUR_FAULT
        self.glyph.set_kind("grave" if is_ours else "warning")
        self.sentence.setText(error.message.text())
        self.remedy.setText(error.remedy.text())
        self.remedy.setVisible(bool(error.remedy.text()))
        self.more.setText(trn("{n} more", "{n} more", rest))
        self.more.setVisible(rest > 0)
        self.close_all_button.setVisible(rest > 0)
        self.bundle_button.setVisible(is_ours)
        self.details.setPlainText(_details(told))
        self.setAccessibleName(tr("Problem: {text}").format(text=str(error)))
        self.show()

    def _leave(self) -> None:
        had_focus = self.isAncestorOf(QApplication.focusWidget() or self.window())
        self.details_button.setChecked(False)
        self.hide()
        if had_focus and self._before_us is not None:
            self._before_us.setFocus(Qt.FocusReason.OtherFocusReason)
        self._before_us = None

    def _show_details(self, are_shown: bool) -> None:
        self.details.setVisible(are_shown)

    def _announce(self) -> None:
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        announce(self, str(self._told[0].error), is_urgent=True)


def _details(told: _Told) -> str:
    error = told.error
    when = QLocale().toString(told.when, QLocale.FormatType.ShortFormat)
    head = [when, error.code]
    if error.fault is not None:
        head.append(tr("reference {reference}").format(reference=error.fault.reference))
    if told.times > 1:
        head.append(trn("{n} time", "{n} times", told.times))
    lines = [" · ".join(head)]
    if error.fault is not None:
        lines.append(error.fault.details)
    return "\n".join(lines)
