"""The first step: choose a folder, have it looked at, and hear what is in it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.training.documents import Finding, Step
from her2desk.ui.training.dropped import dropped_path
from her2desk.ui.training.findings_table import FindingsTable
from her2desk.ui.training.problem_notice import ProblemNotice
from her2desk.ui.widgets.glyph import Glyph
from her2desk.ui.widgets.labels import wrapped

_STEPS = 1000


@dataclass(frozen=True)
class SourceWords:
    """What the folder is called on the page; ``where`` is the heading over where a finding lies."""

    name: str
    placeholder: str
    tip: str
    choose_tip: str
    choose_title: str
    looking: str
    where: str


@dataclass(frozen=True)
class Found:
    """What is said of a folder: whom it has, what it has, and whether it can be used."""

    title: str
    detail: str
    verdict: str
    is_usable: bool
    findings: tuple[Finding, ...]


class Start(Protocol):
    """The empty state of the page."""

    choose_requested: SignalInstance


class SourcePage(QWidget):
    """Says which folder was chosen; the window looks at it and tells the page what was found.

    Parameters
    ----------
    start : the empty state.
    folder_of : the folder that a path stands for, None for one that is not taken.
    described : what is said of a check.
    """

    folder_chosen = Signal(Path)
    check_cancelled = Signal()

    def __init__(
        self,
        words: SourceWords,
        start: Start,
        folder_of: Callable[[Path], Path | None],
        described: Callable[[Any], Found],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._words, self._folder_of, self._described = words, folder_of, described
        self._folder: Path | None = None
        self.path = QLineEdit()
        self.path.setPlaceholderText(words.placeholder)
        self.path.setAccessibleName(words.name)
        self.path.setToolTip(words.tip)
        self.choose = QPushButton(tr("Choose…"))
        self.choose.setToolTip(words.choose_tip)
        self.again = QPushButton(tr("Check &again"))
        self.again.setToolTip(tr("Look at the same folder once more (F5)"))
        self.again.setShortcut("F5")
        self.waiting = _Waiting(words.looking)
        self.found = _FoundView(words.where)
        self.problem = ProblemNotice([(tr("Check again"), tr("Look at the same folder once more"))])
        self._refused = QWidget()
        self._body = QStackedWidget()
        assert isinstance(start, QWidget)  # a protocol cannot say so
        self._start = start
        self._arrange()
        self.choose.clicked.connect(self.ask_for_folder)
        start.choose_requested.connect(self.ask_for_folder)
        self.path.returnPressed.connect(self._take_path)
        self.again.clicked.connect(self.check_again)
        self.problem.button_clicked.connect(lambda _index: self.check_again())
        self.waiting.cancel.clicked.connect(self._cancel)

    @property
    def folder(self) -> Path | None:
        """The folder that was chosen last."""
        return self._folder

    def choose_folder(self, path: Path) -> None:
        """Take a folder, or what stands for it, and ask for a look at it."""
        folder = self._folder_of(path) or path
        self._folder = folder
        self.path.setText(str(folder))
        self.again.setEnabled(True)
        self.waiting.begin()
        self._body.setCurrentWidget(self.waiting)
        self.folder_chosen.emit(folder)

    def check_again(self) -> None:
        """Look at the same folder once more."""
        if self._folder is not None:
            self.choose_folder(self._folder)

    def ask_for_folder(self) -> None:
        """Let the user choose the folder."""
        before = str(self._folder.parent) if self._folder is not None else ""
        name = QFileDialog.getExistingDirectory(self, self._words.choose_title, before)
        if name:
            self.choose_folder(Path(name))

    def show_step(self, step: Step) -> None:
        """How far the check is."""
        self.waiting.show_step(step)

    def show_check(self, check: object) -> None:
        """What was found."""
        self.found.show_found(self._described(check))
        self._body.setCurrentWidget(self.found)

    def show_error(self, error: Her2DeskError) -> None:
        """Why nothing could be found."""
        self.problem.show_error(error)
        self._body.setCurrentWidget(self._refused)

    def _take_path(self) -> None:
        typed = self.path.text().strip()
        if typed:
            self.choose_folder(Path(typed).expanduser())

    def _cancel(self) -> None:
        self._body.setCurrentWidget(self._start)
        self.check_cancelled.emit()

    def _is_taken(self, path: Path) -> bool:
        return self._folder_of(path) is not None

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_path(event, self._is_taken) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_path(event, self._is_taken)
        if path is not None:
            event.acceptProposedAction()
            self.choose_folder(path)

    def _arrange(self) -> None:
        self.again.setEnabled(False)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.path, 1)
        row.addWidget(self.choose)
        row.addWidget(self.again)
        refused = QVBoxLayout(self._refused)
        refused.setContentsMargins(0, 0, 0, 0)
        refused.addWidget(self.problem)
        refused.addStretch(1)
        for page in (self._start, self.waiting, self.found, self._refused):
            self._body.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4 * GRID)
        column.addLayout(row)
        column.addWidget(self._body, 1)


class _Waiting(QWidget):
    """A bar that moves until the first step says how far it is."""

    def __init__(self, looking: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looking = looking
        self.words = wrapped()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the check"))
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setToolTip(tr("Stop looking; nothing was changed"))
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addLayout(row)
        column.addWidget(self.bar)
        column.addStretch(1)

    def begin(self) -> None:
        self.words.setText(self._looking)
        self.bar.setRange(0, 0)

    def show_step(self, step: Step) -> None:
        self.bar.setRange(0, _STEPS)
        self.bar.setValue(round(_STEPS * step.fraction))
        if step.text:
            self.words.setText(step.text)


class _FoundView(QWidget):
    """Counts, whether the folder can be used, and the findings."""

    def __init__(self, where: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = wrapped(role="title")
        self.detail = wrapped(role="muted")
        self.mark = Glyph("none")
        self.verdict = QLabel()
        self.findings = FindingsTable(where)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.mark)
        row.addWidget(self.verdict)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.title)
        column.addWidget(self.detail)
        column.addLayout(row)
        column.addSpacing(GRID)
        column.addWidget(self.findings, 1)
        self._rest = QWidget()  # keeps the words at the top where there is no table
        column.addWidget(self._rest, 1)

    def show_found(self, found: Found) -> None:
        self.title.setText(found.title)
        self.detail.setText(found.detail)
        self.mark.setVisible(not found.is_usable)
        self.mark.set_kind("none" if found.is_usable else "warning")
        self.verdict.setText(found.verdict)
        self.findings.setVisible(bool(found.findings))
        self._rest.setVisible(not found.findings)
        self.findings.set_findings(found.findings)
