"""Help › Check this computer: runs the doctor in a process of its own and shows what it finds."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk import __version__
from her2desk.errors import Her2DeskError
from her2desk.own_command import own_command
from her2desk.texts import tr, trn
from her2desk.ui.doctor.findings import Begun, Finding, Grade, event_of
from her2desk.ui.doctor.findings_list import FindingsList
from her2desk.ui.errors.bundle_saving import BundleSaving
from her2desk.ui.errors.problems import BUNDLE_NAME
from her2desk.ui.help.pages import set_page
from her2desk.ui.jobs import Background
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.training.child_command import ChildCommand
from her2desk.ui.widgets.labels import ElidedLabel, wrapped
from her2desk.ui.widgets.tab_order import go_through

_FIRST_SIZE = (760, 640)


class DoctorWindow(QWidget):
    """Non-modal; it checks as soon as it is on screen, and closing it ends that.

    Parameters
    ----------
    library_dir : the library that is checked.
    background : writes the support bundle.
    command : the program on the command line; None: as this one was started.
    """

    closed = Signal()
    finished = Signal()

    def __init__(
        self,
        library_dir: Path,
        settings_file: Path,
        background: Background,
        parent: QWidget | None = None,
        *,
        command: Sequence[str] | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Check this computer"))
        set_page(self, "doctor")
        program = list(command) if command is not None else own_command()
        self._library_dir = library_dir
        self._child = ChildCommand(program, self)
        self.saving = BundleSaving(
            library_dir, settings_file, self._place, background, self, command=program
        )
        self.headline = QLabel()
        self.step = ElidedLabel()
        self.bar = QProgressBar()
        self.found = FindingsList()
        self.note = wrapped()
        self.copy = QPushButton(tr("&Copy as text"))
        self.save = QPushButton(tr("&Save support bundle…"))
        self.again = QPushButton(tr("Check &again"))
        self.stop = QPushButton(tr("S&top"))
        self._buttons = (self.copy, self.save, self.stop, self.again)
        self._arrange()
        self._connect()
        self._first = QTimer(self)
        self._first.setSingleShot(True)
        self._first.timeout.connect(self.check)
        self._first.start(0)  # after the first paint

    @property
    def is_checking(self) -> bool:
        """Whether findings still come."""
        return self._child.is_running

    def check(self) -> None:
        """Begin anew."""
        self.found.clear()
        self.note.clear()
        self.bar.setValue(0)
        self.headline.setText(tr("Checking this computer…"))
        self.step.set_full_text("")
        self._child.start(
            ["doctor", "--json", "--progress", "json", "--library", str(self._library_dir)]
        )
        self._refresh()
        self.stop.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._first.stop()
        self._child.abandon()
        super().closeEvent(event)
        self.closed.emit()

    def _hear(self, lines: str) -> None:
        for line in lines.splitlines():
            event = event_of(line)
            if isinstance(event, Begun):
                self.step.set_full_text(
                    tr("{number} of {of}: {title}").format(
                        number=event.number, of=event.of, title=event.title
                    )
                )
                self.bar.setRange(0, event.of)
                self.bar.setValue(event.number - 1)
            elif isinstance(event, Finding):
                self.found.add(event)
        go_through([*self.found.shown(), *self._buttons])

    def _on_answer(self, _code: int, _document: object) -> None:
        problems = self.found.findings(Grade.PROBLEM)
        if problems:
            said = trn("{n} problem was found", "{n} problems were found", len(problems))
        else:
            said = tr("Everything is in order")
        advice = len(self.found.findings(Grade.ADVICE))
        also = [trn("{n} check", "{n} checks", len(self.found.rows))]
        if advice:
            also.append(trn("{n} piece of advice", "{n} pieces of advice", advice))
        self._end(said, " · ".join(also))

    def _on_failure(self, _error: Her2DeskError) -> None:
        self._end(tr("The check could not be finished"), "")
        self.note.setText(
            tr(
                "What was found until then is shown. Start Her2Desk again; if this stays so, save a "
                "support bundle."
            )
        )

    def _on_stop(self) -> None:
        self._end(tr("Stopped"), tr("What was found until then is shown."))

    def _end(self, headline: str, detail: str) -> None:
        self.headline.setText(headline)
        self.step.set_full_text(detail)
        self._refresh()
        self.found.verticalScrollBar().setValue(0)
        first = next((row for row in self.found.rows if row.finding.grade is Grade.PROBLEM), None)
        (first or self.again).setFocus()
        self.finished.emit()

    def _refresh(self) -> None:
        busy = self.is_checking
        self.bar.setVisible(busy)
        self.stop.setVisible(busy)
        self.again.setVisible(not busy)
        self.copy.setEnabled(not busy and bool(self.found.rows))
        self.save.setEnabled(not busy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(
            f"Her2Desk {__version__}\n{self.headline.text()}\n\n{self.found.text()}\n"
        )
        self.note.setText(tr("Copied. It holds the names of folders on this computer."))

    def _place(self) -> Path | None:
        name, _ = QFileDialog.getSaveFileName(
            self, tr("Save a support bundle"), BUNDLE_NAME, "ZIP (*.zip)"
        )
        return Path(name) if name else None

    def _on_saving(self) -> None:
        self.save.setEnabled(False)
        self.note.setText(tr("The support bundle is being written; that takes half a minute."))

    def _on_saved(self, path: Path) -> None:
        self.save.setEnabled(True)
        self.note.setText(
            tr("Saved: {name}. It holds nothing of a patient.").format(name=path.name)
        )

    def _on_refused(self, error: Her2DeskError) -> None:
        self.save.setEnabled(True)
        self.note.setText(str(error))

    def _connect(self) -> None:
        self._child.log_added.connect(self._hear)
        self._child.answered.connect(self._on_answer)
        self._child.failed.connect(self._on_failure)
        self._child.stopped.connect(self._on_stop)
        self.saving.began.connect(self._on_saving)
        self.saving.written.connect(self._on_saved)
        self.saving.refused.connect(self._on_refused)
        self.copy.clicked.connect(self._copy)
        self.save.clicked.connect(self.saving.save)
        self.again.clicked.connect(self.check)
        self.stop.clicked.connect(self._child.abandon)
        QShortcut(QKeySequence("Ctrl+W"), self).activated.connect(self.close)

    def _arrange(self) -> None:
        set_role(self.headline, "headline")
        set_role(self.step, "muted")
        set_role(self.again, "primary")
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("How far the check is"))
        foot = QHBoxLayout()
        foot.setSpacing(2 * GRID)
        foot.addWidget(self.copy)
        foot.addWidget(self.save)
        foot.addStretch()
        foot.addWidget(self.stop)
        foot.addWidget(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(5 * GRID, 5 * GRID, 5 * GRID, 4 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.headline)
        column.addWidget(self.step)
        column.addWidget(self.bar)
        column.addWidget(self.found, 1)
        column.addWidget(self.note)
        column.addLayout(foot)
        self.setMinimumSize(520, 400)
        self.resize(*_FIRST_SIZE)
